"""Reading: a text as it was written becomes what is said, in the language of its sentence.

Each module knows one kind of thing, as rules that are tried in order; what none of them knows is left.
Captions show the text, and each of their words has its part of what is said: so both stay together.
"""

from __future__ import annotations

from functools import lru_cache

from vtuber.config.voice import Voice
from vtuber.voice.reading import (
    abbreviations,
    amounts,
    counts,
    dates,
    faces,
    latex,
    laughter,
    links,
    markup,
    pictures,
    signs,
    zhuyin,
)
from vtuber.voice.reading.line import Line, Reading, Rule
from vtuber.voice.reading.pronunciations import Pronunciations

__all__ = ["Reader", "Reading", "language_of"]

_ANYWHERE: tuple[Rule, ...] = (*latex.RULES, *links.RULES, *faces.RULES, *markup.FIRST)
_IN_WORDS: tuple[Rule, ...] = (
    *dates.CALENDAR,
    *abbreviations.RULES,
    *laughter.RULES,
    *zhuyin.RULES,
    *counts.FIRST,
    *signs.FIRST,
    *dates.RULES,
    *amounts.RULES,
    *counts.RULES,
    *signs.RANGES,
    *signs.LAST,
)
"""For languages that are read in words here. Others keep their numbers."""
_KEPT = 256
"""Readings that are remembered: the guard, the pace and the voice ask for the same."""


class Reader:
    """Reads as ``[voice]`` in config.toml says: with the streamer's pronunciations, and emoji or none."""

    def __init__(self, settings: Voice | None = None) -> None:
        settings = settings or Voice()
        self._pronunciations = Pronunciations(settings.pronunciations)
        self._names_emoji = settings.emoji == "named"
        self._read = lru_cache(maxsize=_KEPT)(self._reading)
        self._digits = lru_cache(maxsize=_KEPT)(self._with_digits)

    def read(self, text: str, language: str = "", *, usual: str = "en") -> Reading:
        """What is said of ``text``. ``language`` is its BCP 47 tag; "": found in the text.

        Where nothing but numbers and signs stands in it, it is in the ``usual`` language.
        """
        return self._read(text, language or _language(text, usual))

    def judged(self, text: str, language: str = "", *, usual: str = "en") -> Reading:
        """The same, but numbers are in digits, as the guard is to judge them.

        It knows which digits are somebody's telephone; in words, any three times of day might be one.
        """
        return self._digits(text, language or _language(text, usual))

    def _with_digits(self, text: str, language: str) -> Reading:
        return self._reading(text, language, digits=True)

    def _reading(self, text: str, language: str, *, digits: bool = False) -> Reading:
        line = Line(text, language, digits=digits)
        self._pronunciations.read(line)
        if self._names_emoji:
            pictures.name(line)
        for rule in _ANYWHERE:
            rule.apply(line)
        if language.startswith(("zh", "en")):
            for rule in _IN_WORDS:
                rule.apply(line)
        for rule in markup.LAST:
            rule.apply(line)
        pictures.leave_out(line)
        return line.composed()


def _language(text: str, usual: str) -> str:
    return language_of(text) if any(map(str.isalpha, text)) else usual


def language_of(text: str) -> str:
    """The language in which numbers are read, by the script: "zh", "en", "ja", "ko" or "" (another)."""
    if text.isascii():
        return "en"
    latin_words = han = kana = hangul = other = 0
    within = False
    for char in text:
        latin = char.isalpha() and (char < "\u0250" or "\uff21" <= char <= "\uff5a")
        latin_words += latin and not within
        within = latin
        if "\u4e00" <= char <= "\u9fff":
            han += 1
        elif "\u3041" <= char <= "\u30fa":
            kana += 1
        elif "\uac00" <= char <= "\ud7a3":
            hangul += 1
        elif "\u0370" <= char <= "\u1fff":
            other += 1
    if hangul > han:
        return "ko"
    if kana * 3 > han and kana > 2:
        return "ja"
    if han and han * 2 >= latin_words:
        return "zh"
    return "" if other > latin_words else "en"
