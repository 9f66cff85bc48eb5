"""A YouTube in miniature: watch pages, channels' live pages and live chats, over real sockets.

    async with YouTube(Video(actions=[...])) as youtube:
        settings = Settings(chat=Chat(youtube=YouTubeChat(base_url=youtube.url)))

Its routes are in ``routes``: a subclass adds its own. Whatever is in ``faults`` answers the next requests.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import unquote

from aiohttp import web

Action = dict[str, Any]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Answers in the place of the server; with None, the server answers after all."""

NOW = 1_600_400_000.0
"""What time it is at this YouTube. Not what the machine's clock says, which may be wrong."""


@dataclass
class Video:
    id: str = "aaaaaaaaaaa"
    channel_id: str = "UC" + "c" * 22
    title: str = "Pizza, live"
    state: Literal["upcoming", "live", "ended", "chatless", "private", "members", "never"] = "live"
    starts: float = NOW + 600
    actions: list[Action] = field(default_factory=list)
    """All that ever happened in its chat; a reader gets what it has not got yet."""


class YouTube:
    """The server. Its ``videos`` and ``channels`` ("@name" or "UC…" → the id of its video) may change."""

    def __init__(self, *videos: Video, channels: dict[str, str] | None = None) -> None:
        self.videos = {video.id: video for video in videos}
        self.channels = channels or {}
        self.url = ""
        self.now = NOW
        self.timeout_ms: Any = 10
        """How long a reader shall wait until it asks again."""
        self.faults: deque[Fault] = deque()
        self.asked: list[str] = []
        """The paths of all requests so far."""
        self.bodies: list[Any] = []
        """What readers of chats sent."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/watch", self.watch_page),
            web.get("/{handle:@[^/]+}/live", self.live_page),
            web.get("/channel/{handle}/live", self.live_page),
            web.post("/youtubei/v1/live_chat/get_live_chat", self.live_chat),
        ]

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._front])
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def connections(self) -> int:
        """How many stand."""
        assert self._runner.server
        return len(self._runner.server.connections)

    @web.middleware
    async def _front(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(request.path)
        answer = await self.faults.popleft()(request) if self.faults else None
        answer = answer or await handler(request)
        if not answer.prepared:
            answer.headers.setdefault("Date", formatdate(self.now, usegmt=True))
        return answer

    # Pages.

    async def watch_page(self, request: web.Request) -> web.Response:
        video = self.videos.get(request.query.get("v", ""))
        return _html(f"https://www.youtube.com/watch?v={video.id}", *pages(video)) if video else unavailable()

    async def live_page(self, request: web.Request) -> web.Response:
        handle = request.match_info["handle"]
        if handle not in self.channels:
            raise web.HTTPNotFound
        video = self.videos.get(self.channels[handle])
        if video is None or video.state not in ("live", "upcoming", "chatless"):
            return _html(
                f"https://www.youtube.com/{handle}",
                None,
                {"contents": {"twoColumnBrowseResultsRenderer": {}}},
            )
        return _html(f"https://www.youtube.com/watch?v={video.id}", *pages(video))

    # Chat.

    async def live_chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        assert body["context"]["client"]["clientName"] == "WEB"
        video_id, begin = self._place(body["continuation"])
        return web.json_response(self.chat_answer(self.videos[video_id], begin))

    def chat_answer(self, video: Video, begin: int) -> Any:
        """What happened since ``begin``, and where to go on."""
        context = {"visitorData": "Cgt2aXNpdG9y"}
        fresh = video.actions[begin:]
        if video.state == "live":
            more = [{"timedContinuationData": {
                "timeoutMs": self.timeout_ms, "continuation": f"next {video.id} {len(video.actions)}",
            }}]  # fmt: skip
        elif fresh:
            more = []
        else:
            return {"responseContext": context}
        chat = {"continuations": more, **({"actions": fresh} if fresh else {})}
        return {"responseContext": context, "continuationContents": {"liveChatContinuation": chat}}

    def _place(self, continuation: str) -> tuple[str, int]:
        if continuation.startswith("next "):
            _, video_id, begin = continuation.split(" ")
            return video_id, int(begin)
        video_id, since = opened(continuation)
        actions = self.videos[video_id].actions
        # The ticker shows what was paid long ago to everyone who comes in.
        late = [
            n
            for n, action in enumerate(actions)
            if "addLiveChatTickerItemAction" in action or sent(action) >= since
        ]
        return video_id, late[0] if late else len(actions)


def _html(address: str, player: Any, content: Any) -> web.Response:
    scripts = "".join(
        f'<script nonce="x">var {name} = {json.dumps(value)};</script>'
        for name, value in (("ytInitialPlayerResponse", player), ("ytInitialData", content))
        if value is not None
    )
    head = f'<!DOCTYPE html><html><head><link rel="canonical" href="{address}"></head>'
    return web.Response(text=f"{head}<body>{scripts}</body></html>", content_type="text/html")


def unavailable() -> web.Response:
    player = {"playabilityStatus": {"status": "ERROR", "reason": "Video unavailable"}}
    return _html("https://www.youtube.com/watch", player, {"contents": {"twoColumnWatchNextResults": {}}})


def pages(video: Video) -> tuple[Any, Any]:
    """What the watch page's two scripts hold."""
    return _player(video), _content(video)


def _player(video: Video) -> Any:
    status: dict[str, Any] = {"status": "OK"}
    if video.state == "private":
        return {
            "playabilityStatus": {
                "status": "LOGIN_REQUIRED",
                "messages": ["This is a private video. Please sign in to verify that you may see it."],
            }
        }
    details: dict[str, Any] = {"videoId": video.id, "title": video.title, "channelId": video.channel_id}
    broadcast: dict[str, Any] = {"isLiveNow": video.state in ("live", "chatless")}
    if video.state in ("live", "chatless"):
        details["isLive"] = True
    if video.state == "ended":
        broadcast["endTimestamp"] = "2020-09-18T04:00:00+00:00"
    if video.state == "upcoming":
        details["isUpcoming"] = True
        slate = {"liveStreamOfflineSlateRenderer": {"scheduledStartTime": str(int(video.starts))}}
        status = {
            "status": "LIVE_STREAM_OFFLINE",
            "reason": "Live in 10 minutes",
            "liveStreamability": {"liveStreamabilityRenderer": {"videoId": video.id, "offlineSlate": slate}},
        }
    if video.state == "members":
        reason = "Join this channel to get access to members-only content like this video."
        status = {"status": "UNPLAYABLE", "reason": reason}
    player: dict[str, Any] = {"playabilityStatus": status, "videoDetails": details}
    if video.state != "never":
        details["isLiveContent"] = True
        player["microformat"] = {"playerMicroformatRenderer": {"liveBroadcastDetails": broadcast}}
    return player


def _content(video: Video) -> Any:
    owner = {"navigationEndpoint": {"browseEndpoint": {"browseId": video.channel_id}}}
    columns: dict[str, Any] = {
        "results": {"results": {"contents": [
            {"videoPrimaryInfoRenderer": {}},
            {"videoSecondaryInfoRenderer": {"owner": {"videoOwnerRenderer": owner}}},
        ]}},
    }  # fmt: skip
    if video.state == "chatless":
        message = {
            "messageRenderer": {"text": {"runs": [{"text": "Chat is disabled for this live stream."}]}}
        }
        columns["conversationBar"] = {"conversationBarRenderer": {"availabilityMessage": message}}
    if video.state in ("live", "upcoming", "ended"):
        chat: dict[str, Any] = {"continuations": [{"reloadContinuationData": {"continuation": "0of"}}]}
        if video.state == "ended":
            chat["isReplay"] = True
        columns["conversationBar"] = {"liveChatRenderer": chat}
    return {
        "contents": {"twoColumnWatchNextResults": columns},
        "currentVideoEndpoint": {"watchEndpoint": {"videoId": video.id}},
    }


def opened(continuation: str) -> tuple[str, float]:
    """The video's id and since when (1970's seconds) its chat is wanted, out of a token that pytchat made."""
    token = fields(fields(base64.urlsafe_b64decode(unquote(continuation)))[119693434])
    header = fields(base64.urlsafe_b64decode(token[3]))
    return fields(fields(header[1])[5])[2].decode(), token[10] / 1_000_000


def fields(message: bytes) -> dict[int, Any]:
    """A protobuf message: numbers, and bytes."""
    found: dict[int, Any] = {}
    while message:
        tag, message = _number(message)
        value, message = _number(message)
        if tag % 8 == 2:
            value, message = message[:value], message[value:]  # type: ignore[assignment]  # bytes now
        found[tag >> 3] = value
    return found


def _number(message: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(message):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, message[place + 1 :]
    raise ValueError("no number")


def sent(action: Action) -> float:
    """When it happened; a deletion happens when it is sent."""
    for renderer in action.get("addChatItemAction", {}).get("item", {}).values():
        return int(renderer.get("timestampUsec", NOW * 1_000_000)) / 1_000_000
    return NOW


# What can go wrong. Each is a fault, or makes one.


def refusal(status: int, text: str = "no", **headers: str) -> Fault:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={k.title(): v for k, v in headers.items()})

    return answer


def cut(answer: object, at: int) -> Fault:
    """That many bytes of a good answer, then the connection is gone."""

    async def write(request: web.Request) -> web.Response:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        assert request.transport
        request.transport.write((head.encode() + body)[:at])
        request.transport.close()
        return web.Response()

    return write


async def sound(request: web.Request) -> None:
    """No fault: the server answers."""


async def silence(request: web.Request) -> web.Response:
    """Nothing is answered for as long as somebody waits."""
    while request.transport and not request.transport.is_closing():
        await asyncio.sleep(0.01)
    return web.Response()
