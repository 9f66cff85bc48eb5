"""A local server with OpenAI's API for speech, and the sound that it makes: a buzz for each word."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from aiohttp import web

from vtuber.core.availability import Availability
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.sound import RATE, Samples
from vtuber.voice import Utterance
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions

PACE = 15.0
"""Weights per second."""
PAUSE = 0.25
"""Seconds of silence between two clauses."""

Act = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def buzz(seconds: float, rate: int = RATE, hertz: float = 180.0) -> Samples:
    """Something voiced: ten harmonics."""
    times = np.arange(round(seconds * rate)) / rate
    waves = [np.sin(2 * np.pi * hertz * one * times) / one for one in range(1, 11)]
    samples: Samples = (0.1 * np.sum(waves, axis=0)).astype(np.float32)
    return samples


def speech(text: str, rate: int = RATE, pace: float = PACE) -> tuple[Samples, list[float]]:
    """Its words as buzzes, with pauses between clauses, and when each begins; a little silence before."""
    parts, begins, at = [np.zeros(round(0.1 * rate), np.float32)], [], 0.1
    for number, word in enumerate(captions.split(text)):
        begins.append(at)
        length = weight("".join(filter(str.isalnum, word))) / pace
        parts.append(buzz(length, rate, 160.0 + 10 * (number % 5)))
        at += length
        if captions.CLAUSE_END.search(word) or captions.SENTENCE_END.search(word):
            parts.append(np.zeros(round(PAUSE * rate), np.float32))
            at += PAUSE
    return np.concatenate(parts), begins


def pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def wav(
    data: bytes, rate: int = RATE, *, channels: int = 1, bits: int = 16, kind: int = 1, size: int = -1
) -> bytes:
    """A WAV; ``size`` is what its header says of its length, -1 for the truth."""
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    said = len(data) if size < 0 else size
    return (
        b"RIFF"
        + struct.pack("<I", (36 + said) & 0xFFFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + head
        + (b"data" + struct.pack("<I", said) + data)
    )


def body(data: bytes, *, kind: str = "audio/wav", status: int = 200, **headers: str) -> Act:
    """Answers with all of it at once."""

    async def act(_request: web.Request, _asked: dict[str, Any]) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=data, status=status, headers={"Content-Type": kind, **named})

    return act


def streamed(
    parts: Iterable[bytes], *, kind: str = "audio/wav", then: str = "end", gate: asyncio.Event | None = None
) -> Act:
    """Answers part by part. ``then``: "end", "cut" or "stall"; after the first part it waits for the gate."""

    async def act(request: web.Request, _asked: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for number, part in enumerate(parts):
            if number == 1 and gate:
                await gate.wait()
            await response.write(part)
            await asyncio.sleep(0)
        if then == "stall":
            await asyncio.sleep(60)
        if then == "cut" and request.transport:
            request.transport.close()
        return response

    return act


def speaks(rate: int = RATE, pace: float = PACE) -> Act:
    """Says what it is asked to, as a WAV without a known length, in parts of a tenth of a second."""

    async def act(request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        data = wav(pcm(speech(asked["input"], rate, pace)[0]), rate, size=0xFFFFFFFF)
        step = rate // 5
        parts = (data[at : at + step] for at in range(0, len(data), step))
        return await streamed(parts)(request, asked)

    return act


class SpeechServer:
    """``act`` answers; or each of ``acts`` in turn, before it."""

    def __init__(self) -> None:
        self.url = ""
        self.act: Act = speaks()
        self.acts: list[Act] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.open = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        self.open += 1
        try:
            return await (self.acts.pop(0) if self.acts else self.act)(request, self.asked[-1])
        finally:
            self.open -= 1


@asynccontextmanager
async def running() -> AsyncIterator[SpeechServer]:
    server = SpeechServer()
    app = web.Application()
    app.router.add_post("/v1/audio/speech", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


class SecondVoice:
    """The voice behind the one that is tried: a tenth of a second of sound for each word."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.languages = frozenset({"en", "zh"})
        self.asked: list[str] = []

    async def start(self) -> None:
        pass

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        self.asked.append(utterance.text)
        for at, word in enumerate(captions.split(utterance.text)):
            yield Word(word, at / 10, (at + 1) / 10)
            yield Sound(pcm(buzz(0.1)))

    async def stop(self) -> None:
        pass

    def health(self) -> Health:
        return Health("voice", State.OK, "the second")
