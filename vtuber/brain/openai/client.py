"""The connection to a model server.

Over aiohttp, which the overlay and Twitch need anyway, and not OpenAI's own client: that one takes a web page
or a plain JSON object for a stream without words, knows no end of a line, and its retries know nothing of our
deadlines. What is left is one POST, whose answer must be read with care in any case.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from vtuber.brain.openai.errors import ServerError, error_from
from vtuber.brain.openai.response import BROKE_OFF
from vtuber.core import clock, http

LEAST_CONTEXT = 512
"""Tokens with which anybody could speak at all."""
_LOOK_SECONDS = 10.0
"""Seconds for an answer that needs no model."""
_CHAT = "/chat/completions"


class ModelServerClient:
    """One server at ``url``. Raises ConfigError when that is not an address."""

    def __init__(self, url: str, key: str) -> None:
        server = http.address(
            url, where="brain.openai.url", example="http://127.0.0.1:1234/v1", without=_CHAT
        )
        self.host = server.host
        self.is_near = server.scheme == "http"
        """Whether it may be a program on this machine or in this network, and no service."""
        self._api = str(server)
        self._root = self._api.removesuffix("/v1")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def models(self, *, strict: bool = False) -> dict[str, int | None]:
        """The models it offers, and how many tokens each holds where it says so.

        Raises ServerError; ``strict`` also for a server that has no such list, and may be none for models.
        """
        try:
            answer = await self._ask(f"{self._api}/models")
        except ServerError as error:
            if error.status in (404, 405) and not strict:  # some have no such list
                return {}
            raise
        listed = answer.get("data") if isinstance(answer, dict) else None
        if strict and not (isinstance(listed, list) and answer.get("object") == "list"):
            raise ServerError(f"{self.host} answers, but it is not a model server", status=404)
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        return {
            entry["id"]: tokens(entry.get("max_model_len"))
            for entry in entries
            if isinstance(entry.get("id"), str) and entry["id"]
        }

    async def context(self) -> int | None:
        """How many tokens llama.cpp's own server holds; None where it does not say. Raises ServerError."""
        answer = await self.get("/props")
        defaults = answer.get("default_generation_settings") if isinstance(answer, dict) else None
        return tokens(defaults.get("n_ctx")) if isinstance(defaults, dict) else None

    async def get(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON at a path of the server's own API; ``body`` is posted. Raises ServerError."""
        return await self._ask(f"{self._root}{path}", body)

    async def chat(self, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """The answer as it comes. Closing the iterator closes the connection. Raises ServerError."""
        try:
            response = await self._open().post(self._api + _CHAT, json=body, allow_redirects=False)
            try:
                await _check(response)
                async for data in response.content.iter_any():
                    yield data
            finally:
                response.close()
        except http.FAILURES as error:
            raise self._lost(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            endless = aiohttp.ClientTimeout(total=None, sock_connect=None)  # whoever asks has a deadline
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=endless)
        return self._session

    async def _ask(self, url: str, body: dict[str, Any] | None = None) -> Any:
        try:
            with clock.outside():
                async with asyncio.timeout(_LOOK_SECONDS):
                    how = "GET" if body is None else "POST"
                    response = await self._open().request(how, url, json=body, allow_redirects=False)
                    try:
                        await _check(response)
                        return json.loads(await http.read(response))
                    finally:
                        response.close()
        except TimeoutError:
            raise self._lost(TimeoutError(f"no answer for {_LOOK_SECONDS:g} seconds")) from None
        except http.FAILURES as error:
            raise self._lost(error) from error
        except (ValueError, RecursionError):
            raise ServerError(f"{self.host} answers, but it is not a model server", status=404) from None

    def _lost(self, error: Exception) -> ServerError:
        if isinstance(error, aiohttp.ClientPayloadError):
            return ServerError(BROKE_OFF, status=200)
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return ServerError("the model server closed the connection without an answer")
        return ServerError(
            f"there is no model server at {self.host} ({http.reason(error)})",
            hint="start the model server, or correct brain.openai.url",
        )


def tokens(number: Any) -> int | None:
    """A number of tokens that a model may hold; None for anything else."""
    return number if isinstance(number, int) and number >= LEAST_CONTEXT else None


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status != 200:
        raise error_from(response.status, await http.read(response), response.headers)
