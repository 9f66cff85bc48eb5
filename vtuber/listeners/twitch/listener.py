"""A channel on Twitch, read with an account: all that happens there. Without one, at least its chat."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.errors import ConfigError
from vtuber.core.events import ChatMessage, Event, Redemption, Role
from vtuber.core.health import Health, State
from vtuber.core.recent import Recent
from vtuber.core.text import clean, escaped
from vtuber.listeners import Listener
from vtuber.listeners.buffer import EventBuffer
from vtuber.listeners.connection import Connection, ConnectionLost
from vtuber.listeners.lenient_json import string, table
from vtuber.listeners.twitch import scopes, subscriptions
from vtuber.listeners.twitch.accounts import Accounts
from vtuber.listeners.twitch.anonymous import AnonymousTwitchListener
from vtuber.listeners.twitch.channel_events import ChannelEvents
from vtuber.listeners.twitch.eventsub import NotificationParser
from vtuber.listeners.twitch.helix import RETRY_SECONDS, AccessDenied, RequestRefused
from vtuber.listeners.twitch.scopes import LOGIN, grant
from vtuber.listeners.twitch.tokens import Token, TokenFile

log = logging.getLogger(__name__)

_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,25}")
_IDS_KEPT = 4096


def build(settings: Settings) -> list[Listener]:
    """A listener for each of ``chat.twitch.channels``, with an account when one is logged in.

    Raises ConfigError for a name that cannot be a channel's, and for a file of tokens that others can read.
    """
    given = settings.chat.twitch.channels
    names = [channel_name(name, f"chat.twitch.channels[{index}]") for index, name in enumerate(given)]
    channels = list(dict.fromkeys(names))
    file = TokenFile()
    if tokens := _chosen_first(file.read(), settings.chat.twitch.account):
        accounts = Accounts(settings, tokens, file)
        return [TwitchListener(settings, channel, accounts) for channel in channels]
    return [AnonymousTwitchListener(settings, channel) for channel in channels]


def _chosen_first(tokens: list[Token], chosen: str) -> list[Token]:
    """The account that reads and writes comes first; none when config names one that is not there."""
    if chosen and chosen.lower() not in (token.login.lower() for token in tokens):
        log.warning("the account %r is not logged in at Twitch; log in with: %s", escaped(chosen), LOGIN)
        return []
    return sorted(tokens, key=lambda token: token.login.lower() != chosen.lower())


def channel_name(given: str, where: str = "chat.twitch.channels") -> str:
    """The login of a channel from whatever a streamer pastes. Raises ConfigError when there is none in it."""
    name = re.sub(r"^(https?://)?((www|m)\.)?twitch\.tv/(popout/)?", "", given.strip(), flags=re.IGNORECASE)
    name = re.split(r"[/?#]", name.lstrip("#@"), maxsplit=1)[0]
    if not _CHANNEL.fullmatch(name):
        raise ConfigError(
            f"{escaped(given[:60])!r} is not the name of a Twitch channel",
            where=where,
            hint="write the name in the channel's address: letters, digits and _",
        )
    return name.lower()


class TwitchListener:
    """One channel. Reconnects for ever; while the account cannot be used, its chat is read without one."""

    def __init__(self, settings: Settings, channel: str, accounts: Accounts) -> None:
        self.channel = channel
        """Its login, as ``channel_name`` gives it."""
        self.availability = Availability()
        self._settings = settings
        self._accounts = accounts
        self._chat = Connection(f"chat.twitch {channel}")
        self._parser = NotificationParser(channel, settings.chat.twitch.rewards)
        self._channel_events = ChannelEvents(
            settings,
            channel,
            accounts,
            self._parser,
            enter=self._enter,
            on_known=self._update_availability,
            found=self._deliver,
        )
        self._ids: Recent[str, None] = Recent(_IDS_KEPT)
        self._buffer = EventBuffer()
        self._room = ""
        """Its user id, once it is known."""
        self._revoked = asyncio.Event()
        """Set when Twitch ended a subscription to chat."""
        self._anonymous: AnonymousTwitchListener | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._denied = AccessDenied("")
        self._moderates = channel == accounts.reader.login.lower()

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """All that happens. Ends only when closed or cancelled."""
        async with self._accounts.joined():
            duties = (self._run(), self._channel_events.run(), self._channel_events.rewards.queue.run())
            tasks = [asyncio.create_task(duty) for duty in duties]
            for task in tasks:
                self._buffer.watch(task)
            try:
                while (batch := await self._buffer.take()) is not None:
                    for event in batch:
                        yield replace(event, at=clock.now())
            finally:
                try:
                    await self._channel_events.rewards.queue.finish()
                finally:
                    await self._leave(tasks)

    async def _leave(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end_relay()
        self._accounts.routes.pop(self._room, None)
        self._chat.closed()
        self._update_availability()

    def _update_availability(self) -> None:
        """While its chat is read without an account, the listener that does so says it itself."""
        if self._anonymous is None:
            self.availability.set(ready=self._chat.stands and self._channel_events.is_known)

    def health(self) -> Health:
        if self._anonymous is not None:
            row = self._anonymous.health()
            state = State.LIMITED if row.state is State.OK else row.state
            return replace(row, state=state, what=f"{row.what}: {self._denied.why}", hint=self._denied.hint)
        row = self._chat.health(f"logged in as {self._accounts.reader.login}")
        if row.state is State.OK and not self._channel_events.is_known:
            return replace(row, state=State.DOWN, what=f"{row.what}, subscribing to follows and rewards")
        lacks = self._lacks()
        if row.state is not State.OK or not lacks:
            return row
        hint = "; ".join(dict.fromkeys(lacks.values()))
        return replace(row, state=State.LIMITED, what=f"{row.what}, without {', '.join(lacks)}", hint=hint)

    def _lacks(self) -> dict[str, str]:
        """What does not work, and what the streamer can do about it."""
        lacks = self._channel_events.lacks
        if self._settings.chat.twitch.write == "nothing" or self._may_write():
            return lacks
        return {**lacks, "writing": grant(scopes.WRITE_CHAT, self._accounts.reader.login)}

    # Writing, and redemptions.

    def writes_in(self, platform: str, channel: str) -> bool:
        wanted = self._settings.chat.twitch.write != "nothing"
        return wanted and platform == "twitch" and channel == self.channel and self._may_write()

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        return await self._accounts.writer.write(channel, text, reply_to=reply_to, moderator=self._moderates)

    def fulfil(self, redemption: Redemption) -> None:
        if self._is_ours(redemption):
            self._channel_events.rewards.fulfil(redemption)

    def refund(self, redemption: Redemption) -> None:
        if self._is_ours(redemption):
            self._channel_events.rewards.refund(redemption)

    def _is_ours(self, redemption: Redemption) -> bool:
        """Also one that came to an earlier show."""
        return redemption.platform == "twitch" and redemption.channel == self.channel

    def _may_write(self) -> bool:
        reader = self._accounts.reader
        return scopes.WRITE_CHAT in self._accounts.helix.scopes.get(reader.user_id, reader.scopes)

    # Chat.

    async def _run(self) -> None:
        while True:
            try:
                await self._read_chat()
            except AccessDenied as denied:
                self._chat.lost(denied)
                self._begin_relay(denied)
                await asyncio.sleep(RETRY_SECONDS)
                await self._accounts.helix.forget(self._accounts.reader.user_id)
            except ConnectionLost as lost:
                level = self._chat.lost(lost)
                self._update_availability()
                log.log(level, "Twitch, #%s: %s", self.channel, escaped(lost.why))
                await asyncio.sleep(self._chat.pause())

    async def _read_chat(self) -> None:
        """Until it is lost: raises ConnectionLost then, and AccessDenied when the account cannot be used."""
        accounts, account = self._accounts, self._accounts.reader
        if scopes.READ_CHAT not in await accounts.helix.admit(account.user_id):
            why = f"{account.login} is not allowed to read chat"
            raise AccessDenied(why, grant(scopes.READ_CHAT, account.login))
        room = await self._enter()
        self._revoked.clear()
        async with accounts.websocket(account) as socket:
            for wanted in subscriptions.chat_subscriptions(room, account.user_id):
                try:
                    await accounts.subscribe(socket, account, wanted)
                except RequestRefused as refused:
                    why = f"{account.login} is not allowed to read this chat (Twitch: {refused.answer})"
                    raise AccessDenied(why, f"log in with an account that is allowed: {LOGIN}") from None
            self._chat.made()
            await self._end_relay()
            self._update_availability()
            log.info("reading #%s as %s", self.channel, account.login)
            await socket.wait_lost(self._revoked)
        raise ConnectionLost("Twitch ended a subscription")

    async def _enter(self) -> str:
        """Routes the channel's notifications to us; its id."""
        self._room = await self._accounts.id_of(self.channel)
        self._accounts.routes[self._room] = self._handle
        return self._room

    def _begin_relay(self, denied: AccessDenied) -> None:
        self._denied = denied
        if self._relaying is None:
            log.warning(
                "Twitch, #%s: %s; banban now reads this chat without an account", self.channel, denied.why
            )
            self.availability.set(ready=False)
            self._anonymous = AnonymousTwitchListener(self._settings, self.channel, self.availability)
            self._relaying = asyncio.create_task(self._relay(self._anonymous))
            self._buffer.watch(self._relaying)

    async def _relay(self, anonymous: AnonymousTwitchListener) -> None:
        async with aclosing(anonymous.events()) as events:
            async for event in events:
                await self._deliver(event)

    async def _end_relay(self) -> None:
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)
            self._relaying = self._anonymous = None

    # What comes.

    async def _handle(self, message: Mapping[str, Any]) -> None:
        if string(message, "metadata.message_type") == "revocation":
            self._handle_revocation(table(message, "payload.subscription"))
            return
        event = self._parser.event(message)
        self._chat.malformed = self._parser.malformed
        if event is not None:
            await self._deliver(event)

    def _handle_revocation(self, subscription: Mapping[str, Any]) -> None:
        """Twitch ended a subscription: consent was withdrawn, the account banned or no longer a moderator."""
        kind, why = (clean(string(subscription, key)) for key in ("type", "status"))
        log.info(
            "Twitch, #%s: Twitch ended the subscription to %s (%s); banban subscribes again",
            self.channel,
            escaped(kind),
            escaped(why),
        )
        # What is still possible shows when it is asked for again.
        (self._revoked if kind.startswith("channel.chat.") else self._channel_events.revoked).set()

    async def _deliver(self, event: Event) -> None:
        if event.id in self._ids:
            return
        self._ids.set(event.id, None)
        self._chat.received()
        if isinstance(event, ChatMessage) and event.author.id == self._accounts.reader.user_id:
            self._moderates = not event.author.roles.isdisjoint((Role.BROADCASTER, Role.MODERATOR))
            if self._accounts.is_echo(self.channel, event.text):
                return  # she would answer herself
        await self._buffer.put(event)
