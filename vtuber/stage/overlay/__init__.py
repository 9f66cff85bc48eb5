"""The overlay: a page for OBS's browser source (or any browser).

The page is ``overlays/index.html``; a file of the same name in the working folder's ``overlays/`` wins over
the one shipped. Frames are described in ``vtuber.stage.overlay.frames``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from statistics import median

from aiohttp import WSMsgType, web

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.clock import now, outside
from vtuber.core.health import Health, State
from vtuber.stage.access import public
from vtuber.stage.cues import Cue, Hushed, Withdrawn
from vtuber.stage.overlay.files import FaceFiles, overlay_file
from vtuber.stage.overlay.page import TICK, Page, PageVoice, choose_heard
from vtuber.stage.overlay.reports import read_report
from vtuber.stage.overlay.state import PageState

PAGES = 16
"""How many pages may be open at once."""

REPORTS = 20
"""More reports than this in one tick are not a page of ours."""


class Overlay:
    """Gives out the page and sends every cue to those that are open."""

    def __init__(self, settings: Settings, character: Character) -> None:
        del settings
        self.availability = Availability()
        self._face = FaceFiles(character.face)
        self._state = PageState(character.name, character.folder.name)
        self._pages: dict[Page, None] = {}
        """Those that are open, in the order in which they came."""
        self._heard: Page | None = None
        self._delays: deque[float] = deque(maxlen=100)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """The page, its connection and its files."""
        return [
            web.get("/", self._index),
            web.get("/ws", self._connect),
            web.get("/{name:.+}", self._file),
        ]

    async def start(self) -> None:
        self.availability.set(ready=True)

    async def stop(self) -> None:
        """Closes every page. Harmless when it never started."""
        self.availability.set(ready=False)
        closing = [page.socket.close(code=1001, message=b"the show is over") for page in self._pages]
        with outside(), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), 0.5)

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Hushed):
            for page in self._pages:
                page.hush()
        if isinstance(cue, Withdrawn):
            for page in self._pages:
                page.withdraw(cue.turn)
        frame = self._state.take(cue)
        if frame is None:
            return
        for page in self._pages:
            page.send(frame)

    @property
    def open_pages(self) -> int:
        """How many pages show her right now."""
        return len(self._pages)

    def health(self) -> Health:
        if not self.availability.is_ready:
            return Health("stage.overlay", State.OFF, "not started")
        if not self._pages:
            hint = "add the address of stage.server to OBS as a browser source, or open it in a browser"
            return Health("stage.overlay", State.OK, "no page is open", hint)
        pages = "1 page is open" if len(self._pages) == 1 else f"{len(self._pages)} pages are open"
        heard = [
            page for page in self._pages if page is self._heard or (page.voice.can and page.voice.forced)
        ]
        if not heard:
            hint = "click on a page once: a browser lets it sound only then; OBS does not ask for it"
            return Health("stage.overlay", State.OK, f"{pages}; none sounds", hint)
        who = " and ".join(f"{page.voice.where} at {page.address}" for page in heard)
        late = f", {median(self._delays) * 1000:.0f} ms late" if self._delays else ""
        return Health("stage.overlay", State.OK, f"{pages}; sound from {who}{late}")

    def _choose_heard(self) -> None:
        """Has one page sound, and tells all of them when that is another than before."""
        self._heard = choose_heard(self._pages)
        for page in self._pages:
            rest = [other for other in self._pages if other is not page]
            page.tell_who_sounds(self._heard, others=choose_heard(rest) is not None)

    async def _index(self, _: web.Request) -> web.Response:
        return overlay_file("index.html")

    @public
    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return self._face.get(name) or overlay_file(name)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if len(self._pages) >= PAGES:
            raise web.HTTPServiceUnavailable(text="Too many overlay pages are open. Close some.")
        socket = web.WebSocketResponse(heartbeat=10, max_msg_size=1024, compress=False, timeout=0.5)
        await socket.prepare(request)
        page = Page(socket, request, self._state.so_far())
        self._pages[page] = None
        self._choose_heard()
        writer = asyncio.create_task(_write(page))
        try:
            await self._read(page)
        finally:
            self._pages.pop(page, None)
            self._choose_heard()
            writer.cancel()
            await asyncio.wait({writer})
        return socket

    async def _read(self, page: Page) -> None:
        """A page may report when a clip's first sample sounded, and whether it can sound; no more."""
        since, reports = now(), 0
        async for message in page.socket:
            if now() - since > TICK:
                since, reports = now(), 0
            reports += 1
            if message.type is not WSMsgType.TEXT or reports > REPORTS:
                await page.socket.close(code=1008, message=b"unexpected")
                return
            match read_report(message.data):
                case PageVoice() as voice if voice != page.voice:
                    page.voice = voice
                    self._choose_heard()
                case float(late):
                    self._delays.append(late)


async def _write(page: Page) -> None:
    with contextlib.suppress(ConnectionError, RuntimeError):  # it left; whoever reads from it notices, too
        while True:
            data = (await page.next()).encode(now())
            await (page.socket.send_str(data) if isinstance(data, str) else page.socket.send_bytes(data))
