"""The connection to a speech server: one POST, whose body is sound as it is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from vtuber.config import OpenAiVoice
from vtuber.core import clock, http
from vtuber.core.errors import VoiceError
from vtuber.core.text import clean, escaped
from vtuber.voice.online.openai.decoder import CUT_OFF, WHERE

log = logging.getLogger(__name__)

_SPEECH = "/audio/speech"
_LOOK_SECONDS = 3.0
"""Seconds for an answer that needs no model."""
_OPTIONAL = frozenset(("stream", "speed", "instructions"))
"""What the plainest servers refuse."""
_ABOUT_REQUEST = (400, 415, 422)
_ABOUT_SPEAKER = (400, 404, 422, 500)
"""What servers answer that do not know the speaker."""
_MOST_STRANGERS = 100


class Part(NamedTuple):
    """Some bytes of an answer, and its headers."""

    headers: Mapping[str, str]
    data: bytes


class SpeechServer:
    """Raises ConfigError when the settings hold no address."""

    def __init__(self, settings: OpenAiVoice) -> None:
        self._address = http.address(
            settings.url, where=f"{WHERE}.url", example="http://127.0.0.1:8880/v1", without=_SPEECH
        )
        self.host = self._address.host
        self._settings = settings
        self._key = http.key_of(settings.key_env)
        self._session: aiohttp.ClientSession | None = None
        self._answered = False
        self._refused: frozenset[str] = frozenset()
        self._strangers: set[str] = set()  # speakers that it does not have

    async def look(self) -> None:
        """Whether it is there. Raises VoiceError where it is not, or refuses the key."""
        try:
            with clock.outside():
                async with asyncio.timeout(_LOOK_SECONDS):
                    response = await self._open().get(f"{self._address}/models", allow_redirects=False)
                    try:
                        if response.status in (401, 403):
                            raise self._refusal(response, await http.read(response))
                    finally:
                        response.close()
        except TimeoutError:
            raise self._lost(TimeoutError(f"no answer for {_LOOK_SECONDS:g} seconds")) from None
        except http.FAILURES as error:
            raise self._lost(error) from error

    async def speech(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Part, None]:
        """The answer as it comes. Closing the iterator closes the connection. Raises VoiceError."""
        body: dict[str, Any] = {
            "model": self._settings.model,
            "input": text,
            "voice": voice,
            "response_format": self._settings.format,
            "stream": True,
        }
        if round(speed, 2) != 1:
            body["speed"] = round(min(max(speed, 0.25), 4.0), 2)
        if self._settings.instructions:
            body["instructions"] = self._settings.instructions
        try:
            response = await self._ask(body)
            try:
                async for data in response.content.iter_any():
                    yield Part(response.headers, data)
            finally:
                response.close()
        except http.FAILURES as error:
            raise self._lost(error) from error

    def has_speaker(self, name: str) -> bool | None:
        """Whether it has that speaker; None as long as it was not asked for it."""
        return True if name == self._settings.voice else False if name in self._strangers else None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session:
            await session.close()

    async def _ask(self, body: dict[str, Any]) -> aiohttp.ClientResponse:
        """Posts it; once more, and only with what every server knows, when that was refused."""
        sent = {name: value for name, value in body.items() if name not in self._refused}
        response = await self._post(sent)
        if response.status in _ABOUT_SPEAKER and sent["voice"] != self._settings.voice:
            response.close()
            stranger, sent["voice"] = sent["voice"], self._settings.voice
            response = await self._post(sent)
            if response.status == 200 and len(self._strangers) < _MOST_STRANGERS:
                self._strangers.add(stranger)
                log.warning("the speech server has no speaker %s: its usual one speaks", escaped(stranger))
        if response.status in _ABOUT_REQUEST and (left_out := _OPTIONAL.intersection(sent)):
            response.close()
            response = await self._post({name: value for name, value in sent.items() if name not in left_out})
            if response.status == 200:
                self._refused |= left_out
                log.info("the speech server refuses some options: %s", ", ".join(sorted(left_out)))
        if response.status != 200:
            try:
                raise self._refusal(response, await http.read(response))
            finally:
                response.close()
        self._answered = True
        return response

    async def _post(self, body: dict[str, Any]) -> aiohttp.ClientResponse:
        """A connection that was kept open may be closed by now: then it is asked once more."""
        address = f"{self._address}{_SPEECH}"
        try:
            return await self._open().post(address, json=body, allow_redirects=False)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            if not self._answered:
                raise
            self._answered = False
            return await self._open().post(address, json=body, allow_redirects=False)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            endless = aiohttp.ClientTimeout(total=None, sock_connect=None)  # whoever asks has a deadline
            self._session = aiohttp.ClientSession(headers=headers, timeout=endless)
        return self._session

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes) -> VoiceError:
        status, key = response.status, self._settings.key_env
        words = http.shortened(http.error_words(body, secret=self._key))
        what = f"the speech server refuses the request ({status})"
        hint = f"check {WHERE}.model, {WHERE}.voice and {WHERE}.format"
        if 300 <= status < 400:
            there = urlsplit(response.headers.get("Location", ""))
            to = clean(f"{there.scheme}://{there.netloc.rpartition('@')[2]}{there.path}", 200)
            what = f"the speech server has moved to another address ({status})"
            hint = f"write the right address into {WHERE}.url" + (f": {to}" if there.netloc else "")
        elif status in (401, 403):
            hint = f"put an API key that may use it into the environment variable {key}"
        elif status == 404:
            hint = f"correct {WHERE}.url (most end in /v1), {WHERE}.model or {WHERE}.voice"
        elif status == 429:
            hint = "wait, or use a server that allows more: this one limits requests"
        elif status >= 500:
            what, hint = f"the speech server failed ({status})", "look at the server's own log"
        if words:
            what = f"{what}: {words}"
        return VoiceError(what, where=WHERE, hint=hint)

    def _lost(self, error: Exception) -> VoiceError:
        if isinstance(error, aiohttp.ClientPayloadError):
            return VoiceError(CUT_OFF, where=WHERE, hint="look at the server's own log")
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return VoiceError(
                "the speech server closed the connection without an answer",
                where=WHERE,
                hint="look at the server's own log",
            )
        return VoiceError(
            f"there is no speech server at {escaped(self.host)} ({http.reason(error)})",
            where=WHERE,
            hint=f"start the speech server, or correct {WHERE}.url",
        )
