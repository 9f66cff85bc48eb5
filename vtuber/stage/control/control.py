"""The control room: follows the show, tells whoever listens of it, and passes on what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web

from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.health import Health, State
from vtuber.record.facts import Fact
from vtuber.stage.control import page
from vtuber.stage.control.backstage import Backstage
from vtuber.stage.control.routes import Routes
from vtuber.stage.control.state import PARTS_OF_STATE, ControlState
from vtuber.stage.control.streams import Streams
from vtuber.stage.cues import ClipSound, ClipWord, Cue, Heard

EVERY = 1.0
"""Seconds between two looks at what tells nobody that it has changed."""
GATHER = 0.1
"""Seconds in which what happens is told together."""
AT_ONCE = ("now", "queue", "air", "settings")
"""What is looked at whenever something happened; the rest ``EVERY`` second."""


class Control:
    """A part with routes, which watches stage and facts. It does nothing but count while nobody listens."""

    def __init__(self, backstage: Backstage) -> None:
        self.availability = Availability()
        self._streams = Streams()
        self._state = ControlState(backstage, self._streams.tell, self._streams.is_watched.is_set)
        self._routes = Routes(backstage, self._state, self._streams)
        self._changed = asyncio.Event()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """All requests of the API, and the panel's page."""
        return [*self._routes.all(), *page.routes()]

    async def start(self) -> None:
        self.availability.set(ready=True)

    async def stop(self) -> None:
        """Ends every stream of events. Harmless when it never started."""
        self.availability.set(ready=False)
        self._streams.close()

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        self._state.note(fact)
        self._changed.set()

    def show(self, cue: Cue) -> None:
        """Watches the stage."""
        if not isinstance(cue, ClipSound | ClipWord | Heard):
            self._state.show(cue)
            self._changed.set()

    def health(self) -> Health:
        if not self.availability.is_ready:
            return Health("stage.control", State.OFF, "not started")
        count = len(self._streams)
        told = "1 panel or program listens" if count == 1 else f"{count} panels and programs listen"
        return Health("stage.control", State.OK, told if count else "no panel is open")

    async def run(self) -> None:
        """Tells those who listen what has changed, until cancelled."""
        looked = -EVERY
        while True:
            await self._streams.is_watched.wait()
            is_due = clock.now() >= looked + EVERY
            if is_due:
                looked = clock.now()
            for part, value in self._state.changes(PARTS_OF_STATE if is_due else AT_ONCE).items():
                self._streams.tell(part, value)
            self._streams.flush()
            await asyncio.sleep(GATHER)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(looked + EVERY - clock.now(), 0.001)):
                    await self._changed.wait()
            self._changed.clear()
