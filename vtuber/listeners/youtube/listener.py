"""One entry of ``chat.youtube.streams``: waits for its stream, reads its chat, and says when it has ended.

A video or channel whose chat cannot be read is looked at again from time to time, for most of what stands in
the way (it is private, its chat is off) can be changed in YouTube Studio while the show runs.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError, ListenerError
from vtuber.core.events import Event, StreamStatus
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.listeners.buffer import EventBuffer
from vtuber.listeners.connection import Connection, ConnectionLost
from vtuber.listeners.youtube import address
from vtuber.listeners.youtube.address import StreamAddress
from vtuber.listeners.youtube.api import ApiFinder, ApiReader
from vtuber.listeners.youtube.api_client import KEY, ApiClient, Quota, key
from vtuber.listeners.youtube.browser import Browser
from vtuber.listeners.youtube.deduplication import HISTORY_SECONDS, Deduplicator
from vtuber.listeners.youtube.pages import PageFinder, PageReader
from vtuber.listeners.youtube.transports import ChatReader, Transport, Transports, TransportUnavailable
from vtuber.listeners.youtube.video import CHAT_ENDED, ENDED, Assessment, Step, Video, assess, blocked

log = logging.getLogger(__name__)

QUIET_SECONDS = 300.0
"""After so long without a message it is checked whether the stream goes on."""
CHECK_SECONDS = 5.0
"""How long the show waits for the verdict on a key that may be needed later."""
BUFFER_LIMIT = 4000
"""Events that wait to be taken; while there are more, the chat is not read on."""
CLOSE_SECONDS = 2.0
"""How long a reader may take to close its connections."""
_POLL_SECONDS = 0.25
"""A reader does not say when it is first answered: that is checked so often."""

_STATES = {Step.WAIT: State.OK, Step.BLOCKED: State.DOWN, Step.OVER: State.OFF}
_PAGES, _API = "YouTube's pages", "the API"


def build(settings: Settings) -> list[YouTubeListener]:
    """A listener for each of ``chat.youtube.streams``. Raises ConfigError for what cannot be one."""
    options = settings.chat.youtube
    if options.way == "api" and options.streams and not key():
        raise ConfigError(
            "YouTube's API cannot be used without a key",
            where="chat.youtube.way",
            hint=f'put a key into the environment variable {KEY}, or set the way to "auto"',
        )
    addresses = [
        address.parse(given, f"chat.youtube.streams[{index}]") for index, given in enumerate(options.streams)
    ]
    quota = Quota(options.daily_units)  # one, for they share the key
    return [YouTubeListener(settings, one, quota) for one in dict.fromkeys(addresses)]


class YouTubeListener:
    """Tries again for ever; ends only with the stream of an entry that is one video."""

    def __init__(self, settings: Settings, address: StreamAddress, quota: Quota) -> None:
        self.address = address
        self._settings = settings
        self._quota = quota
        self._connection = Connection(f"chat.youtube {address.name}")
        self.availability = self._connection.availability
        self._transports = Transports([])
        self._used: Transport | None = None
        """The transport that the chat is read by; None while it is not read."""
        self._assessment: Assessment | None = None
        """Why there is no chat to read, where nothing is broken."""
        self._live: Video | None = None
        """The stream whose beginning was delivered."""
        self._deduplicator = Deduplicator()
        self._pause = 0.0

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """Chat, and the stream's beginning and end, as they happen."""
        async with AsyncExitStack() as stack:
            stack.callback(self._connection.closed)
            self._transports = Transports(await self._open(stack))
            while self._assessment != ENDED:
                async with aclosing(self._attempt()) as events:
                    async for event in events:
                        yield replace(event, at=clock.now())
                await asyncio.sleep(self._pause)

    def health(self) -> Health:
        if found := self._assessment:
            contact = self._connection.contact()
            health = Health(self._connection.part, _STATES[found.step], found.what, found.hint, contact)
        else:
            health = self._connection.health(f"through {self._used.name}" if self._used else "")
        if health.state is not State.OK:
            return health
        others = self._transports.others(self._used)
        uses_api = self._settings.chat.youtube.way == "api" or (self._used and self._used.name == _API)
        notes = [health.what, *([str(self._quota)] if uses_api else []), *(lost.why for lost in others)]
        health = replace(health, what=", ".join(notes))
        return replace(health, state=State.LIMITED, hint=others[0].hint) if others else health

    # Looking for the stream.

    async def _open(self, stack: AsyncExitStack) -> list[Transport]:
        """The transports that config asks for, the best first."""
        settings, way, name = self._settings, self._settings.chat.youtube.way, self.address.name
        transports: list[Transport] = []
        if way != "api":
            browser = await stack.enter_async_context(Browser(settings.chat.youtube.base_url))
            pages = Transport(_PAGES, PageFinder(browser), lambda video: PageReader(settings, video, name))
            transports.append(pages)
        if way == "api" or (way == "auto" and key()):
            client = await stack.enter_async_context(ApiClient(settings, self._quota))
            finder = ApiFinder(client, self._quota)
            api = Transport(_API, finder, lambda video: ApiReader(settings, video, name, self._quota))
            transports.append(api)
            if way == "auto":
                await self._check_key(finder, api)
        return transports

    async def _check_key(self, finder: ApiFinder, api: Transport) -> None:
        """A key that does not work is better known now than when it is needed."""
        with suppress(TimeoutError, ConnectionLost, ListenerError):
            async with asyncio.timeout(CHECK_SECONDS):
                try:
                    await finder.check()
                except TransportUnavailable as unavailable:
                    api.failed(unavailable)
                    log.warning("YouTube: %s", escaped(f"{unavailable.why}; {unavailable.hint}"))

    async def _attempt(self) -> AsyncGenerator[Event, None]:
        """Looks how the stream is, and reads its chat while that is possible."""
        transport = self._transports.choice()
        if transport is None:
            self._wait_until_available()
            return
        try:
            video = await transport.finder.find(self._target())
            found = assess(video, self.address)
            for status in self._changes(transport, video, found):
                yield status
            if video and found.step is Step.READ:
                async with aclosing(self._read(transport, video)) as events:
                    async for event in events:
                        yield event
            else:
                self._rest(found)
        except ConnectionLost as lost:
            self._lose(transport, lost)
        except ListenerError as error:
            self._rest(blocked(error.what, error.hint))

    def _target(self) -> StreamAddress:
        """What to look at: once a stream has begun, that one until it ends, whatever its channel shows."""
        return replace(self.address, name=self._live.id, is_video=True) if self._live else self.address

    def _changes(self, transport: Transport, video: Video | None, found: Assessment) -> list[StreamStatus]:
        """What has changed of the stream itself."""
        if self._live and not found.goes_on:
            ended, self._live = self._live, None
            return [self._status(ended, live=False)]
        if video and found.step is Step.READ and not self._live:
            self._live = video
            self._deduplicator = Deduplicator()
            if now := transport.finder.now:
                self._deduplicator.since = now - HISTORY_SECONDS
            return [self._status(video, live=True)]
        return []

    def _status(self, video: Video, *, live: bool) -> StreamStatus:
        identity = f"{video.id}-{'live' if live else 'ended'}"
        return StreamStatus(identity, "youtube", self.address.name, live=live, title=video.title)

    # Reading its chat.

    async def _read(self, transport: Transport, video: Video) -> AsyncGenerator[Event, None]:
        """What the transport brings, until it ends, breaks, or a better one is to be tried again."""
        reader = transport.reader(video)
        answered, malformed, connected = reader.answered, reader.malformed, False
        received_at = clock.now()
        async with _buffered(reader) as buffer:
            while clock.now() < self._transports.better_at(transport):
                wait = QUIET_SECONDS if connected else _POLL_SECONDS
                batch = await buffer.take(min(clock.now() + wait, self._transports.better_at(transport)))
                if not connected and reader.answered != answered:
                    connected = True
                    self._connect(transport)
                if batch is None:
                    self._rest(CHAT_ENDED)
                    return
                self._connection.malformed += reader.malformed - malformed
                malformed = reader.malformed
                if batch:
                    received_at = clock.now()
                    self._connection.received()
                    for event in self._deduplicator.new(batch, transport.name):
                        yield event
                elif clock.now() - received_at >= QUIET_SECONDS:
                    received_at = clock.now()
                    if not await self._goes_on(transport):
                        break
        self._pause = 0.0

    async def _goes_on(self, transport: Transport) -> bool:
        try:
            return assess(await transport.finder.find(self._target()), self.address).goes_on
        except ConnectionLost:
            return True  # as far as we know

    # Its state.

    def _connect(self, transport: Transport) -> None:
        if not self._connection.stands:
            self._connection.made()
        self._used, self._assessment = transport, None
        transport.worked()
        log.info("reading the YouTube chat of %s through %s", escaped(self.address.name), transport.name)

    def _rest(self, found: Assessment) -> None:
        """There is no chat to read for now. Who waits for chats need not wait for a stream."""
        self._connection.closed()
        self.availability.set(ready=found.step is Step.WAIT)
        if found != self._assessment:
            level = logging.WARNING if found.step is Step.BLOCKED else logging.INFO
            log.log(level, "YouTube, %s: %s", escaped(self.address.name), escaped(found.what))
        self._used, self._assessment = None, found
        self._pause = found.again * random.uniform(0.75, 1.25)

    def _lose(self, transport: Transport, lost: ConnectionLost) -> None:
        is_new = transport.trouble is None or transport.trouble.why != lost.why
        transport.failed(lost)
        level = logging.WARNING if is_new else logging.DEBUG
        log.log(level, "YouTube, %s: %s: %s", escaped(self.address.name), transport.name, escaped(lost.why))
        if self._used not in (None, transport):  # a better one was tried in vain: back to the other
            self._pause = 0.0
            return
        self._used, self._assessment = None, None
        trouble = self._transports.trouble()
        if self._settings.chat.youtube.way == "auto" and not key():
            hint = f"put an API key into {KEY}, and banban will use YouTube's API when this happens"
            trouble = ConnectionLost(trouble.why, "; ".join(filter(None, [trouble.hint, hint])))
        self._connection.lost(trouble)
        self._pause = self._connection.pause()

    def _wait_until_available(self) -> None:
        """No transport is available. Raises ListenerError when none will ever be."""
        trouble = self._transports.trouble()
        wait = self._transports.available_at() - clock.now()
        if wait == math.inf:
            raise ListenerError(trouble.why, where=self.address.where, hint=trouble.hint, final=True)
        self._pause = wait


@asynccontextmanager
async def _buffered(reader: ChatReader) -> AsyncIterator[EventBuffer]:
    """Reads the chat into a buffer, in a task of its own, until the body ends."""
    buffer = EventBuffer(BUFFER_LIMIT)

    async def read() -> None:
        async with aclosing(reader.events()) as events:
            async for event in events:
                await buffer.put(event)

    task = asyncio.create_task(read())
    buffer.watch(task)
    try:
        yield buffer
    finally:
        task.cancel()
        with clock.outside():
            await asyncio.wait([task], timeout=CLOSE_SECONDS)
