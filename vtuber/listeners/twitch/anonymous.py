"""Twitch's chat, read without an account by the name of the channel.

Anonymous IRC over a websocket: any nick that begins with "justinfan" may read and never write.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.events import Event
from vtuber.core.health import Health
from vtuber.core.recent import Recent
from vtuber.core.text import clean, escaped
from vtuber.listeners.connection import Connection, ConnectionLost
from vtuber.listeners.twitch import irc as twitch_irc

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
JOIN_SECONDS = 8.0
"""A channel that exists is joined much sooner than this. `banban check` waits a little longer."""
QUIET_SECONDS = 90.0
"""After so long without a line the server is asked whether it is still there."""
ANSWER_SECONDS = 15.0
"""How long it may take to answer."""
_BUFFER_LIMIT = 4 * twitch_irc.LINE_LIMIT
_FRAME_LIMIT = 1 << 20
_IDS_KEPT = 4096


class AnonymousTwitchListener:
    """One channel's chat. Reconnects for ever, each pause longer than the one before."""

    def __init__(self, settings: Settings, channel: str, availability: Availability | None = None) -> None:
        self.channel = channel
        """Its login, as ``channel_name`` gives it."""
        self._url = settings.chat.twitch.irc_url
        self._connection = Connection(f"chat.twitch {channel}", availability)
        self.availability = self._connection.availability
        self._parser = twitch_irc.IrcParser()
        self._ids: Recent[str, None] = Recent(_IDS_KEPT)

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """Chat as it happens. Ends only when closed or cancelled."""
        timeout = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    async with self._connected(session) as socket:
                        while True:
                            for line in await socket.lines():
                                if event := self._event(line, socket):
                                    yield replace(event, at=clock.now())
                except ConnectionLost as lost:
                    level = self._connection.lost(lost)
                    log.log(level, "Twitch, #%s: %s", self.channel, escaped(lost.why))
                await asyncio.sleep(self._connection.pause())

    def health(self) -> Health:
        return self._connection.health("without an account")

    @asynccontextmanager
    async def _connected(self, session: aiohttp.ClientSession) -> AsyncIterator[_Socket]:
        try:
            with clock.outside():
                opened = await session.ws_connect(
                    self._url, max_msg_size=_FRAME_LIMIT, timeout=aiohttp.ClientWSTimeout(ws_close=0.5)
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            why = clean(str(error)) or type(error).__name__
            raise ConnectionLost(f"cannot connect: {why}", "check the network") from error
        try:
            socket = _Socket(opened, self.channel)
            await socket.greet()
            yield socket
        finally:
            self._connection.closed()
            await opened.close()

    def _event(self, text: str, socket: _Socket) -> Event | None:
        try:
            line = twitch_irc.parse(text)
        except ValueError as error:
            self._connection.malformed += 1
            log.debug("malformed line from Twitch (%s): %s", error, escaped(text[:200]))
            return None
        match line.command:
            case "RECONNECT":
                raise ConnectionLost("Twitch asked for a new connection", at_once=True)
            case "PING":
                socket.answer(line.params[-1] if line.params else "")
            case "NOTICE":
                self._handle_notice(line)
            case "JOIN" | "ROOMSTATE" | "366" if not socket.joined:
                socket.joined = True
                self._connection.made()
                log.info("reading the chat of #%s", self.channel)
        event = self._parser.event(line)
        if event is None or event.id in self._ids:
            return None
        self._connection.received()
        self._ids.set(event.id, None)
        return event

    def _handle_notice(self, line: twitch_irc.IrcMessage) -> None:
        """Twitch addresses us, not the room."""
        said = clean(line.text)
        log.info("Twitch, #%s: Twitch says: %s", self.channel, escaped(said))
        if line.tags.get("msg-id") in ("msg_channel_suspended", "tos_ban", "msg_banned"):
            raise ConnectionLost(f"Twitch says: {said}", "check chat.twitch.channels")
        if line.params[:1] == ("*",):  # about our greeting, before any channel
            raise ConnectionLost(f"Twitch refuses the connection: {said}")


class _Socket:
    """One websocket: whole lines out of its frames, and a check that it is still alive."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, channel: str) -> None:
        self._socket = socket
        self._channel = channel
        self._rest = ""
        self._answers: deque[str] = deque(maxlen=8)
        self._join_by = clock.now() + JOIN_SECONDS
        self.joined = False

    async def greet(self) -> None:
        await self._send("CAP REQ :twitch.tv/tags twitch.tv/commands")
        await self._send(f"NICK justinfan{random.randrange(10_000, 100_000)}")
        await self._send(f"JOIN #{self._channel}")

    def answer(self, ping: str) -> None:
        """Before the next lines are awaited."""
        self._answers.append(f"PONG :{ping}")

    async def lines(self) -> list[str]:
        """The next whole lines. Raises ConnectionLost when there will be none."""
        while self._answers:
            await self._send(self._answers.popleft())
        await asyncio.sleep(0)  # frames that already wait are handed out without a pause: let others run
        frame = await self._frame()
        if frame.type is aiohttp.WSMsgType.TEXT:
            self._rest += frame.data
        elif frame.type is aiohttp.WSMsgType.BINARY:
            self._rest += frame.data.decode("utf-8", "replace")
        else:
            raise ConnectionLost("the connection was lost")
        *lines, self._rest = self._rest.split("\n")
        if len(self._rest) > _BUFFER_LIMIT:
            raise ConnectionLost("the chat server sent a line without an end", "check chat.twitch.irc_url")
        return [line for line in (whole.rstrip("\r") for whole in lines) if line]

    async def _frame(self) -> aiohttp.WSMessage:
        wait = QUIET_SECONDS if self.joined else self._join_by - clock.now()
        try:
            async with asyncio.timeout(max(0.0, wait)):
                return await self._socket.receive()
        except TimeoutError:
            if not self.joined:
                raise ConnectionLost(
                    f"there is no Twitch channel {self._channel!r}", "check chat.twitch.channels"
                ) from None
        await self._send("PING :banban")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._socket.receive()
        except TimeoutError:
            raise ConnectionLost("Twitch has stopped answering") from None

    async def _send(self, line: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._socket.send_str(line + "\r\n")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ConnectionLost("the connection was lost") from error
