"""Finds web addresses, also spelled out; the streamer's own may pass."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Finding, Passage
from vtuber.guard.personal.own_sites import OwnSites
from vtuber.guard.personal.plain import plain
from vtuber.guard.personal.web import addresses


class Links:
    """Raises ConfigError for a domain in ``guard.links.allow`` that is none."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.links.action)
        self._own = OwnSites(settings.guard.links.allow)
        list(addresses("go to evil.zone"))  # its files are read before the show

    def detect(self, passage: Passage) -> Iterator[Finding]:
        # What others wrote goes on without it: nobody is refused for a number, and she never knows it.
        action = self._action if passage.door in HERS else Action.SOFTEN
        text = plain(passage.window)
        for address in addresses(text.lower):
            place = passage.found(*text.place(address.begin, address.end))
            if place is not None and not self._own.has(address):
                yield Finding("built in: address", "a web address", action, *place)
