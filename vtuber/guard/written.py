"""What somebody wrote for a character to say, which no detector should hold against her."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.core.spelling import normalize

_SENTENCE_ENDS = re.compile(r"[.!?…。！？\n]+")


def lines_for(character: Character) -> Iterator[str]:
    """Her canon, and all lines that the program says for her."""
    yield from (*character.canon, *character.refusals, *character.fallback_lines)
    yield from character.needs_better_brain
    for talk in character.small_talk:
        yield from talk.replies
    for sidestep in character.sidesteps:
        yield from sidestep.says


def letters(text: str) -> str:
    """What two spellings of a line have in common."""
    return "".join(filter(str.isalnum, normalize(text)))


def written_for(character: Character) -> Iterator[str]:
    """Those, and what a model learns from."""
    yield from lines_for(character)
    yield from (example.reply for example in character.examples)


class Written:
    """Knows sentences that were written for her, and the beginning of one: her words come in pieces."""

    def __init__(self, character: Character) -> None:
        self._rests = frozenset(rest for line in written_for(character) for rest in _rests(line))

    def __contains__(self, text: str) -> bool:
        wanted = letters(text)
        return any(rest.startswith(wanted) for rest in self._rests)


def _rests(line: str) -> Iterator[str]:
    """The line from the beginning of each of its sentences."""
    for begin in (0, *(end.end() for end in _SENTENCE_ENDS.finditer(line))):
        if rest := letters(line[begin:]):
            yield rest
