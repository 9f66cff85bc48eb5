"""Channel-point rewards: found or made, and what was bought is settled where Twitch lets us."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import twitch_events as sent
from aiohttp import web
from twitch_events import said
from twitch_listeners import be_quick_to_mend, hearing, make_listener
from twitch_messages import REWARD
from twitch_server import FOREIGN, Answer, Twitch, failure, garbage, reward

from vtuber.config import Settings
from vtuber.core.events import Event, Redemption
from vtuber.core.health import State
from vtuber.listeners import RedemptionListener
from vtuber.listeners.twitch import helix, rewards
from vtuber.listeners.twitch.listener import TwitchListener
from vtuber.listeners.twitch.tokens import TokenFile

pytest_plugins = ["twitch_fixtures"]

PATH = "/helix/channel_points/custom_rewards"
SETTLE = f"{PATH}/redemptions"
MANAGE = "channel:manage:redemptions"
NO_AFFILIATE = "The broadcaster is not a partner or affiliate."
FULL = "CREATE_CUSTOM_REWARD_TOO_MANY_REWARDS"
ONLY_ITS_MAKER = (
    "only the program that made a reward may do that: do it yourself, "
    "or delete the reward at Twitch and start banban again, and it makes a new one"
)


def asking(twitch: Twitch, *without: str, **options: Any) -> TwitchListener:
    """A listener that answers "Ask Banban", as the channel's own account with every scope except those."""
    return make_listener(twitch, twitch.log_in("room", *without), **{"rewards": ["Ask Banban"], **options})


async def looked(twitch: Twitch, times: int = 1) -> None:
    """Until the listener has looked for rewards so often, and at what came of it."""
    await twitch.until(lambda: twitch.requests.count(f"GET {PATH}") >= 2 * times)


async def redeemed(twitch: Twitch, heard: list[Event], redemption_id: str, **event: Any) -> Redemption:
    await twitch.notify(REWARD, sent.redeemed(id=redemption_id, **event))
    await twitch.until(lambda: heard and heard[-1].id == redemption_id)
    assert isinstance(heard[-1], Redemption)
    return heard[-1]


def made(twitch: Twitch) -> int:
    """How often she tried to make one."""
    return twitch.requests.count(f"POST {PATH}")


async def test_a_reward_that_is_not_there_is_made_answered_and_refunded(
    twitch: Twitch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "vtuber")
    twitch.rewards = [reward("Hydrate!")]
    listener = asking(twitch, rewards=["Ask Banban", " ask banban"], reward_cost=250)
    async with hearing(listener) as heard:
        await twitch.until(lambda: "reward-2" in listener._parser.reward_ids)
        ours = twitch.rewards[1]
        assert (ours["title"], ours["cost"], ours["is_enabled"]) == ("Ask Banban", 250, True)
        assert ours["is_user_input_required"]
        assert ours["prompt"]
        assert not ours["should_redemptions_skip_request_queue"]  # nothing could be given back
        one = await redeemed(twitch, heard, "r1", reward=ours)
        listener.refund(one)
        await twitch.until(lambda: twitch.settled)
        assert listener.health().state is State.OK
    assert twitch.settled[0] == {
        "broadcaster_id": "1",
        "reward_id": "reward-2",
        "id": "r1",
        "status": "CANCELED",
    }
    assert caplog.text.count("#room: made the reward 'Ask Banban', for 250 points") == 1
    async with hearing(listener):  # and the next time it is there
        await looked(twitch, 2)
        await twitch.until(lambda: listener.health().state is State.OK)
    assert (made(twitch), len(twitch.rewards)) == (1, 2)


async def test_who_may_not_make_a_reward_says_what_is_missing(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_quick_to_mend(monkeypatch)
    listener = asking(twitch, MANAGE)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith(
            "without the reward 'Ask Banban', fulfilling or refunding rewards"
        )
        assert listener.health().hint == (
            "check the title in chat.twitch.rewards: the channel has no such reward; "
            f"log in as room again and allow {MANAGE}: banban login twitch"
        )
        assert not made(twitch)
        TokenFile().save(twitch.log_in("room"))
        await twitch.until(lambda: twitch.rewards and listener.health().state is State.OK)


async def test_a_channel_without_channel_points(twitch: Twitch) -> None:
    twitch.answers[PATH] = [failure(403, NO_AFFILIATE)]
    listener = asking(twitch)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith("without channel-point rewards")
        assert listener.health().hint == (
            "only affiliates and partners have channel points: set chat.twitch.rewards to [] "
            f"(Twitch: {NO_AFFILIATE})"
        )
    assert not made(twitch)


async def test_only_the_channels_own_account_makes_rewards(twitch: Twitch) -> None:
    listener = make_listener(twitch, twitch.log_in("bot"), rewards=["Ask Banban"])
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert "channel-point rewards" in listener.health().what
    assert not made(twitch)


@pytest.mark.parametrize(
    ("refusal", "hint"),
    [
        ((403, NO_AFFILIATE), "only affiliates and partners have channel points"),
        ((400, FULL), "a channel can have 50 rewards"),
        ((401, "No."), "nothing you can do"),
    ],
)
async def test_a_reward_that_twitch_will_not_have_made_is_tried_once(
    twitch: Twitch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: tuple[int, str],
    hint: str,
) -> None:
    be_quick_to_mend(monkeypatch)
    listener = asking(twitch)
    refuse_to_make(twitch, failure(*refusal))
    async with hearing(listener) as heard:
        await looked(twitch, 4)
        assert made(twitch) == 1
        assert listener.health().state is State.LIMITED
        assert listener.health().what.endswith("without the reward 'Ask Banban'")
        assert listener.health().hint.startswith(hint)
        assert listener.health().hint.endswith(f"(Twitch: {refusal[1]})")
        await twitch.notify("channel.follow", sent.followed())  # the rest goes on
        await twitch.until(lambda: heard)
        twitch.rewards = [reward("Ask Banban")]  # by hand
        await twitch.until(lambda: listener.health().state is State.OK)
    assert caplog.text.count(f"(Twitch: {refusal[1]})") == 1


def refuse_to_make(twitch: Twitch, *answers: Answer) -> None:
    """What Twitch answers to the next who make a reward."""
    twitch.answers[f"POST {PATH}"] += answers


async def test_a_title_that_is_too_long_is_refused_by_twitch(twitch: Twitch) -> None:
    listener = asking(twitch, rewards=["Ask Banban " * 5])
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert "at most 45 characters" in listener.health().hint


async def test_a_reward_that_somebody_makes_at_the_same_moment_is_found(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_quick_to_mend(monkeypatch)

    def too_late() -> web.Response:
        twitch.rewards = [reward("Ask Banban")]
        return failure(400, "CREATE_CUSTOM_REWARD_DUPLICATE_REWARD")()

    refuse_to_make(twitch, too_late)
    listener = asking(twitch)
    async with hearing(listener):
        await looked(twitch, 2)
        await twitch.until(lambda: listener.health().state is State.OK and listener._parser.reward_ids)
    assert made(twitch) == 1


@pytest.mark.parametrize("answer", [failure(500), garbage])
async def test_what_fails_on_the_way_is_tried_again(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    be_quick_to_mend(monkeypatch)
    refuse_to_make(twitch, answer)
    listener = asking(twitch)
    async with hearing(listener):
        await twitch.until(lambda: "without the reward" in listener.health().what)
        assert listener.health().hint.startswith("nothing to do: banban will try again (Twitch")
        await twitch.until(lambda: listener.health().state is State.OK)
        assert len(twitch.sessions) == 1
        assert listener._channel_events._connection.reconnects == 0
    assert (made(twitch), len(twitch.rewards)) == (2, 1)


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_reward_that_the_streamer_deletes_on_air_stays_away(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch, *, by_hand: bool
) -> None:
    be_quick_to_mend(monkeypatch)
    twitch.rewards = [reward("Ask Banban")] if by_hand else []
    listener = asking(twitch, "moderator:read:followers")  # which has it look again and again
    async with hearing(listener):
        await twitch.until(lambda: listener._parser.reward_ids)
        twitch.rewards.clear()
        await twitch.until(lambda: "the reward 'Ask Banban'" in listener.health().what)
        assert "the reward was deleted" in listener.health().hint
        await looked(twitch, 4)
    assert (made(twitch), twitch.rewards) == (0 if by_hand else 1, [])


async def test_a_reward_made_by_hand_is_answered_and_left_to_the_streamer(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    be_quick_to_mend(monkeypatch)
    twitch.rewards, twitch.foreign = [reward("Ask Banban", "theirs"), reward("Wish", "ours")], {"theirs"}
    listener = asking(twitch, "moderator:read:followers", rewards=["Ask Banban", "Wish"])
    async with hearing(listener) as heard:
        await looked(twitch, 3)
        await twitch.until(lambda: listener.health().state is State.LIMITED)  # before anything is bought
        assert listener.health().what.endswith("follows, fulfilling or refunding the reward 'Ask Banban'")
        assert listener.health().hint.endswith(ONLY_ITS_MAKER)
        by_hand = await redeemed(twitch, heard, "r1", reward=twitch.rewards[0])
        own = await redeemed(twitch, heard, "r2", reward=twitch.rewards[1])
        for one in (by_hand, own):
            listener.fulfil(one)
        await twitch.until(lambda: twitch.settled)
    assert [one["id"] for one in twitch.settled] == ["r2"]
    assert f"PATCH {SETTLE}" in twitch.requests
    assert twitch.requests.count(f"PATCH {SETTLE}") == 1  # Twitch is not asked in vain
    assert caplog.text.count(ONLY_ITS_MAKER) == 1
    assert not made(twitch)


async def test_a_reward_that_is_made_by_hand_on_air(twitch: Twitch, caplog: pytest.LogCaptureFixture) -> None:
    twitch.rewards = [reward("Ask Banban", "ours")]
    listener = asking(twitch)
    async with hearing(listener) as heard:
        await looked(twitch)
        await twitch.subscribed(REWARD)
        twitch.rewards, twitch.foreign = [reward("Ask Banban")], {"reward-1"}
        for name in ("r1", "r2"):
            listener.fulfil(await redeemed(twitch, heard, name))
        await twitch.until(lambda: twitch.requests.count(f"PATCH {SETTLE}") == 2)
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith("without fulfilling or refunding rewards")
        assert FOREIGN in listener.health().hint
    assert caplog.text.count(FOREIGN) == 1


async def test_words_for_a_reward_come_once_even_when_they_come_first(twitch: Twitch) -> None:
    twitch.rewards = [reward("Ask Banban")]
    listener = asking(twitch)
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.OK and listener._parser.reward_ids)
        await twitch.notify("channel.chat.message", said("why?", channel_points_custom_reward_id="reward-1"))
        await twitch.notify(REWARD, sent.redeemed(text="why?"))
        await twitch.until(lambda: heard)
        assert isinstance(heard[0], Redemption)


async def test_redemptions_are_fulfilled_or_refunded(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    twitch.rewards = [reward("Ask Banban")]
    listener = asking(twitch)
    assert isinstance(listener, RedemptionListener)
    async with hearing(listener) as heard:
        await twitch.subscribed(REWARD)
        first, second = [await redeemed(twitch, heard, name) for name in ("r1", "r2")]
        listener.fulfil(replace(first, channel="other"))
        listener.fulfil(replace(first, platform="elsewhere"))
        listener.fulfil(first)
        await twitch.until(lambda: twitch.settled)
        monkeypatch.setattr(asyncio, "sleep", in_no_time(asyncio.sleep))
        twitch.answers[SETTLE] = [failure(500), failure(500)]
        listener.refund(second)
        await twitch.until(lambda: len(twitch.settled) == 2)
    ids = {"broadcaster_id": "1", "reward_id": "reward-1"}
    assert twitch.settled == [
        {**ids, "id": "r1", "status": "FULFILLED"},
        {**ids, "id": "r2", "status": "CANCELED"},
    ]


def in_no_time(sleep: Any) -> Any:
    return lambda seconds: sleep(min(seconds, 0.01))


@pytest.mark.parametrize("cost", [0, 1_000_001, 2.5])
def test_a_cost_that_twitch_does_not_know(cost: float) -> None:
    with pytest.raises(ValueError, match="reward_cost"):
        Settings.model_validate({"chat": {"twitch": {"reward_cost": cost}}})


async def test_refunds_at_the_end_of_the_show_reach_twitch(twitch: Twitch) -> None:
    listener = asking(twitch)
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener._parser.reward_ids)
        ours = twitch.rewards[0]
        for spent in [await redeemed(twitch, heard, name, reward=ours) for name in ("r1", "r2", "r3")]:
            listener.refund(spent)
    assert [(one["id"], one["status"]) for one in twitch.settled] == [
        ("r1", "CANCELED"),
        ("r2", "CANCELED"),
        ("r3", "CANCELED"),
    ]


async def test_the_show_ends_though_twitch_takes_no_refunds(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rewards, "LAST_SECONDS", 0.05)
    monkeypatch.setattr(helix, "LAST_SECONDS", 0.05)
    listener = asking(twitch)
    async with asyncio.timeout(10), hearing(listener) as heard:
        await twitch.until(lambda: listener._parser.reward_ids)
        spent = await redeemed(twitch, heard, "r1", reward=twitch.rewards[0])
        twitch.slow[SETTLE] = 3600
        listener.refund(spent)
    assert "fulfil or refund the last ones yourself" in caplog.text


async def test_what_was_open_before_is_answered_and_what_is_old_is_given_back(
    twitch: Twitch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "vtuber")
    twitch.rewards = [reward("Ask Banban"), reward("Ask Banban too", "theirs")]
    twitch.foreign = {"theirs"}
    now = datetime.now(UTC).isoformat()
    twitch.open = [sent.redeemed(id="old"), *(sent.redeemed(id=f"r{n}", redeemed_at=now) for n in range(60))]
    listener = asking(twitch)
    async with hearing(listener) as heard:
        await twitch.until(lambda: len(heard) == 60)
        assert [event.id for event in heard] == [f"r{n}" for n in range(60)]
        first = heard[0]
        assert isinstance(first, Redemption)
        assert (first.text, first.cost, first.author.name) == ("why?", 500, "Ann")
        listener.fulfil(first)
        await twitch.until(lambda: len(twitch.settled) == 2)
    assert [(one["id"], one["status"]) for one in twitch.settled] == [
        ("old", "CANCELED"),
        ("r0", "FULFILLED"),
    ]
    assert "an old redemption of 'Ask Banban' is given back" in caplog.text
