"""Finds harmful sentences without a listed word: who does what to whom, weighed (``phrase_weights``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.text import is_cjk
from vtuber.guard import ALL, HERS, Action, Door, Finding, Passage
from vtuber.guard.own_lines import OwnLines
from vtuber.guard.phrases.phrase_weights import LABELS, learnt

DISTRESS = "distress"
_CLEAN = HERS | {Door.SHOWN}
_DOORS = dict.fromkeys(LABELS, ALL) | dict.fromkeys(("drugs", "harassment", "politics"), _CLEAN)
"""Chat may be rude, and is answered all the same."""
_UNFINISHED = re.compile(r"[^.!?。！？…\n]*\Z")


class Phrases:
    """Judges sentences. Whoever writes of harming themselves gets a kind line of hers, and no silence."""

    doors = ALL - {Door.NAME}

    def __init__(self, settings: Settings, character: Character) -> None:
        section = settings.guard.phrases
        actions: dict[str, str] = dict(section.policies.items())
        self._actions = {label: Action(actions.get(_policy(label), section.action)) for label in LABELS}
        self._certain = section.certain
        self._comfort = character.comfort
        self._own = OwnLines.of(character)
        self._weights = learnt()

    def detect(self, passage: Passage) -> Iterator[Finding]:
        label, score = self._weights.judge(_sentence(passage))
        action = self._actions[label]
        if score < self._certain or passage.door not in _DOORS[label] or action is Action.SPEAK:
            return
        if passage.door in HERS and self._own.excuses(passage):
            return
        instead = ""
        if label == DISTRESS and passage.door is Door.MESSAGE:
            chinese = any(map(is_cjk, passage.text))
            fitting = (line for line in self._comfort if any(map(is_cjk, line)) is chinese)
            instead = next(fitting, self._comfort[0])
        yield Finding(f"built in: {label}", f"it sounds like {_policy(label)}", action, instead=instead)


def _sentence(passage: Passage) -> str:
    """Hers may come in pieces: with those before it of the same sentence."""
    if passage.door not in HERS or not passage.lead:
        return passage.text
    begun = _UNFINISHED.search(passage.lead)
    return f"{begun.group() if begun else ''}{passage.text}"


def _policy(label: str) -> str:
    return "self_harm" if label == DISTRESS else label
