"""EventSub over a websocket, through twitchio: the notifications that an account subscribed to.

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
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import string, table

CONNECT_SECONDS = 15.0
"""twitchio itself waits 11 of them for Twitch's welcome."""
QUIET_SECONDS = 5.0
"""So much later than promised a keepalive may come."""
DRAIN_SECONDS = 1.0
"""How long the old websocket is still read after we moved to a new one."""
CLOSE_SECONDS = 0.5

NotificationHandler = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Gets every notification and revocation; an empty mapping for what is malformed."""


class EventSubSocket(Websocket):
    """twitchio's websocket, with reading of our own.

    twitchio's loses what is under way when Twitch asks to reconnect, ends at a message without the usual
    keys, drops events that lack a key of its models, queues without bounds, and measures silence by the wall
    clock. Here the handler is awaited, so that Twitch is read no faster than messages are taken.
    """

    def __init__(self, client: twitchio.Client, account: str, handle: NotificationHandler) -> None:
        super().__init__(client=client, token_for=account, http=client.http, reconnect_attempts=None)
        self._handle_notification = handle
        self.moved: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when it can no longer be used: the address to reconnect to, or "" when it was lost."""
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
                await self._handle(frame)
                await asyncio.sleep(0)  # frames that already wait come without a pause: let others run
        finally:
            self.over.set()
            if not self.moved.done():
                self.moved.set_result("")
            self._ready.set()  # connect() need not wait for a welcome that will not come

    async def _process_keepalive(self) -> None:
        """Silence is noticed where we listen."""

    async def _frame(self) -> str | None:
        assert self._socket is not None  # noqa: S101  # connect() listens when it is there
        try:
            async with asyncio.timeout(self.keep_alive_timeout + QUIET_SECONDS):
                frame = await self._socket.receive()
        except TimeoutError:
            self.why = "Twitch has stopped answering"
            return None
        if frame.type is aiohttp.WSMsgType.CLOSE:
            self.why = f"Twitch closed the connection ({frame.data})"
        return frame.data if frame.type is aiohttp.WSMsgType.TEXT else None

    async def _handle(self, frame: str) -> None:
        try:
            message = table(json.loads(frame))
        except (ValueError, RecursionError):
            message = {}
        session = table(message, "payload.session")
        match string(message, "metadata.message_type"):
            case "session_keepalive":
                pass
            case "session_welcome" if isinstance(session.get("id"), str):
                self._session_id = session["id"]
                self._ready.set()
            case "session_reconnect" if address := string(session, "reconnect_url"):
                if not self.moved.done():
                    self.moved.set_result(address)
            case "notification" | "revocation":
                await self._handle_notification(message)
            case _:
                await self._handle_notification({})


class EventSubConnection:
    """One account's notifications, over one websocket and, when Twitch asks to reconnect, the next."""

    def __init__(
        self, client: twitchio.Client, account: str, address: str, handle: NotificationHandler
    ) -> None:
        self._client = client
        self._account = account
        self._address = address
        self._handle_notification = handle
        self._sockets: list[EventSubSocket] = []
        """The latest is the one that counts."""

    async def open(self) -> None:
        """Raises ConnectionLost when Twitch cannot be reached."""
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

    async def wait_lost(self, or_until: asyncio.Event, seconds: float | None = None) -> None:
        """Waits for its loss, and raises ConnectionLost then. Returns at the event, or after so long."""
        leaving = asyncio.create_task(or_until.wait())
        try:
            waiting = (leaving, self._following)
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        if self._following.done():
            lost = self._following.result()
            raise ConnectionLost(lost.why, lost.hint, at_once=lost.at_once)

    async def close(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._shut()

    async def _shut(self) -> None:
        await asyncio.gather(*(socket.shut() for socket in self._sockets))

    async def _connect(self, address: str) -> None:
        socket = EventSubSocket(self._client, self._account, self._handle_notification)
        self._sockets.append(socket)
        try:
            with clock.outside():
                async with asyncio.timeout(CONNECT_SECONDS):
                    await socket.connect(url=address, fail_once=True)
        except (twitchio.WebsocketConnectionException, TimeoutError) as error:
            why = clean(str(error.__cause__ or error)) or "no answer"
            raise ConnectionLost(f"cannot connect: {why}", "check the network") from None
        if socket.over.is_set():
            raise ConnectionLost(socket.why, "check the network")

    async def _follow(self) -> ConnectionLost:
        """From one websocket to the next. Returns why the last was lost."""
        while address := await self._sockets[-1].moved:
            old = self._sockets[-1]
            try:
                await self._connect(address)
            except ConnectionLost as lost:
                return ConnectionLost(lost.why, lost.hint, at_once=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await old.over.wait()
            await old.shut()
            self._sockets.remove(old)
        return ConnectionLost(self._sockets[-1].why, "check the network")
