"""How Chinese characters sound: each syllable, in pinyin or zhuyin, is one code."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all that is asked for

from pypinyin.constants import PINYIN_DICT
from pypinyin.style.bopomofo import converter

from vtuber.guard.words.letters import is_latin, is_zhuyin

UNKNOWN = "\0"
_FIRST = 0xF0000
"""Each syllable is a character of a private plane while words are searched for."""
_MOST_READINGS = 8
"""Ways to say a word whose characters are said in several ways."""
_UMLAUT = "\u0308"
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
    """The ways to say a word."""
    said = itertools.product(*([*map(_code_of, syllables(char)[:3])] for char in word))
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
