"""EventSub over a websocket, through twitchio: what happens in the channels that an account subscribed to.

After https://dev.twitch.tv/docs/eventsub/handling-websocket-events. Twitch allows subscriptions of one
account alone on a websocket, and forgets them when it is lost.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import aiohttp
import twitchio
from twitchio.eventsub.websockets import Websocket

from vtuber.core import clock
from vtuber.core.text import clean
from vtuber.listeners.connection import Lost
from vtuber.listeners.recordings.rows import mapping, text

CONNECT_SECONDS = 15.0
"""twitchio itself waits 11 of them for Twitch's welcome."""
QUIET_SECONDS = 5.0
"""So much later than promised a sign of life may come."""
DRAIN_SECONDS = 1.0
"""For so long what is under way by the old websocket is still heard when we moved to a new one."""
CLOSE_SECONDS = 0.5

Hear = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Told every notification and revocation; an empty mapping for what cannot be understood."""


class Socket(Websocket):
    """twitchio's websocket, with a way to read of our own.

    twitchio's would lose what was still under way when Twitch asks to move, die of a message without the
    usual keys, drop events that lack a key of its models, pile up what nobody fetches, and tell silence by
    the wall clock. Here whoever hears is waited for, and so is Twitch by that.
    """

    def __init__(self, client: twitchio.Client, account: str, hear: Hear) -> None:
        super().__init__(client=client, token_for=account, http=client.http, reconnect_attempts=None)
        self._hear = hear
        self.turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when it is of no more use: the address to move to, or "" when it was lost."""
        self.over = asyncio.Event()
        """Nothing more will come."""
        self.why = "the connection was lost"

    async def shut(self) -> None:
        """Leaves nothing behind, whatever the server does."""
        tasks = [task for task in (self._listen_task, self._keep_alive_task) if task]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.close()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            while (frame := await self._frame()) is not None:
                await self._heed(frame)
                await asyncio.sleep(0)  # frames that already wait come without a pause: let others run
        finally:
            self.over.set()
            if not self.turn.done():
                self.turn.set_result("")
            self._ready.set()  # connect() need not wait for a welcome that will not come

    async def _process_keepalive(self) -> None:
        """Silence is noticed where we listen."""

    async def _frame(self) -> str | None:
        assert self._socket is not None  # noqa: S101  # connect() listens when it is there
        try:
            async with asyncio.timeout(self.keep_alive_timeout + QUIET_SECONDS):
                frame = await self._socket.receive()
        except TimeoutError:
            self.why = "Twitch fell silent"
            return None
        if frame.type is aiohttp.WSMsgType.CLOSE:
            self.why = f"Twitch closed the connection ({frame.data})"
        return frame.data if frame.type is aiohttp.WSMsgType.TEXT else None

    async def _heed(self, frame: str) -> None:
        try:
            message = mapping(json.loads(frame))
        except (ValueError, RecursionError):
            message = {}
        session = mapping(mapping(message.get("payload")).get("session"))
        match mapping(message.get("metadata")).get("message_type"):
            case "session_keepalive":
                pass
            case "session_welcome" if isinstance(session.get("id"), str):
                self._session_id = session["id"]
                self._ready.set()
            case "session_reconnect" if address := text(session.get("reconnect_url")):
                if not self.turn.done():
                    self.turn.set_result(address)
            case "notification" | "revocation":
                await self._hear(message)
            case _:
                await self._hear({})


class Feed:
    """What one account hears, over one websocket and, when Twitch asks to move, the next."""

    def __init__(self, client: twitchio.Client, account: str, address: str, hear: Hear) -> None:
        self._client = client
        self._account = account
        self._address = address
        self._hear = hear
        self._sockets: list[Socket] = []
        """The latest is the one that counts."""

    async def open(self) -> None:
        """Raises Lost when Twitch cannot be reached."""
        mark = "&" if "?" in self._address else "?"
        try:
            await self._connect(f"{self._address}{mark}keepalive_timeout_seconds=10")
        except BaseException:
            await self._shut()
            raise
        self._following = asyncio.create_task(self._follow())

    @property
    def session_id(self) -> str:
        """What a subscription names."""
        return cast(str, self._sockets[-1].session_id)

    @property
    def is_lost(self) -> bool:
        return self._following.done()

    async def over(self, sooner: asyncio.Event, within: float | None = None) -> None:
        """Waits until it is lost, and raises Lost then; or until the event or so many seconds before."""
        leaving = asyncio.create_task(sooner.wait())
        try:
            waiting = (leaving, self._following)
            await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        if self._following.done():
            lost = self._following.result()
            raise Lost(lost.why, lost.hint, at_once=lost.at_once)

    async def close(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._shut()

    async def _shut(self) -> None:
        await asyncio.gather(*(socket.shut() for socket in self._sockets))

    async def _connect(self, address: str) -> None:
        socket = Socket(self._client, self._account, self._hear)
        self._sockets.append(socket)
        try:
            with clock.outside():
                async with asyncio.timeout(CONNECT_SECONDS):
                    await socket.connect(url=address, fail_once=True)
        except (twitchio.WebsocketConnectionException, TimeoutError) as error:
            why = clean(str(error.__cause__ or error)) or "no answer"
            raise Lost(f"cannot connect: {why}", "check the network") from None
        if socket.over.is_set():
            raise Lost(socket.why, "check the network")

    async def _follow(self) -> Lost:
        """From one websocket to the next. Returns why the last was lost."""
        while address := await self._sockets[-1].turn:
            old = self._sockets[-1]
            try:
                await self._connect(address)
            except Lost as lost:
                return Lost(lost.why, lost.hint, at_once=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await old.over.wait()
            await old.shut()
            self._sockets.remove(old)
        return Lost(self._sockets[-1].why, "check the network")
