"""OBS as a screen: her caption in a text source, and a scene while she speaks.

The loop knows what should be shown (``Obs``); one thread keeps OBS so (``Link``). Between them lies a
single note with the latest picture, so a slow OBS or none at all costs the show nothing.
"""

from __future__ import annotations

import logging
import os

from vtuber import config
from vtuber.character import Character
from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.stage.cues import Cue
from vtuber.stage.obs.link import PART, PASSWORD, Link
from vtuber.stage.obs.picture import Picture

FIRST_TRY_SECONDS = 1.5


class Obs:
    """The screen. With OBS away it waits for it; it never holds up the show."""

    def __init__(self, settings: config.Settings, character: Character) -> None:
        del character  # her face is on the overlay page
        self._settings = settings.stage.obs
        self._picture = Picture()
        self._link: Link | None = None

    async def start(self) -> None:
        """Returns after the first attempt to connect, however it went."""
        if not self._settings.enabled:
            return
        # The library logs every message (its answer to the password's challenge, too) and every attempt.
        logging.getLogger("obswebsocket").setLevel(logging.CRITICAL)
        self._link = Link(self._settings, os.environ.get(PASSWORD, ""))
        self._link.start()
        await clock.in_thread(self._link.tried.wait, FIRST_TRY_SECONDS)

    def show(self, cue: Cue) -> None:
        if self._link is not None:
            self._picture = self._picture.after(cue)
            self._link.want(self._picture)

    async def stop(self) -> None:
        """Leaves OBS with an empty caption and the old scene, if it answers within a second."""
        link, self._link = self._link, None
        if link is not None:
            await clock.in_thread(link.stop)

    def health(self) -> Health:
        if not self._settings.enabled:
            return Health(PART, State.OFF, "not used")
        if self._link is None:
            return Health(PART, State.DOWN, "not started")
        return self._link.health
