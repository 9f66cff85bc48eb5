"""How Chinese characters sound: each syllable, in pinyin or zhuyin, is one code."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all that is asked for

from pypinyin.constants import PINYIN_DICT
from pypinyin.style.bopomofo import converter

from vtuber.guard.words.letters import is_latin, is_zhuyin

UNKNOWN = "\0"
_FIRST = 0xF0000
"""Each syllable is a character of a private plane while words are searched for."""
_MOST_READINGS = 8
"""Ways to say a word whose characters are said in several ways."""
_LONGEST_RUN = 40
"""The same letter so often in a row is one; of a longer row, its end is."""
_SHORTEST = 4
"""Letters of a word that is known in pinyin alone."""
_UMLAUT = "\u0308"
_REPEATS = re.compile(r"(.)\1+")
_TONES = re.compile(r"[\u02c9-\u02cb\u02d9]")


def pinyin(word: str) -> str:
    """A word in Latin letters, a space between its syllables; "" if a character has no sound."""
    said = [char if is_latin(char) else next(iter(syllables(char)), "") for char in word]
    return " ".join(said).replace("ü", "v") if all(said) else ""


@cache
def code(char: str) -> str:
    """That of a character, as it is usually said."""
    sounds = syllables(char)
    return _code_of(sounds[0]) if sounds else UNKNOWN


def codes(word: str) -> Iterator[str]:
    """The ways to say a word; a Latin letter stands for itself."""
    said = itertools.product(
        *([char] if is_latin(char) else [*map(_code_of, syllables(char)[:3])] for char in word)
    )
    return map("".join, itertools.islice(said, _MOST_READINGS))


@cache
def syllables(char: str) -> tuple[str, ...]:
    """The syllables of a character without their tones, the usual one first."""
    return tuple(dict.fromkeys(map(_toneless, filter(None, PINYIN_DICT.get(ord(char), "").split(",")))))


@cache
def _toneless(sound: str) -> str:
    """ "lǚ" becomes "lü"."""
    parts = unicodedata.normalize("NFD", sound)
    plain = "".join(part for part in parts if part == _UMLAUT or not unicodedata.combining(part))
    return unicodedata.normalize("NFC", plain)


@cache
def _all_sounds() -> tuple[str, ...]:
    said = {sound for sounds in PINYIN_DICT.values() for sound in sounds.split(",") if sound}
    return tuple(sorted(set(map(_toneless, said))))


@cache
def _numbers() -> dict[str, str]:
    return {sound: chr(_FIRST + number) for number, sound in enumerate(_all_sounds())}


def _code_of(sound: str) -> str:
    return _numbers().get(sound, UNKNOWN)


@cache
def spellings() -> dict[str, str]:
    """Pinyin and zhuyin of each syllable, to its code."""
    found: dict[str, str] = {}
    for sound in _all_sounds():
        plain = sound.replace("ü", "v")
        if not (plain.isascii() and plain.isalpha() and any(vowel in plain for vowel in "aeiouv")):
            continue
        found[plain] = _code_of(sound)
    for plain in [plain for plain in found if "v" in plain]:
        found.setdefault(plain.replace("v", "u"), found[plain])
    for sound in _all_sounds():
        zhuyin = _TONES.sub("", str(converter.to_bopomofo(sound)))
        if zhuyin and all(map(is_zhuyin, zhuyin)):
            found[zhuyin] = _code_of(sound)
    return found


@cache
def _spelling() -> dict[str, Any]:
    """The letters that go on, and under "" the code of what is spelled by then."""
    root: dict[str, Any] = {}
    for spelling, said in spellings().items():
        node = root
        for letter in spelling:
            node = node.setdefault(letter, {})
        node[""] = said
    return root


def next_syllables(letters: str, place: int) -> Iterator[tuple[str, int]]:
    """(code, where it ends) of the syllables that begin at this letter, of which each may be repeated."""
    waiting = [(_spelling(), place)]
    while waiting:
        node, place = waiting.pop()
        following = node.get(letters[place : place + 1].lower())
        if following is None or place >= len(letters):
            continue
        end, most = place + 1, min(len(letters), place + _LONGEST_RUN)
        while end < most and letters[end] == letters[place]:
            end += 1
        for last in {place + 1, end}:
            if "" in following:
                yield following[""], last
            waiting.append((following, last))


@lru_cache(maxsize=4096)
def is_spelled(letters: str) -> bool:
    """Whether letters are syllables in a row, or none at all."""
    reached = {0}
    for place in range(len(letters)):
        if place in reached:
            reached.update(end for _, end in next_syllables(letters, place))
    return len(letters) in reached


def is_pinyin(letters: str) -> bool:
    """Whether a word that is written so can be known: it is no single syllable, which many words have."""
    return len(letters) >= _SHORTEST and _REPEATS.sub(r"\1", letters) not in spellings()
