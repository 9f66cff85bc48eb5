"""A recorded chat, played at its own pace or faster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.errors import BanbanError, ConfigError
from vtuber.core.events import Event
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.listeners.recordings.recording import Recording

log = logging.getLogger(__name__)

AHEAD = 256
"""So many events are read at a time."""
BREATH = 32
"""After so many events that are due at once, the rest of the show gets a turn."""


class Replay:
    """Every event comes ``offset / speed`` seconds after the first use of ``events``, on the show's clock."""

    def __init__(self, settings: Settings) -> None:
        if not settings.chat.replay.file:
            raise ConfigError(
                "no recording is set",
                where="chat.replay.file",
                hint="set chat.replay.file to the path of a recorded chat",
            )
        self.path = Path(settings.chat.replay.file).expanduser()
        self.speed = settings.chat.replay.speed
        self.recording: Recording | None = None
        """None until its beginning was read."""
        self.availability = Availability(ready=True)
        self._trouble: BanbanError | None = None
        self._events: Iterator[tuple[float, Event]] = iter(())
        self._next: list[tuple[float, Event]] = []
        self._finished = False

    async def start(self) -> None:
        await self.load()

    async def load(self) -> Recording:
        """Reads the beginning of the file, once. Raises ListenerError."""
        if self.recording is None:
            recording = Recording(self.path)
            self._events = iter(recording)
            await self._read(recording)
            self.recording = recording
        return self.recording

    async def _read(self, recording: Recording) -> None:
        """The next events; the file is read as it is played, and never held as a whole."""
        try:
            self._next = await clock.in_thread(lambda: list(islice(self._events, AHEAD)))
        except BanbanError as error:
            self._trouble = error
            self.availability.set(ready=False)
            raise
        notes, recording.notes = recording.notes, []
        for note in notes:
            log.warning("%s", escaped(note))

    async def events(self) -> AsyncGenerator[Event, None]:
        recording = await self.load()
        began = clock.now()
        count = 0
        while self._next:
            for offset, event in self._next:
                count += 1
                wait = began + (offset - recording.begin) / self.speed - clock.now()
                if wait > 0 or count % BREATH == 0:
                    await asyncio.sleep(max(0.0, wait))
                yield replace(event, at=clock.now())
            await self._read(recording)
        self._finished = True

    def health(self) -> Health:
        if self._trouble is not None:
            return Health("chat.replay", State.DOWN, self._trouble.what, self._trouble.hint)
        if self.recording is None:
            return Health("chat.replay", State.OK, f"{self.path.name}, not read yet")
        what = self.recording.summary(self.speed)
        if self._finished:
            what += "; finished"
        return Health("chat.replay", State.OK, what)
