"""Logging in at Twitch by a code that the streamer enters in any browser, and logging out.

After https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/#device-code-grant-flow and RFC 8628.
Not by twitchio's ``login_dcf`` and ``start_dcf``: there "slow_down", an answer of 5xx or a network that fails
for a moment ends the login, and secrets stand in addresses, which its errors and logs quote.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError, ListenerError
from vtuber.core.text import clean, escaped
from vtuber.listeners.twitch.scopes import SCOPES
from vtuber.listeners.twitch.tokens import Token, TokenFile

log = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
LEAST_INTERVAL = 1.0
"""Seconds between two requests for the token, whatever the server says."""
MOST_INTERVAL = 60.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the streamer enters in a browser, and where."""

    address: str
    code: str
    seconds: float
    """How long the code is valid."""


class _LoginRefused(Exception):  # noqa: N818  # an answer, not an error of ours
    """Twitch understood, and said no. ``why`` is its own word: "authorization_pending"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def login(settings: Settings, file: TokenFile, show: Callable[[DeviceCode], None]) -> Token:
    """Waits until the streamer has entered the code, and saves the token. Raises BanbanError."""
    client_id = settings.chat.twitch.client_id.strip()
    if not client_id:
        raise ConfigError(
            "logging in needs the client id of a Twitch application that you registered",
            where="chat.twitch.client_id",
            hint="register one at https://dev.twitch.tv/console (any name, OAuth redirect URL "
            "http://localhost, category Chat Bot, client type Public), and write here: "
            'client_id = "its client id"',
        )
    await clock.in_thread(file.read)  # a file that cannot be used is better known before
    async with _service(settings) as service:
        grant = await _Grant.begin(service, client_id)
        show(grant.code)
        access, refresh = await grant.wait()
        token = await _validated(service, client_id, access, refresh)
    await clock.in_thread(file.save, token)
    return token


async def logout(settings: Settings, file: TokenFile, name: str = "") -> list[str]:
    """Forgets the token of one account, or of all, here and at Twitch. Returns a line about each."""
    tokens = await clock.in_thread(file.read)
    chosen = [token for token in tokens if not name or token.login.lower() == name.lstrip("@").lower()]
    if name and not chosen:
        raise ConfigError(
            f"{escaped(name[:60])!r} is not logged in at Twitch",
            hint=f"logged in: {', '.join(token.login for token in tokens) or 'no account'}",
        )
    lines = []
    async with _service(settings) as service:
        for token in chosen:
            try:
                await service.post("/revoke", client_id=token.client_id, token=token.access)
                trouble = ""
            except _LoginRefused as refused:
                trouble = f", but Twitch could not revoke its access: {refused.why}"
            except ListenerError as error:
                trouble = f", but Twitch could not revoke its access: {error.what}"
            await clock.in_thread(file.remove, token.login)
            if trouble:
                trouble += "\n  → disconnect it at https://www.twitch.tv/settings/connections"
            lines.append(f"{token.login} is logged out{trouble}")
    return lines or ["no account is logged in at Twitch"]


class _Service:
    """id.twitch.tv. Answers are JSON objects; secrets travel in bodies and headers, never in addresses."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def post(self, path: str, **form: str) -> dict[str, Any]:
        return await self._asked("POST", path, data=form)

    async def get(self, path: str, token: str) -> dict[str, Any]:
        return await self._asked("GET", path, headers={"Authorization": f"OAuth {token}"})

    async def _asked(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Raises _LoginRefused, or ListenerError when there was no answer that can be understood."""
        try:
            with clock.outside():
                async with self._session.request(
                    method, self._url + path, allow_redirects=False, **request
                ) as response:
                    status, body = response.status, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            why = clean(str(error)) or "no answer"
            raise ListenerError(
                f"Twitch cannot be reached: {why}", where=self._url, hint="check the network"
            ) from error
        try:
            answer = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            answer = None
        refused = 400 <= status < 500 and status != 429  # 429 says: later
        if not isinstance(answer, dict) or not (refused or status < 300):
            raise ListenerError(
                f"Twitch sent an answer that banban does not understand (HTTP {status})",
                where=self._url,
                hint="try again later",
            )
        if refused:
            raise _LoginRefused(_text(answer, "message") or _text(answer, "error") or f"HTTP {status}")
        return answer


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[_Service]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as session:
        yield _Service(session, settings.chat.twitch.id_url)


class _Grant:
    """One code: requested, waited for, granted or not."""

    def __init__(self, service: _Service, client_id: str, answer: dict[str, Any]) -> None:
        self._service = service
        self._form = {
            "client_id": client_id,
            "scopes": " ".join(SCOPES),
            "device_code": _text(answer, "device_code"),
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
        self._interval = min(max(LEAST_INTERVAL, _number(answer, "interval", 5.0)), MOST_INTERVAL)
        seconds = _number(answer, "expires_in", 1800.0)
        self._until = clock.now() + seconds
        self.code = DeviceCode(_text(answer, "verification_uri"), _text(answer, "user_code"), seconds)

    @classmethod
    async def begin(cls, service: _Service, client_id: str) -> _Grant:
        try:
            answer = await service.post("/device", client_id=client_id, scopes=" ".join(SCOPES))
        except _LoginRefused as refused:
            raise _about_application(refused) from None
        grant = cls(service, client_id, answer)
        if not (grant._form["device_code"] and grant.code.address and grant.code.code):
            raise ListenerError("Twitch sent no code", where="chat.twitch.id_url")
        return grant

    async def wait(self) -> tuple[str, str]:
        """The access and the refresh token. A network that fails meanwhile only takes longer."""
        trouble = ""
        while True:
            await asyncio.sleep(self._interval)
            if clock.now() > self._until:
                raise _given_up(trouble or "the code was not entered in time")
            try:
                answer = await self._service.post("/token", **self._form)
            except _LoginRefused as refused:
                self._handle_refusal(refused)
                trouble = ""
            except ListenerError as error:
                if error.what != trouble:
                    log.warning("%s; trying again", escaped(error.what))
                trouble = error.what
            else:
                access, refresh = _text(answer, "access_token"), _text(answer, "refresh_token")
                if not (access and refresh):
                    raise _given_up("Twitch sent no token")
                return access, refresh

    def _handle_refusal(self, refused: _LoginRefused) -> None:
        match refused.why.lower():
            case "authorization_pending":
                pass
            case "slow_down":
                self._interval += 5.0  # as the RFC asks
            case "access_denied" | "authorization_declined":
                raise _given_up("the login was cancelled in the browser") from None
            case "expired_token":
                raise _given_up("the code was not entered in time") from None
            case "invalid device code":  # what Twitch says of both, and of a code that was used
                raise _given_up("the login was cancelled in the browser, or the code has expired") from None
            case _:
                raise _about_application(refused) from None


async def _validated(service: _Service, client_id: str, access: str, refresh: str) -> Token:
    """Whose token it is, and what it allows."""
    try:
        answer = await service.get("/validate", access)
    except _LoginRefused as refused:
        raise _given_up(f"Twitch does not accept the new token: {refused.why}") from None
    scopes = answer.get("scopes")
    token = Token(
        user_id=_text(answer, "user_id"),
        login=_text(answer, "login"),
        client_id=client_id,
        access=access,
        refresh=refresh,
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset(),
    )
    if not (token.user_id and token.login):
        raise _given_up("Twitch did not say which account the token belongs to")
    return token


def _given_up(why: str) -> ListenerError:
    return ListenerError(why, hint="run this again: banban login twitch")


def _about_application(refused: _LoginRefused) -> ConfigError:
    return ConfigError(
        f"Twitch does not accept the client id: {refused.why}",
        where="chat.twitch.client_id",
        hint="compare it with the one at https://dev.twitch.tv/console; the client type must be Public",
    )


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    return clean(value) if isinstance(value, str) else ""


def _number(answer: dict[str, Any], key: str, otherwise: float) -> float:
    value = answer.get(key)
    return float(value) if isinstance(value, int | float) and 0 <= value <= _DAY else otherwise
