"""Who gave something and is answered no more is thanked in one line of the show's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import uuid4

from vtuber.core import clock
from vtuber.core.events import Answerable, Author, ChatMessage
from vtuber.core.text import escaped
from vtuber.inbox import Drop, Inbox
from vtuber.show.performer import Performer
from vtuber.show.promises import Promises

log = logging.getLogger(__name__)

NAMED = 12
"""So many names stand in a line that thanks several; the others are counted."""

LOOK_SECONDS = 5.0
"""Between two looks at who has waited for too long."""


class Thanks:
    """For those whom she has given up (``Promises.given_up``), by herself or while no brain was there."""

    def __init__(
        self, performer: Performer, promises: Promises, inbox: Inbox, *, minutes: float, chinese: bool
    ) -> None:
        """After so many ``minutes`` without a brain somebody is given up. ``chinese``: how she thanks."""
        self._performer = performer
        self._promises = promises
        self._inbox = inbox
        self._patience = minutes * 60
        self._chinese = chinese

    async def run(self) -> None:
        """Thanks whoever is given up, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not (self._performer.is_held_back or self._performer.can_think):
                self._give_up_late()
            self.say()

    def say(self) -> None:
        """Has her thank all who are given up by now, but not whom a moderator does not want answered.

        Nobody while a moderator has her silent: they are thanked later.
        """
        if self._performer.is_held_back:
            return
        for event in self._promises.given_up:
            if why := self._inbox.verdict_of_moderators(event):
                self._inbox.give_up(event, why)
        if not (owed := self._promises.given_up):
            return
        log.info("not answered in time, and thanked in one line: %s", names(owed))
        given = list(dict.fromkeys(self._performer.screening.name(one.author.name, one.id) for one in owed))
        line, first = thanks(given, chinese=self._chinese), owed[0]
        request = ChatMessage(
            f"owed-{uuid4().hex[:12]}", first.platform, first.channel, Author("", ""), line, clock.now()
        )
        self._promises.thank(request, owed)
        self._performer.say(request, line)

    def _give_up_late(self) -> None:
        now = clock.now()
        for event in (*self._inbox.events(), *self._performer.agenda.requests):
            if now - event.at > self._patience and self._promises.owes(event):
                self._performer.drop(event, Drop.OLD)


def thanks(given: Sequence[str], *, chinese: bool) -> str:
    """One line that thanks all of them."""
    named, more = list(given[:NAMED]), len(given) - NAMED
    if chinese:
        rest = f"還有另外 {more} 位" if more > 0 else ""
        return f"剛才有{'、'.join(named)}{rest}支持我們，謝謝你們！"
    if more > 0:
        named.append(f"{more} others")
    listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    return f"A while ago, {listed} supported us: thank you so much!"


def names(events: Sequence[Answerable]) -> str:
    """Who is owed something, for the streamer."""
    known = list(dict.fromkeys(event.author.name for event in events))
    shown = ", ".join(map(escaped, known[:NAMED]))
    return f"{shown} and {len(known) - NAMED} others" if len(known) > NAMED else shown
