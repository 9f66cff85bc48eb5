"""What all channels that are heard with an account share: the tokens, the websockets, and the pen."""

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
from vtuber.listeners.connection import Lost
from vtuber.listeners.recordings.rows import mapping, text
from vtuber.listeners.twitch.feed import Feed, Hear
from vtuber.listeners.twitch.helix import Helix, Refused
from vtuber.listeners.twitch.tokens import Token, TokenFile
from vtuber.listeners.twitch.wants import Want
from vtuber.listeners.twitch.writing import Pen

_WRITTEN_KEPT = 50


@dataclass(slots=True)
class _Shared:
    feed: Feed
    guests: int = 0


class Session:
    """Opened by the first channel that joins, closed by the last that leaves."""

    def __init__(self, settings: Settings, accounts: Sequence[Token], file: TokenFile) -> None:
        """The first of the accounts reads and writes chat; each is its own channel's host."""
        self.reader = accounts[0]
        self.pen = Pen(self._send, prefix=settings.gate.prefix)
        self.routes: dict[str, Hear] = {}
        """Who hears what happens in which channel, by its id."""
        self.helix = Helix(settings.chat.twitch, file, self.reader.client_id)
        self._address = settings.chat.twitch.eventsub_url
        # Twitch knows a token only together with the application that it was given to.
        same = [account for account in accounts if account.client_id == self.reader.client_id]
        self._accounts = {account.login.lower(): account for account in same}
        self._guests = 0
        self._door = asyncio.Lock()
        self._feeds: dict[str, _Shared] = {}
        self._feeding = asyncio.Lock()
        self._ids: dict[str, str] = {}
        self._naming = asyncio.Lock()
        self._written: deque[tuple[str, str]] = deque(maxlen=_WRITTEN_KEPT)

    def host(self, channel: str) -> Token:
        """Who hears what chat does not tell: the channel's own account, else the reader."""
        return self._accounts.get(channel, self.reader)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        async with self._door:
            if not self._guests:
                await self.helix.open()
            self._guests += 1
        try:
            yield
        finally:
            async with self._door:
                self._guests -= 1
                if not self._guests:
                    await self.helix.close()

    @asynccontextmanager
    async def feed(self, account: Token) -> AsyncIterator[Feed]:
        """The account's websocket, shared by all who want it. Raises Lost when Twitch cannot be reached."""
        async with self._feeding:
            shared = self._feeds.get(account.user_id)
            if shared is None or shared.feed.is_lost:
                feed = Feed(self.helix.client, account.user_id, self._address, self._hear)
                await feed.open()
                shared = self._feeds[account.user_id] = _Shared(feed)
            shared.guests += 1
        try:
            yield shared.feed
        finally:
            shared.guests -= 1
            if not shared.guests:
                if self._feeds.get(account.user_id) is shared:
                    del self._feeds[account.user_id]
                await shared.feed.close()

    async def subscribe(self, feed: Feed, account: Token, want: Want) -> None:
        """Raises Lost, Denied or Refused."""
        asked = want.subscription

        async def subscribe(client: twitchio.Client) -> None:
            await client.http.create_eventsub_subscription(
                type=SubscriptionType(asked.type),
                version=asked.version,
                condition=asked.condition,
                transport={"method": "websocket", "session_id": feed.session_id},
                token_for=account.user_id,
            )

        try:
            await self.helix.ask(account.user_id, subscribe)
        except Refused as refused:
            if refused.status == 400 and "session" in refused.said:
                raise Lost("the connection was lost") from None  # Twitch knows it sooner than we
            if refused.status != 409:  # it is there already
                raise

    async def id_of(self, channel: str) -> str:
        """The channel's user id. Raises Lost when Twitch knows none of that name."""
        async with self._naming:
            if channel not in self._ids:
                me = self.reader.user_id
                users = await self.helix.ask(
                    me, lambda client: client.fetch_users(logins=[channel], token_for=me)
                )
                if not users:
                    raise Lost(f"Twitch does not know the channel {channel!r}", "check chat.twitch.channels")
                self._ids[channel] = users[0].id
        return self._ids[channel]

    def is_echo(self, channel: str, words: str) -> bool:
        """Whether that is what we wrote there, told us as chat. Each line comes back once."""
        name, _, rest = words.partition(" ")  # Twitch puts the name of whom it answers before it
        for line in (words, rest if name.startswith("@") else words):
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
            return f"Twitch dropped it: {clean(error.message or error.code or 'it does not say why')}"
        except Refused as refused:
            return f"Twitch refused it: {refused.said}"
        except Lost as lost:
            return lost.why
        return ""

    async def _hear(self, message: Mapping[str, Any]) -> None:
        payload = mapping(message.get("payload"))
        condition = mapping(mapping(payload.get("subscription")).get("condition"))
        if hear := self.routes.get(text(condition.get("broadcaster_user_id"))):
            await hear(message)
        elif not message:
            for hear in list(self.routes.values()):
                await hear(message)
