"""The channel-point rewards that she answers: found, made where there are none, and settled.

After https://dev.twitch.tv/docs/api/reference/#create-custom-rewards and what follows it there. Twitch lets
only the application that made a reward settle what was bought. No reward is ever changed or deleted here.
"""

from __future__ import annotations

import logging

import twitchio

from vtuber.config import TwitchChat
from vtuber.core.events import Redemption
from vtuber.listeners.connection import Lost
from vtuber.listeners.twitch import wants
from vtuber.listeners.twitch.eventsub import Reader
from vtuber.listeners.twitch.helix import LOGIN, Refused
from vtuber.listeners.twitch.session import Session
from vtuber.listeners.twitch.settling import Settling, Status

log = logging.getLogger(__name__)

PROMPT = "What is your question or wish?"
"""What viewers read on a reward that she made. Twitch wants one where words are required."""

_SETTLING = "settling channel-point rewards"
_FOREIGN = (
    "only the program that made a reward may settle it: do it yourself, "
    "or delete the reward at Twitch and start again, and she makes it"
)
_GONE = "it was there and is gone: start again to have it made, or take it out of chat.twitch.rewards"
_REFUSED = {
    400: "a channel may have 50 rewards, each with a title of its own of at most 45 characters: "
    "mend that and start again, or make it by hand",
    403: wants.NO_POINTS,
}


class Rewards:
    """Of one channel, whose own account is asked."""

    def __init__(self, options: TwitchChat, channel: str, session: Session, reader: Reader) -> None:
        self.settling = Settling(self._patch, self._refuse_settling)
        self._titles: dict[str, str] = {}
        for title in options.rewards:
            self._titles.setdefault(_key(title), title.strip())
        self._cost = options.reward_cost
        self._channel = channel
        self._session = session
        self._reader = reader
        self._seen: dict[str, str] = {}
        """What to do about a title that was there, or could not be made: nothing is made twice."""
        self._foreign: dict[str, str] = {}
        """The titles, by their ids, of those that others made."""
        self._unsettled = ""

    @property
    def left(self) -> dict[str, str]:
        """What is left to the streamer, and why; looking again would not mend it."""
        left = {f"settling the reward {title!r}": _FOREIGN for title in self._foreign.values()}
        return {**left, **({_SETTLING: self._unsettled} if self._unsettled else {})}

    async def learn(self, room: str, scopes: frozenset[str]) -> dict[str, str]:
        """Finds or makes them. What is wrong, and what the streamer can do about it ("": nothing is).

        Raises Lost or Denied when it could not look.
        """
        manages = wants.MANAGE_REWARDS in scopes
        try:
            found = await self._fetch(room)
            own = await self._fetch(room, manageable=True) if manages else found
        except Refused as refused:
            return {wants.REWARDS: _cure(refused)}
        self._reader.reward_ids |= found.keys()
        self._seen |= dict.fromkeys(map(_key, found.values()), _GONE)
        self._leave({reward_id: found[reward_id] for reward_id in found.keys() - own.keys()})
        missing = self._titles.keys() - map(_key, found.values())
        lacks = {
            f"the reward {title!r}": await self._make(room, title)
            if manages
            else "check chat.twitch.rewards: the channel has none of that title"
            for key, title in self._titles.items()
            if key in missing
        }
        if not manages:
            lacks[_SETTLING] = (
                f"let {self._channel} make and settle rewards ({wants.MANAGE_REWARDS}): {LOGIN}"
            )
        return lacks

    def settle(self, redemption: Redemption, *, answered: bool) -> None:
        """Sees to it that Twitch is told, where it would heed."""
        if redemption.reward_id not in self._foreign:
            self.settling.put(redemption, answered=answered)

    async def _fetch(self, room: str, *, manageable: bool = False) -> dict[str, str]:
        """The titles of those that count, by their ids; ``manageable``: only of those that we made."""

        async def fetch(client: twitchio.Client) -> dict[str, str]:
            rewards = await client.create_partialuser(room).fetch_custom_rewards(manageable=manageable)
            return {reward.id: reward.title for reward in rewards if self._reader.counts(reward.title)}

        return await self._session.helix.ask(room, fetch)

    def _leave(self, foreign: dict[str, str]) -> None:
        """To the streamer."""
        for reward_id in foreign.keys() - self._foreign.keys():
            log.warning("#%s: the reward %r is not hers: %s", self._channel, foreign[reward_id], _FOREIGN)
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
            self._reader.reward_ids.add(await self._session.helix.ask(room, post))
        except Refused as refused:
            self._seen[_key(title)] = hint = _cure(refused)
            log.warning("#%s: the reward %r could not be made: %s", self._channel, title, hint)
            return hint
        except Lost as lost:
            return f"nothing: it is tried again ({lost.why})"
        self._seen[_key(title)] = _GONE
        log.info("#%s: made the reward %r, for %d points", self._channel, title, self._cost)
        return ""

    async def _patch(self, redemption: Redemption, status: Status) -> None:
        room = await self._session.id_of(self._channel)

        async def patch(client: twitchio.Client) -> None:
            await client.http.patch_custom_reward_redemption(
                broadcaster_id=room,
                token_for=room,
                reward_id=redemption.reward_id,
                id=redemption.id,
                status=status,
            )

        await self._session.helix.ask(room, patch)

    def _refuse_settling(self, said: str) -> None:
        if not self._unsettled:
            log.warning("#%s: redemptions are left to you, for Twitch says: %s", self._channel, said)
        self._unsettled = f"settle them yourself: only the program that made a reward may (Twitch: {said})"


def _key(title: str) -> str:
    return title.strip().casefold()


def _cure(refused: Refused) -> str:
    return f"{_REFUSED.get(refused.status, 'nothing you can do')} (Twitch: {refused.said})"
