"""A page that is open, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from vtuber.stage.overlay.frames import Frame, TextFrame

log = logging.getLogger(__name__)

QUEUE_BYTES = 2_000_000
"""A page that lets more than this wait is disconnected; it connects again by itself and catches up."""

TICK = 2.0
"""Seconds between signs of life."""


@dataclass(frozen=True, slots=True)
class PageVoice:
    """What a page says of its sound."""

    can: bool
    """Whether its browser lets it sound, and its address does not forbid it."""
    forced: bool = False
    """Whether it sounds whatever other pages do (?sound=on)."""
    obs: bool = False
    """Whether it is a browser source in OBS."""
    active: bool = True
    """Whether OBS shows it on stream now."""

    @property
    def rank(self) -> int:
        """The lowest is heard: what is on stream, then a browser, then a source that is not shown."""
        return 1 if not self.obs else 0 if self.active else 2

    @property
    def where(self) -> str:
        return "OBS" if self.obs else "a browser"


def _who_sounds(where: str, *, on: bool, others: bool) -> TextFrame:
    return TextFrame({"t": "sounds", "on": on, "where": where, "others": others})


SILENT = PageVoice(can=False)


class Page:
    """One page that is open, and what waits to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, frames: Sequence[Frame]) -> None:
        self.socket = socket
        self.address = request.remote or "?"
        self.voice = SILENT
        self._told = _who_sounds("", on=False, others=False)
        self._transport = request.transport
        self._waiting = deque(frames)
        self._size = sum(frame.size for frame in frames)
        self._more = asyncio.Event()

    def send(self, frame: Frame) -> None:
        """Sends it after all that waits. A page that lets too much wait is disconnected."""
        self._waiting.append(frame)
        self._size += frame.size
        self._more.set()
        if self._size > QUEUE_BYTES and self._transport is not None:
            log.warning("an overlay page was too slow and was disconnected; it connects again by itself")
            self._transport.abort()
            self._transport = None

    def tell_who_sounds(self, heard: Page | None, *, others: bool) -> None:
        """Tells it which page sounds, unless it knows. ``others``: another could, were this one gone."""
        where = "" if heard is None else "here" if heard is self else heard.voice.where
        frame = _who_sounds(where, on=heard is self, others=others)
        if frame != self._told:
            self._told = frame
            self.send(frame)

    def hush(self) -> None:
        """Drops all that a hush takes back."""
        kept = [frame for frame in self._waiting if isinstance(frame, TextFrame) and frame.lasts]
        self._waiting = deque(kept)
        self._size = sum(frame.size for frame in kept)

    def withdraw(self, turn: int) -> None:
        """Drops the name of whoever that turn answers, if it was not sent yet."""
        kept = [
            frame for frame in self._waiting if not (isinstance(frame, TextFrame) and frame.names_whom(turn))
        ]
        self._size -= sum(frame.size for frame in self._waiting) - sum(frame.size for frame in kept)
        self._waiting = deque(kept)

    async def next(self) -> Frame:
        """The next frame to send; a tick when there was none for ``TICK`` seconds."""
        if not self._waiting:
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), TICK)
        if not self._waiting:
            return TextFrame({"t": "tick"})
        frame = self._waiting.popleft()
        self._size -= frame.size
        return frame


def choose_heard(pages: Iterable[Page]) -> Page | None:
    """The page that sounds, of those in the order in which they came: one that can, by its rank."""
    can = [page for page in pages if page.voice.can and not page.voice.forced]
    return min(can, key=lambda page: page.voice.rank, default=None)
