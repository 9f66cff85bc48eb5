"""A page that is open, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from vtuber.core.clock import now
from vtuber.stage.overlay.frames import Frame, TextFrame

log = logging.getLogger(__name__)

OBS = re.compile(r"\bOBS/\d")
"""What OBS adds to its browser's name."""

QUEUE_BYTES = 2_000_000
"""A page that lets more than this wait is disconnected; it connects again by itself and catches up."""

WRITE_SECONDS = 10.0
"""So is a page that takes nothing for so long."""

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
    way: float = 0.0
    """Seconds from a sample's time to the loudspeaker; 0.0 while nobody knows."""

    @property
    def rank(self) -> int:
        """The lowest is heard: what is on stream, then a browser, then a source that is not shown."""
        return 1 if not self.obs else 0 if self.active else 2

    @property
    def where(self) -> str:
        return "OBS" if self.obs else "a browser"


def _who_sounds(where: str, *, on: bool, others: bool, way: float = 0.0) -> TextFrame:
    return TextFrame({"t": "sounds", "on": on, "where": where, "others": others, "way": way})


SILENT = PageVoice(can=False)


class Page:
    """One page that is open, and what waits to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, frames: Sequence[Frame]) -> None:
        self.socket = socket
        self.address = request.remote or "?"
        self.is_obs = OBS.search(request.headers.get("User-Agent", "")) is not None
        """Whether OBS shows it, by what its browser calls itself."""
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
        if self._size > QUEUE_BYTES:
            self.drop()

    async def write(self) -> None:
        """Sends what waits and what comes, until the page leaves. One that stops reading is disconnected."""
        with contextlib.suppress(
            ConnectionError, RuntimeError
        ):  # it left; whoever reads from it notices, too
            while True:
                data = (await self.next()).encode(now())
                try:
                    async with asyncio.timeout(WRITE_SECONDS):
                        await (
                            self.socket.send_str(data)
                            if isinstance(data, str)
                            else self.socket.send_bytes(data)
                        )
                except TimeoutError:
                    self.drop()
                    return

    @property
    def backlog(self) -> int:
        """How many bytes wait because it does not read them."""
        return self._size + (self._transport.get_write_buffer_size() if self._transport is not None else 0)

    def drop(self, why: str = "was too slow") -> None:
        """Disconnects it at once. It is not told, for it may not read."""
        if self._transport is None:
            return
        # A page that never sounded may be anybody's: it cannot have the streamer read of it again and again.
        level = logging.WARNING if self.voice.can else logging.DEBUG
        log.log(level, "an overlay page %s and was disconnected; it connects again by itself", why)
        self._transport.abort()
        self._transport = None

    def tell_who_sounds(self, heard: Page | None, *, others: bool, device: bool = False) -> None:
        """Tells it which page sounds, unless it knows. ``others``: another could, were this one gone.

        ``device``: an audio device sounds, and no page.
        """
        where = "here" if heard is self else heard.voice.where if heard else "a device" if device else ""
        way = heard.voice.way if heard else 0.0
        frame = _who_sounds(where, on=heard is self, others=others, way=way)
        if frame != self._told:
            self._told = frame
            self.send(frame)

    def hush(self, told: Frame) -> None:
        """Drops all that a hush takes back. ``told``, which says so, is sent before all that waits."""
        kept = [frame for frame in self._waiting if isinstance(frame, TextFrame) and frame.lasts]
        self._waiting = deque([told, *kept])
        self._size = sum(frame.size for frame in self._waiting)
        self._more.set()

    def forget(self, unwanted: Callable[[TextFrame], bool]) -> None:
        """Drops those frames that are ``unwanted`` and not yet sent."""
        kept = [frame for frame in self._waiting if not (isinstance(frame, TextFrame) and unwanted(frame))]
        self._waiting = deque(kept)
        self._size = sum(frame.size for frame in kept)

    async def next(self) -> Frame:
        """The next frame to send; a tick when there was none for ``TICK`` seconds."""
        if not self._waiting:
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):  # in this task: the writer's turn comes at once
                    await self._more.wait()
        if not self._waiting:
            return TextFrame({"t": "tick"})
        frame = self._waiting.popleft()
        self._size -= frame.size
        return frame


def least_needed(pages: Iterable[Page]) -> Page | None:
    """The page that makes room for OBS: the one that reads least. None where OBS reads all of them."""
    others = [page for page in pages if page.backlog or not (page.is_obs or page.voice.obs)]
    return max(others, key=lambda page: (page.backlog, not page.voice.can), default=None)


def choose_heard(pages: Iterable[Page]) -> Page | None:
    """The page that sounds, of those in the order in which they came: one that can, by its rank."""
    can = [page for page in pages if page.voice.can and not page.voice.forced]
    return min(can, key=lambda page: page.voice.rank, default=None)
