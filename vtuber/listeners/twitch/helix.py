"""Twitch's API (Helix), through twitchio, with the tokens of the accounts that are logged in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
import twitchio
from twitchio.http import Route

from vtuber.config import TwitchChat
from vtuber.core import clock
from vtuber.core.errors import ConfigError
from vtuber.core.text import clean, escaped
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.twitch.scopes import LOGIN
from vtuber.listeners.twitch.tokens import Token, TokenFile

T = TypeVar("T")

log = logging.getLogger(__name__)

CALL_SECONDS = 15.0
"""Twitch answers much sooner than this."""
RATE_SECONDS = (1.0, 60.0)
"""The shortest and the longest wait after too many requests; Twitch's window is a minute."""
RATE_TRIES = 3
LAST_SECONDS = 0.5
"""How long the last request may take when all is closed: it may bring a token."""
_DENIALS = (400, 401, 403)
"""With these, and in JSON that repeats them, the token service says that a token does not work."""
RETRY_SECONDS = 30.0
"""How often it is checked whether what an account lacks was granted since."""


class AccessDenied(ConnectionLost):
    """An account cannot be used (any more). Says why, and what to do."""


class RequestRefused(Exception):  # noqa: N818  # an answer, not an error of ours
    """Twitch refuses this one request. ``answer`` is its reason, ``status`` the HTTP status."""

    def __init__(self, answer: str, status: int) -> None:
        super().__init__(answer)
        self.answer = answer
        self.status = status


class _RateLimited(Exception):  # noqa: N818  # the same
    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many requests: wait {seconds:g} s")
        self.seconds = seconds


class TwitchClient(twitchio.Client):
    """twitchio's client. Of its events only refreshed tokens matter here: EventSub brings the others."""

    def __init__(
        self, client_id: str, session: aiohttp.ClientSession, renewed: Callable[[Any], None]
    ) -> None:
        super().__init__(client_id=client_id, session=session, fetch_client_user=False)
        self._renewed = renewed

    def dispatch(self, event: str, payload: Any | None = None) -> None:
        """At once, not in a task of its own: a refreshed token must not be lost."""
        if event == "token_refreshed":
            self._renewed(payload)


class Helix:
    """One request at a time. Tokens are refreshed by twitchio, and saved as they change."""

    def __init__(self, settings: TwitchChat, file: TokenFile, client_id: str) -> None:
        """Raises ConfigError for an address that cannot be used."""
        self.scopes: dict[str, frozenset[str]] = {}
        """The scopes of each account that is admitted, by its user id."""
        self._addresses = _addresses(settings)
        self._file = file
        self._client_id = client_id
        self._turn = asyncio.Lock()
        self._tokens: dict[str, Token] = {}
        self._dead: set[str] = set()
        self._renewals: int | None = None
        """How many tokens the request under way has brought; None while there is none."""
        self._saving = asyncio.Lock()
        self._unfinished: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        """Sends nothing yet."""
        _point_twitchio(self._addresses)
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS), middlewares=(_with_network_errors,)
        )
        self.client = TwitchClient(self._client_id, self._http, self._renew)
        # Without a token of its own, twitchio would use none at all. This one is never sent: every request
        # names an account that is admitted.
        await self.client.login(token="none", load_tokens=False, save_tokens=False)  # noqa: S106  # not a secret

    async def close(self) -> None:
        """Waits a moment for the last request."""
        with clock.outside(), suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while self._unfinished:  # an answer may bring a token to be saved
                    await asyncio.wait(self._unfinished)
        await self.client.close()
        await self._http.close()

    async def admit(self, account: str) -> frozenset[str]:
        """Makes sure that the account can be used; its scopes. Raises ConnectionLost or AccessDenied."""
        async with self._turn:
            await self._admit(account)
            return self.scopes[account]

    async def forget(self, account: str) -> None:
        """The next time it is used, its token is read from the file: it may have been logged in again."""
        async with self._turn, self._saving:
            await self.client.remove_token(account)

    async def ask(self, account: str, request: Callable[[TwitchClient], Awaitable[T]]) -> T:
        """Twitch's answer to that account. Raises ConnectionLost, AccessDenied or RequestRefused."""
        async with self._turn:
            for _ in range(RATE_TRIES):
                try:
                    return await self._ask(account, request)
                except _RateLimited as limited:
                    log.debug("Twitch: %s", limited)
                    await asyncio.sleep(limited.seconds)
            raise ConnectionLost("Twitch has received too many requests from this program")

    async def _ask(self, account: str, request: Callable[[TwitchClient], Awaitable[T]]) -> T:
        await self._admit(account)
        try:
            return await self._answered(request)
        except AccessDenied:
            # A token works once: another process of ours may have refreshed it, or somebody logged in again.
            await self._dismiss(account)
            await self._admit(account)
            return await self._answered(request)

    async def _admit(self, account: str) -> None:
        if account in self.client.tokens:
            return
        token = await self._stored(account)
        self._tokens[account] = token
        try:
            found = await self._answered(lambda client: client.add_token(token.access, token.refresh))
        except AccessDenied:
            self._dead.add(token.access)
            raise AccessDenied(f"Twitch no longer accepts the login of {token.login}", LOGIN) from None
        if found.user_id != account:
            await self.client.remove_token(found.user_id or "")
            raise AccessDenied(f"the token of {token.login} belongs to another account", LOGIN)
        self.scopes[account] = frozenset(found.scopes)

    async def _stored(self, account: str) -> Token:
        """Its token, from the file as it is now."""
        try:
            tokens = await clock.in_thread(self._file.read)
        except ConfigError as error:
            raise AccessDenied(f"{error.where}: {error.what}", error.hint) from None
        for token in tokens:
            if token.user_id == account and token.access not in self._dead:
                return token
        login = self._tokens[account].login if account in self._tokens else account
        raise AccessDenied(f"Twitch no longer accepts the login of {login}", LOGIN)

    async def _dismiss(self, account: str) -> None:
        self._dead.add(self._tokens[account].access)
        await self.client.remove_token(account)

    async def _answered(self, request: Callable[[TwitchClient], Awaitable[T]]) -> T:
        """Whoever waits may be cancelled; the request goes on, for it may bring a token."""
        asked = asyncio.ensure_future(self._run(request))
        self._keep(asked)
        try:
            with clock.outside():
                return await asyncio.shield(asked)
        except twitchio.HTTPException as error:
            raise _meaning(error) from None  # the error may quote a token
        except OSError as error:
            raise ConnectionLost(
                f"Twitch cannot be reached: {clean(str(error))}", "check the network"
            ) from None
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError):
            raise ConnectionLost("Twitch sent an answer that banban does not understand") from None

    async def _run(self, request: Callable[[TwitchClient], Awaitable[T]]) -> T:
        self._renewals = 0
        try:
            return await request(self.client)
        finally:
            self._renewals = None

    def _keep(self, future: asyncio.Future[Any]) -> None:
        self._unfinished.add(future)

        def forget(done: asyncio.Future[Any]) -> None:
            self._unfinished.discard(done)
            if not done.cancelled():
                done.exception()  # whoever waited got it

        future.add_done_callback(forget)

    def _renew(self, payload: twitchio.TokenRefreshedPayload) -> None:
        old = self._tokens[payload.user_id]
        token = replace(old, access=payload.token, refresh=payload.refresh_token)
        self._tokens[payload.user_id] = token
        self._keep(asyncio.ensure_future(self._save(token)))
        if self._renewals is None:
            return  # by twitchio's own hourly check
        self._renewals += 1
        if self._renewals > 1:  # it would refresh and ask for ever
            raise AccessDenied("Twitch refuses new tokens, too", LOGIN)

    async def _save(self, token: Token) -> None:
        async with self._saving:  # in the order in which they came
            try:
                await clock.in_thread(self._file.save, token)
            except ConfigError as error:
                log.error("the new Twitch token of %s could not be saved: %s", token.login, error)  # noqa: TRY400  # in words


def _addresses(settings: TwitchChat) -> dict[str, str]:
    """The addresses under twitchio's names for them."""
    base, oauth, rest = settings.id_url.rstrip("/").rpartition("/oauth2")
    if not oauth or rest:
        raise ConfigError(
            "this address must end with /oauth2",
            where="chat.twitch.id_url",
            hint="add /oauth2 at its end, or delete the option",
        )
    return {"BASE": settings.api_url.rstrip("/") + "/", "ID_BASE": base + "/"}


def _point_twitchio(addresses: dict[str, str]) -> None:
    """Sets twitchio's addresses, for the whole process, and silences its warnings."""
    for name, address in addresses.items():
        if not isinstance(getattr(Route, name, None), str):
            raise ConfigError(
                "banban cannot change the addresses of this version of twitchio",
                hint="install the version of twitchio that constraints.txt names",
            )
        setattr(Route, name, address)
    logging.getLogger("twitchio").setLevel(logging.ERROR)


async def _with_network_errors(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Makes every network failure a ConnectionError, which twitchio survives everywhere."""
    try:
        response = await handler(request)
        await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        # The text of this one shows the address, and that may hold a token.
        text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
        raise ConnectionError(clean(text) or type(error).__name__) from None
    if 300 <= response.status < 400:  # Twitch never does; the login page of a hotel's network does
        raise ConnectionError("the network redirects the request to another address")
    if response.status == 429 and response.headers.get("Ratelimit-Remaining", "0") == "0":
        raise _RateLimited(_until_reset(response.headers))
    return response


def _until_reset(headers: Mapping[str, str]) -> float:
    """Seconds, by Twitch's own clock: ours may be wrong."""
    shortest, longest = RATE_SECONDS
    try:
        date = parsedate_to_datetime(headers.get("Date", "")).timestamp()
        return max(shortest, min(float(headers.get("Ratelimit-Reset", "")) - date, longest))
    except ValueError:
        return shortest


def _meaning(error: twitchio.HTTPException) -> Exception:
    """What Twitch means by an error, without the token that it may quote."""
    extra = error.extra if isinstance(error.extra, dict) else {}
    answer = escaped(clean(str(extra.get("message", ""))) or f"status {error.status}")
    if error.status >= 500:
        return ConnectionLost(f"Twitch has a problem: {answer}")
    if error.route is not None and error.route.use_id:
        if error.status not in _DENIALS or "status" not in extra:  # not Twitch: something that is in between
            return ConnectionLost(f"Twitch cannot be reached: {answer}", "check the network")
        return AccessDenied(f"Twitch no longer accepts the login: {answer}", LOGIN)
    return RequestRefused(answer, error.status)
