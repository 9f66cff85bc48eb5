"""Finds words of the lists that came along, and of the streamer's own, ``gate.words``."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.spelling import normalize
from vtuber.guard import ALL, HERS, Action, Door, Finding, Passage
from vtuber.guard.word_list import WordList

_CLEAN = HERS | {Door.SHOWN}


class Words:
    """The streamer's words and the hateful ones at every door; rude ones are not said, nor shown."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.words.action)
        self._own = WordList(settings.gate.words)
        self._hateful = WordList.shipped("hate")
        self._rude = WordList.shipped("rude")

    def detect(self, passage: Passage) -> Iterator[Finding]:
        normalized = normalize(passage.window)
        name = passage.door is Door.NAME
        own = self._own.find_in_name(normalized) if name else self._own.find(normalized)
        if own:
            yield Finding(f"gate.words: {own}", "a word in gate.words", self._action)
        hateful = self._hateful.find_in_name(normalized) if name else self._hateful.find(normalized)
        if hateful or (passage.door in _CLEAN and self._rude.find(normalized)):
            yield Finding("built in: word", "a slur or an explicit word", self._action)
