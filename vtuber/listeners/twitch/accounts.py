"""What all channels that are read with an account share: the tokens, the websockets, the writer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import twitchio
from twitchio.eventsub import SubscriptionType

from vtuber.config import Settings
from vtuber.core.text import clean
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import string
from vtuber.listeners.twitch.chat_writer import ChatWriter
from vtuber.listeners.twitch.helix import Helix, RequestRefused
from vtuber.listeners.twitch.subscriptions import EventSubSubscription
from vtuber.listeners.twitch.tokens import Token, TokenFile
from vtuber.listeners.twitch.websocket import EventSubConnection, NotificationHandler

_WRITTEN_KEPT = 50


@dataclass(slots=True)
class _SharedSocket:
    socket: EventSubConnection
    users: int = 0


class Accounts:
    """Opened by the first channel that joins, closed by the last that leaves."""

    def __init__(self, settings: Settings, tokens: Sequence[Token], file: TokenFile) -> None:
        """The first of the tokens is the account that reads and writes chat."""
        self.reader = tokens[0]
        self.writer = ChatWriter(self._send, prefix=settings.gate.prefix)
        self.routes: dict[str, NotificationHandler] = {}
        """Who handles the notifications about a channel, by its id."""
        self.helix = Helix(settings.chat.twitch, file, self.reader.client_id)
        self._address = settings.chat.twitch.eventsub_url
        # Twitch knows a token only together with the application that it was given to.
        same = [account for account in tokens if account.client_id == self.reader.client_id]
        self._accounts = {account.login.lower(): account for account in same}
        self._users = 0
        self._joining = asyncio.Lock()
        self._sockets: dict[str, _SharedSocket] = {}
        self._connecting = asyncio.Lock()
        self._ids: dict[str, str] = {}
        self._naming = asyncio.Lock()
        self._written: deque[tuple[str, str]] = deque(maxlen=_WRITTEN_KEPT)

    def host(self, channel: str) -> Token:
        """The account for what is not in chat: the channel's own where it is logged in, else the reader."""
        return self._accounts.get(channel, self.reader)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        async with self._joining:
            if not self._users:
                await self.helix.open()
            self._users += 1
        try:
            yield
        finally:
            async with self._joining:
                self._users -= 1
                if not self._users:
                    await self.helix.close()

    @asynccontextmanager
    async def websocket(self, account: Token) -> AsyncIterator[EventSubConnection]:
        """The account's websocket, shared by all channels. Raises ConnectionLost when it cannot be opened."""
        async with self._connecting:
            shared = self._sockets.get(account.user_id)
            if shared is None or shared.socket.is_lost:
                socket = EventSubConnection(self.helix.client, account.user_id, self._address, self._route)
                await socket.open()
                shared = self._sockets[account.user_id] = _SharedSocket(socket)
            shared.users += 1
        try:
            yield shared.socket
        finally:
            shared.users -= 1
            if not shared.users:
                if self._sockets.get(account.user_id) is shared:
                    del self._sockets[account.user_id]
                await shared.socket.close()

    async def subscribe(
        self, socket: EventSubConnection, account: Token, wanted: EventSubSubscription
    ) -> None:
        """Raises ConnectionLost, AccessDenied or RequestRefused."""
        payload = wanted.payload

        async def subscribe(client: twitchio.Client) -> None:
            await client.http.create_eventsub_subscription(
                type=SubscriptionType(payload.type),
                version=payload.version,
                condition=payload.condition,
                transport={"method": "websocket", "session_id": socket.session_id},
                token_for=account.user_id,
            )

        try:
            await self.helix.ask(account.user_id, subscribe)
        except RequestRefused as refused:
            if refused.status == 400 and "session" in refused.answer:
                raise ConnectionLost("the connection was lost") from None  # Twitch knows it sooner than we
            if refused.status != 409:  # it is there already
                raise

    async def id_of(self, channel: str) -> str:
        """The channel's user id. Raises ConnectionLost when Twitch knows none of that name."""
        async with self._naming:
            if channel not in self._ids:
                me = self.reader.user_id
                users = await self.helix.ask(
                    me, lambda client: client.fetch_users(logins=[channel], token_for=me)
                )
                if not users:
                    raise ConnectionLost(
                        f"there is no Twitch channel {channel!r}", "check chat.twitch.channels"
                    )
                self._ids[channel] = users[0].id
        return self._ids[channel]

    def is_echo(self, channel: str, text: str) -> bool:
        """Whether this is a line of our own that came back as chat. Each comes back once."""
        name, _, rest = text.partition(" ")  # Twitch puts the name of whom it replies to before it
        for line in (text, rest if name.startswith("@") else text):
            if (channel, line) in self._written:
                self._written.remove((channel, line))
                return True
        return False

    async def _send(self, channel: str, line: str, reply_to: str) -> str:
        me = self.reader.user_id
        self._written.append((channel, line))
        try:
            room = await self.id_of(channel)
            await self.helix.ask(
                me,
                lambda client: client.create_partialuser(room).send_message(
                    line, sender=me, token_for=me, reply_to_message_id=reply_to or None
                ),
            )
        except twitchio.MessageRejectedError as error:
            return (
                f"Twitch did not show the message: {clean(error.message or error.code or 'no reason given')}"
            )
        except RequestRefused as refused:
            return f"Twitch refused the message: {refused.answer}"
        except ConnectionLost as lost:
            return lost.why
        return ""

    async def _route(self, message: Mapping[str, Any]) -> None:
        room = string(message, "payload.subscription.condition.broadcaster_user_id")
        if handle := self.routes.get(room):
            await handle(message)
        elif not message:  # malformed: it may be about any channel
            for handle in list(self.routes.values()):
                await handle(message)
