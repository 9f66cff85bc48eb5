"""Finds words of the lists that came along, and the streamer's own: ``gate.words``, ``guard.words.files``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Door, Finding, Passage
from vtuber.guard.words.word_files import NAMES, OWN, POLICIES, uncalled
from vtuber.guard.words.word_list import WordList

_CLEAN = HERS | {Door.SHOWN, Door.NAME}
_DOORS = {
    **dict.fromkeys(POLICIES, ALL),
    **dict.fromkeys(("rude", "drugs", "harassment", "politics"), _CLEAN),
    OWN: ALL,
}
"""Chat may be rude, and is answered all the same."""


class Words:
    """Raises ConfigError for a file that cannot be used."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        section = settings.guard.words
        actions: dict[str, str] = dict(section.policies.items())
        self._actions = {policy: Action(actions.get(policy, section.action)) for policy in (*POLICIES, OWN)}
        self._policies = {
            door: frozenset(
                policy
                for policy, action in self._actions.items()
                if door in _DOORS[policy] and action is not Action.SPEAK
            )
            for door in Door
        }
        self._action = Action(section.action)
        self._list = WordList.of_streamer(settings.gate.words, section.files, built_in=True)
        self._uncalled = WordList(uncalled())

    def detect(self, passage: Passage) -> Iterator[Finding]:
        find = partial(
            self._list.find, passage.window, since=len(passage.lead), in_name=passage.door is Door.NAME
        )
        for found in find(policies=self._policies[passage.door]):
            place = passage.found(found.begin, found.end)
            if place is None:
                continue
            rule, reason = f"built in: {found.policy}", f"a word of the list {found.policy}"
            if found.policy == OWN:
                rule, reason = f"gate.words: {found.word}", "a word in gate.words"
            yield Finding(rule, reason, self._actions[found.policy], *place)
        if passage.door is Door.NAME:
            for found in self._uncalled.find(passage.text, in_name=True):
                reason = "a word that nobody may be called by"
                yield Finding(f"built in: {NAMES}", reason, self._action, found.begin, found.end)

    def may_begin(self, text: str) -> int:
        """How many letters at the end may be the beginning of a listed word; 0: none."""
        return self._list.may_begin(text)
