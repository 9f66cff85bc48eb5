"""Finds Chinese words by their sound: in characters that sound alike, in zhuyin, and in pinyin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from vtuber.core.chinese import is_han
from vtuber.guard.words import borders, segments
from vtuber.guard.words.letters import CLAUSE, SPACE, TOGETHER, is_latin, is_zhuyin
from vtuber.guard.words.pinyin import code, codes, is_pinyin, is_spelled, next_syllables
from vtuber.guard.words.reading import Reading
from vtuber.guard.words.word_files import Entry
from vtuber.guard.words.word_parts import part

_ZHUYIN_LENGTH = 3
_STAMMER = re.compile(r"([a-z]{1,6})\1\1")
_STAMMERED = 3
"""So often a syllable is said in a row where it stands for one."""
_LONGEST = 12
"""Syllables of one kind in a row that are looked at."""


@dataclass(frozen=True, slots=True)
class _Syllable:
    code: str
    first: int
    last: int
    """From which letter of the reading to which."""
    char: str
    """The letter, as it is written; "": it is spelled."""
    gap: int = TOGETHER
    """The widest one within."""


_Begins = Callable[[int], Iterable[_Syllable]]
"""The syllables that begin at a letter."""


@dataclass(slots=True)
class _Node:
    """Where one is in the words when some syllables were heard."""

    following: dict[str, _Node] = field(default_factory=dict)
    words: list[tuple[Entry, str]] = field(default_factory=list)


class Sounds:
    """Those entries that have Chinese characters: spelled in any way, and if marked, by sound alone."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._root = _Node()
        for entry in entries:
            letters = part(entry.parts[0]).letters
            if len(entry.parts) == 1 and len(letters) > 1 and any(map(is_han, letters)):
                for said in codes(letters):
                    node = self._root
                    for one in said:
                        node = node.following.setdefault(one, _Node())
                    node.words.append((entry, letters))

    def find(self, reading: Reading) -> Iterator[tuple[Entry, int, int]]:
        """(entry, from which letter, to which) of those that can be heard, and cannot be read."""
        letters = reading.letters
        if letters.isascii() and letters.isalpha() and not _STAMMER.search(letters):
            return  # pinyin alone is found as it is written
        begins = cache(lambda place: tuple(_syllables(reading, place)))  # asked for again on many ways
        for place in range(len(letters)):
            for said, words in self._heard(begins, self._root, place, ()):
                first, last = said[0].first, said[-1].last
                if max(reading.gaps[first + 1 : last], default=0) >= CLAUSE:
                    continue
                for entry, written in words:
                    if _is_said(reading, said, entry, written):
                        yield entry, first, last
                        break

    def _heard(
        self, begins: _Begins, node: _Node, place: int, said: tuple[_Syllable, ...]
    ) -> Iterator[tuple[tuple[_Syllable, ...], list[tuple[Entry, str]]]]:
        """The words that go on from ``node`` with the syllables from ``place`` on."""
        for one in begins(place):
            following = node.following.get(one.code)
            if following is None:
                continue
            for last in _with_repeats(begins, one):
                heard = (*said, replace(one, last=last))
                if following.words:
                    yield heard, following.words
                if following.following:
                    yield from self._heard(begins, following, last, heard)


def _with_repeats(begins: _Begins, one: _Syllable) -> Iterator[int]:
    """Where a syllable ends: if it is said three times or more, also behind these."""
    yield one.last
    lasts = {one.last}
    for times in range(2, _LONGEST):
        again = {more.last for last in lasts for more in begins(last) if more.code == one.code}
        if not again:
            return
        if times >= _STAMMERED:
            yield from again  # the next syllable may begin like this one: ni ni ni niang
        lasts = again


def _syllables(reading: Reading, place: int) -> Iterator[_Syllable]:
    """Those that begin at this letter: a Chinese one is one; Latin ones and zhuyin may be several."""
    letters = reading.letters
    if place >= len(letters):
        return
    letter = letters[place]
    if is_han(letter):
        yield _Syllable(code(letter), place, place + 1, letter)
        return
    if is_latin(letter):
        yield _Syllable(letter.lower(), place, place + 1, letter)
    elif not is_zhuyin(letter):
        return
    for said, last in next_syllables(letters, place):
        gap = max(reading.gaps[place + 1 : last], default=TOGETHER)
        if gap >= CLAUSE:
            continue
        yield _Syllable(said, place, last, "", gap)
        if letters[last : last + 1] in tuple("12345") and is_latin(letter) and not reading.gaps[last]:
            yield _Syllable(said, place, last + 1, "", gap)


def _is_said(reading: Reading, said: Sequence[_Syllable], entry: Entry, letters: str) -> bool:
    same = [one.char.lower() == letter for one, letter in zip(said, letters, strict=True)]
    known = all(entry.by_sound or is_same or not one.char for one, is_same in zip(said, same, strict=True))
    first, last = said[0].first, said[-1].last
    if all(same) and last - first == len(said):
        return False  # found as it is written
    if not (known and _is_free(reading, first, -1) and _is_free(reading, last, 1)):
        return False
    if any(is_han(one.char) for one in said if one.char):
        word = "".join(one.char for one in said)
        if len(word) < len(said):
            return True
        is_another = not all(same) and segments.is_ordinary(word)
        return not (is_another or segments.is_astride(reading, first, last, word))
    if any(map(is_zhuyin, reading.letters[first:last])):
        return last - first >= _ZHUYIN_LENGTH
    return (
        all(one.gap < SPACE for one in said)
        and is_pinyin(reading.letters[first:last].lower())
        and borders.begins(reading, first)
        and borders.ends(reading, last)
    )


def _is_free(reading: Reading, place: int, step: int) -> bool:
    """Whether a word may begin (step -1) or end (1) here: what goes on without a gap are syllables, too."""
    letters, gaps = reading.letters, reading.gaps
    if not 0 < place < len(letters) or gaps[place]:
        return True
    alike = is_latin if is_latin(letters[place]) else is_zhuyin
    if not (alike(letters[place]) and alike(letters[place - 1])):
        return True
    end = place if step > 0 else place - 1
    while 0 <= end < len(letters) and alike(letters[end]) and not gaps[end + (step < 0)]:
        end += step
    beside = letters[place:end] if step > 0 else letters[end + 1 : place]
    return is_spelled(beside.lower().strip("0123456789"))
