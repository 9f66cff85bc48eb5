"""Knows a character's own lines: what was written for her, she may say, whatever it sounds like.

Whoever writes a line for a character answers for it. Detectors that judge how a sentence sounds (not those
of listed words, links or personal data) ask here before they stop one of hers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vtuber.character import Character
from vtuber.core.spelling import normalize
from vtuber.core.text import is_cjk
from vtuber.guard import Passage
from vtuber.guard.likeness.folding import sentences

LEAST = 13
"""Letters of a piece that may stand anywhere in a line of hers, where a Chinese character counts as three.

A shorter one must be a clause of it: "I am human" is no piece of "Nobody says I am human".
"""
_CHINESE = 3
_LEAST_BESIDE = 8
"""The same of what must stand beside a name: "Thank you, {viewer}"."""
_TOKEN = re.compile(r"\w+")
_CLAUSE = re.compile(r"[^,.!?;:，。！？；：、…—～\n]+")
_SLOT = re.compile(r"(\{viewer\}|\{amount\})")
_FILLED = {
    "{viewer}": r"(?:\S{1,25}|\S(?: \S){1,7})",
    "{amount}": r"(?:a [a-z]+|(?:[a-z]+ )?\d+(?: \d+)*(?: [a-z]+)?)",
}
"""A name of one word, or of a few characters: more could say something. The program writes amounts."""


class OwnLines:
    """Lines of one character, known whole, in pieces, and with their slots filled."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        fixed = [line for line in lines if not _SLOT.search(line)]
        self._lines = "\n".join(f" {_words(line)} " for line in fixed)
        self._clauses = {_words(clause) for line in fixed for clause in _CLAUSE.findall(line)}
        for line in lines:
            if line not in fixed:
                self._clauses.update(_words(part) for part in _runs(line) if not _SLOT.search(part))
        filled = dict.fromkeys(_filled(run) for line in lines for run in _runs(line) if _is_filled(run))
        self._filled = re.compile("|".join(filled) or r"(?!)")

    @classmethod
    def of(cls, character: Character) -> OwnLines:
        """All that was written for her."""
        return _shared(tuple(written_for(character)))

    @classmethod
    def said_for(cls, character: Character) -> OwnLines:
        """Only what the program says for her: a model may say its examples too often."""
        return _shared(tuple(lines_for(character)))

    def excuses(self, passage: Passage) -> bool:
        """Whether each sentence that ends in this passage, with what came before of it, is hers."""
        shown = passage.form_of or passage
        said = shown.before + shown.text
        ending = [
            said[begin:end]
            for begin, end in sentences(said)
            if said[begin:end].strip() and end > len(shown.before)
        ]
        return bool(ending) and all(map(self.holds, ending))

    def holds(self, sentence: str) -> bool:
        """Whether that is a line of hers, or a piece of one."""
        words = _words(sentence)
        if not words or words in self._clauses:
            return True
        if _weight(words) >= LEAST and f" {words} " in self._lines:
            return True
        return bool(self._filled.fullmatch(words))


@lru_cache(maxsize=4)  # each detector asks for the same
def _shared(lines: tuple[str, ...]) -> OwnLines:
    return OwnLines(lines)


def lines_for(character: Character) -> Iterator[str]:
    """Her canon, and all lines that the program says for her."""
    yield from (*character.canon, *character.refusals, *character.fallback_lines)
    yield from (*character.needs_better_brain, *character.comfort)
    yield from (line for sidestep in character.sidesteps for line in sidestep.says)
    yield from (reply for talk in character.small_talk for reply in talk.replies)


def written_for(character: Character) -> Iterator[str]:
    """Those, and what a model learns from."""
    yield from lines_for(character)
    yield from (example.reply for example in character.examples)


def _runs(line: str) -> Iterator[str]:
    """Every run of clauses of one sentence: she speaks in pieces."""
    for begin, end in sentences(line):
        clauses = list(_CLAUSE.finditer(line, begin, end))
        for first, clause in enumerate(clauses):
            for last in clauses[first:]:
                yield line[clause.start() : last.end()]


def _is_filled(run: str) -> bool:
    parts = _SLOT.split(run)
    return len(parts) > 1 and sum(_weight(_words(part)) for part in parts[::2]) >= _LEAST_BESIDE


def _filled(run: str) -> str:
    """A pattern for the words of ``run`` with something in its slots."""
    parts = (_FILLED.get(part) or re.escape(_words(part)) for part in _SLOT.split(run))
    return " ".join(filter(None, parts))


def _words(text: str) -> str:
    """Its words, and each Chinese character as one, with a space between."""
    plain = normalize(text)
    if not plain.isascii():
        plain = "".join(f" {char} " if is_cjk(char) else char for char in plain)
    return " ".join(_TOKEN.findall(plain))


def _weight(words: str) -> int:
    return sum(_CHINESE if is_cjk(char) else char != " " for char in words)
