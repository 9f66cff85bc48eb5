"""`banban say`: a text in her voice, aloud on this machine or into a file."""

from __future__ import annotations

import asyncio
import queue
import wave
from collections.abc import AsyncIterator, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import miniaudio

from vtuber import character as characters
from vtuber.app.running import Flags, run, settings_of
from vtuber.config import Settings
from vtuber.core.errors import BanbanError, VoiceError
from vtuber.core.events import Sound
from vtuber.core.sound import RATE, SAMPLE_BYTES
from vtuber.voice import Utterance
from vtuber.voice.pieces.segmenter import SentenceSegmenter
from vtuber.voice.router import VoiceRouter, build

_BUFFERED = 0.1
"""Seconds of sound that the device holds."""
_QUEUED = 64
"""Chunks of sound that wait to be played, at most."""


def command(config: Path | None, flags: Flags, *, text: str, out: Path | None) -> None:
    """Speaks ``text``, or writes it into the WAV file ``out``. Raises BanbanError where nobody can say it."""
    if not any(map(str.isalnum, text)):
        raise BanbanError("there is nothing to say", hint='write banban say "a text"')
    with settings_of(config, flags) as settings:
        if out:
            run(lambda: _write(settings, text, out))
        else:
            run(lambda: _play(settings, text))


async def _write(settings: Settings, text: str, out: Path) -> None:
    """All of the sound, and only then the file: one that is there is not lost to a voice that fails."""
    chunks = [chunk async for chunk in _spoken(settings, text)]
    try:
        with out.open("wb") as target, wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(RATE)
            file.writeframes(b"".join(chunks))
    except OSError as error:
        raise BanbanError(f"cannot be written: {error.strerror}", where=str(out)) from None


async def _play(settings: Settings, text: str) -> None:
    with _device() as player:
        async for chunk in _spoken(settings, text):
            await player.play(chunk)
        await player.end()


async def _spoken(settings: Settings, text: str) -> AsyncIterator[bytes]:
    """The sound of the text, piece by piece. Raises VoiceError when all of it would be silence."""
    character = characters.load(settings.show.character)
    voice = build(settings, character)
    segmenter = SentenceSegmenter(character.moods)
    heard = False
    try:
        await voice.start()
        for piece in (*segmenter.feed(text), *segmenter.finish()):
            async with aclosing(voice.speak(Utterance(piece.text, mood=piece.mood))) as items:
                async for item in items:
                    if isinstance(item, Sound):
                        heard = heard or any(item.pcm)
                        yield item.pcm
        if not heard:
            raise _unheard(voice)
    finally:
        await voice.stop()


def _unheard(voice: VoiceRouter) -> VoiceError:
    health = voice.health()
    return VoiceError(f"no voice can say that here: {health.what}", where="voice", hint=health.hint)


class _Player:
    """Plays sound through the system's usual device."""

    def __init__(self) -> None:
        self._chunks: queue.Queue[bytes] = queue.Queue(_QUEUED)
        self._rest = b""
        self._device: Any = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=RATE,
            buffersize_msec=round(_BUFFERED * 1000),
        )
        samples = self._samples()
        next(samples)
        self._device.start(samples)

    async def play(self, chunk: bytes) -> None:
        """Waits until there is room for it."""
        while self._chunks.full():  # noqa: ASYNC110  # it is the device's own thread that takes them
            await asyncio.sleep(_BUFFERED)
        self._chunks.put_nowait(chunk)

    async def end(self) -> None:
        """Waits until all of it was played."""
        while self._rest or not self._chunks.empty():  # noqa: ASYNC110  # the same
            await asyncio.sleep(_BUFFERED)
        await asyncio.sleep(2 * _BUFFERED)

    def close(self) -> None:
        self._device.close()

    def _samples(self) -> Generator[bytes, int, None]:
        """Gives the device, in its own thread, as many samples as it asks for."""
        asked = yield b""
        while True:
            size = asked * SAMPLE_BYTES
            while len(self._rest) < size and not self._chunks.empty():
                self._rest += self._chunks.get_nowait()
            given, self._rest = self._rest[:size], self._rest[size:]
            asked = yield given.ljust(size, b"\0")


@contextmanager
def _device() -> Generator[_Player, None, None]:
    try:
        player = _Player()
    except miniaudio.MiniaudioError as error:
        raise BanbanError(
            f"there is no sound device here ({error.args[0]})",
            hint="write a file instead: banban say TEXT --out hello.wav",
        ) from None
    try:
        yield player
    finally:
        player.close()
