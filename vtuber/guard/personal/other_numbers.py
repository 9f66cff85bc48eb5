"""Tells what a number is that is nobody's: an amount, a score, a date, a version, an order."""

from __future__ import annotations

import re
from itertools import pairwise

from vtuber.guard.personal.cues import cue_first, nearest, sections
from vtuber.guard.personal.digits import Run

_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,2}:[0-9]{2}(?![0-9])"
    r"|(?<![0-9])(?:19|20)[0-9]{2}\s?[-–~]\s?(?:19|20)[0-9]{2}(?![0-9])"
)
_FRACTION = re.compile(r"(?:[0-9一二三四五六七八九零]\s?[.點点]|point\s)\s?$")
_AMOUNT = re.compile(r"(?:[$€£¥₩#]|nt|usd|twd)\s?-?$|(?<![0-9])\s?-$|(?<![a-z])no\.\s?$")


def counts(digits: str) -> bool:
    """Whether somebody only counts, up or down."""
    up = "01234567890123456789"
    return digits in up or digits[::-1] in up or digits in "12345678910111213" or len(set(digits)) == 1


def is_chanted(digits: str) -> bool:
    """Whether it is counted out, again and again; or a row of years."""
    steps = sum(abs(int(one) - int(then)) <= 1 for one, then in pairwise(digits))
    years = len(digits) % 4 == 0 and all(
        digits[at : at + 2] in ("19", "20") for at in range(0, len(digits), 4)
    )
    return years or 4 * steps >= 3 * (len(digits) - 1)


def is_saying(digits: str) -> bool:
    """Whether it is said for how it sounds: "5201314"."""
    return digits in sections("personal_cues")["sayings"]


def is_round(digits: str) -> bool:
    """Whether it is most likely so many of something: "1000000000"."""
    return digits[0] != "0" and len(digits.rstrip("0")) <= 3


def is_amount(lower: str, run: Run) -> bool:
    """Whether so many of something are told, or a piece of a fraction."""
    before, behind = lower[max(0, run.begin - 8) : run.begin], lower[run.end : run.end + 12]
    if _FRACTION.search(before) or _AMOUNT.search(before) or cue_first("quantity").match(behind):
        return True
    gaps = gaps_of(lower, run)
    if gaps and set(gaps) == {","} and run.lengths[0] <= 3 and set(run.lengths[1:]) == {3}:
        return True  # "12,345,678"
    return gaps == ["."] and run.digits[0] != "0" and not run.worded  # "45.123456"


def is_numbered(lower: str, run: Run, kind: str) -> bool:
    """Whether the nearest word before tells of another number than one of that kind."""
    other, same = nearest("other number", lower, run.begin, before=20), nearest(kind, lower, run.begin)
    return other > same or (other == same >= 0 and kind == "phone")  # "order number", and not "my number"


def is_listed(lower: str, run: Run) -> bool:
    """Whether it is a date, or several numbers: those of a lottery, a place on a map."""
    if run.worded:
        return False
    if max(run.lengths) <= 2 or any("," in gap and len(gap) > 1 for gap in gaps_of(lower, run)):
        return True
    return _DATE.search(lower, max(0, run.begin - 1), run.end) is not None


def gaps_of(lower: str, run: Run) -> list[str]:
    """What stands between the groups of a run."""
    pairs = zip(run.groups, run.groups[1:], strict=False)
    return [lower[group.end : then.begin] for group, then in pairs]
