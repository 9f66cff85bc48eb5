"""YouTube's chat as a browser reads it, without a key, with the help of pytchat.

pytchat names a place in a chat (``liveparam``), forms the request, parses the answer and its contents
(``Parser``, ``ChatProcessor``). Its LiveChatAsync is not used: it retries eleven times without a word, drops
answers that were not taken in time, begins to play the recording when a live chat is over, and cannot be
cancelled cleanly.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace
from typing import Any

import httpx
from pytchat import ChatProcessor, config, exceptions, util
from pytchat.paramgen import liveparam
from pytchat.parser.live import Parser

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import Deletion, Event
from vtuber.core.text import escaped
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import rows, string
from vtuber.listeners.youtube.address import StreamAddress
from vtuber.listeners.youtube.browser import Browser, PageNotFound
from vtuber.listeners.youtube.deduplication import HISTORY_SECONDS
from vtuber.listeners.youtube.renderers import ActionParser
from vtuber.listeners.youtube.video import Airing, Video, no_channel, read_page

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 20.0
"""Seconds between two requests; in between, it is as YouTube asks."""
USUAL_PAUSE = 5.0
"""Seconds between two requests when YouTube does not say."""
LONGEST_GAP = 600.0
"""Seconds without a connection after which what was missed is no longer asked for."""

_ASK = httpx.URL(config._sml).raw_path.decode()  # noqa: SLF001  # the one place where pytchat names it
_CHAT = "continuationContents.liveChatContinuation"


@dataclass(frozen=True, slots=True)
class _Answer:
    events: list[Event]
    place: str
    """Where the chat goes on; "" when it is over."""
    pause: float


class PageReader:
    """One video's chat, read by its pages. Goes on where it was when it is read again after a failure."""

    platform = "youtube"

    def __init__(self, settings: Settings, video_id: str, channel: str) -> None:
        self.channel = channel
        self.answered: float | None = None
        """When YouTube last answered with chat, on the show's clock; None until it did."""
        self._video_id = video_id
        self._base_url = settings.chat.youtube.base_url
        self._processor = _Processor(ActionParser(channel))
        self._visitor = ""
        self._since = 0.0
        """Nothing older is delivered, by YouTube's clock; 0 until that is known."""

    @property
    def malformed(self) -> int:
        """How many actions could not be understood."""
        return self._processor.parser.malformed

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens in the chat, until it is over. Raises ConnectionLost when reading failed.

        Raises ListenerError when the video has no chat that everybody may read.
        """
        async with Browser(self._base_url) as browser:
            place = await self._entrance(browser)
            while place:
                answer = self._parsed(await browser.ask(_ASK, self._request(place)))
                self.answered = clock.now()
                for event in answer.events:
                    if isinstance(event, Deletion) or not 0 < event.sent < self._since:
                        yield replace(event, at=clock.now())
                if place := answer.place:
                    await asyncio.sleep(answer.pause)
                else:
                    await self._confirm_end(browser)

    async def _entrance(self, browser: Browser) -> str:
        """Where to begin in the chat; "" when the stream has ended."""
        video = self._readable(await self._watch(browser))
        if video.airing is Airing.ENDED:
            return ""
        if not video.channel_id:
            raise ConnectionLost("YouTube does not say which channel the video belongs to")
        # By YouTube's clock: with a wrong clock here, chat of another time would be asked for.
        here = time.time()
        there = browser.server_time or here
        self._since = self._since or there - HISTORY_SECONDS
        gap = 0.0 if self.answered is None else min(clock.now() - self.answered, LONGEST_GAP)
        back = int(here - there + gap + HISTORY_SECONDS)
        token: str = liveparam.getparam(self._video_id, video.channel_id, past_sec=back)
        log.info("reading the chat of %s on YouTube", escaped(video.title or self._video_id))
        return token

    async def _watch(self, browser: Browser) -> Video | None:
        return read_page(await browser.page("/watch", v=self._video_id, hl="en"))

    def _readable(self, video: Video | None) -> Video:
        """The same video. Raises ListenerError when it has no chat that everybody may read."""
        what, hint = f"the YouTube video {self._video_id!r}", "check the address of the stream"
        if video is None:
            problem = f"{what} does not exist"
        elif video.refusal:
            problem = f"{what} is not public. YouTube says: {video.refusal}"
            hint = "make the video public or unlisted, or choose another one"
        elif video.airing is Airing.NEVER:
            problem = f"{what} is not a live stream"
        elif video.chatless:
            problem = f"{what} has no chat. YouTube says: {video.chatless}"
            hint = "turn the live chat on in the stream's settings"
        else:
            return video
        raise ListenerError(problem, where="chat.youtube.streams", hint=hint, final=True)

    async def _confirm_end(self, browser: Browser) -> None:
        """A chat that ends with its stream is over. Raises when it is not over, or for another reason."""
        video = await self._watch(browser)
        if video is None or video.refusal or video.airing is not Airing.LIVE:
            return
        self._readable(video)
        raise ConnectionLost("YouTube closed the chat, but the stream is still live")

    def _request(self, place: str) -> Any:
        request = util.get_param(place, dat=self._visitor)
        # In other countries "$" stands for other dollars, and in other languages months are named otherwise.
        request["context"]["client"] |= {"hl": "en", "gl": "US"}
        return request

    def _parsed(self, answer: Any) -> _Answer:
        """Parses an answer. Raises ConnectionLost when it is of an unknown kind."""
        parser = Parser(is_replay=False)
        try:
            contents, visitor = parser.get_contents(answer)
            if rows(answer, f"{_CHAT}.continuations"):
                metadata, actions = parser.parse(contents)
            else:  # the last answer; pytchat would fail at it
                metadata, actions = {}, rows(answer, f"{_CHAT}.actions")
        except exceptions.ChatParseException as error:
            raise ConnectionLost(f"YouTube refuses to show the chat: {error}") from None
        except (AttributeError, KeyError, IndexError, TypeError, exceptions.IllegalFunctionCall):
            raise ConnectionLost("YouTube sent an answer that banban does not understand") from None
        self._visitor = self._visitor or (visitor if isinstance(visitor, str) else "")
        pause = _pause(metadata.get("timeoutMs"))
        chat = {"video_id": self._video_id, "timeout": pause, "chatdata": actions}
        return _Answer(self._processor.process([chat]), string(metadata, "continuation"), pause)


class PageFinder:
    """Looks at the page of the video, or at the page on which a channel shows its stream."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @property
    def now(self) -> float:
        return self._browser.server_time

    async def find(self, address: StreamAddress) -> Video | None:
        if address.is_video:
            return read_page(await self._browser.page("/watch", v=address.name, hl="en"))
        folder = "channel/" if address.name.startswith("UC") else ""
        try:
            video = read_page(await self._browser.page(f"/{folder}{address.name}/live", hl="en"))
        except PageNotFound:
            raise no_channel(address.name) from None
        return video if video and video.airing in (Airing.LIVE, Airing.UPCOMING) else None


class _Processor(ChatProcessor):  # type: ignore[misc]  # pytchat ships no types
    """Takes what pytchat calls chat components, and makes events of the actions in them."""

    def __init__(self, parser: ActionParser) -> None:
        self.parser = parser

    def process(self, chat_components: Iterable[dict[str, Any]]) -> list[Event]:
        found = (
            self.parser.event(action)
            for component in chat_components
            for action in rows(component, "chatdata")
        )
        return [event for event in found if event is not None]


def _pause(timeout_ms: object) -> float:
    """Seconds until the next request."""
    if type(timeout_ms) is not int:
        return USUAL_PAUSE
    return min(max(timeout_ms, SHORTEST_PAUSE * 1000), LONGEST_PAUSE * 1000) / 1000
