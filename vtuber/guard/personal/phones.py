"""Finds phone numbers: by the numbering plans (phonenumbers), how they are grouped, and words beside them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from vtuber.guard.personal.cues import cue, tells
from vtuber.guard.personal.digits import Run
from vtuber.guard.personal.other_numbers import (
    counts,
    is_amount,
    is_chanted,
    is_listed,
    is_numbered,
    is_round,
    is_saying,
)

REGIONS = ("TW", "US", "GB", "HK", "JP", "CN")
"""Where a number without a country's code may belong."""
_FREE = (
    "080",
    "0508",
    "1800",
    "1833",
    "1844",
    "1855",
    "1866",
    "1877",
    "1888",
    "800",
    "833",
    "888",
    "400",
    "0120",
)
"""What they begin with."""
_FOR_ALL = frozenset((PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN))
"""Numbers of companies and help lines, which are nobody's."""
_REGIONS_OF_ZERO = ("TW", "GB", "JP", "CN")
"""Those of them whose numbers begin with a zero."""
SHORTEST, LONGEST = 7, 16
"""Digits of a number."""
_MOBILE = frozenset((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE))
_DIALLED_ABROAD = ("00", "001", "002", "005", "006", "007", "008", "009", "010", "011", "019")
"""What is dialled before a country's code; in Taiwan, a company's number."""
_CODES = ("886", "852", "853", "86", "81", "44")
"""Countries' codes that are told without a "+"."""
_PIECES_APART = 8
"""Letters between the parts of a number that is told in pieces: "it begins with 0939, then 100"."""


def prepare() -> None:
    """Reads the numbering plans, which takes a moment, before the first number comes."""
    for digits in ("0912345678", "2125550123", "02079460000", "27001234", "0312345678", "13800138000"):
        _kinds(digits)
    _is_abroad("886912345678")


def phones(lower: str, found: list[Run]) -> Iterator[tuple[int, int]]:
    """Where phone numbers stand, among the runs of digits of a plain text in small letters."""
    hits = [run for run in found if _is_phone(lower, run)]
    for run in hits:
        yield run.begin - (lower[run.begin - 1 : run.begin] in ("+", "(")), run.end
    if not hits and len(found) > 1 and (cue("phone").search(lower) or cue("telephony").search(lower)):
        yield from _in_pieces(found)


def _is_phone(lower: str, run: Run) -> bool:
    digits = run.digits
    if not SHORTEST <= len(digits) <= LONGEST or is_numbered(lower, run, "phone"):
        return False
    cued = tells("phone", lower, run.begin, run.end)
    if is_saying(digits):
        return False
    if counts(digits) and not (cued and _by_plan(run)):
        return False
    if lower[run.begin - 1 : run.begin] == "+":
        return cued or _is_abroad(digits)
    if is_amount(lower, run) or (is_round(digits) and len(run.groups) == 1) or _is_for_all(digits):
        return False
    return (
        cued
        or any(digits.startswith(code) and _is_abroad(digits[len(code) :]) for code in _DIALLED_ABROAD)
        or (bool(_kinds(digits)) and tells("telephony", lower, run.begin, run.end))
        or (not is_listed(lower, run) and (_by_plan(run) or _by_ear(run)))
    )


def _by_plan(run: Run) -> bool:
    """Whether one of the regions has such numbers, and this one is written like one."""
    digits, lengths = run.digits, run.lengths
    kinds = _kinds(digits)
    if len(lengths) > 1 and len(digits) > 10 and digits.startswith(_CODES) and _is_abroad(digits):
        return True
    if not kinds:
        return lengths == (3, 4) and digits.startswith("555")
    if digits[0] == "0":
        apart = len(lengths) > 1 and (bool(run.worded) or min(lengths) >= 2)
        mobile = any(kinds.get(region) in _MOBILE for region in ("TW", "JP", "GB"))
        return len(digits) >= 9 and (apart or mobile)
    if "CN" in kinds and len(digits) == 11:
        return kinds["CN"] in _MOBILE
    if run.worded > len(digits) // 2:
        return True
    american = "US" in kinds and lengths in {(3, 3, 4), (1, 3, 3, 4), (3, 7)}
    return american or ("TW" in kinds and lengths == (3, 3, 3) and digits[0] == "9")


def _is_for_all(digits: str) -> bool:
    """Whether it is a number of companies and help lines alone."""
    if not digits.startswith(_FREE):
        return False
    kinds = set(_kinds(digits).values())
    return bool(kinds) and kinds <= _FOR_ALL


def _by_ear(run: Run) -> bool:
    """Whether so many digits are spelled out that they can hardly be anything else."""
    if run.worded < 3 or (run.digits[0] != "0" and is_chanted(run.digits)):
        return False
    return len(run.digits) >= 9 or (len(run.digits) >= 8 and run.digits[0] == "0")


def _in_pieces(found: list[Run]) -> Iterator[tuple[int, int]]:
    """A number with words between its parts."""
    part: list[Run] = []
    for run in found:
        if part and run.begin - part[-1].end > _PIECES_APART:
            part = []
        part = [*part[-4:], run]
        digits = "".join(one.digits for one in part)
        if len(part) > 1 and 9 <= len(digits) <= 11 and digits[0] == "0" and _kinds(digits):
            yield part[0].begin, part[-1].end
            part = []


@lru_cache(maxsize=512)
def _kinds(digits: str) -> dict[str, int]:
    """What kind of number it is in each region that has it."""
    found = {}
    for region in _REGIONS_OF_ZERO if digits[0] == "0" else REGIONS:
        try:
            number = phonenumbers.parse(digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number_for_region(number, region):
            found[region] = phonenumbers.number_type(number)
    return found


@lru_cache(maxsize=512)
def _is_abroad(digits: str) -> bool:
    """Whether it is a number behind its country's code."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}", None))
    except phonenumbers.NumberParseException:
        return False
