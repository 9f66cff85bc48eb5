"""Finds the entries of lists in readings of a text: linear in its length, however many there are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from vtuber.guard.words import segments
from vtuber.guard.words.index import Index
from vtuber.guard.words.letters import SENTENCE, STAR, is_latin
from vtuber.guard.words.pinyin import is_pinyin
from vtuber.guard.words.reading import FAR, Reading, readings, starred, with_stars
from vtuber.guard.words.sounds import Sounds
from vtuber.guard.words.word_files import Entry
from vtuber.guard.words.word_parts import Form, part, skeleton

LARGE = 50_000
"""Entries of a list that is only looked for as it is written: not backwards, with stars, or by its sound.
Nor is the first half of one foreseen."""
_MOST_FOUND = 200
"""Of one part of an entry, in one reading: more of them say no more."""
_MOST_BETWEEN = 6
"""Chinese characters between the parts of an entry; a Latin word counts as two."""
_BACKWARDS_LENGTH = 5
"""Latin words of at least this length are found backwards, too: an override shows them forwards."""
_STARRED_LENGTH = 3


_MASKED = re.compile(r"(?<![\w*])[a-z](?=[a-z*]*\*\*)[a-z*]{4,}(?![\w*])", re.ASCII | re.IGNORECASE)
_MASKED_POLICY = "hate"
"""Slurs are known behind stars for any letters; curses that are masked are polite enough."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that is there, from one place of the text to another."""

    entry: Entry
    begin: int
    end: int
    pieces: tuple[tuple[int, int], ...] = ()
    """The places of its parts."""


class Matcher:
    """Looks for entries; for ``harmless`` ones as they are written, in whatever words they are."""

    def __init__(self, entries: Iterable[Entry], *, harmless: bool = False) -> None:
        self._entries = tuple(entries)
        self._plainly = harmless or len(self._entries) > LARGE
        self._harmless = harmless
        whole = Index(in_table=len(self._entries) > LARGE)
        written = Form.EXACT if harmless else Form.PLAIN
        for index, entry in enumerate(self._entries):
            for number, text in enumerate(entry.parts):
                whole.add(skeleton(text), _key(index, number, written))
            for form in () if self._plainly else _forms(entry):
                other = part(entry.parts[0], form)
                whole.add(skeleton(other.letters), _key(index, 0, form))
        whole.close()
        self._whole = whole
        if not self._plainly:
            segments.learn(
                word.letters for entry in self._entries for word in map(part, entry.parts) if word.is_chinese
            )

    def matches(self, text: str, *, in_name: bool = False) -> Iterator[Match]:
        """All that is there, in no order, and some of it twice."""
        if not self._entries:
            return
        for reading in readings(text):
            yield from self._of(reading, self._whole, in_name=in_name)
        if self._plainly:
            return
        for reading in starred(text):
            yield from self._of(reading, self._starred, in_name=in_name)
        for masked in _MASKED.finditer(text) if STAR * 2 in text else ():
            for entry in self._slurs.get(len(masked[0]), ()):
                if _is_masked(entry.text.strip(STAR), masked[0].lower()):
                    yield Match(entry, *masked.span(), (masked.span(),))
        for reading in readings(text)[:2]:
            for entry, first, last in self._sounds.find(reading):
                yield _match(entry, reading, [(first, last)])

    def _of(self, reading: Reading, index: Index, *, in_name: bool) -> Iterator[Match]:
        open_parts: dict[int, list[list[tuple[int, int]]]] = {}
        found: Counter[int] = Counter()
        for key, run, end in index.find(reading.skeleton):
            if found[key] >= _MOST_FOUND:
                continue
            entry = self._entries[key >> 6]
            number = key >> 2 & 15
            word = part(entry.parts[number], Form(key & 3), is_piece=len(entry.parts) > 1)
            place = word.place(reading, run, end, in_name=in_name, strictly=not self._harmless)
            if place is None:
                continue
            found[key] += 1
            if len(entry.parts) == 1:
                yield _match(entry, reading, [place])
            else:
                parts = open_parts.setdefault(key >> 6, [[] for _ in entry.parts])
                parts[number].append(place)
        for number, parts in open_parts.items():
            if (pieces := _in_a_row(reading, parts)) is not None:
                yield _match(self._entries[number], reading, pieces)

    @cached_property
    def _starred(self) -> Index:
        found = Index()
        for index, entry in enumerate(self._entries):
            for number, text in enumerate(entry.parts):
                whole = skeleton(text)
                stars = with_stars(whole)
                if stars != whole and len(stars) >= _STARRED_LENGTH and whole.isascii():
                    found.add(stars, _key(index, number, Form.PLAIN))
        found.close()
        return found

    @cached_property
    def _slurs(self) -> dict[int, list[Entry]]:
        """Slurs of one English word, by their length."""
        found: dict[int, list[Entry]] = {}
        for entry in self._entries:
            word = entry.text.strip(STAR)
            if entry.policy == _MASKED_POLICY and word.isascii() and word.isalpha():
                found.setdefault(len(word), []).append(entry)
        return found

    @cached_property
    def _sounds(self) -> Sounds:
        return Sounds(self._entries)

    def prepare(self) -> None:
        """Makes at once what else would be made for the first text that needs it."""
        if not self._plainly:
            _ = self._starred, self._sounds, self._by_length

    def may_begin(self, reading: Reading) -> int:
        """How many letters at the end may be the beginning of an entry: half of it, or more."""
        if self._plainly:
            return 0
        ending = reading.skeleton[-self._longest :]
        for length in range(len(ending), 0, -1):
            if self._goes_on(ending[-length:]):
                first = reading.runs[len(reading.skeleton) - length]
                if _may_begin_at(reading, first):
                    return len(reading.letters) - first
        return 0

    def _goes_on(self, beginning: str) -> bool:
        for length in range(len(beginning) + 1, 2 * len(beginning) + 1):
            whole = self._by_length.get(length)
            if whole is None:
                continue
            place = bisect_left(whole, beginning)
            if place < len(whole) and whole[place].startswith(beginning):
                return True
        return False

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for whole in sorted({skeleton(entry.parts[0]) for entry in self._entries if len(entry.parts) == 1}):
            found.setdefault(len(whole), []).append(whole)
        return found

    @cached_property
    def _longest(self) -> int:
        return min(60, max(self._by_length, default=1))


def _forms(entry: Entry) -> Iterator[Form]:
    """Other ways to write an entry."""
    word = entry.parts[0]
    if len(entry.parts) > 1:
        return
    if word.isascii():
        if len(word) >= _BACKWARDS_LENGTH and word.isalpha():
            yield Form.BACKWARDS
    elif (letters := part(word, Form.PINYIN).letters) and is_pinyin(letters):
        yield Form.PINYIN


def _key(entry: int, number: int, form: Form) -> int:
    return entry << 6 | number << 2 | form


def _match(entry: Entry, reading: Reading, places: list[tuple[int, int]]) -> Match:
    pieces = tuple((reading.begins[first], reading.ends[last - 1]) for first, last in places)
    return Match(entry, pieces[0][0], pieces[-1][1], pieces)


def _is_masked(word: str, masked: str) -> bool:
    """Whether the letters that are left are the word's: half of them, or the first and the last."""
    shown = sum(letter != STAR for letter in masked)
    return (shown * 2 >= len(word) or (len(word) > 5 and masked[-1] != STAR)) and all(
        other in (STAR, letter) for letter, other in zip(word, masked, strict=True)
    )


def _in_a_row(reading: Reading, parts: list[list[tuple[int, int]]]) -> list[tuple[int, int]] | None:
    """Places of all parts, one after the other and near enough; None: there are none."""
    for begin in parts[0]:
        pieces = [begin]
        for places in parts[1:]:
            last = pieces[-1][1]
            nearest = min((place for place in places if place[0] >= last), default=None)
            if nearest is None or not _is_near(reading, last, nearest[0]):
                break
            pieces.append(nearest)
        if len(pieces) == len(parts):
            return pieces
    return None


def _is_near(reading: Reading, last: int, first: int) -> bool:
    """Whether one part may follow the other: in the same sentence, or at the beginning of the next."""
    if first == last:
        return reading.gaps[first] < FAR
    between = 0
    for place in range(last, first + 1):
        if reading.gaps[place] >= SENTENCE:
            return False
        if place < first:
            latin = is_latin(reading.letters[place])
            if not latin:
                between += 1
            elif reading.gaps[place] or place == last or not is_latin(reading.letters[place - 1]):
                between += 2
        if between > _MOST_BETWEEN:
            return False
    return True


def _may_begin_at(reading: Reading, first: int) -> bool:
    """Whether a word may begin at this letter."""
    letters = reading.letters
    return bool(
        first == 0 or reading.gaps[first] or not is_latin(letters[first]) or not is_latin(letters[first - 1])
    )
