"""Finds numbers of cards, accounts and papers: by their check digits, and by words beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vtuber.guard.personal.cues import tells
from vtuber.guard.personal.digits import Run
from vtuber.guard.personal.other_numbers import counts, is_amount, is_numbered, is_round

_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Taiwan's counties, in the order of their numbers from 10 on."""
_CARDS = re.compile(r"(?:4|5[1-5]|2[2-7]|3[47]|35|6[025])[0-9]+")
_PAPER = re.compile(r"(?<![a-z0-9])[a-z]{1,2}\s?[0-9a-d]\s?[0-9]{6,9}(?:\s?\([0-9a]\))?(?![a-z0-9])")
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}[0-9]{2}(?:\s?[a-z0-9]{2,4}){3,8}(?![a-z0-9])")
_SOCIAL = re.compile(r"(?<![0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9-])")
_INSURANCE = re.compile(r"(?<![a-z0-9])[a-z]{2}(?:\s?[0-9]{2}){3}\s?[a-d](?![a-z0-9])")
_CITIZEN = re.compile(r"(?<![a-z0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9x](?![a-z0-9])")
_SHORTEST = 6
"""Digits of an account."""


def documents(lower: str, found: list[Run]) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text of small letters, whose runs of digits are given."""
    for pattern, is_sure in _KINDS.items():
        for match in pattern.finditer(lower):
            if is_sure(re.sub(r"[\s()]", "", match[0]).upper()) or tells("card", lower, *match.span()):
                yield match.span()
    for run in found:
        if _is_card(run) or _is_account(lower, run):
            yield run.begin, run.end


def _is_card(run: Run) -> bool:
    """Whether it is a card's number, whole or in its usual parts."""
    digits = run.digits
    if not 14 <= len(digits) <= 19 or not _CARDS.match(digits) or not _luhn(digits) or len(set(digits)) < 2:
        return False
    return len(digits) <= 16 and (len(run.groups) == 1 or run.worded > 2 or min(run.lengths) >= 3)


def _is_account(lower: str, run: Run) -> bool:
    """Whether a word beside it tells of a card, an account or a paper."""
    if (
        not _SHORTEST <= len(run.digits) <= 20
        or counts(run.digits)
        or is_round(run.digits)
        or is_amount(lower, run)
    ):
        return False
    return not is_numbered(lower, run, "card") and tells("card", lower, run.begin, run.end, behind=14)


def _luhn(digits: str) -> bool:
    """The check digit of cards (ISO/IEC 7812)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_iban(iban: str) -> bool:
    """The check digits of accounts (ISO 13616)."""
    if not 15 <= len(iban) <= 34 or not iban.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def _is_taiwanese(paper: str) -> bool:
    """The check digit of Taiwan's identity cards and residence certificates."""
    if len(paper) != 10 or not paper[2:].isdigit() or paper[1] not in "1289ABCD" or paper[0] not in _LETTERS:
        return False
    letter = _LETTERS.index(paper[0]) + 10
    second = _LETTERS.index(paper[1]) % 10 if paper[1].isalpha() else int(paper[1])
    rest = (second, *map(int, paper[2:9]))
    total = (
        letter // 10
        + 9 * (letter % 10)
        + sum(weight * digit for weight, digit in zip(range(8, 0, -1), rest, strict=True))
    )
    return (total + int(paper[9])) % 10 == 0


def _is_chinese(number: str) -> bool:
    """The check digit of China's identity cards (GB 11643)."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def _never(_: str) -> bool:
    """It has no check digit."""
    return False


_KINDS: dict[re.Pattern[str], Callable[[str], bool]] = {
    _PAPER: _is_taiwanese,
    _IBAN: _is_iban,
    _CITIZEN: _is_chinese,
    _SOCIAL: _never,
    _INSURANCE: _never,
}
"""Whether a number that is written like one surely is one; else a word beside it must tell so."""
