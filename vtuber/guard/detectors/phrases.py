"""Finds harmful sentences without a listed word: who does what to whom, weighed (``phrase_weights``)."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Door, Finding, Passage
from vtuber.guard.phrase_weights import LABELS, learnt

DISTRESS = "distress"
_CLEAN = HERS | {Door.SHOWN}
_DOORS = {label: ALL - {Door.NAME} for label in LABELS} | dict.fromkeys(
    ("drugs", "harassment", "politics"), _CLEAN
)
"""Chat may be rude, and is answered all the same."""


class Phrases:
    """Judges whole sentences, each with what stands before it."""

    doors = ALL - {Door.NAME}

    def __init__(self, settings: Settings, _character: Character) -> None:
        section = settings.guard.phrases
        actions: dict[str, str] = dict(section.policies.items())
        self._actions = {label: Action(actions.get(_policy(label), section.action)) for label in LABELS}
        self._certain = section.certain
        self._weights = learnt()

    def detect(self, passage: Passage) -> Iterator[Finding]:
        label, score = self._weights.judge(passage.text)
        action = self._actions[label]
        if score < self._certain or passage.door not in _DOORS[label] or action is Action.SPEAK:
            return
        yield Finding(f"built in: {label}", f"it sounds like {_policy(label)}", action)


def _policy(label: str) -> str:
    return "self_harm" if label == DISTRESS else label
