"""What a listed word looks like: how it may be spelled, and what may stand beside and between its letters."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from vtuber.guard import segments
from vtuber.guard.letters import ACCEPTED, CLASS, CLAUSE, DASH, SPACE, STAR, VOWELS, is_han, is_latin
from vtuber.guard.ordinary import are_words, is_word
from vtuber.guard.reading import FAR, Reading, read

NAME_WORD_LENGTH = 5
"""Words of at least this length are found in the middle of names, too."""
_PARTED = 4
"""Letters of a word that may be in two pieces with a space between; shorter ones need one at each letter."""
_SHORT = 4
"""Letters of a word that is not taken out of the middle of others that are spelled out, too."""
_DIGITS = re.compile(r"\d+")
_RUN = re.compile(r"(.)\1*", re.DOTALL)
_NUMBERS = frozenset("0123456789!|(+")
_OPTIONS = 3
_CLASSES = str.maketrans(CLASS)


def skeleton(text: str) -> str:
    """The class of each run of letters of a word."""
    together = text.replace(" ", "")
    if together.isascii() and together.isalnum() and "I" not in together:
        return _RUN.sub(r"\1", together.lower().translate(_CLASSES))
    return read(text).skeleton


@dataclass(frozen=True, slots=True)
class Part:
    """A word or phrase that is to be found in a row."""

    letters: str
    words: frozenset[str]
    """Those that it consists of, each with its repeats once."""
    runs: tuple[int, ...]
    """How often each letter is repeated."""
    pattern: re.Pattern[str]
    free_begin: bool
    free_end: bool
    """Whether other letters may stand right beside it."""

    @property
    def is_chinese(self) -> bool:
        return all(map(is_han, self.letters))

    def place(self, reading: Reading, run: int, end: int, *, in_name: bool = False) -> tuple[int, int] | None:
        """From which letter to which it stands at these runs; None: it does not."""
        firsts = self._firsts(reading, reading.runs[run], reading.runs[run + 1])
        lasts = self._lasts(reading, reading.runs[end - 1], reading.runs[end])
        for first in reversed(firsts):
            for last in lasts:
                if (
                    first < last
                    and self.pattern.fullmatch(reading.letters, first, last)
                    and self._fits(reading, first, last, in_name=in_name)
                ):
                    return first, last
        return None

    def _firsts(self, reading: Reading, low: int, high: int) -> list[int]:
        """The letters of a run with which it may begin: more Chinese ones than it needs belong to others."""
        if self.is_chinese and len(self.runs) > 1:
            return [max(low, high - self.runs[0])]
        return [low, *(place for place in range(max(low + 1, high - _OPTIONS), high) if reading.gaps[place])]

    def _lasts(self, reading: Reading, low: int, high: int) -> list[int]:
        """Where it may end, likewise."""
        if self.is_chinese:
            return [min(high, low + self.runs[-1])]
        inner = [place for place in range(low + 1, min(high, low + 1 + _OPTIONS)) if reading.gaps[place]]
        return [*inner, high]

    def _fits(self, reading: Reading, first: int, last: int, *, in_name: bool) -> bool:
        inner = max(reading.gaps[first + 1 : last], default=0)
        if inner >= FAR or (
            _NUMBERS.issuperset(reading.letters[first:last]) and not _NUMBERS.issuperset(self.letters)
        ):
            return False
        if self.is_chinese:
            return self._fits_chinese(reading, first, last, inner)
        within = in_name and len(self.letters) >= NAME_WORD_LENGTH
        parted = inner >= SPACE
        begins = (self.free_begin and not parted) or within or _begins(reading, first, in_name=in_name)
        ends = self.free_end or within or _ends(reading, last, in_name=in_name)
        if not (begins and ends) and not _is_framed(reading, first, last):
            return False
        return inner < DASH or self._is_parted_on_purpose(reading, first, last, inner)

    def _fits_chinese(self, reading: Reading, first: int, last: int, inner: int) -> bool:
        if inner >= CLAUSE and len(self.letters) == 2:
            begins = first == 0 or reading.gaps[first] >= SPACE
            ends = last == len(reading.letters) or reading.gaps[last] >= SPACE
            if not (begins or ends):
                return False
        return len(self.letters) == 1 or not segments.is_astride(reading, first, last, self.letters)

    def _is_parted_on_purpose(self, reading: Reading, first: int, last: int, inner: int) -> bool:
        """Whether what stands between the letters does not make ordinary words of them."""
        chunks: list[tuple[int, int]] = []
        place = first
        while place < last:
            begin, end = _chunk(reading, place)
            chunks.append((begin, end))
            place = end
        if all(end - begin == 1 for begin, end in chunks):
            return len(self.letters) > _SHORT or _is_alone(reading, first, last)
        spelled = [reading.letters[begin:end].lower() for begin, end in chunks]
        if all(_once(word) in self.words for word in spelled):
            return True
        if inner >= SPACE and len(self.letters) < _PARTED:
            return False
        return not all(
            is_word(word) or _is_apostrophed(reading, *chunk)
            for word, chunk in zip(spelled, chunks, strict=True)
        )


@lru_cache(maxsize=4096)
def part(text: str, *, backwards: bool = False) -> Part:
    """A part of an entry, as it is written there."""
    word = text.strip(STAR)
    reading = read(word)
    letters = reading.letters.lower()
    words = []
    place = 0
    while place < len(letters):
        _, end = _chunk(reading, place)
        words.append(_once(letters[place:end]))
        place = end
    if backwards:
        letters = letters[::-1]
        words = [word[::-1] for word in words]
    runs = [(match[1], len(match[0])) for match in _RUN.finditer(letters)]
    return Part(
        letters,
        frozenset(words),
        tuple(count for _, count in runs),
        re.compile("".join(itertools.starmap(_spelled, runs))),
        free_begin=text.startswith(STAR) or not is_latin(letters[0]),
        free_end=text.endswith(STAR) or not is_latin(letters[-1]),
    )


def _spelled(letter: str, count: int) -> str:
    """So many of a letter, or more. Chinese characters are doubled in ordinary words, and tripled in none."""
    if not is_latin(letter):
        one = re.escape(letter)
        return f"{one}(?:{one}{{2,}})?" if count == 1 else f"{one}{{{count},}}"
    signs = ACCEPTED.get(letter, letter) + (STAR if letter in VOWELS else "")
    return f"[{re.escape(signs)}]{{{count},}}"


def _once(word: str) -> str:
    return _RUN.sub(r"\1", word)


def _chunk(reading: Reading, place: int) -> tuple[int, int]:
    first, last = place, place + 1
    while first > 0 and not reading.gaps[first] and place - first < 40:
        first -= 1
    while last < len(reading.letters) and not reading.gaps[last] and last - place < 40:
        last += 1
    return first, last


def _begins(reading: Reading, first: int, *, in_name: bool) -> bool:
    """Whether a Latin word may begin here; digits may stand before it."""
    letters, gaps = reading.letters, reading.gaps
    if in_name and first and reading.text[reading.begins[first]].isupper():
        return True
    place = first
    while place > 0 and not gaps[place] and letters[place - 1].isdigit():
        place -= 1
    return place == 0 or bool(gaps[place]) or not is_latin(letters[place - 1])


def _ends(reading: Reading, last: int, *, in_name: bool) -> bool:
    letters, gaps = reading.letters, reading.gaps
    if (
        in_name
        and last < len(letters)
        and reading.text[reading.begins[last]].isupper()
        and reading.text[reading.begins[last - 1]].islower()
    ):
        return True
    place = last
    while place < len(letters) and not gaps[place] and letters[place].isdigit():
        place += 1
    return place == len(letters) or bool(gaps[place]) or not is_latin(letters[place])


def _is_framed(reading: Reading, first: int, last: int) -> bool:
    """Whether the same letter stands twice or more on both sides: xXbadXx."""
    letters, gaps = reading.letters, reading.gaps
    if first < 2 or last + 2 > len(letters):
        return False
    frame = letters[first - 1].lower()
    before = first
    while before > 0 and not gaps[before] and letters[before - 1].lower() == frame:
        before -= 1
    behind = last
    while behind < len(letters) and not gaps[behind] and letters[behind].lower() == frame:
        behind += 1
    return (
        min(first - before, behind - last) >= 2
        and _begins(reading, before, in_name=False)
        and _ends(reading, behind, in_name=False)
    )


def _is_alone(reading: Reading, first: int, last: int) -> bool:
    """Whether what is spelled out around a short word are words, too: it is no piece of a longer one."""
    letters, gaps = reading.letters, reading.gaps
    begin, end = first, last
    while begin and first - begin < 20 and 0 < gaps[begin] < CLAUSE and (begin == 1 or gaps[begin - 1]):
        begin -= 1
    while end < len(letters) and end - last < 20 and 0 < gaps[end] < CLAUSE and gaps[end + 1]:
        end += 1
    return are_words(letters[begin:first].lower()) and are_words(letters[last:end].lower())


def _is_apostrophed(reading: Reading, begin: int, end: int) -> bool:
    """Whether it is what follows an apostrophe: it's, they'll."""
    return end - begin < 3 and begin > 0 and reading.text[reading.begins[begin] - 1] in "'’"
