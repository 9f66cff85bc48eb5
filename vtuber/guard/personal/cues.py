"""Words that tell what stands beside them: "call" of a phone number, "order no" of another number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent.parent / "data"
BEFORE = 36
"""Letters before something in which a word tells of it."""
BEHIND = 24
"""Letters behind it."""


def lines(name: str) -> Iterator[str]:
    """The lines of one of the guard's data files, without comments."""
    for line in (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


@cache
def sections(name: str) -> dict[str, frozenset[str]]:
    """The lines of a data file under each of its headings."""
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in lines(name):
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        else:
            section.append(line)
    return {heading: frozenset(section) for heading, section in found.items()}


@cache
def cue(kind: str) -> re.Pattern[str]:
    """Fits any word of that kind, in small letters."""
    words = sorted(sections("personal_cues")[kind], key=lambda word: (-len(word), word))
    latin = [re.escape(word).replace(r"\ ", r"\s?") for word in words if word.isascii() and word[0].isalpha()]
    others = [re.escape(word) for word in words if not (word.isascii() and word[0].isalpha())]
    whole = [rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])"] if latin else []
    return re.compile("|".join([*others, *whole]))


@cache
def cue_first(kind: str) -> re.Pattern[str]:
    """The same, where a text begins with one, behind a space or none."""
    return re.compile(rf"\s?(?:{cue(kind).pattern})")


def tells(kind: str, lower: str, begin: int, end: int, *, before: int = BEFORE, behind: int = BEHIND) -> bool:
    """Whether a word of that kind stands near ``lower[begin:end]``."""
    words = cue(kind)
    return bool(words.search(lower, max(0, begin - before), begin) or words.search(lower, end, end + behind))


def nearest(kind: str, lower: str, begin: int, *, before: int = BEFORE) -> int:
    """Where the last word of that kind before ``begin`` ends; -1: there is none near."""
    return max(
        (match.end() for match in cue(kind).finditer(lower, max(0, begin - before), begin)), default=-1
    )
