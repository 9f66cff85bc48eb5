"""Microsoft's online voices, through edge-tts. They speak Chinese. They need the network, and may refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import aiohttp
import edge_tts
import miniaudio
from edge_tts import communicate
from edge_tts.constants import TRUSTED_CLIENT_TOKEN

from vtuber.character import SHEET, Character
from vtuber.config import Settings
from vtuber.core import clock, sound
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.voice import captions
from vtuber.voice.edge.aligner import WordAligner
from vtuber.voice.edge.mp3 import DELAY, Mp3Decoder
from vtuber.voice.speakable import speakable, weight, without_foreign

DEFAULT_VOICE = "zh-TW-HsiaoChenNeural"

_WIDE = ("zh-", "ja-", "ko-", "wuu-", "yue-")
"""What the names of voices begin with that read Chinese or its relatives."""

FIRST = 3.0
"""Seconds until the first sound of a sentence, at most."""
BETWEEN = 5.0
"""Seconds between two later messages, at most."""

_LEAST = 8.0
"""The weight of a text in which there surely is something to be heard."""
_TICKS = 10_000_000  # a second, in the protocol
_SLACK = 0.15  # seconds by which the sound may end before its last word does
_UPGRADE = "update banban: Microsoft may have changed the service"
_NETWORK = "check the internet connection"


class Edge:
    """Speaks through edge-tts. Each sentence has a connection of its own."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.availability = Availability()
        self._settings = settings.voice
        self._character = character
        chosen = character.voices.get("edge", {}).get("voice", "")
        self._voice = str(self._settings.edge.voice or chosen or DEFAULT_VOICE)
        self._gain = 0.0
        self._trouble: VoiceError | None = None

    async def start(self) -> None:
        """Checks the voice's name. Only the first sentence needs the network."""
        try:
            self._request("hello")
        except ValueError as error:
            sheet = f"{self._character.folder / SHEET}, voices.edge.voice"
            raise VoiceError(
                f"{self._voice!r} is not the name of a voice",
                where="voice.edge.voice" if self._settings.edge.voice else sheet,
                hint=f"use a name such as {DEFAULT_VOICE}; `edge-tts --list-voices` lists all names",
            ) from error
        self.availability.set(ready=True)

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        said = speakable(text)
        if not said:  # the service would not answer at all
            for item in captions.silent(text):
                yield item
            return
        request = self._request(said)
        clip = _Response(text, sound.Leveler(self._settings.loudness, self._gain))
        inbox: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue(64)
        reader = asyncio.create_task(_read(request, inbox))
        deadline = clock.now() + FIRST
        try:
            while (message := await _next(inbox, deadline)) is not None:
                for item in clip.feed(message):
                    yield item
                if clip.begun:
                    deadline = clock.now() + BETWEEN
            # edge-tts counts a request's audio bytes and forgets them when its end is announced.
            for item in clip.finish(cut_off=bool(request.state["chunk_audio_bytes"])):
                yield item
            self._trouble = None
            self._gain = clip.leveler.gain
            self.availability.set(ready=True)
        except VoiceError as error:
            if isinstance(error.__cause__, edge_tts.exceptions.NoAudioReceived) and weight(said) < _LEAST:
                for item in captions.silent(text):  # no word that it knows: it is well
                    yield item
                return
            error.hint += self._another_voice()
            self._trouble = error
            self.availability.set(ready=False)
            raise
        finally:
            clip.close()
            await _end(reader)

    def pronounced(self, text: str) -> Iterator[str]:
        """As it is sent, and without letters that the service may pass over."""
        said = speakable(text)
        yield said
        yield without_foreign(said, wide=self._voice.startswith(_WIDE))

    async def stop(self) -> None:
        self.availability.set(ready=False)

    def health(self) -> Health:
        what = f"edge, online, {self._voice}"
        if self._trouble:
            return Health("voice", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("voice", State.OK, what)

    def _another_voice(self) -> str:
        """What else to do, where no other voice speaks when this one cannot."""
        if {self._settings.use, self._settings.fallback} - {"edge", ""}:
            return ""
        return '; or set voice.fallback = "hibari", which needs no network'

    def _request(self, text: str) -> edge_tts.Communicate:
        communicate.WSS_URL = f"{self._settings.edge.url}?TrustedClientToken={TRUSTED_CLIENT_TOKEN}"  # type: ignore[attr-defined]  # no other way
        rate = f"{round((self._settings.speed - 1) * 100):+d}%"
        return edge_tts.Communicate(text, self._voice, rate=rate, boundary="WordBoundary")


class _Response:
    """The service's answer to one sentence, as it becomes sound and words."""

    HOLD = 1.0
    """How many seconds of sound wait for their words, until the times of those are guessed."""

    def __init__(self, text: str, leveler: sound.Leveler) -> None:
        self.leveler = leveler
        self.begun = False
        self._text = text
        self._mp3 = Mp3Decoder()
        self._trimmer = sound.Trimmer()
        self._aligner = WordAligner(text)
        self._decoded = 0.0  # seconds, before trimming
        self._sent = 0.0
        self._held = b""
        self._words: list[Word] = []  # times before trimming

    def feed(self, message: dict[str, Any]) -> Iterator[Sound | Word]:
        if message["type"] == "WordBoundary":
            start = message["offset"] / _TICKS + DELAY
            self._words += self._aligner.meet(message["text"], start, start + message["duration"] / _TICKS)
        elif message["type"] == "audio":
            self.begun = True
            self._hold(self._decode(message["data"]))
        yield from self._send()

    def finish(self, *, cut_off: bool) -> Iterator[Sound | Word]:
        """The rest. Raises VoiceError, after what there is, when some of it never came."""
        self._hold(self._decode(None))
        broken = cut_off or self._decoded < self._aligner.until - _SLACK
        if not broken:
            self._held += sound.to_pcm(self._trimmer.finish(captions.pause(self._text)))
        whole = self._trimmer.skipped + self._sent + sound.seconds(self._held)
        if broken:  # the last word may end after its sound: it was not heard whole
            self._words = [word for word in self._words if word.start < whole]
        else:
            self._words += self._aligner.rest(whole)
            self._words = [
                Word(word.text, min(word.start, whole), min(word.end, whole)) for word in self._words
            ]
        yield from self._send(everything=True)
        if broken:
            raise VoiceError(
                "the online voice stopped in the middle of a sentence", where="voice", hint=_NETWORK
            )

    def close(self) -> None:
        self._mp3.close()

    def _decode(self, data: bytes | None) -> sound.Samples:
        try:
            return self._mp3.finish() if data is None else self._mp3.feed(data)
        except miniaudio.MiniaudioError as error:
            raise VoiceError("the online voice sent damaged sound", where="voice", hint=_UPGRADE) from error

    def _hold(self, samples: sound.Samples) -> None:
        self._decoded += len(samples) / sound.RATE
        self._held += sound.to_pcm(self._trimmer.feed(self.leveler.feed(samples)))

    def _send(self, *, everything: bool = False) -> Iterator[Sound | Word]:
        """Gives out the sound whose words are known, and those words."""
        skipped = self._trimmer.skipped
        if (
            not everything
            and sound.seconds(self._held) > self.HOLD + self._aligner.until - skipped - self._sent
        ):
            self._words += self._aligner.guess(skipped + self._sent)
        safe = len(self._held)
        if not everything and not self._aligner.done:
            safe = (
                max(0, round((self._aligner.until - skipped - self._sent) * sound.RATE)) * sound.SAMPLE_BYTES
            )
        pcm, self._held = self._held[:safe], self._held[safe:]
        until = self._sent + sound.seconds(pcm)
        words = []
        while self._words and (everything or self._words[0].start - skipped < until):
            word = self._words.pop(0)
            words.append(
                Word(word.text, *(round(max(at - skipped, 0.0), 3) for at in (word.start, word.end)))
            )
        if pcm or words:
            yield from captions.interleaved(pcm, words, self._sent)
        self._sent = until


async def _read(
    request: edge_tts.Communicate, inbox: asyncio.Queue[dict[str, Any] | Exception | None]
) -> None:
    try:
        async for message in request.stream():
            await inbox.put(dict(message))
        await inbox.put(None)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is raised where the messages are read)
        await inbox.put(error)


async def _next(
    inbox: asyncio.Queue[dict[str, Any] | Exception | None], deadline: float
) -> dict[str, Any] | None:
    with clock.outside():
        try:
            async with asyncio.timeout_at(deadline):
                message = await inbox.get()
        except TimeoutError:
            raise VoiceError("the online voice does not answer", where="voice", hint=_NETWORK) from None
    if isinstance(message, Exception):
        raise _told(message) from message
    return message


def _told(error: Exception) -> VoiceError:
    match error:
        case aiohttp.WSServerHandshakeError():
            return VoiceError(
                f"the online voice refused to speak ({error.status})", where="voice", hint=_UPGRADE
            )
        case edge_tts.exceptions.SkewAdjustmentError():
            return VoiceError("the online voice refused to speak (403)", where="voice", hint=_UPGRADE)
        case aiohttp.ClientError() | OSError() | edge_tts.exceptions.WebSocketError():
            return VoiceError("the online voice cannot be reached", where="voice", hint=_NETWORK)
        case edge_tts.exceptions.NoAudioReceived():
            return VoiceError("the online voice sent no sound", where="voice", hint=_UPGRADE)
        case _:
            return VoiceError(
                f"the online voice sent an unexpected answer ({type(error).__name__})",
                where="voice",
                hint=_UPGRADE,
            )


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels ``task``, and again while it takes long to close its connection."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.03)
