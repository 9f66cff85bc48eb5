"""Finds Chinese words by their sound: in characters that sound alike, in zhuyin, and in pinyin."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from vtuber.guard.words import segments
from vtuber.guard.words.letters import CLAUSE, SPACE, TOGETHER, is_han, is_latin, is_zhuyin
from vtuber.guard.words.pinyin import UNKNOWN, code, codes, spellings
from vtuber.guard.words.reading import Reading
from vtuber.guard.words.word_files import Entry
from vtuber.guard.words.word_parts import part

_PINYIN_LENGTH = 5
"""Letters of an entry that is found in pinyin alone."""
_ZHUYIN_LENGTH = 3
_STAMMER = re.compile(r"([a-z]{1,6})\1\1")
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST = 30
"""Letters in a row that are read as syllables."""


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
                for said in codes(word.letters):
                    self._words.setdefault(said, []).append((entry, word.letters))
        self._patterns = list(self._words)
        self._search = AhoCorasick(self._patterns, matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, reading: Reading) -> Iterator[tuple[Entry, int, int]]:
        """(entry, from which letter, to which) of those that can be heard, and cannot be read."""
        letters = reading.letters
        if letters.isascii() and letters.isalpha() and not _STAMMER.search(letters):
            return  # pinyin alone is found as it is written
        said = _once(_syllables(reading))
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


def _once(said: Iterable[_Syllable]) -> list[_Syllable]:
    """The syllables; one that is said three times or more, once."""
    found: list[_Syllable] = []
    for _, same in itertools.groupby(said, key=lambda one: one.code):
        run = list(same)
        found += run if len(run) < 3 else [replace(run[0], last=run[-1].last)]
    return found


def _is_said(reading: Reading, span: Sequence[_Syllable], entry: Entry, letters: str) -> bool:
    same = [one.char == letter for one, letter in zip(span, letters, strict=True)]
    spelled = [not one.char for one in span]
    if all(same) and span[-1].last - span[0].first == len(span):
        return False  # found as it is written
    if not entry.by_sound and not all(itertools.starmap(max, zip(same, spelled, strict=True))):
        return False
    first, last = span[0].first, span[-1].last
    if all(spelled):
        if is_zhuyin(reading.letters[first]):
            return last - first >= _ZHUYIN_LENGTH
        return last - first >= _PINYIN_LENGTH and _is_whole(reading, first, last)
    if any(spelled):
        return True
    word = "".join(one.char for one in span)
    return not (segments.is_ordinary(word) or segments.is_astride(reading, first, last, word))


def _is_whole(reading: Reading, first: int, last: int) -> bool:
    """Whether no other letters stand beside these; digits may."""
    while last < len(reading.letters) and not reading.gaps[last] and reading.letters[last].isdigit():
        last += 1
    begins = first == 0 or reading.gaps[first] or not is_latin(reading.letters[first - 1])
    return bool(
        begins and (last == len(reading.letters) or reading.gaps[last] or not is_latin(reading.letters[last]))
    )


def _syllables(reading: Reading) -> Iterator[_Syllable]:
    letters = reading.letters
    place = 0
    while place < len(letters):
        letter = letters[place]
        if is_han(letter):
            yield _Syllable(code(letter), place, place + 1, letter)
            place += 1
            continue
        alike = is_zhuyin if is_zhuyin(letter) else is_latin if is_latin(letter) else None
        end = place + 1 if alike is None else _end(reading, place, alike)
        spelled = None if alike is None else _spelled(letters[place:end])
        if spelled is None:
            yield _Syllable(UNKNOWN, place, end, UNKNOWN)
        else:
            for first, last, said in spelled:
                yield _Syllable(said, place + first, place + last, "")
        place = end


def _end(reading: Reading, place: int, alike: Callable[[str], bool]) -> int:
    """Where the syllables end that begin here. A space is only in what is spelled out, or in zhuyin."""
    letters, gaps = reading.letters, reading.gaps
    end = place + 1
    single = alike is is_zhuyin or gaps[end] > TOGETHER
    while end < len(letters) and end - place < _LONGEST and alike(letters[end]):
        if gaps[end] > SPACE or (gaps[end] == SPACE and not single):
            break
        single = single and (alike is is_zhuyin or gaps[end + 1] > TOGETHER)
        end += 1
    return end


@lru_cache(maxsize=4096)
def _spelled(letters: str) -> tuple[tuple[int, int, str], ...] | None:
    """(first, last, code) of the syllables in these letters, with repeats, and with digits behind them."""
    said = letters.lower().rstrip("0123456789") if is_latin(letters[0]) else letters
    for most in (2, 1):
        runs = [(match.start(), match[0]) for match in _RUNS.finditer(said)]
        kept = [
            start + number for start, run in runs for number in range(len(run) if len(run) <= most else 1)
        ]
        found = _split("".join(said[number] for number in kept))
        if found:
            return tuple((kept[first], kept[last - 1] + 1, code) for first, last, code in found)
    return None


def _split(letters: str) -> tuple[tuple[int, int, str], ...] | None:
    """(begin, end, code) of the syllables that are spelled, the longest first; None: they spell none."""
    known = spellings()
    rest: list[tuple[tuple[int, int, str], ...] | None] = [None] * len(letters) + [()]
    for begin in range(len(letters) - 1, -1, -1):
        for end in range(min(len(letters), begin + 6), begin, -1):
            found = known.get(letters[begin:end])
            tone = end < len(letters) and letters[end] in "12345"
            others = rest[end + tone]
            if found is not None and others is not None:
                rest[begin] = ((begin, end, found), *others)
                break
    return rest[0]
