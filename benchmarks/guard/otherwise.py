"""Which spellings are rightly something else: to stop them would be a false alarm by definition.

Each rule can be checked, and none knows an entry by name. What one applies to is left out, and counted.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources

from vtuber.core.chinese import is_han
from vtuber.core.text import invisible
from vtuber.guard.words.ordinary import is_word
from vtuber.guard.words.pinyin import spellings

NUMBER = "a number"
"""All of it, or a part of it ("show … 455"), has become digits (80085); or a number has become another one
(14/88450), or two (1. 4/88); or one that is a part by itself has become a date or a score (… 4/26)."""
PAIRS = "pairs of words"
"""It is plain words, each two of which often stand side by side in English (she male, cream pie)."""
SENTENCES = "words of two sentences"
"""It is cut by the end of a sentence, and both halves are ordinary words (wet. back)."""
SYLLABLE = "one syllable"
"""All that is left is one syllable in pinyin or zhuyin, which many characters have (bi, xian, bibibi)."""

_PAIRS = "frequency_bigramdictionary_en_243_342.txt"
_INVISIBLE = frozenset(map(chr, invisible()))
_ENCLOSED = re.compile("[\U0001f130-\U0001f1ff]")
"""Letters in squares, and those of flags."""
_PARTED_DIGITS = re.compile(r"\d+(?:[ ./·-]+\d+)+")
_BETWEEN_DIGITS = re.compile(r"\D+")
_REPEATS = re.compile(r"(.)\1+")
_REPEATED = re.compile(r"^(.+?)\1+$")


def reads(parts: Sequence[str], spelling: str, name: str) -> str:
    """The rule by which an entry of these parts, in the disguise of this name, is something else; or ""."""
    if (parts[-1][-1].isdigit() and "digits behind" in name) or _is_number(parts, spelling):
        return NUMBER
    text = " ".join(parts)
    if any(map(is_han, text)) and _is_syllable(spelling):
        return SYLLABLE
    return PAIRS if _is_in_pairs(text, spelling) else ""


def reads_in_two(text: str, place: int, end: str) -> str:
    """The same of a text that is cut at this place, where ``end`` stands then."""
    before, behind = text[:place], text[place:]
    if before[-1:].isdigit() and behind[:1].isdigit():
        return NUMBER
    if not end.strip():
        return PAIRS if _is_in_pairs(text, f"{before}{end}{behind}") else ""
    if " " in before[-1:] + behind[:1]:
        return ""
    return SENTENCES if is_word(before.split()[-1]) and is_word(behind.split()[0]) else ""


def _is_number(parts: Sequence[str], spelling: str) -> bool:
    if len(parts) > 1 and any(part.isdigit() and _is_parted(part, spelling) for part in parts):
        return True
    words = spelling.split(" ")
    if len(words) != sum(part.count(" ") + 1 for part in parts):
        parts, words = [" ".join(parts)], [spelling.replace(" ", "")]
    for part in parts:
        its, words = words[: part.count(" ") + 1], words[part.count(" ") + 1 :]
        if _letters("".join(its)).isdigit() and not _letters(part).isdigit():
            return True
    return False


def _is_parted(number: str, spelling: str) -> bool:
    """Whether it is there in two pieces or more, of which not all are single digits."""
    return any(
        1 < len(pieces) < len(number) and "".join(pieces) == number
        for pieces in map(_BETWEEN_DIGITS.split, _PARTED_DIGITS.findall(spelling))
    )


def _is_syllable(spelling: str) -> bool:
    letters = _letters(spelling).rstrip("0123456789")
    return any(repeats.sub(r"\1", letters) in spellings() for repeats in (_REPEATS, _REPEATED))


def _is_in_pairs(text: str, spelling: str) -> bool:
    if not spelling.isascii() or not re.fullmatch(r"[a-z]+(?:[ ./]+[a-z]+)+", spelling.lower()):
        return False
    words = re.findall(r"[a-z]+", spelling.lower())
    return words != text.split(" ") and all(pair in _pairs() for pair in itertools.pairwise(words))


def _letters(text: str) -> str:
    """What is left without all signs, marks and spaces."""
    text = _ENCLOSED.sub("x", text)
    plain = (unicodedata.normalize("NFKD", char) for char in text if char not in _INVISIBLE)
    letters = ("".join(filter(str.isalnum, char)) for char in plain)
    return "".join(letter for letter in letters if len(letter) == 1).lower()


@cache
def _pairs() -> frozenset[tuple[str, str]]:
    rows = (resources.files("symspellpy") / _PAIRS).read_text(encoding="utf-8-sig").splitlines()
    return frozenset((word, other) for word, other, _ in (row.split(" ") for row in rows))
