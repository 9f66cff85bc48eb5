"""Requests to YouTube's official API: the key, the quota, and what its refusals mean.

After https://developers.google.com/youtube/v3/docs/errors and the errors of liveChatMessages.list.
"""

from __future__ import annotations

import asyncio
import json
import os
from types import TracebackType
from typing import Any, Self

import aiohttp

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.text import clean
from vtuber.listeners.connection import Lost
from vtuber.listeners.youtube.quota import Quota
from vtuber.listeners.youtube.tree import rows, string
from vtuber.listeners.youtube.way import Refused

KEY = "BANBAN_YOUTUBE_API_KEY"
REQUEST_SECONDS = 15.0
SIZE_LIMIT = 16 << 20
"""Bytes of an answer. A page of a chat has at most 2,000 messages."""
_CALM_SECONDS = 30.0
"""How long to leave an API alone that is asked too often and does not say for how long."""
_LONGEST_CALM = 3600.0

_SPENT = frozenset(("quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"))
_TOO_OFTEN = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"))
_GONE = frozenset(("liveChatEnded", "liveChatNotFound"))
_BAD_KEY = frozenset(
    """keyInvalid keyExpired accessNotConfigured ipRefererBlocked API_KEY_INVALID API_KEY_SERVICE_BLOCKED
    API_KEY_IP_ADDRESS_BLOCKED API_KEY_HTTP_REFERRER_BLOCKED API_KEY_ANDROID_APP_BLOCKED
    API_KEY_IOS_APP_BLOCKED SERVICE_DISABLED CONSUMER_SUSPENDED CONSUMER_INVALID""".split()  # noqa: SIM905  # as in money.CODES
)


class Gone(Lost):
    """What was asked for is not there, or not any more."""


class Misasked(Lost):
    """The API does not understand the question."""


def key() -> str:
    """The streamer's key; "" when there is none."""
    return os.environ.get(KEY, "").strip()


class Client:
    """Asks the API; use it in ``async with``, which closes its connections. The key is never told."""

    def __init__(self, settings: Settings, quota: Quota) -> None:
        self._url = settings.chat.youtube.api_url.rstrip("/")
        self._quota = quota
        self._key = key()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(self, what: str, units: int, **params: str) -> dict[str, Any]:
        """The answer to a GET of ``what`` ("videos"), which costs so many units.

        Raises Gone, Refused or Lost, and a final ListenerError for a chat that cannot be read.
        """
        if not self._key:
            raise Refused("there is no key for YouTube's API", f"put one into {KEY}")
        self._quota.spend(units)
        try:
            with clock.outside():
                async with self._session.get(
                    f"{self._url}/{what}", params={**params, "key": self._key}, allow_redirects=False
                ) as response:
                    body = await _whole(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from None  # its text shows the address, and so the key
        self._quota.heed(response.headers.get("Date", ""))
        answer = _json(body)
        if response.status != 200:
            raise self._refusal(response.status, answer, response.headers.get("Retry-After", ""))
        if not isinstance(answer, dict):
            raise Lost("the answer of YouTube's API cannot be read", "check chat.youtube.api_url")
        return answer

    def _refusal(self, status: int, answer: object, retry_after: str) -> Exception:
        reasons = {string(row, "reason") for row in rows(answer, "error.errors")}
        reasons |= {string(row, "reason") for row in rows(answer, "error.details")}
        said = clean(string(answer, "error.message").replace(self._key, "***"), 200)
        why = f"YouTube's API says: {said}" if said else f"YouTube's API answers {status}"
        refusal: Exception = Lost(why)
        if reasons & _SPENT:
            refusal = self._quota.exhausted()
        elif reasons & _TOO_OFTEN or retry_after or status == 429:
            refusal = Refused(why, "she waits, and asks again", after=_calm(retry_after))
        elif "liveChatDisabled" in reasons:
            refusal = ListenerError("the stream has no chat", hint="turn it on in YouTube Studio", final=True)
        elif reasons & _GONE or status == 404:
            refusal = Gone(why)
        elif reasons & _BAD_KEY or status == 401 or "api key" in said.lower():
            refusal = Refused(
                f"YouTube does not take the API key: {said or status}",
                f"check {KEY}, and that YouTube Data API v3 is enabled for it in the Google Cloud console",
            )
        elif status == 403:
            refusal = ListenerError(
                why, hint="the API shows only chats that are open to everyone", final=True
            )
        elif status == 400:
            refusal = Misasked(why)
        return refusal


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > SIZE_LIMIT:
            raise Lost("the answer of YouTube's API has no end", "check chat.youtube.api_url")
        await asyncio.sleep(0)  # pieces that already wait are handed out without a pause: let others run
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _unreachable(error: Exception) -> Lost:
    if isinstance(error, aiohttp.ClientSSLError):
        return Lost(
            "YouTube's API cannot prove who it is", "check this computer's date and time, and the network"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return Lost("YouTube's API cannot be reached", "check the network")
    if isinstance(error, TimeoutError):
        return Lost("YouTube's API does not answer", "check the network")
    return Lost("the connection to YouTube's API was lost", "check the network")


def _calm(retry_after: str) -> float:
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 6:
        return min(float(retry_after), _LONGEST_CALM)
    return _CALM_SECONDS
