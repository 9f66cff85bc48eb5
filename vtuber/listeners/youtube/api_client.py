"""Requests to YouTube's official API: the key, the quota, and what its refusals mean.

After https://developers.google.com/youtube/v3/docs/errors and the errors of liveChatMessages.list.
"""

from __future__ import annotations

import asyncio
import json
import os
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.text import clean
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import rows, string
from vtuber.listeners.youtube.transports import TransportUnavailable

KEY = "BANBAN_YOUTUBE_API_KEY"
LIST = 1
"""Units for a look at channels, videos or a playlist."""
CHAT = 5
"""Units for a page of a live chat."""
SHOW_SECONDS = 4 * 3600.0
"""The day's units last for a show of this length."""
_UNKNOWN_DAY_SECONDS = 3600.0
_LATEST = 1e11
"""Seconds since 1970 that a clock may show."""
REQUEST_SECONDS = 15.0
SIZE_LIMIT = 16 << 20
"""Bytes of an answer. A page of a chat has at most 2,000 messages."""
_REST_SECONDS = 30.0
"""How long no request is made after too many of them, when the API does not say how long."""
_LONGEST_REST = 3600.0

_SPENT = frozenset(("quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"))
_TOO_OFTEN = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"))
_GONE = frozenset(("liveChatEnded", "liveChatNotFound"))
_BAD_KEY = frozenset(
    """keyInvalid keyExpired accessNotConfigured ipRefererBlocked API_KEY_INVALID API_KEY_SERVICE_BLOCKED
    API_KEY_IP_ADDRESS_BLOCKED API_KEY_HTTP_REFERRER_BLOCKED API_KEY_ANDROID_APP_BLOCKED
    API_KEY_IOS_APP_BLOCKED SERVICE_DISABLED CONSUMER_SUSPENDED CONSUMER_INVALID""".split()  # noqa: SIM905  # as in money.CODES
)


class NotFound(ConnectionLost):
    """What was asked for is not there, or not any more."""


class BadRequest(ConnectionLost):
    """The API does not understand the request."""


def key() -> str:
    """The streamer's key; "" when there is none."""
    return os.environ.get(KEY, "").strip()


class ApiClient:
    """Asks the API; use it in ``async with``, which closes its connections. The key appears in no message."""

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

        Raises ConnectionLost or a kind of it, and a final ListenerError for a chat that cannot be read.
        """
        if not self._key:
            raise TransportUnavailable(
                "YouTube's API needs a key", f"put an API key into the environment variable {KEY}"
            )
        self._quota.spend(units)
        try:
            with clock.outside():
                async with self._session.get(
                    f"{self._url}/{what}", params={**params, "key": self._key}, allow_redirects=False
                ) as response:
                    body = await _whole(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from None  # its text shows the address, and so the key
        self._quota.set_clock(response.headers.get("Date", ""))
        answer = _json(body)
        if response.status != 200:
            raise self._refusal(response.status, answer, response.headers.get("Retry-After", ""))
        if not isinstance(answer, dict):
            raise ConnectionLost(
                "YouTube's API sent an answer that banban does not understand", "check chat.youtube.api_url"
            )
        return answer

    def _refusal(self, status: int, answer: object, retry_after: str) -> Exception:
        reasons = {string(row, "reason") for row in rows(answer, "error.errors")}
        reasons |= {string(row, "reason") for row in rows(answer, "error.details")}
        said = clean(string(answer, "error.message").replace(self._key, "***"), 200)
        why = f"YouTube's API says: {said}" if said else f"YouTube's API answers {status}"
        refusal: Exception = ConnectionLost(why)
        if reasons & _SPENT:
            refusal = self._quota.exhausted()
        elif reasons & _TOO_OFTEN or retry_after or status == 429:
            refusal = TransportUnavailable(
                why, "nothing to do: banban will try again later", after=_rest_seconds(retry_after)
            )
        elif "liveChatDisabled" in reasons:
            refusal = ListenerError("the stream has no chat", hint="turn it on in YouTube Studio", final=True)
        elif reasons & _GONE or status == 404:
            refusal = NotFound(why)
        elif reasons & _BAD_KEY or status == 401 or "api key" in said.lower():
            refusal = TransportUnavailable(
                f"YouTube does not accept the API key: {said or status}",
                f"check the key in {KEY}, and that YouTube Data API v3 is enabled in Google Cloud",
            )
        elif status == 403:
            refusal = ListenerError(
                why, hint="open the chat to everyone: the API shows no other chats", final=True
            )
        elif status == 400:
            refusal = BadRequest(why)
        return refusal


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > SIZE_LIMIT:
            raise ConnectionLost(
                "YouTube's API sent an answer that is too long", "check chat.youtube.api_url"
            )
        await asyncio.sleep(0)  # pieces that already wait are handed out without a pause: let others run
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _unreachable(error: Exception) -> ConnectionLost:
    if isinstance(error, aiohttp.ClientSSLError):
        return ConnectionLost(
            "YouTube's API has no valid certificate", "check this computer's date and time, and the network"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionLost("YouTube's API cannot be reached", "check the network")
    if isinstance(error, TimeoutError):
        return ConnectionLost("YouTube's API does not answer", "check the network")
    return ConnectionLost("the connection to YouTube's API was lost", "check the network")


def _rest_seconds(retry_after: str) -> float:
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 6:
        return min(float(retry_after), _LONGEST_REST)
    return _REST_SECONDS


class Quota:
    """Counts the units used today, for all who use the same key.

    A key has 10,000 units a day; the day ends at midnight, Pacific time. YouTube's own answers say which day
    it is, for our clock may be wrong. What a request costs is in
    https://developers.google.com/youtube/v3/determine_quota_cost and, for live chats, on the method's page.
    """

    def __init__(self, daily: int) -> None:
        self.daily = daily
        self.used = 0
        self._ahead: float | None = None
        """How many seconds YouTube's clock is ahead of the show's; None until it answered once."""
        self._day: date | None = None

    def __str__(self) -> str:
        return f"{self.used:,} of {self.daily:,} units of the API's daily quota used"

    @property
    def now(self) -> float:
        """Seconds since 1970 on YouTube's clock; 0 while it is not known."""
        return 0.0 if self._ahead is None else clock.now() + self._ahead

    @property
    def pause(self) -> float:
        """Seconds between two pages of a chat, so that the day's units last for a show."""
        return SHOW_SECONDS * CHAT / max(self.daily, 1)

    def spend(self, units: int) -> None:
        """Counts a request that is about to be made. Raises TransportUnavailable when none is left."""
        self._turn()
        if self.used + units > self.daily:
            raise self.over(
                f"the {self.daily:,} units of YouTube's API for today are used up",
                "wait until midnight, Pacific time, or raise chat.youtube.daily_units if your key has more",
            )
        self.used += units

    def exhausted(self) -> TransportUnavailable:
        """YouTube says that nothing is left, whatever was counted: others may use the same key."""
        self.used = max(self.used, self.daily)
        return self.over(
            "YouTube says that today's API units are used up",
            "wait until midnight, Pacific time",
        )

    def over(self, why: str, hint: str) -> TransportUnavailable:
        return TransportUnavailable(why, hint, after=self._until_midnight())

    def set_clock(self, dated: str) -> None:
        """Takes the time from the ``Date`` header of one of YouTube's answers."""
        try:
            moment = parsedate_to_datetime(dated).timestamp()
        except (ValueError, OverflowError):
            return
        if 0 < moment < _LATEST:
            self._ahead = moment - clock.now()
            self._turn()

    def _moment(self) -> datetime | None:
        return datetime.fromtimestamp(self.now, _pacific()) if self.now else None

    def _turn(self) -> None:
        """Starts counting again when it is another day."""
        if (moment := self._moment()) is None:
            return
        if self._day is not None and moment.date() > self._day:
            self.used = 0
        self._day = moment.date()

    def _until_midnight(self) -> float:
        if (moment := self._moment()) is None:
            return _UNKNOWN_DAY_SECONDS
        midnight = datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)
        return max(1.0, midnight.timestamp() - moment.timestamp())


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # Windows keeps no time zones; an hour late in summer does no harm
        return timezone(timedelta(hours=-8))
