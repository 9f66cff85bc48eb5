"""How Chinese characters are read: by the words that they stand in, in Taiwan or on the mainland."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import accumulate

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # of its phrases, only a fifth are kept: see below

import pypinyin
from pypinyin.constants import PINYIN_DICT

from vtuber.core import chinese
from vtuber.core.chinese import is_han
from vtuber.voice.embedded.kokoro import readings
from vtuber.voice.embedded.kokoro.phonemes import parted

Syllable = tuple[str, int]
"""Pinyin without its accent, and the tone: 5 is the neutral one."""

_LONGEST = 8
"""Characters of a phrase that is looked up, at most."""


_ASPECT = re.compile("(?<![顯显名原土編编專专論论卓巨拙])著(?![名作稱称述者])")
"""著 as 着 is written on the mainland, and not where it is read zhù."""


class Reader:
    """Reads characters, Traditional or Simplified. ``taiwan``: as in Taiwan, where the two differ."""

    def __init__(self, *, taiwan: bool) -> None:
        self._phrases = _phrases()
        own = readings.EVERYWHERE | (readings.TAIWAN if taiwan else {})
        self._own = {_simplified(word): reading.split() for word, reading in own.items() if len(word) > 1}
        self._chars = {char: one for char, one in readings.EVERYWHERE.items() if len(char) == 1}
        self._taiwan = readings.taiwan_chars() if taiwan else {}

    def read(self, text: str) -> list[tuple[str, list[Syllable]]]:
        """The words of ``text``, which is Chinese characters only, and a syllable for each character."""
        plain, parts = _simplified(text), words(text)
        edges = [0, *accumulate(map(len, parts))]
        syllables: list[Syllable] = []
        while (begin := len(syllables)) < len(text):
            # A phrase may be of several words; inside a word there may be several.
            ends = [edge for edge in edges if begin < edge <= begin + _LONGEST] if begin in edges else []
            end = next(
                (end for end in reversed(ends) if self._is_phrase(plain[begin:end])),
                begin + self._first_phrase(plain[begin : min(edge for edge in edges if edge > begin)]),
            )
            syllables += self._phrase(text[begin:end], plain[begin:end])
        read = [(part, syllables[at : at + len(part)]) for part, at in zip(parts, edges, strict=False)]
        _neutral(read)
        _sandhi(read)
        return read

    def _is_phrase(self, plain: str) -> bool:
        return plain in self._own or plain in self._phrases

    def _first_phrase(self, plain: str) -> int:
        """How many characters of a word's beginning are read as a phrase, else one."""
        sizes = range(min(_LONGEST, len(plain)), 1, -1)
        return next((size for size in sizes if self._is_phrase(plain[:size])), 1)

    def _phrase(self, written: str, plain: str) -> list[Syllable]:
        """The reading of a phrase, or of one character."""
        if own := self._own.get(plain):
            return [parted(one) for one in own]
        found = self._phrases.get(plain, [""] * len(plain))
        return [
            self._char(char, simple, one) for char, simple, one in zip(written, plain, found, strict=True)
        ]

    def _char(self, written: str, plain: str, in_phrase: str) -> Syllable:
        """The reading of one character, which a simplified one may stand for several of."""
        possible = PINYIN_DICT.get(ord(written), "").split(",")
        usual = self._chars.get(written) or self._chars.get(plain) or possible[0]
        is_other = written != plain and in_phrase not in possible and parted(in_phrase)[1] != 5
        syllable = parted(usual if not in_phrase or (possible[0] and is_other) else in_phrase)
        taiwan = self._taiwan.get((plain, syllable))
        return parted(taiwan) if taiwan else syllable


def _neutral(words: Sequence[tuple[str, list[Syllable]]]) -> None:
    """Particles that the dictionary has with another reading, and kin that are called twice."""
    for at, (word, syllables) in enumerate(words):
        before = words[at - 1][0] if at else ""
        if len(word) == 2 and word[0] == word[1] and word[0] in readings.DOUBLED:
            syllables[1] = (syllables[1][0], 5)
        elif word == "得" and before:
            must = before in readings.PRONOUNS
            syllables[0] = ("dei", 3) if must else ("de", 5)
        elif word == "地" and len(before) > 1 and at + 1 < len(words):
            syllables[0] = ("de", 5)
        elif word == "著" and before and before not in readings.PRONOUNS:
            syllables[0] = ("zhe", 5)
        elif word in readings.RETURN and at + 1 < len(words) and words[at + 1][0][0] in readings.PRONOUNS:
            syllables[0] = ("huan", 2)


def _sandhi(words: Sequence[tuple[str, list[Syllable]]]) -> None:
    """Tones as they change beside others: 不 and 一, and third tones in a row."""
    chars = [char for word, _ in words for char in word]
    syllables = [syllable for _, read in words for syllable in read]
    for at, char in enumerate(chars):
        after = syllables[at + 1] if at + 1 < len(chars) else ("", 0)
        if char == "不" and syllables[at][0] == "bu":
            syllables[at] = ("bu", 2 if after[1] == 4 else 4)
        elif char == "一":
            changes = after[1] and not _counts(chars, at)
            syllables[at] = ("yi", (2 if after[1] == 4 or after == ("ge", 5) else 4) if changes else 1)
    begin = 0
    for _, read in words:
        read[:] = syllables[begin : begin + len(read)]
        begin += len(read)
    for at, (_, read) in enumerate(words):
        following = words[at + 1][1][0][1] if at + 1 < len(words) and len(read) == 1 else 0
        for place in reversed(range(len(read))):
            next_tone = read[place + 1][1] if place + 1 < len(read) else following
            if read[place][1] == next_tone == 3:
                read[place] = (read[place][0], 2)


def _counts(chars: Sequence[str], at: int) -> bool:
    """Whether this 一 is a digit or an ordinal: "第一", "十一", "一二三", "一月"."""
    if at and chars[at - 1] in f"{readings.DIGITS}第百千萬万點点":
        return True
    after = "".join(chars[at + 1 : at + 3])
    return after[:1] in (*readings.DIGITS, *readings.ORDINALS) or (
        after[:1] in ("點", "点") and after[1:] in (*readings.DIGITS,)
    )


def _simplified(text: str) -> str:
    return _ASPECT.sub("着", text).translate(_table())


@cache
def _table() -> dict[int, str]:
    """Traditional characters to simplified ones, one for one."""
    return str.maketrans(chinese.pairs("TSCharacters.txt"))


@cache
def _phrases() -> dict[str, list[str]]:
    """The phrases in which a character is read in another way than by itself."""
    name = "pypinyin.phrases_dict"
    was_there = name in sys.modules
    every = import_module(name).phrases_dict
    usual = {chr(code): reading.split(",")[0] for code, reading in PINYIN_DICT.items()} | readings.EVERYWHERE
    kept = {
        sys.intern(word): [syllable[0] for syllable in reading]
        for word, reading in every.items()
        if len(word) <= _LONGEST
        if any(usual.get(char) != syllable[0] for char, syllable in zip(word, reading, strict=True))
    }
    if not was_there:  # 47,000 phrases need not stay in memory
        del sys.modules[name]
        delattr(pypinyin, "phrases_dict")
    return kept


def words(text: str) -> list[str]:
    """The text in words, of Chinese and whatever else is in it. Joined, they are the text."""
    found = []
    begin = 0
    for word in chinese.words(_simplified(text)):
        found.append(text[begin : begin + len(word)])
        begin += len(word)
    return found


def runs(text: str) -> Iterator[tuple[bool, str]]:
    """The text in runs that are Chinese characters only, and others."""
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or is_han(text[at]) != is_han(text[begin]):
            yield is_han(text[begin]), text[begin:at]
            begin = at
