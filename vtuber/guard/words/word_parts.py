"""What a listed word looks like: how it may be spelled, and what may stand beside and between its letters."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from vtuber.core.chinese import is_han
from vtuber.guard.words import borders, segments
from vtuber.guard.words.letters import (
    ACCEPTED,
    CLASS,
    CLAUSE,
    DASH,
    SIGN,
    SPACE,
    STAR,
    VOWELS,
    is_latin,
)
from vtuber.guard.words.ordinary import go_together, is_word
from vtuber.guard.words.pinyin import pinyin
from vtuber.guard.words.reading import FAR, Reading, read

NAME_WORD_LENGTH = 5
"""Words of at least this length are found in the middle of names, too."""
_PARTED = 4
"""Letters of a word that may be in any pieces; a shorter one is in two, or spelled out."""
_UNMISTAKABLE = 10
"""Letters of three words or more that say nothing else, whatever stands between them."""
_SHORT = 4
"""Letters of a word that is not taken out of the middle of others that are spelled out, too."""
_DIGITS = re.compile(r"\d+")
_REPEATS = re.compile(r"(.)\1+", re.DOTALL)
_RUN = re.compile(r"(.)\1*", re.DOTALL)
_NUMBERS = frozenset("0123456789!|(+")
_OPTIONS = 3
_FAR = 40
"""Letters of a run among which a word may begin or end."""
_CLASSES = str.maketrans(CLASS)


class Form(IntEnum):
    """How an entry is written."""

    PLAIN = 0
    BACKWARDS = 1
    PINYIN = 2
    EXACT = 3
    """As it is, with no letter in the place of another."""


def skeleton(text: str) -> str:
    """The class of each run of letters of a word."""
    together = text.replace(" ", "")
    if together.isascii() and together.isalnum() and "I" not in together:
        return _REPEATS.sub(r"\1", together.lower().translate(_CLASSES))
    return read(text).skeleton


@dataclass(frozen=True, slots=True)
class Part:
    """A word or phrase that is to be found in a row."""

    letters: str
    words: frozenset[str]
    """The skeletons of those that it consists of."""
    runs: tuple[tuple[str, int], ...]
    """What may be written for each letter, and how often at least."""
    free_begin: bool
    free_end: bool
    """Whether other letters may stand right beside it."""
    form: Form
    is_piece: bool
    """Whether it is only looked for together with others."""

    @property
    def is_english(self) -> bool:
        return self.form is not Form.PINYIN and is_latin(self.letters[:1])

    @property
    def is_chinese(self) -> bool:
        return all(map(is_han, self.letters))

    @property
    def _is_unmistakable(self) -> bool:
        """Whether it has so many words that these letters are no others, wherever they are parted."""
        return len(self.words) >= 3 and len(self.letters) >= _UNMISTAKABLE

    def place(
        self, reading: Reading, run: int, end: int, *, in_name: bool = False, strictly: bool = True
    ) -> tuple[int, int] | None:
        """From which letter to which it stands at these runs; None: it does not.

        ``strictly``: it is not made of pieces of other Chinese words.
        """
        firsts = self._firsts(reading, reading.runs[run], reading.runs[run + 1])
        lasts = self._lasts(reading, reading.runs[end - 1], reading.runs[end])
        for first in reversed(firsts):
            for last in lasts:
                if (
                    first < last
                    and self._is_spelled(reading.letters[first:last])
                    and self._fits(reading, first, last, in_name=in_name, strictly=strictly)
                ):
                    return first, last
        return None

    def _firsts(self, reading: Reading, low: int, high: int) -> list[int]:
        """The letters of a run with which it may begin: more Chinese ones than it needs belong to others."""
        if self.is_chinese and len(self.runs) > 1:
            return [max(low, high - self.runs[0][1])]
        parted = (place for place in range(high - 1, max(low, high - _FAR), -1) if reading.gaps[place])
        number = low
        while number < high - 1 and reading.letters[number].isdigit():
            number += 1
        widest = max(range(low, high), key=reading.gaps.__getitem__)
        return sorted({low, number, widest, *itertools.islice(parted, _OPTIONS)})

    def _lasts(self, reading: Reading, low: int, high: int) -> list[int]:
        """Where it may end, likewise."""
        if self.is_chinese:
            return [min(high, low + self.runs[-1][1])]
        parted = (place for place in range(low + 1, min(high, low + _FAR)) if reading.gaps[place])
        number = high
        while number > low + 1 and reading.letters[number - 1].isdigit():
            number -= 1
        widest = max(range(low + 1, high + 1), key=reading.gaps.__getitem__)
        return sorted({*itertools.islice(parted, _OPTIONS), number, widest, high})

    def _is_spelled(self, letters: str) -> bool:
        """Whether these letters are the word, with others in the place of some, and some repeated."""
        if self.is_english and self.form is not Form.EXACT:
            return self._is_stretched_to(letters)
        place = 0
        for signs, count in self.runs:
            begin = place
            while place < len(letters) and letters[place] in signs:
                place += 1
            repeats = place - begin
            if repeats < count or (repeats > count and self.form is Form.EXACT):
                return False
            if repeats == 2 and count == 1 and not self.is_english:
                return False  # letters are doubled in Chinese, and tripled in nothing
        return place == len(letters)

    def _is_stretched_to(self, letters: str) -> bool:
        """The same of an English word, of which two letters in a row may be written alike: "kIIl"."""
        reached = {0}
        for signs, count in self.runs:
            since, ends = -1, set[int]()
            for place in range(min(reached, default=len(letters)), len(letters) + 1):
                if since < 0 and place in reached:
                    since = place
                if 0 <= since <= place - count:
                    ends.add(place)
                if letters[place : place + 1] not in signs:
                    since = -1
            reached = ends
        return len(letters) in reached

    def _fits(self, reading: Reading, first: int, last: int, *, in_name: bool, strictly: bool) -> bool:
        gaps = reading.gaps[first + 1 : last]
        inner = max(gaps, default=0)
        if inner >= FAR or (_is_number(reading.letters[first:last]) and not _is_number(self.letters)):
            return False
        if self.is_chinese:
            return self._fits_chinese(reading, first, last, inner, strictly=strictly)
        within = in_name and self.form is Form.PLAIN and len(self.letters) >= NAME_WORD_LENGTH
        parted = inner >= SPACE
        number = self.letters.isdigit()
        framed = in_name and self.is_piece
        begins = (
            (self.free_begin and not parted)
            or within
            or borders.begins(reading, first, in_name=in_name, number=number)
            or (framed and bool(borders.frame(reading, first, -1)))
        )
        ends = (
            self.free_end
            or within
            or borders.ends(reading, last, in_name=in_name, number=number)
            or (framed and bool(borders.frame(reading, last, 1)))
        )
        if not (begins and ends) and not borders.is_framed(reading, first, last):
            return False
        if inner < DASH or SIGN in gaps or any(map(is_han, self.letters)):
            return True  # a sign stands between no words, and Chinese ones need no space
        return self._is_parted_on_purpose(reading, first, last, inner)

    def _fits_chinese(self, reading: Reading, first: int, last: int, inner: int, *, strictly: bool) -> bool:
        if inner >= CLAUSE and len(self.letters) == 2:
            begins = first == 0 or reading.gaps[first] >= SPACE
            ends = last == len(reading.letters) or reading.gaps[last] >= SPACE
            if not (begins or ends):
                return False
        if len(self.letters) == 1 or not strictly:
            return True
        return not segments.is_astride(reading, first, last, self.letters)

    def _is_parted_on_purpose(self, reading: Reading, first: int, last: int, inner: int) -> bool:
        """Whether what stands between the letters does not make ordinary words of them."""
        chunks: list[tuple[int, int]] = []
        place = first
        while place < last:
            begin, end = borders.chunk(reading, place)
            chunks.append((begin, end))
            place = end
        spelled = [reading.letters[begin:end].lower() for begin, end in chunks]
        if all(map(_is_single, spelled)) or _is_spelled_out(reading.letters[first:last], spelled):
            return self.is_piece or len(self.letters) > _SHORT or borders.is_alone(reading, first, last)
        if self.form is Form.PINYIN and (inner >= CLAUSE or _has_pronoun(reading, chunks)):
            return False
        if all(_once(word) in self.words for word in spelled) or self._is_unmistakable:
            return True
        if borders.is_apostrophed(reading, *chunks[0]) or (len(self.letters) < _PARTED and len(chunks) > 2):
            return False
        return not _are_ordinary(reading, chunks, spelled, inner)


def _are_ordinary(reading: Reading, chunks: list[tuple[int, int]], spelled: list[str], inner: int) -> bool:
    """Whether these are short words, plainly written, that go together or belong to two sentences."""
    if not all(
        is_word(word) or borders.is_apostrophed(reading, *chunk)
        for word, chunk in zip(spelled, chunks, strict=True)
    ):
        return False
    if any(borders.is_hyphened(reading, begin) for begin, _ in chunks[1:]):
        return False
    written = reading.text[reading.begins[chunks[0][0]] : reading.ends[chunks[-1][1] - 1]]
    return inner >= CLAUSE or (
        written.isascii()  # who writes ordinary words needs no look-alikes
        and all(itertools.starmap(go_together, itertools.pairwise(spelled)))
    )


@lru_cache(maxsize=16384)
def part(text: str, form: Form = Form.PLAIN, *, is_piece: bool = False) -> Part:
    """A part of an entry, as it is written there."""
    word = text.strip(STAR)
    if form is Form.BACKWARDS:
        word = word[::-1]
    elif form is Form.PINYIN:
        word = pinyin(read(word).letters)
    reading = read(word)
    letters = reading.letters.lower()
    words = []
    place = 0
    while place < len(letters):
        _, end = borders.chunk(reading, place)
        words.append(_once(letters[place:end]))
        place = end
    return Part(
        letters,
        frozenset(words),
        tuple((_signs(match[1], form), len(match[0])) for match in _RUN.finditer(letters)),
        free_begin=text.startswith(STAR) or not is_latin(letters[:1]),
        free_end=text.endswith(STAR) or not is_latin(letters[-1:]),
        form=form,
        is_piece=is_piece,
    )


def _is_single(letters: str) -> bool:
    return len(set(letters)) == 1


def _is_spelled_out(letters: str, spelled: list[str]) -> bool:
    """Whether each letter stands apart, and digits behind the last one: "f u n42"."""
    *before, last = spelled
    is_word = sum(map(str.isdigit, letters)) * 2 < len(letters)
    return is_word and all(map(_is_single, (*before, last.rstrip("0123456789") or last)))


def _signs(letter: str, form: Form) -> str:
    """What may be written for a letter. In pinyin, which is near to English words, only what is drawn so."""
    if form in (Form.PINYIN, Form.EXACT):
        return "iI" if letter == "i" else letter
    return ACCEPTED.get(letter, letter) + (STAR if letter in VOWELS else "")


def _has_pronoun(reading: Reading, chunks: list[tuple[int, int]]) -> bool:
    """Whether one of these is the English "I", among small letters: "Luna I love you"."""
    return any(
        end - begin == 1 and reading.text[reading.begins[begin]] == "I" for begin, end in chunks
    ) and any(reading.text[reading.begins[begin]].islower() for begin, _ in chunks)


def _is_number(letters: str) -> bool:
    """Whether it is rather a number than a word: all digits, or a few with signs."""
    return letters.isdigit() or (len(letters) < _SHORT and _NUMBERS.issuperset(letters))


def _once(word: str) -> str:
    return _REPEATS.sub(r"\1", word.translate(_CLASSES))
