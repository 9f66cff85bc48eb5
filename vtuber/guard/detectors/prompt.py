"""Finds what she recites of her prompt."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage
from vtuber.guard.prompt_leak import PromptLeak


class RecitedPrompt:
    """Pieces of the persona, word for word."""

    doors = HERS

    def __init__(self, settings: Settings, character: Character) -> None:
        self._action = Action(settings.guard.prompt.action)
        self._leak = PromptLeak(character.persona)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        if self._leak.is_in(passage.window):
            yield Finding("built in: persona", "a quote from the persona", self._action)
