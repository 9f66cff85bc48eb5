"""One entry of ``chat.youtube.streams``: waits for its stream, hears it by whatever way works, says it ended.

A video or channel that cannot be heard is looked at again from time to time, for most of what stands in the
way (it is private, its chat is off) can be changed in YouTube Studio while the show runs.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event, StreamStatus
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.listeners.connection import Connection, Lost
from vtuber.listeners.youtube.api import Api
from vtuber.listeners.youtube.browser import Browser
from vtuber.listeners.youtube.client import KEY, Client, key
from vtuber.listeners.youtube.finders import ApiFinder, PageFinder
from vtuber.listeners.youtube.inflow import flowing
from vtuber.listeners.youtube.news import HISTORY_SECONDS, News
from vtuber.listeners.youtube.outlook import CHAT_ENDED, ENDED, Outlook, Step, barred, outlook
from vtuber.listeners.youtube.pages import Pages
from vtuber.listeners.youtube.quota import Quota
from vtuber.listeners.youtube.routes import Route, Routes
from vtuber.listeners.youtube.source import Source
from vtuber.listeners.youtube.watch import Video
from vtuber.listeners.youtube.way import Refused

log = logging.getLogger(__name__)

QUIET_SECONDS = 300.0
"""After so long without a word we look whether the stream goes on."""
CHECK_SECONDS = 5.0
"""How long the show waits for the verdict on a key that may be needed later."""
_GLANCE_SECONDS = 0.25
"""A way says when it was answered, not that it was: so often we look."""

_STATES = {Step.WAIT: State.OK, Step.BARRED: State.DOWN, Step.OVER: State.OFF}
_PAGES, _API = "the pages", "the API"


class Stream:
    """Tries again for ever; ends only with the stream of an entry that is one video."""

    def __init__(self, settings: Settings, source: Source, quota: Quota) -> None:
        self.source = source
        self._settings = settings
        self._quota = quota
        self._connection = Connection(f"chat.youtube {source.name}")
        self._routes = Routes([])
        self._by: Route | None = None
        """By which way it is heard; None while it is not."""
        self._outlook: Outlook | None = None
        """Why nothing is heard, where nothing is broken."""
        self._begun: Video | None = None
        self._news = News()
        self._pause = 0.0

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """Chat, and the stream's beginning and end, as they happen."""
        async with AsyncExitStack() as stack:
            stack.callback(self._connection.closed)
            self._routes = Routes(await self._open(stack))
            while self._outlook != ENDED:
                async with aclosing(self._attempt()) as events:
                    async for event in events:
                        yield replace(event, at=clock.now())
                await asyncio.sleep(self._pause)

    def health(self) -> Health:
        if view := self._outlook:
            contact = self._connection.contact()
            health = Health(self._connection.part, _STATES[view.step], view.what, view.hint, contact)
        else:
            health = self._connection.health(f"by {self._by.name}" if self._by else "")
        if health.state is not State.OK:
            return health
        others = self._routes.others(self._by)
        asks_api = self._settings.chat.youtube.way == "api" or (self._by and self._by.name == _API)
        told = [health.what, *([str(self._quota)] if asks_api else []), *(lost.why for lost in others)]
        health = replace(health, what=", ".join(told))
        return replace(health, state=State.LIMITED, hint=others[0].hint) if others else health

    # Looking.

    async def _open(self, stack: AsyncExitStack) -> list[Route]:
        """The ways that config asks for, the best first."""
        settings, way, name = self._settings, self._settings.chat.youtube.way, self.source.name
        routes: list[Route] = []
        if way != "api":
            browser = await stack.enter_async_context(Browser(settings.chat.youtube.base_url))
            routes.append(Route(_PAGES, PageFinder(browser), lambda video: Pages(settings, video, name)))
        if way == "api" or (way == "auto" and key()):
            client = await stack.enter_async_context(Client(settings, self._quota))
            finder = ApiFinder(client, self._quota)
            routes.append(Route(_API, finder, lambda video: Api(settings, video, name, self._quota)))
            if way == "auto":
                await self._check_key(finder, routes[-1])
        return routes

    async def _check_key(self, finder: ApiFinder, route: Route) -> None:
        """Better to hear now that a key is of no use than when it is needed."""
        with suppress(TimeoutError, Lost, ListenerError):
            async with asyncio.timeout(CHECK_SECONDS):
                try:
                    await finder.check()
                except Refused as refused:
                    route.failed(refused)
                    log.warning("YouTube: %s", escaped(f"{refused.why}; {refused.hint}"))

    async def _attempt(self) -> AsyncGenerator[Event, None]:
        """Looks how the stream is, and hears it while it can be heard."""
        route = self._routes.choice()
        if route is None:
            self._await_leave()
            return
        try:
            video = await route.finder.find(self._target())
            view = outlook(video, self.source)
            for status in self._turn(route, video, view):
                yield status
            if video and view.step is Step.HEAR:
                async with aclosing(self._hear(route, video)) as events:
                    async for event in events:
                        yield event
            else:
                self._rest(view)
        except Lost as lost:
            self._lose(route, lost)
        except ListenerError as error:
            self._rest(barred(error.what, error.hint))

    def _target(self) -> Source:
        """What to look at: once a stream has begun, that one until it ends, whatever its channel shows."""
        return replace(self.source, name=self._begun.id, is_video=True) if self._begun else self.source

    def _turn(self, route: Route, video: Video | None, view: Outlook) -> list[StreamStatus]:
        """What has changed of the stream itself."""
        if self._begun and not view.goes_on:
            ended, self._begun = self._begun, None
            return [self._status(ended, live=False)]
        if video and view.step is Step.HEAR and not self._begun:
            self._begun = video
            self._news = News()
            if now := route.finder.now:
                self._news.since = now - HISTORY_SECONDS
            return [self._status(video, live=True)]
        return []

    def _status(self, video: Video, *, live: bool) -> StreamStatus:
        identity = f"{video.id}-{'live' if live else 'ended'}"
        return StreamStatus(identity, "youtube", self.source.name, live=live, title=video.title)

    # Hearing.

    async def _hear(self, route: Route, video: Video) -> AsyncGenerator[Event, None]:
        """What the way brings, until it ends, breaks, or a better one is to be tried again."""
        way = route.way(video)
        answered, odd, made = way.answered, way.odd, False
        heard_at = clock.now()
        async with flowing(way) as inflow:
            while clock.now() < self._routes.better(route):
                patience = QUIET_SECONDS if made else _GLANCE_SECONDS
                batch = await inflow.batch(min(clock.now() + patience, self._routes.better(route)))
                if not made and way.answered != answered:
                    made = True
                    self._make(route)
                if batch is None:
                    self._rest(CHAT_ENDED)
                    return
                self._connection.odd += way.odd - odd
                odd = way.odd
                if batch:
                    heard_at = clock.now()
                    self._connection.heard()
                    for event in self._news.of(batch, route.name):
                        yield event
                elif clock.now() - heard_at >= QUIET_SECONDS:
                    heard_at = clock.now()
                    if not await self._goes_on(route):
                        break
        self._pause = 0.0

    async def _goes_on(self, route: Route) -> bool:
        try:
            return outlook(await route.finder.find(self._target()), self.source).goes_on
        except Lost:
            return True  # as far as we know

    # How it is.

    def _make(self, route: Route) -> None:
        if not self._connection.stands:
            self._connection.made()
        self._by, self._outlook = route, None
        route.worked()
        log.info("hearing the YouTube stream of %s by %s", escaped(self.source.name), route.name)

    def _rest(self, view: Outlook) -> None:
        """There is nothing to hear for now."""
        self._connection.closed()
        if view != self._outlook:
            level = logging.WARNING if view.step is Step.BARRED else logging.INFO
            log.log(level, "YouTube, %s: %s", escaped(self.source.name), escaped(view.what))
        self._by, self._outlook = None, view
        self._pause = view.again * random.uniform(0.75, 1.25)

    def _lose(self, route: Route, lost: Lost) -> None:
        is_news = route.trouble is None or route.trouble.why != lost.why
        route.failed(lost)
        level = logging.WARNING if is_news else logging.DEBUG
        log.log(level, "YouTube, %s: %s: %s", escaped(self.source.name), route.name, escaped(lost.why))
        if self._by not in (None, route):  # a better one was tried in vain: back to the other
            self._pause = 0.0
            return
        self._by, self._outlook = None, None
        trouble = self._routes.trouble()
        if self._settings.chat.youtube.way == "auto" and not key():
            hint = f"with a key in {KEY}, the official API would take over"
            trouble = Lost(trouble.why, "; ".join(filter(None, [trouble.hint, hint])))
        self._connection.lost(trouble)
        self._pause = self._connection.pause()

    def _await_leave(self) -> None:
        """Every way refuses. Raises ListenerError when they will for ever."""
        trouble = self._routes.trouble()
        wait = self._routes.again() - clock.now()
        if wait == math.inf:
            raise ListenerError(trouble.why, where=self.source.where, hint=trouble.hint, final=True)
        self._pause = wait
