"""A channel on Twitch, heard with an account: all that happens there. Without it, at least its chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.events import ChatMessage, Event, Redemption, Role
from vtuber.core.health import Health, State
from vtuber.core.recent import Recent
from vtuber.core.text import clean, escaped
from vtuber.listeners.connection import Connection, Lost
from vtuber.listeners.recordings.rows import mapping, text
from vtuber.listeners.twitch import wants
from vtuber.listeners.twitch.anonymous import AnonymousTwitch
from vtuber.listeners.twitch.beside import Beside
from vtuber.listeners.twitch.eventsub import Reader
from vtuber.listeners.twitch.helix import LOGIN, MEND_SECONDS, Denied, Refused
from vtuber.listeners.twitch.inflow import Inflow
from vtuber.listeners.twitch.session import Session

log = logging.getLogger(__name__)

_IDS_KEPT = 4096


class AccountTwitch:
    """One channel. Reconnects for ever; while the account is of no use, its chat is read without one."""

    def __init__(self, settings: Settings, channel: str, session: Session) -> None:
        self.channel = channel
        """Its login, as ``channel_name`` gives it."""
        self._settings = settings
        self._session = session
        self._chat = Connection(f"chat.twitch {channel}")
        self._reader = Reader(channel, settings.chat.twitch.rewards)
        self._beside = Beside(settings, channel, session, self._reader, self._enter)
        self._ids: Recent[str, None] = Recent(_IDS_KEPT)
        self._redeemed: Recent[str, None] = Recent(_IDS_KEPT)
        self._inflow = Inflow()
        self._room = ""
        """Its user id, once it is known."""
        self._ended = asyncio.Event()
        """Set when Twitch ended a subscription to chat."""
        self._anonymous: AnonymousTwitch | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._denied = Denied("")
        self._moderates = channel == session.reader.login.lower()

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """All that happens. Ends only when closed or cancelled."""
        async with self._session.joined():
            duties = (self._stay(), self._beside.stay(), self._beside.rewards.settling.run())
            tasks = [asyncio.create_task(duty) for duty in duties]
            for task in tasks:
                self._inflow.mind(task)
            try:
                while True:
                    yield replace(await self._inflow.get(), at=clock.now())
            finally:
                try:
                    await self._beside.rewards.settling.finish()
                finally:
                    await self._leave(tasks)

    async def _leave(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end_relay()
        self._session.routes.pop(self._room, None)
        self._chat.closed()

    def health(self) -> Health:
        if self._anonymous is not None:
            row = self._anonymous.health()
            state = State.LIMITED if row.state is State.OK else row.state
            return replace(row, state=state, what=f"{row.what}: {self._denied.why}", hint=self._denied.hint)
        row = self._chat.health(f"as {self._session.reader.login}")
        if row.state is State.OK and not self._beside.is_known:  # soon; a check waits for it
            return replace(row, state=State.DOWN, what=f"{row.what}, asking for what chat does not tell")
        lacks = self._lacks()
        if row.state is not State.OK or not lacks:
            return row
        hint = "; ".join(dict.fromkeys(lacks.values()))
        return replace(row, state=State.LIMITED, what=f"{row.what}, without {', '.join(lacks)}", hint=hint)

    def _lacks(self) -> dict[str, str]:
        """What does not work, and what the streamer can do about it."""
        writes = self._settings.chat.twitch.write == "nothing" or self._may_write()
        hint = f"let {self._session.reader.login} write ({wants.WRITE_CHAT}): {LOGIN}"
        return self._beside.lacks if writes else {**self._beside.lacks, "writing": hint}

    # Writing, and settling.

    def writes_in(self, platform: str, channel: str) -> bool:
        wanted = self._settings.chat.twitch.write != "nothing"
        return wanted and platform == "twitch" and channel == self.channel and self._may_write()

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        return await self._session.pen.write(channel, text, reply_to=reply_to, moderator=self._moderates)

    def settle(self, redemption: Redemption, *, answered: bool) -> None:
        if redemption.channel == self.channel and redemption.id in self._redeemed:
            self._beside.rewards.settle(redemption, answered=answered)

    def _may_write(self) -> bool:
        reader = self._session.reader
        return wants.WRITE_CHAT in self._session.helix.scopes.get(reader.user_id, reader.scopes)

    # Chat.

    async def _stay(self) -> None:
        while True:
            try:
                await self._read_chat()
            except Denied as denied:
                self._chat.lost(denied)
                self._begin_relay(denied)
                await asyncio.sleep(MEND_SECONDS)
                await self._session.helix.forget(self._session.reader.user_id)
            except Lost as lost:
                level = self._chat.lost(lost)
                log.log(level, "Twitch, #%s: %s", self.channel, escaped(lost.why))
                await asyncio.sleep(self._chat.pause())

    async def _read_chat(self) -> None:
        """Until it is lost: raises Lost then, and Denied when the account is of no use for it."""
        session, account = self._session, self._session.reader
        scopes = await session.helix.admit(account.user_id)
        if wants.READ_CHAT not in scopes:
            raise Denied(f"{account.login} may not read chat", f"let it ({wants.READ_CHAT}): {LOGIN}")
        room = await self._enter()
        self._ended.clear()
        async with session.feed(account) as feed:
            for want in wants.in_chat(room, account.user_id):
                try:
                    await session.subscribe(feed, account, want)
                except Refused as refused:
                    why = f"{account.login} may not read this chat (Twitch: {refused.said})"
                    raise Denied(why, f"log in with an account that may: {LOGIN}") from None
            self._chat.made()
            await self._end_relay()
            log.info("hearing #%s as %s", self.channel, account.login)
            await feed.over(self._ended)
        raise Lost("Twitch ended a subscription")

    async def _enter(self) -> str:
        """Has all told that happens in the channel; its id."""
        self._room = await self._session.id_of(self.channel)
        self._session.routes[self._room] = self._hear
        return self._room

    def _begin_relay(self, denied: Denied) -> None:
        self._denied = denied
        if self._relaying is None:
            log.warning("Twitch, #%s: %s; its chat is read without an account", self.channel, denied.why)
            self._anonymous = AnonymousTwitch(self._settings, self.channel)
            self._relaying = asyncio.create_task(self._relay(self._anonymous))
            self._inflow.mind(self._relaying)

    async def _relay(self, anonymous: AnonymousTwitch) -> None:
        async with aclosing(anonymous.events()) as events:
            async for event in events:
                await self._bring(event)

    async def _end_relay(self) -> None:
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)
            self._relaying = self._anonymous = None

    # What comes.

    async def _hear(self, message: Mapping[str, Any]) -> None:
        if mapping(message.get("metadata")).get("message_type") == "revocation":
            self._heed(mapping(mapping(message.get("payload")).get("subscription")))
            return
        event = self._reader.event(message)
        self._chat.odd = self._reader.odd
        if event is not None:
            await self._bring(event)

    def _heed(self, subscription: Mapping[str, Any]) -> None:
        """Twitch ended a subscription: consent was withdrawn, the account banned or no moderator any more."""
        kind, why = (clean(text(subscription.get(key))) for key in ("type", "status"))
        log.info("Twitch, #%s: %s is over (%s)", self.channel, escaped(kind), escaped(why))
        # What is still possible shows when it is asked for again.
        (self._ended if kind.startswith("channel.chat.") else self._beside.ended).set()

    async def _bring(self, event: Event) -> None:
        if event.id in self._ids:
            return
        self._ids.set(event.id, None)
        self._chat.heard()
        if isinstance(event, ChatMessage) and event.author.id == self._session.reader.user_id:
            self._moderates = not event.author.roles.isdisjoint((Role.BROADCASTER, Role.MODERATOR))
            if self._session.is_echo(self.channel, event.text):
                return  # she would answer herself
        if isinstance(event, Redemption):
            self._redeemed.set(event.id, None)
        await self._inflow.put(event)
