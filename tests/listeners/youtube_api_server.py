"""YouTube's official API beside the pages of ``youtube_server``, and a wire that can be cut at any byte.

async with YouTubeWithApi(Video()) as youtube:
    youtube.say("hello")
    listener = youtube.stream("aaaaaaaaaaa")
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from email.utils import formatdate
from types import TracebackType
from typing import Any, ParamSpec, Self

from aiohttp import web
from youtube_server import NOW, Fault, Video, YouTube

from vtuber.config import Chat, Settings, YouTubeChat
from vtuber.core import clock
from vtuber.core.events import ChatMessage, Event
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.youtube.listener import YouTubeListener, build

P = ParamSpec("P")

SECRET = "AIzaSy-this-is-a-secret"
VIEWER = "UC" + "v" * 22
Item = dict[str, Any]
Refusal = Callable[[web.Request], Awaitable[web.StreamResponse]]


def in_simulated_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


class YouTubeWithApi(YouTube):
    """The server. What is said with ``say`` comes through YouTube's pages and by the API."""

    def __init__(self, *videos: Video, channels: dict[str, str] | None = None) -> None:
        super().__init__(*videos, channels=channels)
        self.items: dict[str, list[Item]] = {video.id: [] for video in videos}
        self.key = SECRET
        self.polling: Any = 5000
        self.down: dict[str, Fault] = {}
        """What answers for all whose path begins so."""
        self.tokens: list[str] = []
        """Where readers of chats went on; "" for the beginning."""
        self.uploads: dict[str, list[str]] = {}
        self.moments: list[float] = []
        """When the chat was asked for through the API."""
        self._said = 0
        self._began: float | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.get("/{kind:c|user}/{name}/live", self.named_live_page),
            web.get("/youtube/v3/videos", self.list_videos),
            web.get("/youtube/v3/channels", self.list_channels),
            web.get("/youtube/v3/playlistItems", self.list_uploads),
            web.get("/youtube/v3/liveChat/messages", self.list_messages),
        ]

    @property
    def now(self) -> float:
        """YouTube's clock, which goes as the show's does."""
        with suppress(RuntimeError):
            moment = clock.now()
            self._began = moment if self._began is None else self._began
            return self._base + moment - self._began
        return self._base

    @now.setter
    def now(self, moment: float) -> None:
        self._base, self._began = moment, None

    def settings(self, *streams: str, url: str = "", **options: Any) -> Settings:
        url = url or self.url or "http://127.0.0.1:1"
        chat = YouTubeChat(streams=streams, base_url=url, api_url=f"{url}/youtube/v3", **options)
        return Settings(chat=Chat(youtube=chat))

    def stream(self, stream: str, **options: Any) -> YouTubeListener:
        (listener,) = build(self.settings(stream, **options))
        return listener

    def say(self, text: str, *, name: str = "Ann", video: str = "aaaaaaaaaaa", alike: bool = True) -> str:
        """Returns the inner id. Without ``alike`` the API's id has nothing to do with that of the pages."""
        self._said += 1
        inner = f"CI{self._said:024}"
        author = f"UC{name:v<22}"
        self.videos[video].actions.append(
            {
                "addChatItemAction": {
                    "item": {
                        "liveChatTextMessageRenderer": {
                            "id": page_id(inner),
                            "message": {"runs": [{"text": text}]},
                            "authorName": {"simpleText": name},
                            "authorExternalChannelId": author,
                            "timestampUsec": str(int(self.now * 1e6)),
                        }
                    }
                }
            }
        )
        other = inner if alike else f"XX{self._said:024}"
        self.items[video].append(
            item("textMessageEvent", {"messageText": text}, inner=other, at=self.now, name=name)
        )
        return inner

    def delete(self, inner: str, *, video: str = "aaaaaaaaaaa") -> None:
        self.videos[video].actions.append({"markChatItemAsDeletedAction": {"targetItemId": page_id(inner)}})
        self._said += 1
        details = {"deletedMessageId": api_id(inner)}
        inner = f"DD{self._said:024}"
        self.items[video].append(item("messageDeletedEvent", details, inner=inner, at=self.now))

    # The API.

    @web.middleware
    async def _front(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        for begin, fault in self.down.items():
            if request.path.startswith(begin) and (answer := await fault(request)):
                self.asked.append(request.path)
                answer.headers.setdefault("Date", formatdate(self.now, usegmt=True))
                return answer
        if request.path.startswith("/youtube/v3") and request.query.get("key") != self.key:
            self.asked.append(request.path)
            return await error(400, "badRequest", "API key not valid. Please pass a valid API key.")(request)
        return await super()._front(request, handler)

    async def named_live_page(self, request: web.Request) -> web.Response:
        match = request.match_info
        video = self.videos[self.channels[f"{match['kind']}/{match['name']}"]]
        return await self.watch_page(request.clone(rel_url=f"/watch?v={video.id}"))

    async def list_videos(self, request: web.Request) -> web.Response:
        assert request.query["part"] == "snippet,liveStreamingDetails"
        asked = [self.videos.get(one) for one in request.query["id"].split(",")]
        items = [_video(video) for video in asked if video and video.state != "private"]
        return web.json_response({"kind": "youtube#videoListResponse", "items": items})

    async def list_channels(self, request: web.Request) -> web.Response:
        query = request.query
        name = query.get("forHandle") or f"user/{query.get('forUsername')}"
        video = self.videos.get(self.channels.get(name, ""))
        return web.json_response({"items": [{"id": video.channel_id}] if video else []})

    async def list_uploads(self, request: web.Request) -> web.Response:
        ids = self.uploads.get(request.query["playlistId"])
        if ids is None:
            raise web.HTTPNotFound
        return web.json_response({"items": [{"contentDetails": {"videoId": one}} for one in ids]})

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        assert query["part"] == "id,snippet,authorDetails"
        video = self.videos[query["liveChatId"].removeprefix("chat-")]
        self.moments.append(clock.now())
        self.tokens.append(query.get("pageToken", ""))
        if video.state != "live":
            return await error(403, "liveChatEnded", "The live chat is no longer live.")(request)
        items = self.items[video.id]
        answer: dict[str, Any] = {
            "kind": "youtube#liveChatMessageListResponse",
            "pollingIntervalMillis": self.polling,
            "nextPageToken": str(len(items)),
            "items": items[int(self.tokens[-1] or 0) :],
        }
        return web.json_response(answer)


def _video(video: Video) -> Any:
    live = {"live": "live", "chatless": "live", "members": "live", "upcoming": "upcoming"}
    stream: dict[str, Any] = {"scheduledStartTime": stamp(video.starts)}
    if video.state in ("live", "upcoming"):
        stream["activeLiveChatId"] = f"chat-{video.id}"
    if video.state == "ended":
        stream["actualEndTime"] = stamp(NOW)
    snippet = {
        "channelId": video.channel_id,
        "title": video.title,
        "liveBroadcastContent": live.get(video.state, "none"),
    }
    found = {"kind": "youtube#video", "id": video.id, "snippet": snippet}
    return found if video.state == "never" else {**found, "liveStreamingDetails": stream}


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def page_id(inner: str) -> str:
    """What the pages call the message."""
    return base64.urlsafe_b64encode(_field(1, _field(1, inner.encode()))).decode().rstrip("=")


def api_id(inner: str) -> str:
    """What the API calls it."""
    return "LCC." + base64.urlsafe_b64encode(_field(2, _field(1, inner.encode()))).decode().rstrip("=")


def _field(number: int, value: bytes) -> bytes:
    return bytes((number * 8 + 2, len(value))) + value


def item(
    kind: str,
    details: dict[str, Any] | None = None,
    *,
    inner: str = "CI000000000000000000000001",
    at: float = NOW,
    name: str = "Ann",
    **author: Any,
) -> Item:
    """One of the API's items; ``author``: more of its authorDetails."""
    identity = f"UC{name:v<22}"
    snippet: dict[str, Any] = {
        "type": kind,
        "liveChatId": "chat-aaaaaaaaaaa",
        "authorChannelId": identity,
        "publishedAt": stamp(at),
        "hasDisplayContent": True,
        "displayMessage": "as it is shown",
    }
    if details is not None:
        snippet[f"{kind.removesuffix('Event')}Details"] = details
    roles = {"isVerified": False, "isChatOwner": False, "isChatSponsor": False, "isChatModerator": False}
    return {
        "kind": "youtube#liveChatMessage",
        "etag": "x",
        "id": api_id(inner),
        "snippet": snippet,
        "authorDetails": {"channelId": identity, "displayName": name, **roles, **author},
    }


def error(status: int, reason: str, message: str = "It did not work.", **headers: str) -> Refusal:
    """A refusal in the form of Google's."""
    body = {
        "error": {
            "code": status,
            "message": message,
            "errors": [{"message": message, "domain": "youtube", "reason": reason}],
        }
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=named)

    return answer


def text(body: str, status: int = 200) -> Refusal:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status, content_type="text/html")

    return answer


HALF = text(json.dumps({"items": [item("textMessageEvent", {"messageText": "half"})]})[:100])


async def vanish(request: web.Request) -> web.StreamResponse:
    """The connection is gone."""
    assert request.transport
    request.transport.abort()
    return web.Response()


class Wire:
    """Between a client and the server at ``url``; set ``cut_in`` to lose a connection after so many bytes."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self.cut_in: int | None = None
        self.cuts = 0
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = host, int(port)
        self._sides: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._call, "127.0.0.1", 0)
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname()[:2])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for side in self._sides:
            side.transport.abort()
        while self._sides:
            await asyncio.sleep(0)

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(*self._address)
        self._sides |= {writer, ours}
        asking = asyncio.create_task(self._carry(reader, ours))
        with suppress(OSError):
            await self._bring(theirs, writer)
        for side in (writer, ours):
            side.transport.abort()
        await asyncio.gather(asking, return_exceptions=True)
        self._sides -= {writer, ours}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.transport.abort()

    async def _bring(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            if self.cut_in is not None and self.cut_in < len(piece):
                writer.write(piece[: self.cut_in])
                await writer.drain()
                self.cut_in = None
                self.cuts += 1
                writer.close()  # what was written still arrives
                await writer.wait_closed()
                return
            if self.cut_in is not None:
                self.cut_in -= len(piece)
            writer.write(piece)
            await writer.drain()


async def hear(listener: YouTubeListener, into: list[Event]) -> None:
    async with aclosing(listener.events()) as events:
        async for event in events:
            into.append(event)  # noqa: PERF401  # one by one, as they come


async def until(condition: Callable[[], object], seconds: float = 600.0) -> None:
    """Waits on the show's clock."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.5)


def words(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatMessage)]
