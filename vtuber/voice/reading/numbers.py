"""Numbers in words: English, and Chinese as Taiwan says it (兩百, 一兆).

``num2words`` says "two hundred and two" and needs a package without wheels; ``cn2an`` says 二万 for 兩萬, and
installs folders named "src" and "build". Both agree with these rules otherwise.
"""

from __future__ import annotations

from functools import lru_cache

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_THOUSANDS = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_HAN = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "萬", "億", "兆", "京")
MOST_SPELLED = 40
LONGEST = 15
"""Digits of the largest number that has a name here. A longer one is read digit by digit."""


def number(digits: str, *, chinese: bool, counts: bool = False) -> str:
    """Reads "1,234.50" or "-3". With ``counts`` a Chinese 2 stands before what it counts: 兩."""
    plain = digits.replace(",", "")
    whole, point, part = plain.partition(".")
    if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0") or not whole:
        said = spelled(whole or "0", chinese=chinese)
    elif chinese:
        said = "兩" if counts and not point and int(whole) == 2 else _han(int(whole))
    else:
        said = _english(int(whole))
    if not point:
        return said
    return said + ("點" if chinese else " point ") + spelled(part, chinese=chinese)


def spelled(digits: str, *, chinese: bool) -> str:
    """Digit by digit, of very many the first."""
    digits = digits[:MOST_SPELLED]
    if chinese:
        return "".join(_HAN[int(digit)] for digit in digits)
    return " ".join(_ONES[int(digit)] for digit in digits)


def ordinal(value: int) -> str:
    """In English: "twenty-first"."""
    said = _english(value)
    begin = max(said.rfind(" "), said.rfind("-")) + 1
    head, last = said[:begin], said[begin:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def year(value: int) -> str:
    """In English: "nineteen oh five", "two thousand three", "twenty twenty-six"."""
    first, second = divmod(value, 100)
    if value < 1000 or 2000 <= value < 2010 or value % 1000 == 0:
        return _english(value)
    return pairs(value) if second else f"{_english(first)} hundred"


def pairs(value: int) -> str:
    """A name that is a number of three or four digits, in English: "two oh three", "seven forty-seven"."""
    first, second = divmod(value, 100)
    if not second:
        return f"{_english(first)} hundred" if first % 10 else _english(value)
    return f"{_english(first)} {'oh ' if second < 10 else ''}{_english(second)}"


@lru_cache(maxsize=512)
def _english(value: int) -> str:
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return f"{_ONES[hundreds]} hundred" + (f" {_english(rest)}" if rest else "")
    power = (len(str(value)) - 1) // 3
    head, rest = divmod(value, 1000**power)
    return _english(head) + _THOUSANDS[power] + (f" {_english(rest)}" if rest else "")


@lru_cache(maxsize=512)
def _han(value: int) -> str:
    if value < 10:
        return _HAN[value]
    groups = []
    rest = value
    while rest:
        rest, group = divmod(rest, 10_000)
        groups.append(group)
    said = ""
    for power in range(len(groups) - 1, -1, -1):
        group = groups[power]
        if not group:
            continue
        if said and (group < 1000 or groups[power + 1] == 0):
            said += "零"
        alone = "兩" if group == 2 and power else ""
        said += (alone or _under_myriad(group, first=not said)) + _MYRIADS[power]
    return said


def _under_myriad(value: int, *, first: bool) -> str:
    """Up to 9999. At the beginning of a number 10 is 十, else 一十."""
    said, gap = "", False
    for power in (3, 2, 1, 0):
        digit = value // 10**power % 10
        if not digit:
            gap = bool(said)
            continue
        said += "零" if gap else ""
        gap = False
        if digit == 2 and power >= 2:
            said += "兩"
        elif not (digit == 1 and power == 1 and first and not said):
            said += _HAN[digit]
        said += _PLACES[power]
    return said
