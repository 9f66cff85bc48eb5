"""The overlay: a page for OBS's browser source (or any browser), and the server that drives it.

The page is ``overlays/index.html``; a file of the same name in the working folder's ``overlays/`` wins over
the one shipped. Frames are described in ``vtuber.stage.frames``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
import logging
import math
import os
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import WSMsgType, web

from vtuber import resources
from vtuber.character import Character
from vtuber.clock import now, outside
from vtuber.config import Settings
from vtuber.errors import StageError
from vtuber.health import Health, State
from vtuber.stage import Cue, Hushed
from vtuber.stage.frames import Frame, Note, SoundFrame
from vtuber.stage.scene import Scene

log = logging.getLogger(__name__)

PAGES = 16
"""How many pages may be open at once."""

QUEUE_BYTES = 2_000_000
"""A page that lets more than this wait is dropped; it comes back by itself and catches up."""

TICK = 2.0
"""Seconds between signs of life."""

REPORTS = 20
"""More reports than this in one tick are not a page of ours."""

# Not from `mimetypes`: on Windows it reads the registry, where .js may be anything.
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "style-src 'self' 'unsafe-inline'",  # drawing programs write styles into an SVG's elements
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Page:
    """One connected page and what waits to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse, frames: Sequence[Frame]) -> None:
        self.socket = socket
        self.waiting: deque[Frame] = deque(frames)
        self.size = sum(frame.size for frame in frames)
        self.overrun = False
        self.more = asyncio.Event()
        self.more.set()

    def put(self, frame: Frame) -> None:
        self.waiting.append(frame)
        self.size += frame.size
        self.overrun = self.overrun or self.size > QUEUE_BYTES
        self.more.set()

    def void(self) -> None:
        """Forgets whatever waits."""
        self.waiting.clear()
        self.size = 0

    async def take(self) -> Frame:
        """The next frame; a tick when there was none for a while."""
        if not self.waiting:
            self.more.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.more.wait(), TICK)
        if not self.waiting:
            return Note({"t": "tick"})
        frame = self.waiting.popleft()
        self.size -= frame.size
        return frame


class Overlay:
    """Serves the page and shows it every cue."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.sent_after_hush = 0
        """Bytes of sound that reached a page after the hush that made them void. Always 0."""
        self.healths: Callable[[], Sequence[Health]] = lambda: [self.health()]
        """What ``/health`` tells; the show puts all its parts here."""
        self._settings = settings.stage
        self._face = character.face
        self._scene = Scene(character.name)
        self._pages: set[_Page] = set()
        self._void = -1  # clips up to this number were hushed
        self._newest = -1
        self._delays: deque[float] = deque(maxlen=100)
        self._runner: web.AppRunner | None = None
        self._port = self._settings.port
        self._local = _is_loopback(self._settings.host)
        self._token = "" if self._local else os.environ.get("BANBAN_STAGE_TOKEN") or secrets.token_urlsafe(16)

    @property
    def url(self) -> str:
        """What goes into OBS's browser source."""
        host = "127.0.0.1" if self._settings.host in ("0.0.0.0", "::", "") else self._settings.host  # noqa: S104  # compared, not bound
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self._port}/" + (f"?token={quote(self._token)}" if self._token else "")

    async def start(self) -> None:
        app = web.Application(middlewares=[self._guard], client_max_size=4096)
        app.router.add_get("/", self._index)
        app.router.add_get("/health", self._tell_health)
        app.router.add_get("/ws", self._connect)
        app.router.add_get("/face.svg", self._tell_face)
        app.router.add_get("/{name:.+}", self._file)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        try:
            with outside():
                await runner.setup()
                await web.TCPSite(runner, self._settings.host, self._settings.port).start()
        except OSError as error:
            await runner.cleanup()
            raise StageError(
                f"the overlay cannot use port {self._settings.port}: {error.strerror or error}",
                where="stage.port",
                cure=f"another show may be running on port {self._settings.port}; stop it or set stage.port",
            ) from error
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes every page and the port. Harmless when it never started."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        with outside():
            for page in list(self._pages):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(page.socket.close(code=1001, message=b"the show is over"), 0.5)
            await runner.cleanup()

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Hushed):
            self._void = self._newest
            for page in self._pages:
                page.void()
            self._scene.take(cue)
            # What a page has forgotten (names, moods) is told again; only what was to be heard is void.
            frames: list[Frame] = [Note({"t": "hush"}), *self._scene.so_far()]
        else:
            frame = self._scene.take(cue)
            frames = [] if frame is None else [frame]
        for frame in frames:
            if isinstance(frame, SoundFrame):
                self._newest = max(self._newest, frame.clip)
            for page in self._pages:
                page.put(frame)

    def health(self) -> Health:
        if self._runner is None:
            return Health("stage.overlay", State.OFF, "not started")
        pages = {0: "no page is open", 1: "1 page is open"}.get(len(self._pages), f"{len(self._pages)} pages")
        cure = "" if self._pages else "add the address to OBS as a browser source, or open it in a browser"
        return Health("stage.overlay", State.OK, f"{self.url} ({pages})", cure)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses other hosts' names (DNS rebinding), other pages' sockets and a wrong token."""
        if not self._is_ours(request):
            raise web.HTTPForbidden(
                text="This name is not allowed; see stage.allowed_hosts.", headers=HEADERS
            )
        private = request.path in ("/", "/ws", "/health")
        if private and self._token:
            given = request.query.get("token", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
                raise web.HTTPForbidden(text="The address lacks its token.", headers=HEADERS)
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _is_ours(self, request: web.Request) -> bool:
        host = _hostname(request.host)
        local = request.transport.get_extra_info("sockname") if request.transport else None
        own = {"localhost", "127.0.0.1", "::1", self._settings.host.lower()} | {
            name.lower() for name in self._settings.allowed_hosts
        }
        if local:
            own.add(str(local[0]))
        return host in own

    async def _index(self, request: web.Request) -> web.Response:
        return _served("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return _served(request.match_info["name"])

    async def _tell_face(self, request: web.Request) -> web.Response:
        return _response(self._face)

    async def _tell_health(self, request: web.Request) -> web.Response:
        delays = sorted(self._delays)
        return web.json_response(
            {
                "parts": [
                    {"part": row.part, "state": row.state, "what": row.what, "cure": row.cure}
                    for row in self.healths()
                ],
                "pages": len(self._pages),
                "sent_after_hush": self.sent_after_hush,
                "on_air_late_ms": round(median(delays) * 1000, 1) if delays else None,
            }
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if urlsplit(request.headers.get("Origin", "")).netloc.lower() != request.host.lower():
            raise web.HTTPForbidden(text="Another page's socket.")
        if len(self._pages) >= PAGES:
            raise web.HTTPServiceUnavailable(text="Too many pages.")
        socket = web.WebSocketResponse(heartbeat=10, max_msg_size=1024, compress=False, timeout=0.5)
        await socket.prepare(request)
        page = _Page(socket, self._scene.so_far())
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
        while not page.overrun:
            frame = await page.take()
            if isinstance(frame, SoundFrame) and frame.clip <= self._void:
                self.sent_after_hush += len(frame.pcm)
            try:
                data = frame.encode(now())
                await (page.socket.send_str(data) if isinstance(data, str) else page.socket.send_bytes(data))
            except (ConnectionError, RuntimeError):
                return  # it left; the reader notices too
        log.warning("A page of the overlay is too slow and was dropped; it will come back")
        await page.socket.close(code=1013, message=b"too slow")

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


def _late(report: str) -> float | None:
    """Seconds from the moment a clip was due to the moment it sounded, as a page says."""
    try:
        said: Any = json.loads(report)
        late = float(said["late"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return late if math.isfinite(late) and abs(late) < 60 else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _hostname(host: str) -> str:
    """The name in a Host header, without port and brackets; "" when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _served(name: str) -> web.Response:
    found = resources.find(f"overlays/{name}") if _NAME.fullmatch(name) else None
    if found is None:
        raise web.HTTPNotFound(text="There is no such file.")
    return _response(found)


def _response(path: Path) -> web.Response:
    kind = TYPES.get(path.suffix.lower())
    if kind is None:
        raise web.HTTPNotFound(text="There is no such file.")
    try:
        body = path.read_bytes()
    except OSError:
        raise web.HTTPNotFound(text="There is no such file.") from None
    return web.Response(body=body, content_type=kind, charset="utf-8" if kind.startswith("text/") else None)
