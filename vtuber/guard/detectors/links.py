"""Finds web addresses, also spelled out; the streamer's own may pass."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Door, Finding, Passage
from vtuber.guard.personal.own_sites import OwnSites
from vtuber.guard.personal.plain import Plain
from vtuber.guard.personal.web import addresses


class Links:
    """Raises ConfigError for a domain in ``guard.links.allow`` that is none."""

    doors = HERS | {Door.SHOWN, Door.NAME}

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.links.action)
        self._own = OwnSites(settings.guard.links.allow)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        plain = Plain(passage.window)
        for address in addresses(plain.lower):
            place = passage.found(*plain.place(address.begin, address.end))
            if place is not None and not self._own.has(address):
                yield Finding("built in: address", "a web address", self._action, *place)
