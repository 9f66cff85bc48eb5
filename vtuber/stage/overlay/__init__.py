"""The overlay: a page for OBS's browser source (or any browser).

The page is ``overlays/index.html``; a file of the same name in the working folder's ``overlays/`` wins over
the one shipped. Frames are described in ``vtuber.stage.overlay.frames``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from functools import partial
from statistics import median
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.config.overlay import WIDGETS
from vtuber.core.availability import Availability
from vtuber.core.clock import in_thread, outside
from vtuber.core.health import Health, State
from vtuber.stage.access import Within, public
from vtuber.stage.bucket import Bucket
from vtuber.stage.cues import Cue, Hushed, Vanished, Withdrawn
from vtuber.stage.overlay.files import MODEL, FaceFiles, overlay_file
from vtuber.stage.overlay.frames import TextFrame
from vtuber.stage.overlay.page import TICK, Page, PageVoice, choose_heard, least_needed
from vtuber.stage.overlay.pictures import Pictures
from vtuber.stage.overlay.reports import read_report
from vtuber.stage.overlay.state import PageState
from vtuber.stage.overlay.theme import Theme

DEMO = "demo"
"""/overlay/demo shows all of it with sample events."""

PAGES = 64
"""How many pages may be open at once."""

REPORTS = 20
"""More reports than this in one tick are not a page of ours."""


class Overlay:
    """Gives out the page and sends every cue to those that are open."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self._given = settings.stage.overlay.given
        self._theme = Theme(settings.stage.overlay.theme)
        self._theme.read()  # so that a mistake is told before the show
        self._device: Availability | None = None
        self.availability = Availability()
        self._face = FaceFiles(character.face, settings.stage.avatar.use)
        self._pictures = Pictures()
        self._state = PageState(character.name, character.folder.name, self._pictures.name)
        self._pages: dict[Page, None] = {}
        """Those that are open, in the order in which they came."""
        self._heard: Page | None = None
        self._delays: deque[float] = deque(maxlen=100)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """The page, its connection and its files."""
        return [
            web.get("/", self._index),
            web.get("/ws", self._connect),
            web.get("/overlay/{widget}", self._alone),
            web.get("/overlay.json", self._look),
            web.get("/theme.css", self._css),
            web.get("/picture/{name}", self._picture),
            web.get(f"/{MODEL}", self._model),
            web.get("/{name:.+}", self._file),
        ]

    async def start(self) -> None:
        self.availability.set(ready=True)

    async def stop(self) -> None:
        """Closes every page. Harmless when it never started."""
        self.availability.set(ready=False)
        await self._pictures.close()
        closing = [page.socket.close(code=1001, message=b"the show is over") for page in self._pages]
        with outside(), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), 0.5)

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Withdrawn):
            for page in self._pages:
                page.forget(partial(TextFrame.names_whom, turn=cue.turn))
        if isinstance(cue, Vanished):
            for page in self._pages:
                page.forget(partial(TextFrame.shows_any, lines=cue.lines, alerts=cue.alerts))
        frame = self._state.take(cue)
        if frame is None:
            return
        for page in self._pages:
            if isinstance(cue, Hushed):
                page.hush(frame)
            else:
                page.send(frame)

    @property
    def open_pages(self) -> int:
        """How many pages show her right now."""
        return len(self._pages)

    def health(self) -> Health:
        if not self.availability.is_ready:
            return Health("stage.overlay", State.OFF, "not started")
        if trouble := self._face.trouble or self._theme.trouble:
            return Health("stage.overlay", State.LIMITED, *trouble)
        if not self._pages:
            hint = "add the address of stage.server to OBS as a browser source, or open it in a browser"
            return Health("stage.overlay", State.OK, "no page is open", hint)
        pages = "1 page is open" if len(self._pages) == 1 else f"{len(self._pages)} pages are open"
        heard = [
            page for page in self._pages if page is self._heard or (page.voice.can and page.voice.forced)
        ]
        if not heard and self._device_sounds:
            return Health("stage.overlay", State.OK, f"{pages}; sound from a device (stage.audio)")
        if not heard:
            hint = "click on a page once: a browser lets it sound only then; OBS does not ask for it"
            return Health("stage.overlay", State.OK, f"{pages}; none sounds", hint)
        who = ", ".join(f"{page.voice.where} at {page.address}" for page in heard)
        late = f", {median(self._delays) * 1000:.0f} ms late" if self._delays else ""
        return Health("stage.overlay", State.OK, f"{pages}; sound from {who}{late}")

    def leave_sound_to(self, device: Availability) -> None:
        """No page sounds while that device does."""
        self._device = device
        device.watch(self._choose_heard)

    @property
    def _device_sounds(self) -> bool:
        return self._device is not None and self._device.is_ready

    def _choose_heard(self) -> None:
        """Has one page sound, and tells all of them when that is another than before."""
        self._heard = None if self._device_sounds else choose_heard(self._pages)
        for page in self._pages:
            rest = [other for other in self._pages if other is not page]
            others = self._device_sounds or choose_heard(rest) is not None
            page.tell_who_sounds(self._heard, others=others, device=self._device_sounds)

    async def _index(self, _: web.Request) -> web.Response:
        return overlay_file("index.html")

    async def _alone(self, request: web.Request) -> web.Response:
        """The page with one widget alone. Its files have addresses beside "/", so that is where it is."""
        widget = request.match_info["widget"]
        if widget not in (*WIDGETS, DEMO):
            raise web.HTTPNotFound(text=f"There is no such page. There are {', '.join((*WIDGETS, DEMO))}.")
        own = {"demo": "on"} if widget == DEMO else {"show": widget}
        raise Within(f"/?{urlencode({**request.query, **own})}")

    @public
    async def _look(self, _: web.Request) -> web.Response:
        return web.json_response(self._given)

    @public
    async def _css(self, _: web.Request) -> web.Response:
        return web.Response(text=await in_thread(self._theme.read), content_type="text/css", charset="utf-8")

    @public
    async def _picture(self, request: web.Request) -> web.Response:
        found = await self._pictures.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound(text="There is no such picture.")
        kind, body = found
        return web.Response(body=body, content_type=kind)

    async def _model(self, _: web.Request) -> web.Response:
        """Unlike what viewers see anyway, it is for those with a token: most models may not be handed on."""
        return self._face.model()

    @public
    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return self._face.get(name) or overlay_file(name)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            heartbeat=10, autoping=False, max_msg_size=1024, compress=False, timeout=0.5
        )
        page = Page(socket, request, self._state.so_far())
        self._make_room(page)
        self._pages[page] = None
        try:
            await socket.prepare(request)
            await self._attend(page)
        finally:
            self._pages.pop(page, None)  # unless it made room
            self._choose_heard()
        return socket

    async def _attend(self, page: Page) -> None:
        """Reads from it and writes to it until it leaves."""
        self._choose_heard()
        writer = asyncio.create_task(page.write())
        try:
            with contextlib.suppress(ConnectionError):  # it left in the middle of a pong
                await self._read(page)
        finally:
            writer.cancel()
            await asyncio.wait({writer})

    def _make_room(self, page: Page) -> None:
        """Raises HTTPServiceUnavailable when there is none. For OBS there is: it is what viewers see."""
        if len(self._pages) < PAGES:
            return
        replaced = least_needed(self._pages) if page.is_obs else None
        if replaced is None:
            raise web.HTTPServiceUnavailable(text="Too many overlay pages are open. Close some.")
        self._pages.pop(replaced)
        replaced.drop("made room for OBS")

    async def _read(self, page: Page) -> None:
        """A page may report when a clip's first sample sounded, and whether it can sound; no more."""
        reports = Bucket(REPORTS / TICK, REPORTS)
        async for message in page.socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG) or not reports.take():
                await page.socket.close(code=1008, message=b"unexpected")
                return
            if message.type is WSMsgType.PING:
                await page.socket.pong(message.data)
            match read_report(message.data) if message.type is WSMsgType.TEXT else None:
                case PageVoice() as voice if voice != page.voice:
                    page.voice = voice
                    self._choose_heard()
                case float(late):
                    self._delays.append(late)
