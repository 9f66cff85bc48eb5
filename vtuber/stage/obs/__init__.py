"""OBS as a screen: captions in a text source, and a scene while somebody speaks.

The loop knows what should be shown (``Obs``); one thread keeps OBS so (``Link``). The loop leaves it no more
than the latest picture, so a slow OBS or none at all costs the show nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from functools import partial

from vtuber import config
from vtuber.character import Character
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.health import Health, State
from vtuber.stage.cues import Cue
from vtuber.stage.obs.link import PART, PASSWORD, Link, Picture

FIRST_TRY_SECONDS = 1.5


class Obs:
    """The screen. While OBS is not there the show goes on, and the link tries again."""

    def __init__(self, settings: config.Settings, character: Character) -> None:
        del character  # the face is on the overlay page
        self.availability = Availability()
        self._settings = settings.stage.obs
        self._picture = Picture()
        self._link: Link | None = None

    async def start(self) -> None:
        """Returns after the first attempt to connect, however it went."""
        if not self._settings.enabled:
            return
        # The library logs every message (its answer to the password's challenge, too) and every attempt.
        logging.getLogger("obswebsocket").setLevel(logging.CRITICAL)
        loop = asyncio.get_running_loop()

        def report(ready: bool) -> None:  # noqa: FBT001  # from the link's thread
            with suppress(RuntimeError):  # the loop is closed: the program ends
                loop.call_soon_threadsafe(partial(self.availability.set, ready=ready))

        self._link = Link(self._settings, os.environ.get(PASSWORD, ""), report)
        self._link.start()
        await clock.in_thread(self._link.tried.wait, FIRST_TRY_SECONDS)

    def show(self, cue: Cue) -> None:
        if self._link is not None:
            self._picture = self._picture.after(cue)
            self._link.show(self._picture)

    async def stop(self) -> None:
        """Leaves OBS with an empty caption and the scene it had before, if it answers within a second."""
        link, self._link = self._link, None
        if link is not None:
            await clock.in_thread(link.stop)
        self.availability.set(ready=False)

    def health(self) -> Health:
        if not self._settings.enabled:
            return Health(PART, State.OFF, "not used")
        if self._link is None:
            return Health(PART, State.DOWN, "not started")
        return self._link.health
