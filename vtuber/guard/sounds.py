"""Finds Chinese words by their sound: in characters that sound alike, in zhuyin, and in pinyin."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all that is asked for

from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.style.bopomofo import converter

from vtuber.guard import segments
from vtuber.guard.letters import CLAUSE, is_han, is_latin, is_zhuyin
from vtuber.guard.reading import Reading
from vtuber.guard.word_files import Entry
from vtuber.guard.word_parts import part

_FIRST = 0xF0000
"""Each syllable is a character of a private plane while words are searched for."""
_MOST_READINGS = 8
"""Ways to say an entry whose characters are said in several ways."""
_PINYIN_LENGTH = 6
"""Letters of an entry that is found in pinyin alone."""
_ZHUYIN_LENGTH = 3
_LONGEST = 30
"""Letters in a row that are read as syllables."""
_TONES = re.compile(r"[\u02c9-\u02cb\u02d9]")


@dataclass(frozen=True, slots=True)
class _Syllable:
    code: str
    first: int
    last: int
    """From which letter of the reading to which."""
    char: str
    """The character; "": it is spelled."""


class Sounds:
    """Those entries that are all in Chinese characters: spelled in any way, and if marked, by sound alone."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._words: dict[str, list[tuple[Entry, str]]] = {}
        for entry in entries:
            word = part(entry.parts[0])
            if len(entry.parts) == 1 and word.is_chinese and len(word.letters) > 1:
                for codes in itertools.islice(_codes(word.letters), _MOST_READINGS):
                    self._words.setdefault(codes, []).append((entry, word.letters))
        self._patterns = list(self._words)
        self._search = AhoCorasick(self._patterns, matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, reading: Reading) -> Iterator[tuple[Entry, int, int]]:
        """(entry, from which letter, to which) of those that can be heard, and cannot be read."""
        if reading.letters.isascii() and len(reading.letters) < _PINYIN_LENGTH:
            return
        said = list(_syllables(reading))
        text = "".join(one.code for one in said)
        for number, begin, end in self._search.find_matches_as_indexes(text, overlapping=True):
            span = said[begin:end]
            first, last = span[0].first, span[-1].last
            if max(reading.gaps[first + 1 : last], default=0) >= CLAUSE:
                continue
            for entry, letters in self._words[self._patterns[number]]:
                if _is_said(reading, span, entry, letters):
                    yield entry, first, last
                    break


def _is_said(reading: Reading, span: Sequence[_Syllable], entry: Entry, letters: str) -> bool:
    same = [one.char == letter for one, letter in zip(span, letters, strict=True)]
    spelled = [not one.char for one in span]
    if all(same):
        return False  # found as it is written
    if not entry.by_sound and not all(itertools.starmap(max, zip(same, spelled, strict=True))):
        return False
    first, last = span[0].first, span[-1].last
    if all(spelled):
        length = last - first
        return length >= (_PINYIN_LENGTH if is_latin(reading.letters[first]) else _ZHUYIN_LENGTH)
    if any(spelled):
        return True
    word = "".join(one.char for one in span)
    return not (segments.is_ordinary(word) or segments.is_astride(reading, first, last, word))


def _syllables(reading: Reading) -> Iterator[_Syllable]:
    letters = reading.letters
    place = 0
    while place < len(letters):
        letter = letters[place]
        if is_han(letter):
            yield _Syllable(_code(letter), place, place + 1, letter)
            place += 1
            continue
        end = place + 1
        alike = is_zhuyin if is_zhuyin(letter) else is_latin if is_latin(letter) else None
        while alike is not None and end < len(letters) and not reading.gaps[end] and alike(letters[end]):
            end += 1
        spelled = (
            _split(letters[place:end].lower()) if alike is not None and end - place <= _LONGEST else None
        )
        if spelled is None:
            yield _Syllable("\0", place, end, "\0")
        else:
            for begin, last, code in spelled:
                yield _Syllable(code, place + begin, place + last, "")
        place = end


@lru_cache(maxsize=4096)
def _split(letters: str) -> tuple[tuple[int, int, str], ...] | None:
    """(begin, end, code) of the syllables that the letters spell, the longest first; None: they spell none."""
    spellings = _spellings()
    rest: list[tuple[tuple[int, int, str], ...] | None] = [None] * len(letters) + [()]
    for begin in range(len(letters) - 1, -1, -1):
        for end in range(min(len(letters), begin + 6), begin, -1):
            code = spellings.get(letters[begin:end])
            tone = end < len(letters) and letters[end] in "12345"
            others = rest[end + tone]
            if code is not None and others is not None:
                rest[begin] = ((begin, end, code), *others)
                break
    return rest[0]


@cache
def _code(char: str) -> str:
    sounds = _sounds(char)
    return _code_of(sounds[0]) if sounds else "\0"


def _codes(word: str) -> Iterator[str]:
    return map("".join, itertools.product(*([*map(_code_of, _sounds(char)[:3])] for char in word)))


@cache
def _sounds(char: str) -> tuple[str, ...]:
    """The syllables of a character without their tones, the usual one first."""
    said = PINYIN_DICT.get(ord(char), "")
    return tuple(dict.fromkeys(to_normal(one) for one in said.split(",") if one))


@cache
def _all_sounds() -> tuple[str, ...]:
    return tuple(sorted({sound for char in range(0x4E00, 0x9FA6) for sound in _sounds(chr(char))}))


@cache
def _numbers() -> dict[str, str]:
    return {sound: chr(_FIRST + number) for number, sound in enumerate(_all_sounds())}


def _code_of(sound: str) -> str:
    return _numbers().get(sound, "\0")


@cache
def _spellings() -> dict[str, str]:
    """Pinyin and zhuyin of each syllable, to its code."""
    found: dict[str, str] = {}
    for sound in _all_sounds():
        plain = sound.replace("ü", "v")
        if not (plain.isascii() and plain.isalpha() and any(vowel in plain for vowel in "aeiouv")):
            continue
        found[plain] = found[plain.replace("v", "u")] = _code_of(sound)
    for sound in _all_sounds():
        zhuyin = _TONES.sub("", str(converter.to_bopomofo(sound)))
        if zhuyin and all(map(is_zhuyin, zhuyin)):
            found[zhuyin] = _code_of(sound)
    return found
