"""Twitch as an account sees it: EventSub's websocket, Helix and the token service, with Twitch's rules."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web
from twitch_events import ROOM, VERSIONS, Json, notification
from twitch_id import CLIENT, Account, TwitchId

from vtuber.config import Settings
from vtuber.listeners.twitch.tokens import Token

SCOPES = {
    "channel.chat.message": {"user:read:chat"},
    "channel.chat.notification": {"user:read:chat"},
    "channel.chat.message_delete": {"user:read:chat"},
    "channel.chat.clear": {"user:read:chat"},
    "channel.chat.clear_user_messages": {"user:read:chat"},
    "channel.follow": {"moderator:read:followers"},
    "channel.bits.use": {"bits:read"},
    "channel.channel_points_custom_reward_redemption.add": {
        "channel:read:redemptions",
        "channel:manage:redemptions",
    },
}
OWN = ("channel.bits.use", "channel.channel_points_custom_reward_redemption.add")
ALL_SCOPES = frozenset().union(*SCOPES.values(), {"user:write:chat"})
FOREIGN = "The ID in the Client-Id header must match the client ID used to create the custom reward."
STAMP = "2026-11-25T10:00:00.000000000Z"


@dataclass
class Session:
    """The server's side of one websocket."""

    id: str
    socket: web.WebSocketResponse
    request: web.Request
    user_id: str = ""
    subscriptions: list[Json] = field(default_factory=list)

    async def send(self, message: Json | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        with suppress(ConnectionError, RuntimeError):  # the other side is gone
            await self.socket.send_str(text)

    def cut(self) -> None:
        """As a cable that is pulled."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def cut_within(self, message: Json, size: int) -> None:
        """Sends the first bytes of the frame and nothing more, ever."""
        body = json.dumps(message).encode()
        head = b"\x81" + (b"\x7e" + len(body).to_bytes(2, "big") if len(body) > 125 else bytes([len(body)]))
        assert self.request.transport is not None
        self.request.transport.write((head + body)[:size])
        self.cut()


def control(kind: str, session: Json | None = None) -> Json:
    payload = {} if session is None else {"session": session}
    return {
        "metadata": {"message_id": f"{kind}-1", "message_type": kind, "message_timestamp": STAMP},
        "payload": payload,
    }


Answer = Callable[[], web.Response]


def failure(status: int, message: str = "", **headers: str) -> Answer:
    body = {"error": "Error", "status": status, "message": message}
    return lambda: web.json_response(body, status=status, headers=headers)


def garbage() -> web.Response:
    return web.Response(text='{"data": [{"id": ', content_type="application/json")


def abyss() -> web.Response:
    return web.Response(text="[" * 100_000, content_type="application/json")


class Twitch:
    """``answers[path]`` or ``answers["POST path"]`` are given, one after the other, before the usual ones."""

    def __init__(self) -> None:
        self.users = {"room": "1", "other": "2", "bot": "3"}
        self.id = TwitchId()
        self.rewards: list[Json] = []
        self.foreign: set[str] = set()
        """The ids of those that another application made."""
        self.written: list[Json] = []
        self.settled: list[dict[str, str]] = []
        self.open: list[Json] = []
        """What was redeemed before anybody listened."""
        self.requests: list[str] = []
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.more: list[web.RouteDef] = []
        """What else it answers."""
        self.refused: dict[str, Answer] = {}
        """What it says to who subscribes to these types."""
        self.slow: dict[str, float] = {}
        """Seconds that an answer of that path takes to come."""
        self.sessions: list[Session] = []
        self.greets = True
        self.keepalive = 10.0
        """Seconds between signs of life; 0: none."""
        self._numbers = count(1)
        self._moved: dict[str, list[Json]] = {}
        self.address = "http://127.0.0.1:1"
        """Nobody is there until it is entered."""

    # What a test does.

    def log_in(self, login: str, *without: str) -> Token:
        """An account with every scope except those."""
        user_id = self.users.setdefault(login, str(100 + next(self._numbers)))
        scopes = ALL_SCOPES - set(without)
        access, refresh = self.id.issue(Account(user_id, login, scopes))
        return Token(user_id, login, CLIENT, access, refresh, scopes)

    def expire(self, login: str) -> None:
        """Access tokens are of no use any more; refreshing gives new ones."""
        for access in [access for access, account in self.id.access.items() if account.login == login]:
            self.id.expire(access)

    async def revoke(self, login: str, status: str = "authorization_revoked") -> None:
        self.id.disconnect(self.users[login])
        for session in self.sessions:
            if session.user_id == self.users[login]:
                await self.end(session, status, *(one["type"] for one in session.subscriptions))

    async def end(self, session: Session, status: str, *kinds: str) -> None:
        """Revokes the subscriptions of those types."""
        for one in [one for one in session.subscriptions if one["type"] in kinds]:
            session.subscriptions.remove(one)
            message = notification(one["type"], {}, **{**one, "status": status})
            message["metadata"]["message_type"] = "revocation"
            del message["payload"]["event"]
            await session.send(message)

    async def notify(self, kind: str, event: Json, message_id: str = "") -> int:
        """To every websocket that subscribed to it; how many that were."""
        told = 0
        message_id = message_id or f"e{next(self._numbers)}"
        for session in list(self.sessions):
            for one in session.subscriptions:
                if one["type"] == kind and one["condition"]["broadcaster_user_id"] == (
                    event.get("broadcaster_user_id", ROOM["broadcaster_user_id"])
                ):
                    await session.send(notification(kind, event, message_id, **one))
                    told += 1
        return told

    def move(self, session: Session) -> Json:
        """What asks a client to connect anew; its subscriptions go with it."""
        key = str(next(self._numbers))
        self._moved[key] = session.subscriptions
        return control(
            "session_reconnect",
            {
                "id": session.id,
                "status": "reconnecting",
                "keepalive_timeout_seconds": None,
                "reconnect_url": f"{self.address.replace('http', 'ws')}/ws?moved={key}",
                "connected_at": STAMP,
            },
        )

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.005)

    async def subscribed(self, *kinds: str, sessions: int = 1) -> None:
        """Waits until that many websockets have these subscriptions."""
        wanted = set(kinds or ("channel.chat.clear_user_messages",))
        await self.until(
            lambda: (
                sum(wanted <= {one["type"] for one in session.subscriptions} for session in self.sessions)
                >= sessions
            )
        )

    def settings(self, *channels: str, irc: str = "ws://127.0.0.1:1/", **twitch: Any) -> Settings:
        return Settings.model_validate(
            {
                "chat": {
                    "twitch": {
                        "channels": channels or ("room",),
                        "eventsub_url": f"{self.address.replace('http', 'ws')}/ws",
                        "api_url": f"{self.address}/helix",
                        "id_url": f"{self.address}/oauth2",
                        "irc_url": irc,
                        **twitch,
                    }
                }
            }
        )

    # What it is.

    async def __aenter__(self) -> Self:
        @web.middleware
        async def prepared_first(request: web.Request, handler: Any) -> web.StreamResponse:
            return await self._answer(request, handler)

        app = web.Application(middlewares=[prepared_first])
        app.router.add_get("/ws", self._connect)
        self.id.add_to(app)
        app.add_routes(self.more)
        app.router.add_get("/helix/users", self._users)
        app.router.add_post("/helix/eventsub/subscriptions", self._subscribe)
        app.router.add_post("/helix/chat/messages", self._write)
        app.router.add_get("/helix/channel_points/custom_rewards", self._rewards)
        app.router.add_post("/helix/channel_points/custom_rewards", self._make_reward)
        app.router.add_patch("/helix/channel_points/custom_rewards/redemptions", self._settle)
        app.router.add_get("/helix/channel_points/custom_rewards/redemptions", self._list_open)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self.sessions:
            session.cut()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        for key in (request.path, self.requests[-1]):
            if self.answers[key]:
                return self.answers[key].pop(0)()
        answer: web.StreamResponse = await handler(request)
        await asyncio.sleep(self.slow.get(request.path, 0))
        return answer

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.2)
        await socket.prepare(request)
        session = Session(f"session-{next(self._numbers)}", socket, request)
        if not self.greets:
            await socket.receive()
            return socket
        session.subscriptions = self._moved.pop(request.query.get("moved", ""), [])
        welcome = {
            "id": session.id,
            "status": "connected",
            "keepalive_timeout_seconds": int(request.query.get("keepalive_timeout_seconds", 10)),
            "reconnect_url": None,
            "connected_at": STAMP,
        }
        self.sessions.append(session)
        alive = asyncio.create_task(self._stay_alive(session))
        try:
            await session.send(control("session_welcome", welcome))
            async for message in socket:
                if message.type is WSMsgType.TEXT:  # a client may say nothing
                    await socket.close(code=4001)
        finally:
            alive.cancel()
            self.sessions.remove(session)
        return socket

    async def _stay_alive(self, session: Session) -> None:
        while True:
            await asyncio.sleep(self.keepalive or 3600)
            if self.keepalive:
                await session.send(control("session_keepalive"))

    def _granted(self, request: web.Request) -> Account | None:
        kind, _, access = request.headers.get("Authorization", "").partition(" ")
        return self.id.access.get(access) if kind == "Bearer" else None

    async def _users(self, request: web.Request) -> web.Response:
        if self._granted(request) is None:
            return failure(401, "Invalid OAuth token")()
        logins = [login for login in request.query.getall("login") if login in self.users]
        return web.json_response({"data": [self._user(login) for login in logins]})

    def _user(self, login: str) -> Json:
        return {
            "id": self.users[login],
            "login": login,
            "display_name": login.title(),
            "type": "",
            "broadcaster_type": "",
            "description": "",
            "profile_image_url": "https://x/y.png",
            "offline_image_url": "",
            "view_count": 0,
            "created_at": "2020-01-01T00:00:00Z",
        }

    async def _subscribe(self, request: web.Request) -> web.Response:
        grant, asked = self._granted(request), await request.json()
        kind, condition = asked["type"], asked["condition"]
        assert asked["version"] == VERSIONS.get(kind, "1")
        if kind in self.refused:
            return self.refused[kind]()
        session = next((one for one in self.sessions if one.id == asked["transport"]["session_id"]), None)
        if trouble := self._trouble(grant, session, kind, condition):
            return failure(*trouble)()
        assert grant
        assert session
        session.user_id = grant.user_id
        made = {
            "id": f"s{next(self._numbers)}",
            "status": "enabled",
            "type": kind,
            "version": asked["version"],
            "condition": condition,
            "transport": {"method": "websocket", "session_id": session.id, "connected_at": STAMP},
            "created_at": STAMP,
            "cost": 0,
        }
        session.subscriptions.append(made)
        return web.json_response(
            {"data": [made], "total": 1, "total_cost": 0, "max_total_cost": 10}, status=202
        )

    def _trouble(
        self, grant: Account | None, session: Session | None, kind: str, condition: Json
    ) -> tuple[int, str] | None:
        """Why there will be no such subscription."""
        if grant is None:
            return 401, "Invalid OAuth token"
        if session is None:
            return 400, "websocket transport session does not exist or has already disconnected"
        if session.user_id not in ("", grant.user_id):
            return 400, "websocket transport cannot have subscriptions created by different users"
        acting = {condition.get("user_id"), condition.get("moderator_user_id")} - {None}
        owns = condition["broadcaster_user_id"] == grant.user_id or kind not in OWN
        allowed = kind not in SCOPES or not grant.scopes.isdisjoint(SCOPES[kind])
        if not (acting <= {grant.user_id} and owns and allowed):
            return 403, "subscription missing proper authorization"
        if any(one["type"] == kind and one["condition"] == condition for one in session.subscriptions):
            return 409, "subscription already exists"
        return None

    async def _write(self, request: web.Request) -> web.Response:
        grant = self._granted(request)
        line = await request.json()
        if grant is None or line["sender_id"] != grant.user_id:
            return failure(401, "Invalid OAuth token")()
        if "user:write:chat" not in grant.scopes:
            return failure(401, "Missing scope: user:write:chat")()
        self.written.append(line)
        said = {"message_id": f"w{len(self.written)}", "is_sent": True, "drop_reason": None}
        return web.json_response({"data": [said]})

    async def _rewards(self, request: web.Request) -> web.Response:
        if trouble := self._no_rewards(request, "channel:read:redemptions", "channel:manage:redemptions"):
            return trouble
        own = request.query.get("only_manageable_rewards", "").lower() == "true"
        shown = [one for one in self.rewards if not (own and one["id"] in self.foreign)]
        return web.json_response({"data": shown})

    async def _make_reward(self, request: web.Request) -> web.Response:
        if trouble := self._no_rewards(request, "channel:manage:redemptions"):
            return trouble
        asked = await request.json()
        if len(asked["title"]) > 45:
            return failure(400, "CREATE_CUSTOM_REWARD_TITLE_INVALID")()
        if asked["title"] in [one["title"] for one in self.rewards]:
            return failure(400, "CREATE_CUSTOM_REWARD_DUPLICATE_REWARD")()
        made = {**reward("", f"reward-{len(self.rewards) + 1}"), "is_user_input_required": False, **asked}
        self.rewards.append(made)
        return web.json_response({"data": [made]})

    async def _settle(self, request: web.Request) -> web.Response:
        if trouble := self._no_rewards(request, "channel:manage:redemptions"):
            return trouble
        if request.query["reward_id"] in self.foreign:
            return failure(403, FOREIGN)()
        self.settled.append({**request.query, **await request.json()})
        return web.json_response({"data": []})

    async def _list_open(self, request: web.Request) -> web.Response:
        """As many as are wanted, and a cursor for the rest."""
        if trouble := self._no_rewards(request, "channel:read:redemptions", "channel:manage:redemptions"):
            return trouble
        if request.query["reward_id"] in self.foreign:
            return failure(403, FOREIGN)()
        done = {one["id"] for one in self.settled}
        left = [one for one in self.open if one["id"] not in done]
        begin, count = int(request.query.get("after", 0)), min(int(request.query["first"]), 50)
        page = [one for one in left if one["reward"]["id"] == request.query["reward_id"]][begin:]
        pagination = {"cursor": str(begin + count)} if len(page) > count else {}
        return web.json_response({"data": page[:count], "pagination": pagination})

    def _no_rewards(self, request: web.Request, *scopes: str) -> web.Response | None:
        """Says why, to whoever may not do it."""
        grant = self._granted(request)
        if grant is None or request.query["broadcaster_id"] != grant.user_id:
            return failure(401, "Invalid OAuth token")()
        if grant.scopes.isdisjoint(scopes):
            return failure(401, f"Missing scope: {' or '.join(scopes)}")()
        return None


def reward(title: str, reward_id: str = "reward-1") -> Json:
    return {
        "broadcaster_id": "1",
        "broadcaster_login": "room",
        "broadcaster_name": "Room",
        "id": reward_id,
        "title": title,
        "prompt": "Ask her anything.",
        "cost": 500,
        "image": None,
        "default_image": {"url_1x": "https://x/1", "url_2x": "https://x/2", "url_4x": "https://x/4"},
        "background_color": "#00E5CB",
        "is_enabled": True,
        "is_user_input_required": True,
        "max_per_stream_setting": {"is_enabled": False, "max_per_stream": 0},
        "max_per_user_per_stream_setting": {"is_enabled": False, "max_per_user_per_stream": 0},
        "global_cooldown_setting": {"is_enabled": False, "global_cooldown_seconds": 0},
        "is_paused": False,
        "is_in_stock": True,
        "should_redemptions_skip_request_queue": False,
        "redemptions_redeemed_current_stream": None,
        "cooldown_expires_at": None,
    }
