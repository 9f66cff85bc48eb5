"""Which video a source means now, and how it is: by the pages, or by the API."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Protocol

from vtuber.core.text import clean
from vtuber.listeners.youtube import watch
from vtuber.listeners.youtube.browser import Browser, Missing
from vtuber.listeners.youtube.client import Client, Gone
from vtuber.listeners.youtube.items import sent
from vtuber.listeners.youtube.quota import LIST, Quota
from vtuber.listeners.youtube.source import Source
from vtuber.listeners.youtube.tree import rows, string, table
from vtuber.listeners.youtube.watch import Airing, Video
from vtuber.listeners.youtube.way import Refused

_LATEST = 50
"""So many of a channel's videos are looked at: as many as one request may ask for."""
_AIRINGS = {"live": Airing.LIVE, "upcoming": Airing.UPCOMING}


class Finder(Protocol):
    """Asks over connections that somebody else opens and closes."""

    @property
    def now(self) -> float:
        """What time it is on YouTube's clock; 0 while nobody knows."""
        ...

    async def find(self, source: Source) -> Video | None:
        """The video; of a channel, what is live there or comes next, else None. Raises Lost."""
        ...


class PageFinder:
    """Looks at the page of the video, or at the page on which a channel shows its stream."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @property
    def now(self) -> float:
        return self._browser.server_time

    async def find(self, source: Source) -> Video | None:
        if source.is_video:
            return watch.read(await self._browser.page("/watch", v=source.name, hl="en"))
        folder = "channel/" if source.name.startswith("UC") else ""
        try:
            video = watch.read(await self._browser.page(f"/{folder}{source.name}/live", hl="en"))
        except Missing:
            raise _no_channel(source.name) from None
        return video if video and video.airing in (Airing.LIVE, Airing.UPCOMING) else None


class ApiFinder:
    """Asks the API. Of a channel it looks at the latest uploads, for a search costs far more."""

    def __init__(self, client: Client, quota: Quota) -> None:
        self._client = client
        self._quota = quota
        self._uploads: dict[Source, str] = {}

    @property
    def now(self) -> float:
        return self._quota.now

    async def find(self, source: Source) -> Video | None:
        if source.is_video:
            found = [read(item) for item in await videos(self._client, [source.name])]
            absent = Video(source.name, "", "", Airing.NEVER, refusal="it is private, or does not exist")
            return found[0] if found else absent
        playlist = await self._playlist(source)
        try:
            latest = await self._client.ask(
                "playlistItems",
                LIST,
                part="contentDetails",
                playlistId=playlist,
                maxResults=str(_LATEST),
            )
        except Gone:  # a channel without a single upload
            return None
        ids = [string(item, "contentDetails.videoId") for item in rows(latest, "items")[:_LATEST]]
        found = [read(item) for item in await videos(self._client, filter(None, ids))]
        return _next(found)

    async def check(self) -> None:
        """Raises Refused when the key is of no use."""
        await videos(self._client, ["jNQXAC9IVRw"])  # YouTube's first video; any would do

    async def _playlist(self, source: Source) -> str:
        """The id of the playlist of all that a channel uploads or streams."""
        if source not in self._uploads:
            self._uploads[source] = "UU" + (await self._channel(source.name)).removeprefix("UC")
        return self._uploads[source]

    async def _channel(self, name: str) -> str:
        kind, _, rest = name.rpartition("/")
        if name.startswith("UC"):
            return name
        if kind == "c":
            raise Refused(
                f"YouTube's API does not know channels by addresses such as /{name}",
                'write the channel\'s "@name" in chat.youtube.streams',
            )
        whom = {"forUsername": rest} if kind == "user" else {"forHandle": name}
        answer = await self._client.ask("channels", LIST, part="id", **whom)
        for item in rows(answer, "items"):
            if channel := string(item, "id"):
                return channel
        raise _no_channel(name)


async def videos(client: Client, ids: Iterable[str]) -> list[Any]:
    """What the API says of these videos; nothing of those that are private or do not exist."""
    answer = await client.ask("videos", LIST, part="snippet,liveStreamingDetails", id=",".join(ids))
    return rows(answer, "items")


def chat_id(item: object) -> str:
    """The id of the video's live chat; "" when it has none, or not any more."""
    return string(item, "liveStreamingDetails.activeLiveChatId")


def read(item: object) -> Video:
    """The video of which the API tells."""
    snippet, stream = table(item, "snippet"), table(item, "liveStreamingDetails")
    airing = _AIRINGS.get(string(snippet, "liveBroadcastContent"), Airing.ENDED if stream else Airing.NEVER)
    return Video(
        clean(string(item, "id"), 20),
        clean(string(snippet, "channelId"), 40),
        clean(string(snippet, "title")),
        airing,
        starts=sent(string(stream, "scheduledStartTime")),
        chatless="" if chat_id(item) or airing is not Airing.LIVE else "it has no chat",
    )


def _no_channel(name: str) -> Missing:
    return Missing(f"YouTube knows no channel {name!r}", "check chat.youtube.streams")


def _next(found: list[Video]) -> Video | None:
    """What is live, else what begins first."""
    live = [video for video in found if video.airing is Airing.LIVE]
    upcoming = [video for video in found if video.airing is Airing.UPCOMING]
    return next(iter(live or sorted(upcoming, key=lambda video: video.starts or math.inf)), None)
