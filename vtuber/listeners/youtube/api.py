"""YouTube's chat through the official API, asked for as often as YouTube and the quota allow.

After https://developers.google.com/youtube/v3/live/docs/liveChatMessages/list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event
from vtuber.core.text import escaped
from vtuber.listeners.connection import Lost
from vtuber.listeners.youtube.client import Client, Gone, Misasked
from vtuber.listeners.youtube.finders import chat_id, read, videos
from vtuber.listeners.youtube.items import Reader
from vtuber.listeners.youtube.quota import CHAT, Quota
from vtuber.listeners.youtube.tree import at, rows, string
from vtuber.listeners.youtube.watch import Airing

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
"""Seconds between two questions; in between, it is as YouTube wishes, or as the quota allows."""
USUAL_PAUSE = 5.0
"""When YouTube does not say."""
_PAGE = 2000
"""Messages in one answer, at most."""


class Api:
    """One video's chat, read with an API key. May be read again after it broke, and goes on where it was."""

    def __init__(self, settings: Settings, video_id: str, channel: str, quota: Quota | None = None) -> None:
        self.answered: float | None = None
        """When YouTube last answered with chat, on the show's clock; None until it did."""
        self._settings = settings
        self._video_id = video_id
        self._quota = quota or Quota(settings.chat.youtube.daily_units)
        self._reader = Reader(channel)
        self._token = ""
        """Where the chat goes on; "" for its beginning, or as much of it as YouTube remembers."""

    @property
    def odd(self) -> int:
        """How many pieces of what came could not be understood."""
        return self._reader.odd

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens in the chat, until it is over; first what was said before. Raises Lost when it broke.

        Raises ListenerError when the video has no chat that everybody may read.
        """
        async with Client(self._settings, self._quota) as client:
            chat = await self._chat(client)
            while chat:
                answer = await self._page(client, chat)
                items = rows(answer, "items")
                for item in items:
                    if event := self._reader.event(item):
                        yield replace(event, at=clock.now())
                if _is_over(answer, items):
                    return
                await asyncio.sleep(self._pause(at(answer, "pollingIntervalMillis")))

    async def _chat(self, client: Client) -> str:
        """The id of the video's chat; "" when the stream has ended."""
        found = await videos(client, [self._video_id])
        if not found:
            raise ListenerError(
                f"the YouTube video {self._video_id!r} is private, or does not exist",
                where="chat.youtube.streams",
                hint="make it public or unlisted, or give another one",
                final=True,
            )
        video = read(found[0])
        if video.airing is Airing.LIVE and video.chatless:
            raise ListenerError(
                f"the YouTube video {self._video_id!r} has no chat",
                where="chat.youtube.streams",
                hint="switch the live chat on, in the stream's settings",
                final=True,
            )
        log.info("reading the chat of %s through YouTube's API", escaped(video.title or self._video_id))
        return chat_id(found[0])

    async def _page(self, client: Client, chat: str) -> dict[str, Any]:
        params = {"liveChatId": chat, "part": "id,snippet,authorDetails", "maxResults": str(_PAGE)}
        if self._token:
            params["pageToken"] = self._token
        try:
            answer = await client.ask("liveChat/messages", CHAT, **params)
        except Misasked:  # the token may be too old
            self._token = ""
            raise
        except Gone as gone:
            if chat_id(next(iter(await videos(client, [self._video_id])), None)):
                raise Lost("YouTube closed the chat, though the stream goes on") from gone
            return {"offlineAt": "just now"}
        self._token = string(answer, "nextPageToken")
        self.answered = clock.now()
        return answer

    def _pause(self, interval: object) -> float:
        """Seconds until the next question."""
        asked = interval if type(interval) is int else USUAL_PAUSE * 1000
        least = max(self._quota.pause, SHORTEST_PAUSE)
        return min(max(asked, least * 1000), LONGEST_PAUSE * 1000) / 1000


def _is_over(answer: dict[str, Any], items: list[Any]) -> bool:
    return bool(string(answer, "offlineAt")) or any(
        string(item, "snippet.type") == "chatEndedEvent" for item in items
    )
