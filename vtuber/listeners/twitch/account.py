"""A channel on Twitch, heard with an account: all that happens there. Without it, at least its chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import twitchio

from vtuber import clock
from vtuber.config import Settings
from vtuber.events import ChatMessage, Event, Redemption, Role
from vtuber.health import Health, State
from vtuber.listeners.connection import Connection, Lost
from vtuber.listeners.recordings.rows import mapping, text
from vtuber.listeners.twitch import wants
from vtuber.listeners.twitch.anonymous import AnonymousTwitch
from vtuber.listeners.twitch.eventsub import Reader
from vtuber.listeners.twitch.feed import Feed
from vtuber.listeners.twitch.helix import LOGIN, Denied, Refused
from vtuber.listeners.twitch.inflow import Inflow
from vtuber.listeners.twitch.session import Session
from vtuber.listeners.twitch.settling import Settling
from vtuber.listeners.twitch.tokens import Token
from vtuber.listeners.twitch.wants import Want
from vtuber.recent import Recent
from vtuber.text import clean, escaped

log = logging.getLogger(__name__)

MEND_SECONDS = 30.0
"""So often we look whether an account that was of no use was logged in again."""
_IDS_KEPT = 4096
_SETTLING = "settling channel-point rewards"


class AccountTwitch:
    """One channel. Reconnects for ever; while the account is of no use, its chat is read without one."""

    def __init__(self, settings: Settings, channel: str, session: Session) -> None:
        self.channel = channel
        """Its login, as ``channel_name`` gives it."""
        self._settings = settings
        self._session = session
        self._chat = Connection(f"chat.twitch {channel}")
        self._beside = Connection(f"chat.twitch {channel}")
        self._reader = Reader(channel, settings.chat.twitch.rewards)
        self._ids: Recent[str, None] = Recent(_IDS_KEPT)
        self._redeemed: Recent[str, None] = Recent(_IDS_KEPT)
        self._inflow = Inflow()
        self._settling = Settling(self._patch, self._refuse_settling)
        self._room = ""
        """Its user id, once it is known."""
        self._lacks: dict[str, str] = {}
        """What is not heard, and what the streamer can do about it."""
        self._unsettled = ""
        self._chat_ended = asyncio.Event()
        self._beside_ended = asyncio.Event()
        self._anonymous: AnonymousTwitch | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._denied = Denied("")
        self._moderates = channel == session.reader.login.lower()

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """All that happens. Ends only when closed or cancelled."""
        async with self._session.joined():
            duties = (self._stay_in_chat(), self._stay_beside(), self._settling.run())
            tasks = [asyncio.create_task(duty) for duty in duties]
            for task in tasks:
                self._inflow.mind(task)
            try:
                while True:
                    yield replace(await self._inflow.get(), at=clock.now())
            finally:
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
            return replace(row, state=state, what=f"{row.what}: {self._denied.why}", cure=self._denied.cure)
        row = self._chat.health(f"as {self._session.reader.login}")
        lacks = {**self._lacks, **({_SETTLING: self._unsettled} if self._unsettled else {})}
        if row.state is not State.OK or not lacks:
            return row
        cure = "; ".join(dict.fromkeys(lacks.values()))
        return replace(row, state=State.LIMITED, what=f"{row.what}, without {', '.join(lacks)}", cure=cure)

    # Writing, and settling.

    def writes_in(self, platform: str, channel: str) -> bool:
        wanted = self._settings.chat.twitch.write != "nothing"
        return wanted and platform == "twitch" and channel == self.channel and self._may_write()

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        return await self._session.pen.write(channel, text, reply_to=reply_to, moderator=self._moderates)

    def settle(self, redemption: Redemption, *, answered: bool) -> None:
        if redemption.channel == self.channel and redemption.id in self._redeemed:
            self._settling.put(redemption, answered=answered)

    def _may_write(self) -> bool:
        reader = self._session.reader
        return wants.WRITE_CHAT in self._session.helix.scopes.get(reader.user_id, reader.scopes)

    async def _patch(self, redemption: Redemption, answered: bool) -> None:  # noqa: FBT001  # as Settling calls it
        room = await self._session.id_of(self.channel)

        async def patch(client: twitchio.Client) -> None:
            await client.http.patch_custom_reward_redemption(
                broadcaster_id=room,
                token_for=room,
                reward_id=redemption.reward_id,
                id=redemption.id,
                status="FULFILLED" if answered else "CANCELED",
            )

        await self._session.helix.ask(room, patch)

    def _refuse_settling(self, said: str) -> None:
        if not self._unsettled:
            log.warning("#%s: redemptions are left to you, for Twitch says: %s", self.channel, said)
        self._unsettled = f"settle them yourself: only the program that made a reward may (Twitch: {said})"

    # Chat.

    async def _stay_in_chat(self) -> None:
        while True:
            try:
                await self._read_chat()
            except Denied as denied:
                self._chat.lost(denied)
                self._begin_relay(denied)
                await asyncio.sleep(MEND_SECONDS)
            except Lost as lost:
                self._chat.lost(lost)
                log.warning("Twitch, #%s: %s", self.channel, escaped(lost.why))
                await asyncio.sleep(self._chat.pause())

    async def _read_chat(self) -> None:
        """Until it is lost: raises Lost then, and Denied when the account is of no use for it."""
        session, account = self._session, self._session.reader
        scopes = await session.helix.admit(account.user_id)
        if wants.READ_CHAT not in scopes:
            raise Denied(f"{account.login} may not read chat", f"let it ({wants.READ_CHAT}): {LOGIN}")
        room = await self._enter()
        self._chat_ended.clear()
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
            await feed.over(self._chat_ended)
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

    # What chat does not tell.

    async def _stay_beside(self) -> None:
        while True:
            try:
                await self._attend()
            except Denied as denied:
                self._lacks = {"what chat does not tell": denied.cure}
                await asyncio.sleep(MEND_SECONDS)
            except Lost as lost:
                self._beside.lost(lost)
                await asyncio.sleep(self._beside.pause())

    async def _attend(self) -> None:
        session, host = self._session, self._session.host(self.channel)
        scopes = await session.helix.admit(host.user_id)
        room = await self._enter()
        wanted = wants.beside_chat(room, host.user_id, rewards=bool(self._settings.chat.twitch.rewards))
        self._beside_ended.clear()
        async with session.feed(host) as feed:
            lacks = {want.what: await self._subscribe(feed, host, room, scopes, want) for want in wanted}
            if lacks.get(wants.REWARDS) == "":
                lacks |= await self._learn_rewards(room, scopes)
            if self._settings.chat.twitch.write != "nothing" and not self._may_write():
                lacks["writing"] = f"let {session.reader.login} write ({wants.WRITE_CHAT}): {LOGIN}"
            self._lacks = {what: cure for what, cure in lacks.items() if cure}
            self._beside.made()
            await feed.over(self._beside_ended)
        raise Lost("Twitch ended a subscription")

    async def _subscribe(self, feed: Feed, host: Token, room: str, scopes: frozenset[str], want: Want) -> str:
        """Returns "", or what the streamer can do."""
        if want.what in wants.OWN and host.user_id != room:
            return f"log in as {self.channel}: {LOGIN}"
        if want.scopes and scopes.isdisjoint(want.scopes):
            return f"let {host.login} hear it ({want.scopes[0]}): {LOGIN}"
        try:
            await self._session.subscribe(feed, host, want)
        except Refused as refused:
            return f"{want.help} (Twitch: {refused.said})"
        return ""

    async def _learn_rewards(self, room: str, scopes: frozenset[str]) -> dict[str, str]:
        """Which of the channel's rewards are meant; and what is wrong with that."""
        try:
            found = await self._session.helix.ask(
                room, lambda client: client.create_partialuser(room).fetch_custom_rewards()
            )
        except Refused as refused:
            return {wants.REWARDS: f"nothing you can do (Twitch: {refused.said})"}
        known = {reward.title.strip().casefold() for reward in found}
        self._reader.reward_ids |= {reward.id for reward in found if self._reader.counts(reward.title)}
        lacks = {
            f"the reward {title!r}": "check chat.twitch.rewards: the channel has none of that title"
            for title in self._settings.chat.twitch.rewards
            if title.strip().casefold() not in known
        }
        if wants.MANAGE_REWARDS not in scopes:
            lacks[_SETTLING] = f"let {self.channel} do it ({wants.MANAGE_REWARDS}): {LOGIN}"
        return lacks

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
        (self._chat_ended if kind.startswith("channel.chat.") else self._beside_ended).set()

    async def _bring(self, event: Event) -> None:
        if event.id in self._ids:
            return
        self._ids.set(event.id, None)
        self._chat.heard()
        if isinstance(event, ChatMessage) and event.author.id == self._session.reader.user_id:
            self._moderates = not event.author.roles.isdisjoint((Role.BROADCASTER, Role.MODERATOR))
            if self._session.has_written(self.channel, event.text):
                return  # she would answer herself
        if isinstance(event, Redemption):
            self._redeemed.set(event.id, None)
        await self._inflow.put(event)
