"""Events of a channel that are not in its chat: follows, power-ups, rewards, the stream's begin and end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from vtuber.config import Settings
from vtuber.core.events import Event
from vtuber.listeners.connection import Connection, ConnectionLost
from vtuber.listeners.twitch import subscriptions
from vtuber.listeners.twitch.accounts import Accounts
from vtuber.listeners.twitch.eventsub import NotificationParser
from vtuber.listeners.twitch.helix import RETRY_SECONDS, AccessDenied, RequestRefused
from vtuber.listeners.twitch.rewards import Rewards
from vtuber.listeners.twitch.scopes import LOGIN, grant
from vtuber.listeners.twitch.subscriptions import EventSubSubscription
from vtuber.listeners.twitch.tokens import Token
from vtuber.listeners.twitch.websocket import EventSubConnection


class ChannelEvents:
    """Subscribes with the channel's own account where that is logged in, else with the reader, who gets less.

    ``enter`` gives the channel's id, and routes its notifications. ``on_known`` is called when ``lacks``
    says how it is, ``found`` with each redemption that was open before.
    """

    def __init__(
        self,
        settings: Settings,
        channel: str,
        accounts: Accounts,
        parser: NotificationParser,
        *,
        enter: Callable[[], Awaitable[str]],
        on_known: Callable[[], None],
        found: Callable[[Event], Awaitable[None]],
    ) -> None:
        self.revoked = asyncio.Event()
        """Set when Twitch ended a subscription: what is still possible shows when it is asked for again."""
        self.is_known = False
        """Whether ``lacks`` says how it is: Twitch was asked for everything, once at least."""
        self.rewards = Rewards(
            settings.chat.twitch,
            channel,
            accounts,
            parser,
            found=found,
            answer_minutes=settings.pending.answer_minutes,
        )
        self._wants_rewards = bool(settings.chat.twitch.rewards)
        self._channel = channel
        self._accounts = accounts
        self._enter = enter
        self._on_known = on_known
        self._connection = Connection(f"chat.twitch {channel}")
        self._lacks: dict[str, str] = {}

    @property
    def lacks(self) -> dict[str, str]:
        """What is missing, and what the streamer can do about it."""
        return {**self._lacks, **self.rewards.left}

    async def run(self) -> None:
        """For ever, whatever happens."""
        while True:
            try:
                await self._attend()
            except AccessDenied as denied:
                self._know({"follows, power-ups and rewards": denied.hint})
                await asyncio.sleep(RETRY_SECONDS)
            except ConnectionLost as lost:
                self._connection.lost(lost)
                self._know(self._lacks)
                await asyncio.sleep(self._connection.pause())

    def _know(self, lacks: dict[str, str]) -> None:
        self._lacks, self.is_known = lacks, True
        self._on_known()

    async def _attend(self) -> None:
        """Until it is lost: raises ConnectionLost then, and AccessDenied when the account cannot be used."""
        accounts, host = self._accounts, self._accounts.host(self._channel)
        await accounts.helix.admit(host.user_id)
        room = await self._enter()
        self.revoked.clear()
        async with accounts.websocket(host) as socket:
            self._connection.made()
            while not self.revoked.is_set():
                self._know(await self._subscribe_to_all(socket, host, room))
                await socket.wait_lost(self.revoked, RETRY_SECONDS if self._lacks else None)
                if self._lacks:
                    await accounts.helix.forget(host.user_id)
        raise ConnectionLost("Twitch ended a subscription")

    async def _subscribe_to_all(self, socket: EventSubConnection, host: Token, room: str) -> dict[str, str]:
        """Subscribes to what is still missing; what cannot be had, and what the streamer can do."""
        scopes = await self._accounts.helix.admit(host.user_id)
        wanted = subscriptions.channel_subscriptions(room, host.user_id, rewards=self._wants_rewards)
        own = host.user_id == room
        lacks = {
            one.what: await self._subscribe(socket, host, scopes, one)
            if own or one.what not in subscriptions.OWN
            else f"log in as {self._channel}: {LOGIN}"
            for one in wanted
        }
        if lacks.get(subscriptions.REWARDS) == "":
            lacks |= await self.rewards.learn(room, scopes)
        return {what: hint for what, hint in lacks.items() if hint}

    async def _subscribe(
        self, socket: EventSubConnection, host: Token, scopes: frozenset[str], one: EventSubSubscription
    ) -> str:
        """Returns "", or what the streamer can do."""
        if one.scopes and scopes.isdisjoint(one.scopes):
            return grant(one.scopes[0], host.login)
        try:
            await self._accounts.subscribe(socket, host, one)
        except RequestRefused as refused:
            return f"{one.hint} (Twitch: {refused.answer})"
        return ""
