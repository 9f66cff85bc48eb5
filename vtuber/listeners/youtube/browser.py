"""YouTube's pages, and what their scripts request, fetched as by a browser without a login."""

from __future__ import annotations

import asyncio
import json
import ssl
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any, Self

import httpx
from pytchat import config

from vtuber.core import clock
from vtuber.core.text import clean
from vtuber.listeners.connection import ConnectionLost

REQUEST_SECONDS = 15.0
SIZE_LIMIT = 8 << 20
"""Bytes of an answer. A watch page has about one million."""
_REDIRECTS = 3
_NETWORK = "check the network"
_OTHER_WAY = 'wait, or set chat.youtube.way to "api"'


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted. Loading them takes so long that it is done once."""
    return httpx.create_ssl_context()


class PageNotFound(ConnectionLost):
    """There is no such page."""


class Browser:
    """Asks one server; use it in ``async with``, which closes its connections.

    Whatever goes wrong is raised as ConnectionLost, and no request takes longer than ``REQUEST_SECONDS``.
    """

    def __init__(self, base_url: str) -> None:
        # "SOCS=CAI" is what remains after "reject all": without it Europe sees a question about cookies.
        # English, for months are named otherwise and "$" is another currency elsewhere.
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={**config.headers, "accept-language": "en-US,en"},
            cookies={"SOCS": "CAI"},
            timeout=httpx.Timeout(REQUEST_SECONDS),
            verify=_trusted(),
        )
        self.server_time = 0.0
        """When it last answered, by its own clock: seconds since 1970; 0 when that is not known."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def page(self, path: str, **params: str) -> str:
        """A page's HTML. Raises PageNotFound when there is none by that address."""
        request = self._client.build_request("GET", path, params=params)
        return (await self._answer(request)).decode("utf-8", "replace")

    async def ask(self, path: str, body: object) -> Any:
        """The answer to a script's request: any JSON."""
        answer = await self._answer(self._client.build_request("POST", path, json=body))
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise ConnectionLost("YouTube's answer is not JSON") from None

    async def _answer(self, request: httpx.Request) -> bytes:
        """The body of the answer to it, or to what it is redirected to."""
        for _ in range(_REDIRECTS):
            try:
                with clock.outside():
                    async with asyncio.timeout(REQUEST_SECONDS):
                        response, body = await self._fetched(request)
            except (TimeoutError, httpx.TimeoutException):
                raise ConnectionLost("YouTube does not answer", _NETWORK) from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                why = clean(str(error)) or type(error).__name__
                raise ConnectionLost(f"cannot reach YouTube: {why}", _NETWORK) from error
            self.server_time = _date(response)
            if response.next_request is None:
                _check(response)
                return body
            request = response.next_request
            if request.url.host != self._client.base_url.host:
                raise _redirected(request.url.host)
        raise ConnectionLost("YouTube redirects too often")

    async def _fetched(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > SIZE_LIMIT:
                    raise ConnectionLost("YouTube's answer is too long")
            return response, bytes(body)
        finally:
            await response.aclose()


def _check(response: httpx.Response) -> None:
    """Raises ConnectionLost unless all is well."""
    status = response.status_code
    if status in (404, 410):
        raise PageNotFound("YouTube has no such page")
    if status == 429:
        raise ConnectionLost("this network has sent YouTube too many requests (429)", _OTHER_WAY)
    if status != 200:
        raise ConnectionLost(f"YouTube answers {status}")


def _redirected(host: str) -> ConnectionLost:
    return (
        no_consent()
        if host.startswith("consent.")
        else ConnectionLost(f"YouTube redirects to {clean(host, 100)}", _OTHER_WAY)
    )


def no_consent() -> ConnectionLost:
    return ConnectionLost(
        "YouTube asks for consent to cookies instead of answering", 'set chat.youtube.way to "api"'
    )


def _date(response: httpx.Response) -> float:
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return 0.0
