"""Says where Chinese words begin and end, so that none is found across the border of two others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import rjieba

from vtuber.core.chinese import is_han
from vtuber.guard.words.letters import SPACE
from vtuber.guard.words.reading import Reading

_AROUND = 8
"""Characters on each side that are looked at."""
_OFTEN = 10
"""How often a listed word is taken to be met: rather seldom, so that ordinary words come first."""
_LONGEST = 6
_DOUBLED = frozenset("妈爸哥弟姐妹爷奶公婆叔伯舅姑姨娃宝猫狗天人个年次常刚慢")
"""Characters that are doubled in words; others are so in names, or to get around a list."""


def learn(words: Iterable[str]) -> None:
    """Makes listed words known (in simplified characters): they are words like others."""
    for word in words:
        if 1 < len(word) <= _LONGEST and all(map(is_han, word)) and not rjieba.has_word(word):
            rjieba.add_word(word, _OFTEN, "n")


def is_astride(reading: Reading, first: int, last: int, word: str) -> bool:
    """Whether the letters from ``first`` to ``last``, which are ``word``, are pieces of other words."""
    begin = max(0, first - _AROUND)
    before = _unrepeated(_spaced(reading, begin, first), word[0], -1)
    behind = _unrepeated(_spaced(reading, last, min(len(reading.letters), last + _AROUND)), word[-1], 1)
    return crosses(f"{before}{word}{behind}", len(before), len(before) + len(word))


def crosses(text: str, word_begin: int, word_end: int) -> bool:
    """Whether what stands there in a simplified text begins or ends within another word."""
    for segment_begin, segment_end in _segments(text):
        starts_before = segment_begin < word_begin < segment_end < word_end
        ends_behind = word_begin < segment_begin < word_end < segment_end
        around = segment_begin < word_begin and word_end < segment_end
        if (starts_before or ends_behind or around) and not _is_a_stammer(
            text[segment_begin:segment_end], text
        ):
            return True
    return False


def is_ordinary(word: str) -> bool:
    """Whether it is in the dictionary."""
    return bool(rjieba.has_word(word))


def _unrepeated(letters: str, beside: str, step: int) -> str:
    """The letters without repeats of the one beside them, if with it these are three or more."""
    rest = letters.lstrip(beside) if step > 0 else letters.rstrip(beside)
    return letters if len(letters) - len(rest) < 2 else rest


def _is_a_stammer(word: str, text: str) -> bool:
    if len(word) != 2 or word[0] != word[1]:
        return False
    return word[0] not in _DOUBLED or word[0] * 3 in text


def _spaced(reading: Reading, begin: int, end: int) -> str:
    """These letters, with a space where something stands in between."""
    return "".join(
        f" {reading.letters[place]}" if reading.gaps[place] >= SPACE else reading.letters[place]
        for place in range(begin, end)
    ) + (" " if begin < end < len(reading.letters) and reading.gaps[end] >= SPACE else "")


def _segments(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for segment in rjieba.cut(text, False):  # noqa: FBT003  # without guesses at unknown words
        yield begin, begin + len(segment)
        begin += len(segment)
