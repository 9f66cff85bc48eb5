"""Microsoft's online voices, through edge-tts. They speak many languages, need a network, and may refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import aiohttp
import edge_tts
from edge_tts import communicate
from edge_tts.constants import TRUSTED_CLIENT_TOKEN

from vtuber.character import SHEET, Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk
from vtuber.core.health import Health
from vtuber.voice import Style, Utterance
from vtuber.voice.online.condition import Condition
from vtuber.voice.online.edge import errors, voices
from vtuber.voice.online.edge.response import Response
from vtuber.voice.online.patience import Patience
from vtuber.voice.reading import Reader
from vtuber.voice.reading.speakable import weight, without_foreign
from vtuber.voice.speech import captions
from vtuber.voice.speech.speech_check import SURE

FIRST = 4.0
"""Seconds until the first sound of a sentence, at most: a connection is made for each."""

_REACHED = 3.0
"""Seconds until the service's host answers, at most, when she starts."""

_VOICE_HERTZ = 210.0
"""The pitch of a woman's voice: the service counts in Hz and not in semitones."""

_Inbox = asyncio.Queue[dict[str, Any] | Exception | None]


class Edge:
    """Speaks through edge-tts. Each sentence has a connection of its own."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self._condition = Condition()
        self.availability = self._condition.availability
        self._settings = settings.voice
        self._reader = Reader(settings.voice)
        self._character = character
        chosen = character.voices.get("edge", {}).get("voice", "")
        self._own = str(self._settings.edge.voice or chosen)
        self.languages = voices.LANGUAGES

    async def start(self) -> None:
        """Checks the voice's name, and whether there is a network. Raises VoiceError."""
        if self._own and not voices.is_name(self._own):
            sheet = f"{self._character.folder / SHEET}, voices.edge.voice"
            raise VoiceError(
                f"{self._own!r} is not the name of a voice",
                where="voice.edge.voice" if self._settings.edge.voice else sheet,
                hint=f"use a name such as {voices.TAIWAN}; `edge-tts --list-voices` lists all names",
            )
        with self._condition.looking():
            await _reach(self._settings.edge.url)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        text, style = utterance.text, utterance.style
        reading = self._reader.read(text, usual=utterance.language)
        said = reading.said
        if not said:  # the service would not answer at all
            for item in captions.silent(text):
                yield item
            return
        name = style.voice if voices.is_name(style.voice) else voices.voice_for(utterance.language, self._own)
        request = self._request(said, name, style)
        response = Response(reading, style.rate)
        inbox: _Inbox = asyncio.Queue(64)
        reader = asyncio.create_task(_read(request, inbox))
        patience = Patience(FIRST)
        try:
            while (message := await _next(inbox, patience)) is not None:
                for item in response.feed(message):
                    yield item
                patience.met(response.seconds)
            # edge-tts counts a request's audio bytes and forgets them when its end is announced.
            for item in response.finish(cut_off=bool(request.state["chunk_audio_bytes"])):
                yield item
            self._condition.works()
        except VoiceError as error:
            if isinstance(error.__cause__, edge_tts.exceptions.NoAudioReceived) and weight(said) < SURE:
                for item in captions.silent(text):  # no word that it knows: it is well
                    yield item
                return
            self._condition.failed(error)
            for item in response.broken_off():
                yield item
            raise
        finally:
            response.close()
            await _end(reader)

    def has_speaker(self, name: str) -> bool:
        """Whether it is called as Microsoft's are."""
        return voices.is_name(name)

    def pronounced(self, text: str) -> Iterator[str]:
        """As it is sent, and without letters that one or another of the voices may pass over."""
        said = self._reader.judged(text).said
        yield said
        yield without_foreign(said, wide=True)
        yield without_foreign(said, wide=False)

    async def stop(self) -> None:
        self.availability.set(ready=False)

    def health(self) -> Health:
        return self._condition.health(f"edge, online, {self._own or 'a voice for each language'}")

    def _request(self, text: str, voice: str, style: Style) -> edge_tts.Communicate:
        communicate.WSS_URL = f"{self._settings.edge.url}?TrustedClientToken={TRUSTED_CLIENT_TOKEN}"  # type: ignore[attr-defined]  # no other way
        rate = min(max(style.rate, 0.5), 2.0)
        hertz = _VOICE_HERTZ * (2 ** (style.pitch / 12) - 1)
        return edge_tts.Communicate(
            text,
            voice,
            rate=f"{round((rate - 1) * 100):+d}%",
            pitch=f"{round(hertz):+d}Hz",
            boundary="WordBoundary",
        )


async def _reach(url: str) -> None:
    """Asks the service's host for anything at all. Raises VoiceError when there is no way to it."""
    address = url.replace("ws", "http", 1)
    try:
        with clock.outside():
            timeout = aiohttp.ClientTimeout(total=_REACHED)
            async with (
                aiohttp.ClientSession(trust_env=True, timeout=timeout) as session,
                session.head(address),
            ):
                pass
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
        pass  # edge-tts trusts other certificates
    except (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError, OSError) as error:
        raise errors.error_of(error) from error
    except aiohttp.ClientError:
        pass  # it answered


async def _read(request: edge_tts.Communicate, inbox: _Inbox) -> None:
    try:
        async for message in request.stream():
            await inbox.put(dict(message))
        await inbox.put(None)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is raised where the messages are read)
        await inbox.put(error)


async def _next(inbox: _Inbox, patience: Patience) -> dict[str, Any] | None:
    with clock.outside():
        try:
            async with asyncio.timeout_at(patience.deadline):
                message = await inbox.get()
        except TimeoutError:
            what = "stalls in the middle of a sentence" if patience.has_begun else "does not answer"
            raise errors.error(what, errors.NETWORK) from None
    if isinstance(message, Exception):
        raise errors.error_of(message) from message
    return message


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels ``task``, and again while it takes long to close its connection."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.03)
