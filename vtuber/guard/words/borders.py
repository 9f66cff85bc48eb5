"""Says whether a Latin word may begin or end at a letter, and what is spelled out or set apart around it."""

from __future__ import annotations

from vtuber.guard.words.letters import CLAUSE, is_latin
from vtuber.guard.words.ordinary import are_words
from vtuber.guard.words.reading import Reading

_LONGEST = 40
"""Letters in a row that are looked at."""


def chunk(reading: Reading, place: int) -> tuple[int, int]:
    """From which letter to which there is no gap around one, nor another script."""
    first, last = place, place + 1
    while first > 0 and place - first < _LONGEST and _goes_on(reading, first):
        first -= 1
    while last < len(reading.letters) and last - place < _LONGEST and _goes_on(reading, last):
        last += 1
    return first, last


def _goes_on(reading: Reading, place: int) -> bool:
    letters = reading.letters
    return not reading.gaps[place] and is_latin(letters[place]) == is_latin(letters[place - 1])


def begins(reading: Reading, first: int, *, in_name: bool = False, number: bool = False) -> bool:
    """Whether a Latin word may begin here; digits may stand before it, unless it is a
    number. Names begin words with capitals, and numbers anywhere."""
    letters, gaps = reading.letters, reading.gaps
    if in_name and first and reading.text[reading.begins[first]].isupper():
        return True
    if in_name and number and first and not letters[first - 1].isdigit():
        return True
    place = first
    while not number and place > 0 and not gaps[place] and letters[place - 1].isdigit():
        place -= 1
    return place == 0 or bool(gaps[place]) or not is_latin(letters[place - 1])


def ends(reading: Reading, last: int, *, in_name: bool = False, number: bool = False) -> bool:
    """Whether one may end here, likewise."""
    letters, gaps = reading.letters, reading.gaps
    if (
        in_name
        and last < len(letters)
        and reading.text[reading.begins[last]].isupper()
        and reading.text[reading.begins[last - 1]].islower()
    ):
        return True
    if in_name and number and last < len(letters) and not letters[last].isdigit():
        return True
    place = last
    while not number and place < len(letters) and not gaps[place] and letters[place].isdigit():
        place += 1
    return place == len(letters) or bool(gaps[place]) or not is_latin(letters[place])


def is_framed(reading: Reading, first: int, last: int) -> bool:
    """Whether the same letter stands twice or more on both sides: xXbadXx."""
    before, behind = frame(reading, first, -1), frame(reading, last, 1)
    return bool(before) and before == behind


def frame(reading: Reading, place: int, step: int) -> str:
    """The letter that stands twice or more before (step -1) or behind (1), and nothing else does; or ""."""
    letters, gaps = reading.letters, reading.gaps
    inner = place - (step < 0)
    if not 0 <= inner < len(letters):
        return ""
    beside = letters[inner].lower()
    end = inner
    while 0 <= end < len(letters) and letters[end].lower() == beside and not gaps[end + (step < 0)]:
        end += step
    if abs(end - inner) < 2:
        return ""
    return beside if (ends(reading, end) if step > 0 else begins(reading, end + 1)) else ""


def is_alone(reading: Reading, first: int, last: int) -> bool:
    """Whether what is spelled out around a short word are words, too: it is no piece of a longer one."""
    letters, gaps = reading.letters, reading.gaps
    begin, end = first, last
    while begin and first - begin < _LONGEST and 0 < gaps[begin] < CLAUSE and (begin == 1 or gaps[begin - 1]):
        begin -= 1
    while end < len(letters) and end - last < _LONGEST and 0 < gaps[end] < CLAUSE and gaps[end + 1]:
        end += 1
    return are_words(letters[begin:first].lower()) and are_words(letters[last:end].lower())


def is_apostrophed(reading: Reading, begin: int, end: int) -> bool:
    """Whether it is what follows an apostrophe: it's, they'll."""
    return end - begin < 3 and begin > 0 and reading.text[reading.begins[begin] - 1] in "'’"


def is_hyphened(reading: Reading, place: int) -> bool:
    """Whether nothing but a hyphen stands before this letter and behind the one before: one word in two."""
    return reading.text[reading.ends[place - 1] : reading.begins[place]] == "-"
