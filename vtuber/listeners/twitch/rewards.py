"""The channel-point rewards that she answers: found, made where there are none, and fulfilled or refunded.

After https://dev.twitch.tv/docs/api/reference/#create-custom-rewards and what follows it there. Twitch lets
only the application that made a reward fulfil or refund its redemptions. Nothing is changed or deleted here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal

import twitchio
from twitchio.http import Route

from vtuber.config import TwitchChat
from vtuber.core.backoff import Backoff
from vtuber.core.events import Event, Redemption
from vtuber.core.text import escaped
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import rows, string
from vtuber.listeners.twitch import scopes, subscriptions
from vtuber.listeners.twitch.accounts import Accounts
from vtuber.listeners.twitch.eventsub import NotificationParser
from vtuber.listeners.twitch.helix import RequestRefused

log = logging.getLogger(__name__)

PROMPT = "What is your question or wish?"
"""What viewers read on a reward that she made. Twitch wants one where words are required."""
WAITING_LIMIT = 500
"""Redemptions that wait to be fulfilled or refunded."""
ATTEMPTS = 6
LAST_SECONDS = 0.7
"""How long all that waits may take when the show ends: points are given back then."""

Status = Literal["FULFILLED", "CANCELED"]

_MANAGING = "fulfilling or refunding rewards"
_FOREIGN = (
    "only the program that made a reward may do that: do it yourself, "
    "or delete the reward at Twitch and start banban again, and it makes a new one"
)
_GONE = "the reward was deleted: start banban again to have it made, or remove it from chat.twitch.rewards"
_REFUSED = {
    400: "a channel can have 50 rewards, each with a different title of at most 45 characters: "
    "correct that and start again, or make it by hand",
    403: subscriptions.NO_POINTS,
}


class Rewards:
    """The rewards of one channel, by its own account."""

    def __init__(
        self,
        options: TwitchChat,
        channel: str,
        accounts: Accounts,
        parser: NotificationParser,
        *,
        found: Callable[[Event], Awaitable[None]],
        answer_minutes: float,
    ) -> None:
        """``found`` takes each redemption that was open before; one that is older is given back."""
        self._found = found
        self._patience = answer_minutes * 60
        self._is_asked = False
        """Whether Twitch has told of those that are open."""
        self.queue = RedemptionQueue(self._update, self._report_forbidden)
        self._titles: dict[str, str] = {}
        for title in options.rewards:
            self._titles.setdefault(_key(title), title.strip())
        self._cost = options.reward_cost
        self._channel = channel
        self._accounts = accounts
        self._parser = parser
        self._seen: dict[str, str] = {}
        """What to do about a title that was there, or could not be made: nothing is made twice."""
        self._foreign: dict[str, str] = {}
        """The titles, by their ids, of those that others made."""
        self._forbidden = ""

    @property
    def left(self) -> dict[str, str]:
        """What is left to the streamer, and why; looking again would not change it."""
        left = {f"fulfilling or refunding the reward {title!r}": _FOREIGN for title in self._foreign.values()}
        return {**left, **({_MANAGING: self._forbidden} if self._forbidden else {})}

    async def learn(self, room: str, granted: frozenset[str]) -> dict[str, str]:
        """Finds or makes them. What is wrong, and what the streamer can do about it ("": nothing is).

        Raises ConnectionLost or AccessDenied when it could not look.
        """
        manages = scopes.MANAGE_REWARDS in granted
        try:
            found = await self._fetch(room)
            own = await self._fetch(room, manageable=True) if manages else found
        except RequestRefused as refused:
            return {subscriptions.REWARDS: _hint(refused)}
        self._parser.reward_ids |= found.keys()
        self._seen |= dict.fromkeys(map(_key, found.values()), _GONE)
        self._leave({reward_id: found[reward_id] for reward_id in found.keys() - own.keys()})
        missing = self._titles.keys() - map(_key, found.values())
        lacks = {
            f"the reward {title!r}": await self._make(room, title)
            if manages
            else "check the title in chat.twitch.rewards: the channel has no such reward"
            for key, title in self._titles.items()
            if key in missing
        }
        if not manages:
            lacks[_MANAGING] = scopes.grant(scopes.MANAGE_REWARDS, self._channel)
        elif not self._is_asked:
            await self._take_open(room, own)
            self._is_asked = True
        return lacks

    async def _take_open(self, room: str, own: Iterable[str]) -> None:
        """What was redeemed while nobody listened, or when the last show was killed.

        After https://dev.twitch.tv/docs/api/reference/#get-custom-reward-redemption.
        """
        for reward_id in own:
            for row in await self._fetch_open(room, reward_id):
                event = self._parser.open_redemption(row)
                if not isinstance(event, Redemption):
                    continue
                if event.sent and time.time() - event.sent > self._patience:
                    log.info(
                        "Twitch, #%s: an old redemption of %r is given back", self._channel, event.reward
                    )
                    self.refund(event)
                else:
                    await self._found(event)

    async def _fetch_open(self, room: str, reward_id: str) -> list[dict[str, Any]]:
        """The rows of those that are neither fulfilled nor refunded, the oldest first."""
        wanted = {"broadcaster_id": room, "reward_id": reward_id, "status": "UNFULFILLED", "first": 50}

        async def fetch(client: twitchio.Client) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            after: dict[str, str] = {}
            while len(found) < WAITING_LIMIT:
                route = Route(
                    "GET",
                    "channel_points/custom_rewards/redemptions",
                    params={**wanted, "sort": "OLDEST", **after},
                    token_for=room,
                )
                answer: Any = await client.http.request_json(route)
                found += rows(answer, "data")
                cursor = string(answer, "pagination.cursor")
                if not cursor or after == {"after": cursor}:
                    break
                after = {"after": cursor}
            return found

        try:
            return await self._accounts.helix.ask(room, fetch)
        except RequestRefused as refused:
            log.warning(
                "Twitch, #%s: open redemptions could not be read; Twitch says: %s",
                self._channel,
                refused.answer,
            )
            return []

    def fulfil(self, redemption: Redemption) -> None:
        """She has answered it. Never waits."""
        self._put(redemption, "FULFILLED")

    def refund(self, redemption: Redemption) -> None:
        """She will not answer it: the viewer gets the points back. Never waits."""
        self._put(redemption, "CANCELED")

    def _put(self, redemption: Redemption, status: Status) -> None:
        if redemption.reward_id not in self._foreign:  # Twitch would refuse
            self.queue.put(redemption, status)

    async def _fetch(self, room: str, *, manageable: bool = False) -> dict[str, str]:
        """The titles of those that count, by their ids; ``manageable``: only of those that we made."""

        async def fetch(client: twitchio.Client) -> dict[str, str]:
            rewards = await client.create_partialuser(room).fetch_custom_rewards(manageable=manageable)
            return {reward.id: reward.title for reward in rewards if self._parser.counts(reward.title)}

        return await self._accounts.helix.ask(room, fetch)

    def _leave(self, foreign: dict[str, str]) -> None:
        """To the streamer."""
        for reward_id in foreign.keys() - self._foreign.keys():
            title = foreign[reward_id]
            log.warning(
                "Twitch, #%s: the reward %r was not made by banban: %s", self._channel, title, _FOREIGN
            )
        self._foreign = foreign

    async def _make(self, room: str, title: str) -> str:
        """Returns "", or what the streamer can do."""
        if _key(title) in self._seen:
            return self._seen[_key(title)]

        async def post(client: twitchio.Client) -> str:
            # Whether a title is too long is Twitch's to say; twitchio's own create_custom_reward raises.
            made = await client.http.post_custom_reward(
                broadcaster_id=room, token_for=room, title=title, cost=self._cost, prompt=PROMPT
            )
            return str(made["data"][0]["id"])

        try:
            self._parser.reward_ids.add(await self._accounts.helix.ask(room, post))
        except RequestRefused as refused:
            self._seen[_key(title)] = hint = _hint(refused)
            log.warning("Twitch, #%s: the reward %r could not be made: %s", self._channel, title, hint)
            return hint
        except ConnectionLost as lost:
            return f"nothing to do: banban will try again ({lost.why})"
        self._seen[_key(title)] = _GONE
        log.info("Twitch, #%s: made the reward %r, for %d points", self._channel, title, self._cost)
        return ""

    async def _update(self, redemption: Redemption, status: Status) -> None:
        room = await self._accounts.id_of(self._channel)

        async def patch(client: twitchio.Client) -> None:
            await client.http.patch_custom_reward_redemption(
                broadcaster_id=room,
                token_for=room,
                reward_id=redemption.reward_id,
                id=redemption.id,
                status=status,
            )

        await self._accounts.helix.ask(room, patch)

    def _report_forbidden(self, answer: str) -> None:
        if not self._forbidden:
            log.warning(
                "Twitch, #%s: fulfil or refund redemptions yourself; Twitch says: %s", self._channel, answer
            )
        self._forbidden = f"do it yourself: only the program that made a reward may do it (Twitch: {answer})"


def _key(title: str) -> str:
    return title.strip().casefold()


def _hint(refused: RequestRefused) -> str:
    return f"{_REFUSED.get(refused.status, 'nothing you can do')} (Twitch: {refused.answer})"


class RedemptionQueue:
    """Fulfils and refunds one by one. ``update`` does it for one; ``forbidden`` gets Twitch's reason."""

    def __init__(
        self, update: Callable[[Redemption, Status], Awaitable[None]], forbidden: Callable[[str], None]
    ) -> None:
        self._update = update
        self._forbidden = forbidden
        self._waiting: asyncio.Queue[tuple[Redemption, Status]] = asyncio.Queue(WAITING_LIMIT)

    def put(self, redemption: Redemption, status: Status) -> None:
        """Never waits; what is too much stays in the streamer's own list."""
        try:
            self._waiting.put_nowait((redemption, status))
        except asyncio.QueueFull:
            log.warning(
                "%d redemptions already wait for Twitch; fulfil or refund the latest yourself", WAITING_LIMIT
            )

    async def run(self) -> None:
        """For ever."""
        while True:
            redemption, status = await self._waiting.get()
            try:
                await self._send(redemption, status)
            finally:
                self._waiting.task_done()

    async def finish(self) -> None:
        """Waits a moment for what ``run`` has still to do."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._waiting.join()
        except TimeoutError:
            log.warning(
                "Twitch did not take all redemptions in time; fulfil or refund the last ones yourself"
            )

    async def _send(self, redemption: Redemption, status: Status) -> None:
        backoff = Backoff(1.0, 60.0)
        for _ in range(ATTEMPTS):
            try:
                return await self._update(redemption, status)
            except RequestRefused as refused:
                # A redemption that is gone or done already (404, 400) needs nothing.
                if refused.status in (401, 403):
                    self._forbidden(refused.answer)
                return None
            except ConnectionLost as lost:
                log.debug("Twitch did not take redemption %s: %s", escaped(redemption.id), escaped(lost.why))
                await asyncio.sleep(backoff.next())
        log.warning(
            "Twitch did not take a redemption of %r; fulfil or refund it yourself", escaped(redemption.reward)
        )
        return None
