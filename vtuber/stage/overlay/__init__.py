"""The overlay: a page for OBS's browser source (or any browser), and the server that drives it.

The page is ``overlays/index.html``; a file of the same name in the working folder's ``overlays/`` wins over
the one shipped. Frames are described in ``vtuber.stage.overlay.frames``.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from aiohttp import WSMsgType, web

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.clock import now, outside
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.stage.cues import Cue, Hushed, Withdrawn
from vtuber.stage.overlay.access import AccessControl, file, overlay_file
from vtuber.stage.overlay.frames import Frame, Note, SoundFrame
from vtuber.stage.overlay.scene import Scene

log = logging.getLogger(__name__)

PAGES = 16
"""How many pages may be open at once."""

QUEUE_BYTES = 2_000_000
"""A page that lets more than this wait is dropped; it comes back by itself and catches up."""

TICK = 2.0
"""Seconds between signs of life."""

TAKEN = (errno.EADDRINUSE, 10048)
"""A port in use; the second number is what Windows calls it."""

REPORTS = 20
"""More reports than this in one tick are not a page of ours."""


class _Page:
    """One connected page and what waits to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, frames: Sequence[Frame]) -> None:
        self.socket = socket
        self._transport = request.transport
        self._waiting = deque(frames)
        self._size = sum(frame.size for frame in frames)
        self._more = asyncio.Event()

    def put(self, frame: Frame) -> None:
        self._waiting.append(frame)
        self._size += frame.size
        self._more.set()
        if self._size > QUEUE_BYTES and self._transport is not None:
            log.warning("A page of the overlay is too slow and was dropped; it will come back")
            self._transport.abort()
            self._transport = None

    def void(self) -> None:
        """Forgets whatever waits to be heard or read."""
        kept = [frame for frame in self._waiting if isinstance(frame, Note) and frame.lasts]
        self._waiting = deque(kept)
        self._size = sum(frame.size for frame in kept)

    def withdraw(self, turn: int) -> None:
        """Forgets whom that turn answers, where it has not been told yet."""
        kept = [frame for frame in self._waiting if not (isinstance(frame, Note) and frame.tells_whom(turn))]
        self._size -= sum(frame.size for frame in self._waiting) - sum(frame.size for frame in kept)
        self._waiting = deque(kept)

    async def take(self) -> Frame:
        """The next frame; a tick when there was none for a while."""
        if not self._waiting:
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), TICK)
        if not self._waiting:
            return Note({"t": "tick"})
        frame = self._waiting.popleft()
        self._size -= frame.size
        return frame


class Overlay:
    """Serves the page and shows it every cue."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.sent_after_hush = 0
        """Bytes of sound that reached a page after the hush that made them void. Always 0."""
        self.healths: Callable[[], Sequence[Health]] = lambda: [self.health()]
        """What ``/health`` tells; the show puts all its parts here."""
        self._settings = settings.stage
        self._doors = AccessControl(settings.stage)
        self._face = character.face
        self._scene = Scene(character.name)
        self._pages: set[_Page] = set()
        self._void = -1  # clips up to this number were hushed
        self._newest = -1
        self._delays: deque[float] = deque(maxlen=100)
        self._runner: web.AppRunner | None = None
        self._port = self._settings.port

    @property
    def url(self) -> str:
        """What goes into OBS's browser source."""
        return self._doors.address(self._port)

    async def start(self) -> None:
        app = web.Application(middlewares=[self._doors.guard], client_max_size=4096)
        app.router.add_get("/", self._give)
        app.router.add_get("/health", self._tell_health)
        app.router.add_get("/ws", self._connect)
        app.router.add_get("/{name:.+}", self._give)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        try:
            with outside():
                await runner.setup()
                await _bind(web.TCPSite(runner, self._settings.host, self._settings.port))
        except OSError as error:
            await runner.cleanup()
            raise _no_port(error, self._settings.host, self._settings.port) from error
        except BaseException:  # cancelled half-way: another part could not start
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes every page and the port. Harmless when it never started."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        with outside():
            closing = [page.socket.close(code=1001, message=b"the show is over") for page in self._pages]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), 0.5)
            await runner.cleanup()

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Hushed):
            self._void = self._newest
            for page in self._pages:
                page.void()
        if isinstance(cue, Withdrawn):
            for page in self._pages:
                page.withdraw(cue.turn)
        frame = self._scene.take(cue)
        if frame is None:
            return
        if isinstance(frame, SoundFrame):
            self._newest = max(self._newest, frame.clip)
        for page in self._pages:
            page.put(frame)

    def health(self) -> Health:
        if self._runner is None:
            return Health("stage.overlay", State.OFF, "not started")
        pages = {0: "no page is open", 1: "1 page is open"}.get(len(self._pages), f"{len(self._pages)} pages")
        hint = "" if self._pages else "add the address to OBS as a browser source, or open it in a browser"
        return Health("stage.overlay", State.OK, f"{self.url} ({pages})", hint)

    async def _give(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        return file(self._face) if name == "face.svg" else overlay_file(name)

    async def _tell_health(self, _: web.Request) -> web.Response:
        delays = sorted(self._delays)
        return web.json_response(
            {
                "parts": [health.row() for health in self.healths()],
                "pages": len(self._pages),
                "sent_after_hush": self.sent_after_hush,
                "on_air_late_ms": round(median(delays) * 1000, 1) if delays else None,
            }
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if len(self._pages) >= PAGES:
            raise web.HTTPServiceUnavailable(text="Too many pages.")
        socket = web.WebSocketResponse(heartbeat=10, max_msg_size=1024, compress=False, timeout=0.5)
        await socket.prepare(request)
        page = _Page(socket, request, self._scene.so_far())
        self._pages.add(page)
        writer = asyncio.create_task(self._write(page))
        try:
            await self._read(socket)
        finally:
            self._pages.discard(page)
            writer.cancel()
            await asyncio.wait({writer})
        return socket

    async def _write(self, page: _Page) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):  # it left; the reader notices, too
            while True:
                frame = await page.take()
                if isinstance(frame, SoundFrame) and frame.clip <= self._void:
                    self.sent_after_hush += len(frame.pcm)
                data = frame.encode(now())
                await (page.socket.send_str(data) if isinstance(data, str) else page.socket.send_bytes(data))

    async def _read(self, socket: web.WebSocketResponse) -> None:
        """A page may say when a clip's first sample sounded; nothing else it says matters."""
        since, reports = now(), 0
        async for message in socket:
            if now() - since > TICK:
                since, reports = now(), 0
            reports += 1
            if message.type is not WSMsgType.TEXT or reports > REPORTS:
                await socket.close(code=1008, message=b"unexpected")
                return
            late = _late(message.data)
            if late is not None:
                self._delays.append(late)


async def _bind(site: web.TCPSite) -> None:
    """Opens the port. Cancelled half-way, it comes to its end first: an open port would belong to nobody."""
    binding = asyncio.create_task(site.start())
    try:
        await asyncio.shield(binding)
    except asyncio.CancelledError:
        await asyncio.gather(binding, return_exceptions=True)
        raise


def _no_port(error: OSError, host: str, port: int) -> StageError:
    if error.errno in TAKEN:
        return StageError(
            f"the overlay's port {port} is in use",
            where="stage.port",
            hint=f"another show may be running on port {port}; stop it or set stage.port",
        )
    return StageError(
        f"the overlay cannot listen on {host} port {port} ({error.strerror or error})",
        where="stage.host",
        hint="set stage.host to 127.0.0.1 or to an address of this machine",
    )


def _late(report: str) -> float | None:
    """Seconds from the moment a clip was due to the moment it sounded, as a page says."""
    try:
        said: Any = json.loads(report)
        late = float(said["late"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return late if math.isfinite(late) and abs(late) < 60 else None
