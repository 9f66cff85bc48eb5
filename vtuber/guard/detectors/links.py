"""Finds web addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Finding, Passage

_ENDINGS = r"com|net|org|gg|tv|io|ru|xyz|cc|tw|cn|jp|info|app|dev|ly"
_ADDRESS = re.compile(
    r"https?:|\bwww\.\w|\b[a-z0-9-]{2,}\.(?:" + _ENDINGS + r")(?![a-z0-9])"
    r"|\b[a-z0-9-]+\.[a-z]{2,}/\w|\b[a-z0-9-]{2,} dot (?:com|net|org|gg|tv)\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b",
    re.IGNORECASE | re.ASCII,
)


class Links:
    """Web addresses, also spelled out."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.links.action)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        # What others wrote goes on without it: nobody is refused for a number, and she never knows it.
        action = self._action if passage.door in HERS else Action.SOFTEN
        for place in passage.search(_ADDRESS):
            yield Finding("built in: address", "a web address", action, *place)
