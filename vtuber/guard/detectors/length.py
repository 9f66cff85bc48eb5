"""Finds a sentence that nobody would say in one breath: something has gone wrong, or it costs too much."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage

LONGEST = 1000
"""Characters of the longest sentence that is spoken."""


class Length:
    """Sentences of more than ``LONGEST`` characters."""

    doors = HERS

    def __init__(self, _settings: Settings, _character: Character) -> None:
        pass

    def detect(self, passage: Passage) -> Iterator[Finding]:
        if len(passage.text) > LONGEST:
            yield Finding("built in: length", "a sentence that is far too long", Action.REPLACE)
