"""Reads digits however they are written: "0912", "零九一二", "洞九么兩", "oh nine one two", also mixed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = {
    **dict(zip("零〇○洞靈", "00000", strict=True)),
    **dict(zip("一二三四五六七八九", "123456789", strict=True)),
    **dict(zip("壹貳參肆伍陸柒捌玖", "123456789", strict=True)),
    **dict(zip("弌弍贰叁陆兩两么幺拐勾", "12236221179", strict=True)),
}
_WORDS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "zip": "0",
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "niner": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
    "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
    "twenty": "20", "thirty": "30", "forty": "40", "fourty": "40", "fifty": "50", "sixty": "60",
    "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "00",
}  # fmt: skip
_TENS = frozenset(("20", "30", "40", "50", "60", "70", "80", "90"))
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_ONES = re.compile("zero|one|two|three|four|five|six|seven|eight|nine|oh")
_GLUED = re.compile(f"(?:{_ONES.pattern}){{2,}}")
_LOOKS = str.maketrans("01357", "oiest")
_ALIKE = str.maketrans("oilszb", "011528")
_DISGUISED = re.compile(r"(?=(?:[^0-9]?[0-9]){2})[0-9oilszb]{3,16}")
_MANY = re.compile(r"[0-9]{7,}")

_SAID = "|".join((*sorted(_WORDS, key=len, reverse=True), *_TIMES))
_TOKEN = re.compile(rf"(?<![a-z0-9])(?:(?:{_SAID})+|[a-z]*[0-9][a-z0-9]*)(?![a-z0-9])|[{''.join(_HAN)}]")
GAP = 16
"""Letters between two digits of one number, at most."""
_GAP = re.compile(
    r"[\s\-_.,;:/\\()\[\]、。，．・·•~'\"|*+—–‐‑−…]{0,5}"
    r"|[\s,.，。]{0,3}(?:dash|hyphen|space|then|and then|and|minus|slash)[\s,，]{0,2}"
    r"|[\s,.，。]{0,3}(?:杠|槓|橫線|空格|再來|然後|接著|接|再|轉)[\s,，]{0,2}"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that were written without anything between them; a digit in words is one by itself."""

    digits: str
    begin: int
    end: int
    worded: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Groups with nothing but signs between them, or words such as "dash"."""

    groups: tuple[Group, ...]

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)

    @property
    def begin(self) -> int:
        return self.groups[0].begin

    @property
    def end(self) -> int:
        return self.groups[-1].end

    @property
    def worded(self) -> int:
        """How many of its groups are words."""
        return sum(group.worded for group in self.groups)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Digits of each group."""
        return tuple(len(group.digits) for group in self.groups)


def runs(lower: str) -> Iterator[Run]:
    """All runs of digits in a plain text of small letters, from left to right."""
    groups: list[Group] = []
    for group in _groups(lower):
        if groups and not _joins(lower, groups[-1], group):
            yield Run(tuple(groups))
            groups = []
        groups.append(group)
    if groups:
        yield Run(tuple(groups))


def _joins(lower: str, group: Group, then: Group) -> bool:
    between = lower[group.end : min(then.begin, group.end + GAP)]
    return group.end + len(between) == then.begin and _GAP.fullmatch(between) is not None


def _groups(lower: str) -> Iterator[Group]:
    times, began = 1, -1
    tens: Group | None = None
    for match in _TOKEN.finditer(lower):
        said, begin, end = match[0], match.start(), match.end()
        if said in _TIMES:
            times, began = _TIMES[said], begin
            continue
        for group in _read(said, begin, end):
            digits, whole = group.digits, group
            if times > 1 and len(digits) == 1:  # "double five"
                whole = Group(digits * times, began, end, group.worded)
            elif tens and len(digits) == 1 and digits != "0" and begin - tens.end <= 1:  # "twenty-one"
                whole, tens = Group(tens.digits[0] + digits, tens.begin, end, worded=True), None
            if tens:
                yield tens
            tens = group if whole is group and group.worded and digits in _TENS else None
            if tens is None:
                yield whole
        times = 1
    if tens:
        yield tens


def _read(said: str, begin: int, end: int) -> Iterator[Group]:
    """The digits of a token."""
    if said.isdigit():
        yield Group(said, begin, end, worded=False)
    elif digits := worded(said):
        yield Group(digits, begin, end, worded=True)
    else:
        yield from _inside(said, begin)


def worded(token: str) -> str:
    """The digits that a token says, or ""."""
    if len(token) == 1:
        return _HAN.get(token, "") or _WORDS.get(token, "")
    if token in _WORDS:
        return _WORDS[token]
    plain = token.translate(_LOOKS) if len(token) <= 80 else token
    if plain in _WORDS:
        return _WORDS[plain]
    if _DISGUISED.fullmatch(token):
        return token.translate(_ALIKE)
    glued = _ONES.findall(token) if _GLUED.fullmatch(token) else ()
    return "".join(_WORDS[one] for one in glued)


def _inside(token: str, begin: int) -> Iterator[Group]:
    """Long numbers right behind a word; behind one letter they are another kind of number."""
    for match in _MANY.finditer(token):
        if match.start() != 1:
            yield Group(match[0], begin + match.start(), begin + match.end(), worded=False)
