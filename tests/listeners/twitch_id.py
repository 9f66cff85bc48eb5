"""A server that does what id.twitch.tv does for a public application, and fails on demand.

``TwitchId().add_to(app, "/oauth2")`` puts it into any aiohttp application; ``served`` runs it alone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

CLIENT = "its-client-id"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

TROUBLES = {
    "pending": (400, '{"status": 400, "message": "authorization_pending"}'),
    "slow_down": (400, '{"status": 400, "message": "slow_down"}'),
    "denied": (400, '{"status": 400, "message": "access_denied"}'),
    "expired": (400, '{"status": 400, "message": "expired_token"}'),
    "invalid": (400, '{"status": 400, "message": "invalid device code"}'),  # denied, expired or used
    "secret": (403, '{"status": 403, "message": "invalid client secret"}'),  # the application is not public
    "rfc": (400, '{"error": "access_denied"}'),
    "429": (429, '{"status": 429, "message": "too many requests"}'),
    "500": (500, "<html>Oops</html>"),
    "moved": (307, ""),
    "half": (200, '{"access_token": "secret-'),
    "list": (200, '["secret-list"]'),
    "empty": (200, "{}"),
    "malformed": (200, '{"access_token": 1, "scopes": 5, "user_id": [], "interval": "x", "expires_in": NaN}'),
}


@dataclass(frozen=True)
class Account:
    user_id: str
    login: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Asked:
    path: str
    form: dict[str, str]
    at: float
    """On the loop's clock."""


class TwitchId:
    """Grants every login at once, to ``user_id`` and ``login``, unless ``script`` says otherwise.

    ``script[path]`` holds what the next requests to "/device", "/token", "/validate" or "/revoke" meet:
    one of TROUBLES, "hang", "drop" (of the connection), or "" (nothing unusual).
    """

    def __init__(self, *, user_id: str = "7", login: str = "ann", interval: float = 5) -> None:
        self.user_id = user_id
        self.login = login
        self.withheld: frozenset[str] = frozenset()
        """Scopes that the streamer does not grant."""
        self.interval = interval
        self.expires_in = 1800
        self.script: defaultdict[str, deque[str]] = defaultdict(deque)
        self.asked: list[Asked] = []
        self.access: dict[str, Account] = {}
        self.refresh: dict[str, Account] = {}
        self._devices: dict[str, str] = {}
        self._count = itertools.count(1)

    def issue(self, account: Account) -> tuple[str, str]:
        """A new access and refresh token."""
        number = next(self._count)
        access, refresh = f"secret-access-{number}", f"secret-refresh-{number}"
        self.access[access] = self.refresh[refresh] = account
        return access, refresh

    def expire(self, access: str) -> None:
        """The access token is no longer known; its refresh token is."""
        del self.access[access]

    def disconnect(self, user_id: str) -> None:
        """The streamer took the consent back: nothing of theirs is known any more."""
        for tokens in (self.access, self.refresh):
            for token in [token for token, account in tokens.items() if account.user_id == user_id]:
                del tokens[token]

    def asked_for(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def add_to(self, app: web.Application, prefix: str = "/oauth2") -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(request, request.path.removeprefix(prefix))

        for path in ("/device", "/token", "/revoke"):
            app.router.add_post(prefix + path, answer)
        app.router.add_get(prefix + "/validate", answer)

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        posted = {key: str(value) for key, value in (await request.post()).items()}
        form = {**request.query, **posted}
        self.asked.append(Asked(path, form, asyncio.get_running_loop().time()))
        trouble = self.script[path].popleft() if self.script[path] else ""
        if trouble:
            return await _fail(request, trouble)
        match path, form.get("grant_type"):
            case "/device", _:
                return self._device(form)
            case "/token", "refresh_token":
                return self._refreshed(form)
            case "/token", _:
                return self._granted(form)
            case "/revoke", _:
                return self._revoked(form)
            case _:
                return self._validated(request.headers.get("Authorization", ""))

    def _device(self, form: dict[str, str]) -> web.Response:
        if form.get("client_id") != CLIENT:
            return _refused("invalid client")
        device = f"secret-device-{next(self._count)}"
        self._devices[device] = form["scopes"]
        return web.json_response(
            {
                "device_code": device,
                "expires_in": self.expires_in,
                "interval": self.interval,
                "user_code": "ABCDEFGH",
                "verification_uri": "https://www.twitch.tv/activate?public=true&device-code=ABCDEFGH",
            }
        )

    def _granted(self, form: dict[str, str]) -> web.Response:
        scopes = self._devices.pop(form.get("device_code", ""), None)
        if scopes is None or form["scopes"] != scopes or form["client_id"] != CLIENT:
            return _refused("invalid device code")
        assert form["grant_type"] == DEVICE_GRANT
        assert "client_secret" not in form
        return self._pair(Account(self.user_id, self.login, frozenset(scopes.split()) - self.withheld))

    def _refreshed(self, form: dict[str, str]) -> web.Response:
        account = self.refresh.pop(form.get("refresh_token", ""), None)  # good for one use
        if account is None or form.get("client_id") != CLIENT:
            return _refused("Invalid refresh token")
        return self._pair(account)

    def _pair(self, account: Account) -> web.Response:
        access, refresh = self.issue(account)
        return web.json_response(
            {
                "access_token": access,
                "expires_in": 14_400,
                "refresh_token": refresh,
                "scope": sorted(account.scopes),
                "token_type": "bearer",
            }
        )

    def _validated(self, authorization: str) -> web.Response:
        kind, _, token = authorization.partition(" ")
        account = self.access.get(token)
        if kind not in ("OAuth", "Bearer") or account is None:
            return _refused("invalid access token", 401)
        return web.json_response(
            {
                "client_id": CLIENT,
                "login": account.login,
                "scopes": sorted(account.scopes),
                "user_id": account.user_id,
                "expires_in": 14_400,
            }
        )

    def _revoked(self, form: dict[str, str]) -> web.Response:
        if self.access.pop(form.get("token", ""), None) is None:
            return _refused("Invalid token")
        return web.Response()


async def _fail(request: web.Request, trouble: str) -> web.Response:
    if trouble == "hang":
        await asyncio.sleep(3600)
    if trouble == "drop":
        assert request.transport
        request.transport.abort()
        return web.Response()
    status, text = TROUBLES[trouble]
    return web.Response(status=status, text=text)


def _refused(message: str, status: int = 400) -> web.Response:
    return web.json_response({"status": status, "message": message}, status=status)


@asynccontextmanager
async def served(server: TwitchId) -> AsyncIterator[str]:
    """Gives ``chat.twitch.id_url``."""
    app = web.Application()
    server.add_to(app)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/oauth2"
    finally:
        await runner.cleanup()
