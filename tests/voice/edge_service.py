"""A local server that speaks the protocol of Microsoft's online voices, well and badly."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

from aiohttp import WSMsgType, web
from edge_tts.drm import generate_sec_ms_gec_v2

from vtuber.core.simulated import SimulatedLoop

BEEPS = (Path(__file__).parent.parent / "data" / "four-beeps.mp3").read_bytes()
WORDS = (("Hello", 0.6), ("brave", 1.1), ("new", 1.6), ("world", 2.1))
"""What it says, and when; each word lasts 0.3 seconds."""

_REFUSALS = {"refuses": 403, "refuses-dateless": 403, "is overloaded": 503, "limits requests": 429}
_SILENCES = {"sends silence": 3, "sends a long silence": 40}
"""How often half a second."""


class Service:
    """The far end. ``acts`` says how it behaves. It heeds only requests signed with the right time."""

    def __init__(self) -> None:
        self.acts = "well"
        self.words: tuple[tuple[str, float], ...] = WORDS
        self.reads = False
        """It tells the letters of what it was asked to say, and not always the same words."""
        self.requests: list[str] = []
        self.url = ""
        self.open = 0
        self.refused = 0
        self.ahead = 0.0
        """Seconds by which its clock is ahead of ours."""
        self.delay = 0.0
        """Seconds that it takes for each 0.12 seconds of sound, in simulated time."""
        self.is_reachable = True
        """Whether there is a network."""
        self._connections: set[asyncio.Transport] = set()
        self.gate = asyncio.Event()
        """What it waits for, in the middle, when it "waits"."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert isinstance(request.transport, asyncio.Transport)
        if not self.is_reachable:
            request.transport.abort()
        if not self.is_reachable or request.method == "HEAD":  # somebody looks whether it is there
            return web.Response(status=400)
        assert request.query["TrustedClientToken"]
        time = datetime.now(UTC).timestamp() + self.ahead
        token = generate_sec_ms_gec_v2(time)
        known = request.query["Sec-MS-GEC"] in (token, generate_sec_ms_gec_v2(time - 300))
        status = _REFUSALS.get(self.acts, 200 if known else 403)
        if status != 200:
            self.refused += 1
            date = "never" if self.acts == "refuses-dateless" else formatdate(time, usegmt=True)
            return web.Response(status=status, headers={"Date": date})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        self._connections.add(request.transport)
        try:
            async for message in socket:
                assert message.type is WSMsgType.TEXT
                if "Path:ssml" in message.data:
                    self.requests.append(message.data)
                    if self.reads:
                        self.words = spread(message.data)
                    await self._speak(socket)
        except ConnectionError:
            assert not self.is_reachable
        finally:
            self.open -= 1
            self._connections.discard(request.transport)
        return socket

    def reach(self, *, there: bool) -> None:
        """The network is there again; or it is gone, and with it every connection."""
        self.is_reachable = there
        for connection in () if there else [*self._connections]:
            connection.abort()

    async def _speak(self, socket: web.WebSocketResponse) -> None:
        if self.acts == "is mute":
            await asyncio.sleep(60)
        if self.acts == "closes at once":
            await socket.close()
            return
        await self._say(socket, "turn.start", {})
        await self._say(socket, "response", {})
        if self.acts == "sends an unexpected frame":
            await self._say(socket, "surprise", {})
        if self.acts == "sends noise":
            await self._send_sound(socket, b"no sound at all " * 500)
        if self.acts in _SILENCES:
            await self._send_sound(socket, BEEPS[: 144 * 20] * _SILENCES[self.acts])
        elif self.acts != "sends no sound":
            await self._send_clip(socket)
        while self.acts == "goes on for ever":
            await self._send_sound(socket, BEEPS)
        if self.acts == "tells late":
            await self._tell(socket, 0.0, 3.0)
        await self._say(socket, "turn.end", {})

    async def _send_clip(self, socket: web.WebSocketResponse) -> None:
        for at in range(0, len(BEEPS), 720):
            if self.acts not in ("tells late", "tells nothing"):
                await self._tell(socket, at / 6000, (at + 720) / 6000)
            await self._send_sound(socket, BEEPS[at : at + 720])
            await self._take_time()
            if self.acts == "waits" and at == 6480:  # 1.2 seconds
                await self.gate.wait()
            if self.acts == "forgets the end" and at > 8600:
                break
            if self.acts == "breaks off" and at > 7500:
                await socket.close()
            if self.acts == "falls silent" and at > 8000:
                await asyncio.sleep(60)

    async def _take_time(self) -> None:
        """Simulated time stands still while a client waits for us; here it is we who wait."""
        loop = asyncio.get_running_loop()
        if self.delay and isinstance(loop, SimulatedLoop):
            loop.work_outside -= 1
            try:
                await asyncio.sleep(self.delay)
            finally:
                loop.work_outside += 1

    async def _tell(self, socket: web.WebSocketResponse, begin: float, end: float) -> None:
        for word, start in self.words:
            if begin <= start < end:
                text = {"Text": word, "Length": len(word)}
                data = {"Offset": round(start * 1e7), "Duration": 3_000_000, "text": text}
                await self._say(
                    socket, "audio.metadata", {"Metadata": [{"Type": "WordBoundary", "Data": data}]}
                )

    async def _say(self, socket: web.WebSocketResponse, path: str, body: object) -> None:
        await socket.send_str(f"X-RequestId:1\r\nPath:{path}\r\n\r\n{json.dumps(body)}")

    async def _send_sound(self, socket: web.WebSocketResponse, data: bytes) -> None:
        head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
        await socket.send_bytes(len(head).to_bytes(2, "big") + head + data)


def spread(request: str) -> tuple[tuple[str, float], ...]:
    """The letters of a request's text, one after another over the beeps."""
    letters = [
        letter for letter in re.sub(r"<[^>]*>", "", request.partition("<speak")[2]) if letter.isalnum()
    ]
    first, last = WORDS[0][1], WORDS[-1][1]
    return tuple((letter, first + (last - first) * at / len(letters)) for at, letter in enumerate(letters))


@asynccontextmanager
async def running() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_get("/", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield service
    finally:
        await runner.cleanup()
