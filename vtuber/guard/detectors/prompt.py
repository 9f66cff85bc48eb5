"""Finds what she recites of her prompt: word for word, in other forms, and in the other language."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage
from vtuber.guard.likeness.folding import folded, sentences
from vtuber.guard.likeness.score import Likeness
from vtuber.guard.own_lines import OwnLines
from vtuber.guard.prompt.prompt_leak import PromptLeak
from vtuber.guard.prompt.recital import Recital

LIKE_A_PROMPT = 1.5
"""How like a character's prompt a sentence of hers must be."""


class RecitedPrompt:
    """Pieces of the persona in any form, and sentences as they stand in prompts: a translation, say."""

    doors = HERS

    def __init__(self, settings: Settings, character: Character) -> None:
        self._action = Action(settings.guard.prompt.action)
        self._leak = PromptLeak.of(character.persona)
        self._recital = Recital.of(character.persona)
        self._likeness = Likeness("prompt")
        self._own = OwnLines.of(character)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        window = passage.window
        if self._leak.is_in(window):
            yield Finding("built in: persona", "a quote from the persona", self._action)
        elif form := self._recital.form_in(window):
            yield Finding("built in: persona", f"the persona, {form}", self._action)
        else:
            for begin, end in sentences(folded(window)):
                place = passage.found(begin, end)
                sentence = window[begin:end]
                if place and self._is_like_one(sentence) and not self._own.excuses(passage):
                    reason = "what only stands in a prompt"
                    yield Finding("built in: prompt", reason, self._action, *place)

    def _is_like_one(self, sentence: str) -> bool:
        return self._likeness.score(sentence) > LIKE_A_PROMPT and not self._own.holds(sentence)
