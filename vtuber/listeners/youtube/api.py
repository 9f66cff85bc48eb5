"""YouTube's chat through the official API, read as often as YouTube and the quota allow.

After https://developers.google.com/youtube/v3/live/docs/liveChatMessages/list.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace
from typing import Any

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event
from vtuber.core.text import clean, escaped
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import at, rows, string, table, timestamp
from vtuber.listeners.youtube.address import StreamAddress
from vtuber.listeners.youtube.api_client import CHAT, LIST, ApiClient, BadRequest, NotFound, Quota
from vtuber.listeners.youtube.api_items import ItemParser
from vtuber.listeners.youtube.transports import TransportUnavailable
from vtuber.listeners.youtube.video import Airing, Video, no_channel

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
"""Seconds between two requests; in between, it is as YouTube asks, or as the quota allows."""
USUAL_PAUSE = 5.0
"""Seconds between two requests when YouTube does not say."""
_PAGE = 2000
"""Messages in one answer, at most."""
_LATEST = 50
"""How many of a channel's latest videos are looked at: as many as one request may ask for."""
_AIRINGS = {"live": Airing.LIVE, "upcoming": Airing.UPCOMING}


class ApiReader:
    """One video's chat, read with an API key. Goes on where it was when it is read again after a failure."""

    def __init__(self, settings: Settings, video_id: str, channel: str, quota: Quota | None = None) -> None:
        self.answered: float | None = None
        """When YouTube last answered with chat, on the show's clock; None until it did."""
        self._settings = settings
        self._video_id = video_id
        self._quota = quota or Quota(settings.chat.youtube.daily_units)
        self._parser = ItemParser(channel)
        self._token = ""
        """Where the chat goes on; "" for its beginning, or as much of it as YouTube remembers."""

    @property
    def malformed(self) -> int:
        """How many items could not be understood."""
        return self._parser.malformed

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens in the chat, until it is over; first what was said before.

        Raises ConnectionLost when it broke, and ListenerError when the video has no public chat.
        """
        async with ApiClient(self._settings, self._quota) as client:
            chat = await self._chat(client)
            while chat:
                answer = await self._page(client, chat)
                items = rows(answer, "items")
                for item in items:
                    if event := self._parser.event(item):
                        yield replace(event, at=clock.now())
                if _is_over(answer, items):
                    return
                await asyncio.sleep(self._pause(at(answer, "pollingIntervalMillis")))

    async def _chat(self, client: ApiClient) -> str:
        """The id of the video's chat; "" when the stream has ended."""
        found = await videos(client, [self._video_id])
        if not found:
            raise ListenerError(
                f"the YouTube video {self._video_id!r} is private, or does not exist",
                where="chat.youtube.streams",
                hint="make the video public or unlisted, or choose another one",
                final=True,
            )
        video = read_video(found[0])
        if video.airing is Airing.LIVE and video.chatless:
            raise ListenerError(
                f"the YouTube video {self._video_id!r} has no chat",
                where="chat.youtube.streams",
                hint="turn the live chat on in the stream's settings",
                final=True,
            )
        log.info("reading the chat of %s through YouTube's API", escaped(video.title or self._video_id))
        return chat_id(found[0])

    async def _page(self, client: ApiClient, chat: str) -> dict[str, Any]:
        params = {"liveChatId": chat, "part": "id,snippet,authorDetails", "maxResults": str(_PAGE)}
        if self._token:
            params["pageToken"] = self._token
        try:
            answer = await client.ask("liveChat/messages", CHAT, **params)
        except BadRequest:  # the token may be too old
            self._token = ""
            raise
        except NotFound as gone:
            if chat_id(next(iter(await videos(client, [self._video_id])), None)):
                raise ConnectionLost("YouTube closed the chat, but the stream is still live") from gone
            return {"offlineAt": "just now"}
        self._token = string(answer, "nextPageToken")
        self.answered = clock.now()
        return answer

    def _pause(self, interval: object) -> float:
        """Seconds until the next request."""
        asked = interval if type(interval) is int else USUAL_PAUSE * 1000
        least = max(self._quota.pause, SHORTEST_PAUSE)
        return min(max(asked, least * 1000), LONGEST_PAUSE * 1000) / 1000


def _is_over(answer: dict[str, Any], items: list[Any]) -> bool:
    return bool(string(answer, "offlineAt")) or any(
        string(item, "snippet.type") == "chatEndedEvent" for item in items
    )


class ApiFinder:
    """Asks the API. Of a channel it looks at the latest uploads, for a search costs far more."""

    def __init__(self, client: ApiClient, quota: Quota) -> None:
        self._client = client
        self._quota = quota
        self._uploads: dict[StreamAddress, str] = {}

    @property
    def now(self) -> float:
        return self._quota.now

    async def find(self, address: StreamAddress) -> Video | None:
        if address.is_video:
            found = [read_video(item) for item in await videos(self._client, [address.name])]
            absent = Video(address.name, "", "", Airing.NEVER, refusal="it is private, or does not exist")
            return found[0] if found else absent
        playlist = await self._playlist(address)
        try:
            latest = await self._client.ask(
                "playlistItems",
                LIST,
                part="contentDetails",
                playlistId=playlist,
                maxResults=str(_LATEST),
            )
        except NotFound:  # a channel without a single upload
            return None
        ids = [string(item, "contentDetails.videoId") for item in rows(latest, "items")[:_LATEST]]
        found = [read_video(item) for item in await videos(self._client, filter(None, ids))]
        return _next(found)

    async def check(self) -> None:
        """Raises TransportUnavailable when the key does not work."""
        await videos(self._client, ["jNQXAC9IVRw"])  # YouTube's first video; any would do

    async def _playlist(self, address: StreamAddress) -> str:
        """The id of the playlist of all that a channel uploads or streams."""
        if address not in self._uploads:
            self._uploads[address] = "UU" + (await self._channel(address.name)).removeprefix("UC")
        return self._uploads[address]

    async def _channel(self, name: str) -> str:
        kind, _, rest = name.rpartition("/")
        if name.startswith("UC"):
            return name
        if kind == "c":
            raise TransportUnavailable(
                f"YouTube's API cannot look up channel addresses such as /{name}",
                'write the channel\'s "@name" in chat.youtube.streams',
            )
        whom = {"forUsername": rest} if kind == "user" else {"forHandle": name}
        answer = await self._client.ask("channels", LIST, part="id", **whom)
        for item in rows(answer, "items"):
            if channel := string(item, "id"):
                return channel
        raise no_channel(name)


async def videos(client: ApiClient, ids: Iterable[str]) -> list[Any]:
    """What the API says of these videos; nothing of those that are private or do not exist."""
    answer = await client.ask("videos", LIST, part="snippet,liveStreamingDetails", id=",".join(ids))
    return rows(answer, "items")


def chat_id(item: object) -> str:
    """The id of the video's live chat; "" when it has none, or not any more."""
    return string(item, "liveStreamingDetails.activeLiveChatId")


def read_video(item: object) -> Video:
    """The video that the API describes."""
    snippet, stream = table(item, "snippet"), table(item, "liveStreamingDetails")
    airing = _AIRINGS.get(string(snippet, "liveBroadcastContent"), Airing.ENDED if stream else Airing.NEVER)
    return Video(
        clean(string(item, "id"), 20),
        clean(string(snippet, "channelId"), 40),
        clean(string(snippet, "title")),
        airing,
        starts=timestamp(stream, "scheduledStartTime"),
        chatless="" if chat_id(item) or airing is not Airing.LIVE else "it has no chat",
    )


def _next(found: list[Video]) -> Video | None:
    """What is live, else what begins first."""
    live = [video for video in found if video.airing is Airing.LIVE]
    upcoming = [video for video in found if video.airing is Airing.UPCOMING]
    return next(iter(live or sorted(upcoming, key=lambda video: video.starts or math.inf)), None)
