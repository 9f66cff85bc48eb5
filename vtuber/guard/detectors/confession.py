"""Finds that she falls out of her role: an assistant's refusals, talk about models, claims to be human."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.likeness.folding import folded, sentences
from vtuber.guard.likeness.score import Likeness
from vtuber.guard.other_model import claims_to_be_another_model
from vtuber.guard.own_lines import OwnLines
from vtuber.guard.role.humanity import admits_to_be_ai, claims_to_be_human, without_compounds, without_quotes
from vtuber.guard.role.identity import Identity

ASSISTANT, HUMAN = 0.8, 1.2
"""How like such sentences hers must be."""


class Confession:
    """What no character says of herself. That she is an AI, she may always say.

    What was written for her may sound like anything, but claims outright to be nobody else and no human.
    """

    doors = frozenset((Door.SPOKEN,))  # what she writes in chat was said, or is the program's

    def __init__(self, settings: Settings, character: Character) -> None:
        self._action = Action(settings.guard.confession.action)
        self._identity = Identity(character.names, character.persona)
        self._assistant = Likeness("out_of_role")
        self._human = Likeness("human")
        self._own = OwnLines.of(character)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        window = passage.window
        plain = folded(window)
        for begin, end in sentences(plain):
            if place := passage.found(begin, end):
                for reason in self._faults(plain[begin:end], window[begin:end], passage):
                    yield self._finding(reason, place)
        named = claims_to_be_another_model(without_quotes(plain))
        if named and (place := passage.found(*named)):
            yield self._finding("a claim to be another model", place)

    def _finding(self, reason: str, place: tuple[int, int]) -> Finding:
        return Finding("built in: confession", reason, self._action, *place)

    def _faults(self, plain: str, sentence: str, passage: Passage) -> Iterator[str]:
        own = without_quotes(plain)
        if self._assistant.score(own) > ASSISTANT and not self._own.excuses(passage):
            yield "an assistant's words"
        if self._identity.denied_in(sentence):
            yield "a claim to be somebody else"
        if claims_to_be_human(plain) or (self._sounds_human(own) and not self._own.excuses(passage)):
            yield "a claim to be human"

    def _sounds_human(self, own: str) -> bool:
        return self._human.score(without_compounds(own)) > HUMAN and not admits_to_be_ai(own)
