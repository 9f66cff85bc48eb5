"""What a channel's chat does not tell: follows, power-ups, rewards, the stream's begin and end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from vtuber.config import Settings
from vtuber.listeners.connection import Connection, Lost
from vtuber.listeners.twitch import wants
from vtuber.listeners.twitch.eventsub import Reader
from vtuber.listeners.twitch.feed import Feed
from vtuber.listeners.twitch.helix import LOGIN, MEND_SECONDS, Denied, Refused
from vtuber.listeners.twitch.rewards import Rewards
from vtuber.listeners.twitch.session import Session
from vtuber.listeners.twitch.tokens import Token
from vtuber.listeners.twitch.wants import Want


class Beside:
    """Heard by the channel's own account where that is logged in, else by the reader, who hears less of it.

    ``enter`` gives the channel's id, and has all that happens there told.
    """

    def __init__(
        self,
        settings: Settings,
        channel: str,
        session: Session,
        reader: Reader,
        enter: Callable[[], Awaitable[str]],
    ) -> None:
        self.ended = asyncio.Event()
        """Set when Twitch ended a subscription: what is still possible shows when it is asked for again."""
        self.is_known = False
        """Whether ``lacks`` says how it is: Twitch was asked for all, once at least."""
        self.rewards = Rewards(settings.chat.twitch, channel, session, reader)
        self._wants_rewards = bool(settings.chat.twitch.rewards)
        self._channel = channel
        self._session = session
        self._enter = enter
        self._connection = Connection(f"chat.twitch {channel}")
        self._lacks: dict[str, str] = {}

    @property
    def lacks(self) -> dict[str, str]:
        """What is not heard or done, and what the streamer can do about it."""
        return {**self._lacks, **self.rewards.left}

    async def stay(self) -> None:
        """For ever, whatever happens."""
        while True:
            try:
                await self._attend()
            except Denied as denied:
                self._lacks, self.is_known = {"what chat does not tell": denied.hint}, True
                await asyncio.sleep(MEND_SECONDS)
            except Lost as lost:
                self._connection.lost(lost)
                self.is_known = True
                await asyncio.sleep(self._connection.pause())

    async def _attend(self) -> None:
        """Until it is lost: raises Lost then, and Denied when the account is of no use."""
        session, host = self._session, self._session.host(self._channel)
        await session.helix.admit(host.user_id)
        room = await self._enter()
        self.ended.clear()
        async with session.feed(host) as feed:
            self._connection.made()
            while not self.ended.is_set():
                self._lacks, self.is_known = await self._subscribed(feed, host, room), True
                await feed.over(self.ended, MEND_SECONDS if self._lacks else None)
                if self._lacks:
                    await session.helix.forget(host.user_id)
        raise Lost("Twitch ended a subscription")

    async def _subscribed(self, feed: Feed, host: Token, room: str) -> dict[str, str]:
        """Subscribes to what is not heard yet; what still is not, and what the streamer can do."""
        scopes = await self._session.helix.admit(host.user_id)
        wanted = wants.beside_chat(room, host.user_id, rewards=self._wants_rewards)
        own = host.user_id == room
        lacks = {
            want.what: await self._subscribe(feed, host, scopes, want)
            if own or want.what not in wants.OWN
            else f"log in as {self._channel}: {LOGIN}"
            for want in wanted
        }
        if lacks.get(wants.REWARDS) == "":
            lacks |= await self.rewards.learn(room, scopes)
        return {what: hint for what, hint in lacks.items() if hint}

    async def _subscribe(self, feed: Feed, host: Token, scopes: frozenset[str], want: Want) -> str:
        """Returns "", or what the streamer can do."""
        if want.scopes and scopes.isdisjoint(want.scopes):
            return f"let {host.login} hear it ({want.scopes[0]}): {LOGIN}"
        try:
            await self._session.subscribe(feed, host, want)
        except Refused as refused:
            return f"{want.help} (Twitch: {refused.said})"
        return ""
