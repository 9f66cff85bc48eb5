"""Online voices on this machine that speak real speech at a real service's pace.

What they say is made beforehand, by the embedded voices, so that nothing but the pace is measured.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import edge_service
import lameenc
import loudness
import numpy as np
import speech_server
from aiohttp import web

from benchmarks.voice.bare import BareVoices, Spoken, language
from vtuber.core import sound

FIRST = 0.3
"""Seconds from a request to its first sound…"""
SPEED = 5.0
"""…and how many times faster than it is heard the rest comes."""
STEP = 0.12
"""Seconds of sound in one message."""
LOUDNESS = {"edge": (-19.0, -22.0), "openai": (-27.0, -27.0)}
"""How loud the services speak English, and Chinese, in LUFS."""

_FRAME = 144
"""Bytes of MP3 that last 24 ms, at 48 kbit/s."""
_TEXT = re.compile(r"<prosody[^>]*>(.*?)</prosody>", re.DOTALL)


class Pace:
    """When the next sound may be sent. ``first`` is when the first of the latest answer was."""

    def __init__(self) -> None:
        self.is_real = True
        self.first = 0.0

    async def begin(self) -> None:
        await asyncio.sleep(FIRST if self.is_real else 0)
        self._began = self.first = asyncio.get_running_loop().time()

    async def wait(self, seconds: float) -> None:
        """Until the sound that lies ``seconds`` behind the first may be sent."""
        due = self._began + seconds / SPEED
        await asyncio.sleep(due - asyncio.get_running_loop().time() if self.is_real else 0)


class EdgeService(edge_service.Service):
    """Speaks the text that it is sent, and tells when each word is."""

    def __init__(self, bare: BareVoices) -> None:
        super().__init__()
        self.pace = Pace()
        self._bare = bare
        self._made: dict[str, tuple[bytes, Spoken]] = {}

    async def made(self, text: str) -> tuple[bytes, Spoken]:
        """What it will answer to ``text``; made at the first time."""
        if text not in self._made:
            spoken = await self._bare.speak(text)
            self._made[text] = (mp3(leveled(text, spoken.samples, "edge")), spoken)
        return self._made[text]

    async def _speak(self, socket: web.WebSocketResponse) -> None:
        found = _TEXT.search(self.requests.pop())
        assert found
        data, spoken = await self.made(html.unescape(found.group(1)))
        await self._say(socket, "turn.start", {})
        await self._say(socket, "response", {})
        await self.pace.begin()
        size = round(STEP / 0.024) * _FRAME
        for at in range(0, len(data), size):
            begin = at / _FRAME * 0.024
            await self.pace.wait(begin)
            for word in spoken.words:
                if begin <= word.start < begin + STEP:
                    told = {
                        "Offset": round(word.start * 1e7),
                        "Duration": round((word.end - word.start) * 1e7),
                        "text": {"Text": word.text, "Length": len(word.text)},
                    }
                    boundary = {"Metadata": [{"Type": "WordBoundary", "Data": told}]}
                    await self._say(socket, "audio.metadata", boundary)
            await self._send_sound(socket, data[at : at + size])
        await self._say(socket, "turn.end", {})


class OpenAiService:
    """Answers with a WAV of unknown length."""

    def __init__(self, server: speech_server.SpeechServer, bare: BareVoices) -> None:
        self.server = server
        self.pace = Pace()
        self._bare = bare
        self._made: dict[str, bytes] = {}
        server.act = self._act

    async def made(self, text: str) -> bytes:
        """What it will answer to ``text``; made at the first time."""
        if text not in self._made:
            samples = leveled(text, (await self._bare.speak(text)).samples, "openai")
            self._made[text] = speech_server.wav(speech_server.pcm(samples), size=0xFFFFFFFF)
        return self._made[text]

    async def _act(self, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        data = await self.made(asked["input"])
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        await response.prepare(request)
        await self.pace.begin()
        size = round(STEP * sound.RATE) * sound.SAMPLE_BYTES
        for number, at in enumerate(range(0, len(data), size)):
            await self.pace.wait(number * STEP)
            await response.write(data[at : at + size])
        return response


@asynccontextmanager
async def edge(bare: BareVoices) -> AsyncIterator[EdgeService]:
    """The service, running."""
    service = EdgeService(bare)
    app = web.Application()
    app.router.add_get("/", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield service
    finally:
        await runner.cleanup()


@asynccontextmanager
async def openai(bare: BareVoices) -> AsyncIterator[OpenAiService]:
    """The server, running."""
    async with speech_server.running() as server:
        yield OpenAiService(server, bare)


def leveled(text: str, samples: sound.Samples, service: str) -> sound.Samples:
    """As loud as that service speaks the language of ``text``."""
    measured = loudness.integrated_loudness(np.resize(samples, max(len(samples), sound.RATE)), sound.RATE)
    aim = LOUDNESS[service][language(text) != "en"]
    return samples * np.float32(10 ** ((aim - float(measured)) / 20))


def mp3(samples: sound.Samples) -> bytes:
    """As the online voices send it: 48 kbit/s, mono, at ``sound.RATE``."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(48)
    encoder.set_in_sample_rate(sound.RATE)
    encoder.set_channels(1)
    encoder.set_quality(5)
    encoder.silence()
    return bytes(encoder.encode(sound.to_pcm(samples))) + bytes(encoder.flush())
