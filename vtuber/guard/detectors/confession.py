"""Finds that she falls out of her role: an assistant's refusals, talk about models, claims to be human."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage
from vtuber.guard.folding import folded, sentences
from vtuber.guard.identity import Identity
from vtuber.guard.humanity import claims_to_be_human
from vtuber.guard.likeness import Likeness
from vtuber.guard.out_of_role import out_of_role, without_quotes

OUT_OF_ROLE, HUMAN = 0.8, 0.5
"""How like such sentences hers must be, where nothing plainer is found."""


class Confession:
    """What no character says of herself. That she is an AI, she may always say."""

    doors = HERS

    def __init__(self, settings: Settings, character: Character) -> None:
        self._action = Action(settings.guard.confession.action)
        self._identity = Identity(character.names, character.persona)

        self._likeness = Likeness("out_of_role")
        self._human = Likeness("human")

    def detect(self, passage: Passage) -> Iterator[Finding]:
        window = passage.window
        plain = folded(window)
        for begin, end in sentences(plain):
            if passage.found(begin, end) is None:
                continue
            for reason, at, until in self._faults(plain[begin:end], window[begin:end]):
                if place := passage.found(begin + at, begin + until):
                    yield Finding(f"built in: confession, {reason}", reason, self._action, *place)

    def _faults(self, plain: str, sentence: str) -> Iterator[tuple[str, int, int]]:
        yield from out_of_role(plain)
        if self._identity.denied_in(sentence):
            yield "a claim to be somebody else", 0, len(sentence)
        if claims_to_be_human(plain):
            yield "a claim to be human", 0, len(sentence)
        own = without_quotes(plain)
        if self._likeness.score(own) > OUT_OF_ROLE:
            yield "an assistant's words", 0, len(sentence)
        if self._human.score(own) > HUMAN:
            yield "like a claim to be human", 0, len(sentence)
