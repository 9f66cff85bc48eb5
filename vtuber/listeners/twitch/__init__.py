"""Twitch's chat by the name of a channel, read without an account.

Anonymous IRC over a websocket: any nick that begins with "justinfan" may read and never write.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp

from vtuber import clock
from vtuber.config import Settings
from vtuber.errors import ConfigError
from vtuber.events import Event
from vtuber.health import Health, State
from vtuber.listeners.twitch import irc as twitch_irc
from vtuber.text import clean, escaped

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
JOIN_SECONDS = 15.0
"""A channel that exists is joined much sooner than this."""
QUIET_SECONDS = 90.0
"""After so long without a word we ask the server whether it is still there."""
ANSWER_SECONDS = 15.0
"""How long it may take to say so."""
LONGEST_WAIT = 60.0
"""Between two attempts to connect."""
_BUFFER_LIMIT = 4 * twitch_irc.LINE_LIMIT
_FRAME_LIMIT = 1 << 20
_IDS_KEPT = 4096

_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,25}")


def channel_name(given: str) -> str:
    """The login of a channel from whatever a streamer pastes. Raises ConfigError when it can be none."""
    name = re.sub(r"^(https?://)?((www|m)\.)?twitch\.tv/(popout/)?", "", given.strip(), flags=re.IGNORECASE)
    name = re.split(r"[/?#]", name.lstrip("#@"), maxsplit=1)[0]
    if not _CHANNEL.fullmatch(name):
        raise ConfigError(
            f"{escaped(given[:60])!r} is no name of a Twitch channel",
            where="chat.twitch.channel",
            cure="write the name as it stands in the channel's address: letters, digits and _",
        )
    return name.lower()


class _Lost(Exception):  # noqa: N818 - it is raised as one says it
    """The connection is of no more use. Says why and what the streamer can do."""

    def __init__(self, why: str, cure: str = "", *, at_once: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.cure = cure
        self.at_once = at_once


class Twitch:
    """Reconnects for ever, each wait longer than the one before, until it was in the channel again."""

    def __init__(self, settings: Settings) -> None:
        self.channel = channel_name(settings.chat.twitch.channel)
        self._url = settings.chat.twitch.irc_url
        self._reader = twitch_irc.Reader()
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._joined_at: float | None = None
        self._heard_at: float | None = None
        self._connections = 0
        self._failures = 0
        self._odd = 0
        self._trouble = _Lost("not connected yet")

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """Chat as it happens. Ends only when closed or cancelled."""
        timeout = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    async with self._connection(session) as connection:
                        while True:
                            for line in await connection.lines():
                                if event := self._understood(line, connection):
                                    yield replace(event, at=clock.now())
                except _Lost as lost:
                    self._note(lost)
                await asyncio.sleep(self._wait())

    def health(self) -> Health:
        if self._joined_at is None:
            what = f"#{self.channel}: {self._trouble.why}"
            return Health("chat.twitch", State.DOWN, what, self._trouble.cure)
        what = f"#{self.channel}, connected for {_duration(clock.now() - self._joined_at)}"
        if self._heard_at is not None:
            what += f", last heard {_duration(clock.now() - self._heard_at)} ago"
        if self._connections > 1:
            what += f", {self._connections - 1} reconnects"
        if self._odd:
            what += f", {self._odd} odd lines"
        return Health("chat.twitch", State.OK, what)

    @asynccontextmanager
    async def _connection(self, session: aiohttp.ClientSession) -> AsyncIterator[_Connection]:
        try:
            with clock.outside():
                socket = await session.ws_connect(
                    self._url, max_msg_size=_FRAME_LIMIT, timeout=aiohttp.ClientWSTimeout(ws_close=0.5)
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            why = clean(str(error)) or type(error).__name__
            raise _Lost(f"cannot connect: {why}", "check the network") from error
        try:
            connection = _Connection(socket, self.channel)
            await connection.greet()
            yield connection
        finally:
            self._joined_at = None
            await socket.close()

    def _understood(self, text: str, connection: _Connection) -> Event | None:
        try:
            line = twitch_irc.parse(text)
        except ValueError as error:
            self._odd += 1
            log.debug("odd line from Twitch (%s): %s", error, escaped(text[:200]))
            return None
        match line.command:
            case "RECONNECT":
                raise _Lost("Twitch asked to connect again", at_once=True)
            case "PING":
                connection.answer(line.params[-1] if line.params else "")
            case "NOTICE":
                self._heed(line)
            case "JOIN" | "ROOMSTATE" | "366" if self._joined_at is None:
                connection.joined = True
                self._joined_at = clock.now()
                self._connections += 1
                self._failures = 0
                log.info("reading the chat of #%s", self.channel)
        event = self._reader.event(line)
        if event is None or event.id in self._ids:
            return None
        self._heard_at = clock.now()
        self._ids[event.id] = None
        if len(self._ids) > _IDS_KEPT:
            self._ids.popitem(last=False)
        return event

    def _heed(self, line: twitch_irc.Line) -> None:
        """Twitch says something to us, not to the room."""
        said = clean(line.text)
        log.info("Twitch says: %s", escaped(said))
        if line.tags.get("msg-id") in ("msg_channel_suspended", "tos_ban", "msg_banned"):
            raise _Lost(f"Twitch says: {said}", "check chat.twitch.channel")
        if line.params[:1] == ("*",):  # about our greeting, before any channel
            raise _Lost(f"Twitch does not let us in: {said}")

    def _note(self, lost: _Lost) -> None:
        self._trouble = lost
        self._failures = 0 if lost.at_once else self._failures + 1
        log.warning("Twitch, #%s: %s", self.channel, escaped(lost.why))

    def _wait(self) -> float:
        """Seconds until the next attempt: 1, 2, 4… at most; less by chance, so that a crowd spreads."""
        return min(LONGEST_WAIT, 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1.0)


class _Connection:
    """One websocket: whole lines out of its frames, and the certainty that it still lives."""

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
        """The next whole lines. Raises _Lost when there will be none."""
        while self._answers:
            await self._send(self._answers.popleft())
        await asyncio.sleep(0)  # frames that already wait are handed out without a pause: let others run
        frame = await self._frame()
        if frame.type is aiohttp.WSMsgType.TEXT:
            self._rest += frame.data
        elif frame.type is aiohttp.WSMsgType.BINARY:
            self._rest += frame.data.decode("utf-8", "replace")
        else:
            raise _Lost("the connection was lost")
        *lines, self._rest = self._rest.split("\n")
        if len(self._rest) > _BUFFER_LIMIT:
            raise _Lost("the server sends a line without an end", "check chat.twitch.irc_url")
        return [line for line in (whole.rstrip("\r") for whole in lines) if line]

    async def _frame(self) -> aiohttp.WSMessage:
        wait = QUIET_SECONDS if self.joined else self._join_by - clock.now()
        try:
            async with asyncio.timeout(max(0.0, wait)):
                return await self._socket.receive()
        except TimeoutError:
            if not self.joined:
                raise _Lost(
                    f"Twitch does not know the channel {self._channel!r}", "check chat.twitch.channel"
                ) from None
        await self._send("PING :banban")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._socket.receive()
        except TimeoutError:
            raise _Lost("the server fell silent") from None

    async def _send(self, line: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._socket.send_str(line + "\r\n")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _Lost("the connection was lost") from error


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
