"""Finds personal data: e-mail addresses and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Finding, Passage

_CONTACT = re.compile(
    r"(?<![\w.+-])[\w.+-]+ ?(?:@|[(\[]at[)\]]) ?[\w-]+\.[a-z]{2,}"
    r"|(?<![\d.,+])(?!(?:19|20)\d\d-\d\d?-\d)(?:\+\d|0\d|\d{3})(?:[ ()-]{0,2}\d){7,}(?![\d,])",
    re.IGNORECASE | re.ASCII,
)


class Contact:
    """E-mail addresses and phone numbers."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.contact.action)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        # What others wrote goes on without it: nobody is refused for a number, and she never knows it.
        action = self._action if passage.door in HERS else Action.SOFTEN
        for place in passage.search(_CONTACT):
            yield Finding("built in: contact", "an e-mail address or a phone number", action, *place)
