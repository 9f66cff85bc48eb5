"""Finds the streamer's own patterns, ``gate.patterns``."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, Action, Finding, Passage
from vtuber.guard.slow_patterns import compiled


class Patterns:
    """Raises ConfigError for a pattern that fits everything, or that can take too long."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.patterns.action)
        self._patterns = compiled(settings.gate.patterns, "gate.patterns")

    def detect(self, passage: Passage) -> Iterator[Finding]:
        for pattern in self._patterns:
            for place in passage.search(pattern):
                rule = f"gate.patterns: {pattern.pattern}"
                yield Finding(rule, "a pattern in gate.patterns", self._action, *place)
