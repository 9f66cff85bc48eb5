"""Twitch with an account: twitchio talks over real sockets to a server that keeps Twitch's rules."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import twitch_events as sent
from aiohttp import web
from twitch_events import Json, badge, notification, said
from twitch_listeners import be_quick_to_mend, build, hearing, make_listener, words
from twitch_messages import MESSAGES, REWARD
from twitch_server import Twitch, failure, reward

from vtuber.core import clock
from vtuber.core.errors import ConfigError
from vtuber.core.events import Event, Redemption
from vtuber.core.health import State
from vtuber.listeners import Writer
from vtuber.listeners.buffer import EventBuffer
from vtuber.listeners.twitch.anonymous import AnonymousTwitchListener
from vtuber.listeners.twitch.listener import build as build_twitch
from vtuber.listeners.twitch.tokens import TokenFile

pytest_plugins = ["twitch_fixtures"]

CHAT = "channel.chat.message"
BESIDE = ("channel.follow", "channel.bits.use", "stream.online", "stream.offline")


@pytest.mark.parametrize(
    ("kind", "event", "meant"), MESSAGES, ids=[f"{number}-{one[0]}" for number, one in enumerate(MESSAGES)]
)
async def test_every_kind_of_event(twitch: Twitch, kind: str, event: Json, meant: Event | None) -> None:
    twitch.rewards = [reward("Ask Banban")]
    listener = make_listener(twitch, rewards=["ask banban"])
    async with hearing(listener) as heard:
        await twitch.subscribed(CHAT, *BESIDE, REWARD)
        assert await twitch.notify(kind, event, "e1") == 1
        await twitch.notify(CHAT, said("last", message_id="last"), "e2")
        before = clock.now()
        await twitch.until(lambda: words(heard)[-1:] == ["last"])
        assert [replace(one, at=0) for one in heard[:-1]] == ([meant] if meant else [])
        assert all(before - 1 < one.at <= clock.now() for one in heard)


async def test_health_from_the_begin_to_the_end(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    assert (listener.health().part, listener.health().state) == ("chat.twitch room", State.DOWN)
    assert not listener.availability.is_ready
    async with hearing(listener) as heard:
        await listener.availability.until_ready()
        assert listener.health().state is State.OK
        assert listener.health().what == "connected for 0:00, logged in as room"
        await twitch.notify(CHAT, said("hi"))
        await twitch.until(lambda: heard)
        assert listener.health().what == "connected for 0:00, last message 0:00 ago, logged in as room"
        assert listener.health().contact is not None
    assert listener.health().state is State.DOWN
    assert not listener.availability.is_ready


async def test_it_leaves_nothing_behind_whenever_it_is_cancelled(twitch: Twitch) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    listener = make_listener(twitch)
    others = asyncio.all_tasks()
    for steps in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144):
        task = asyncio.create_task(anext(listener.events()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await twitch.until(lambda: not twitch.sessions)
        left = {one for one in asyncio.all_tasks() - others if "web_protocol" not in repr(one)}
        assert not left
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


async def test_channels_share_a_websocket_until_the_last_leaves(twitch: Twitch) -> None:
    TokenFile().save(twitch.log_in("bot"))
    room, other = build(twitch, "room", "OTHER")
    async with hearing(room) as in_room:
        async with hearing(other) as in_other:
            await twitch.until(lambda: room.health().contact.connected and other.health().contact.connected)  # type: ignore[union-attr]
            assert len(twitch.sessions) == 1
            await twitch.notify(CHAT, said("here"))
            elsewhere = {"broadcaster_user_id": "2", "broadcaster_user_login": "other"}
            await twitch.notify(CHAT, said("there", message_id="m2", **elsewhere))
            await twitch.until(lambda: in_room and in_other)
            assert (words(in_room), in_room[0].channel) == (["here"], "room")
            assert (words(in_other), in_other[0].channel) == (["there"], "other")
        await twitch.notify(CHAT, said("still here", message_id="m3"))
        await twitch.until(lambda: len(in_room) == 2)
        assert len(twitch.sessions) == 1
    await twitch.until(lambda: not twitch.sessions)
    async with hearing(other) as in_other:  # and from the beginning
        await twitch.until(lambda: other.health().contact.connected)  # type: ignore[union-attr]
        await twitch.notify(CHAT, said("there", message_id="m4", **elsewhere))
        await twitch.until(lambda: in_other)


async def test_a_channel_that_does_not_exist(twitch: Twitch) -> None:
    TokenFile().save(twitch.log_in("bot"))
    room, nowhere = build(twitch, "room", "nowhere")
    async with hearing(nowhere), hearing(room) as heard:
        await twitch.subscribed()
        await twitch.notify(CHAT, said("hi"))
        await twitch.until(lambda: heard)
        assert nowhere.health().state is State.DOWN
        assert nowhere.health().what == "there is no Twitch channel 'nowhere'"
        assert nowhere.health().hint == "check chat.twitch.channels"
        twitch.users["nowhere"] = "44"  # now it does
        await twitch.until(lambda: nowhere.health().state is not State.DOWN)


async def test_the_channels_own_account_gets_what_is_not_in_chat(twitch: Twitch) -> None:
    bot, owner = twitch.log_in("bot"), twitch.log_in("room")
    listener = make_listener(twitch, bot, owner, account="BOT")
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.OK)
        await twitch.subscribed(CHAT)
        await twitch.subscribed(*BESIDE)
        assert {session.user_id for session in twitch.sessions} == {bot.user_id, owner.user_id}
        await twitch.notify(CHAT, said("hi"))
        await twitch.notify("channel.follow", sent.followed())
        await twitch.until(lambda: len(heard) == 2)
        assert listener.health().what.endswith("as bot")


async def test_what_an_account_may_not_do_is_listed_and_the_rest_works(twitch: Twitch) -> None:
    bot = twitch.log_in("bot", "moderator:read:followers", "user:write:chat")
    listener = make_listener(twitch, bot, rewards=["Ask"], write="replies")
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        health = listener.health()
        assert health.what.endswith("as bot, without follows, power-ups, channel-point rewards, writing")
        assert health.hint == (
            "log in as bot again and allow moderator:read:followers: banban login twitch; "
            "log in as room: banban login twitch; "
            "log in as bot again and allow user:write:chat: banban login twitch"
        )
        assert not listener.writes_in("twitch", "room")
        await twitch.notify(CHAT, said("hi"))
        await twitch.notify("stream.online", sent.began())
        await twitch.until(lambda: len(heard) == 2)


async def test_what_is_granted_later_works_from_then_on(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_quick_to_mend(monkeypatch)
    listener = make_listener(twitch, twitch.log_in("bot", "moderator:read:followers"))
    async with hearing(listener) as heard:
        await twitch.until(lambda: "without follows, power-ups" in listener.health().what)
        TokenFile().save(twitch.log_in("bot"))
        await twitch.until(lambda: "without power-ups" in listener.health().what)
        await twitch.notify("channel.follow", sent.followed())
        await twitch.until(lambda: heard)
        assert len(twitch.sessions) == 1
        assert listener.health().contact.reconnects == 0  # type: ignore[union-attr]  # it has one


async def test_what_twitch_refuses_is_reported_in_its_words(twitch: Twitch) -> None:
    why = "number of subscriptions exceeded"  # the same status as for asking too often
    twitch.refused["stream.online"] = failure(429, why, **{"Ratelimit-Remaining": "790"})
    listener = make_listener(twitch)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith("without the stream's start")
        assert listener.health().hint == f"nothing you can do (Twitch: {why})"


async def test_words_for_a_reward_come_once_even_when_they_come_first(twitch: Twitch) -> None:
    twitch.rewards = [reward("Ask Banban", "reward-1")]
    listener = make_listener(twitch, rewards=["Ask Banban"])
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.OK and listener._parser.reward_ids)
        await twitch.notify(CHAT, said("why?", channel_points_custom_reward_id="reward-1"))
        await twitch.notify(REWARD, sent.redeemed(text="why?"))
        await twitch.until(lambda: heard)
        assert isinstance(heard[0], Redemption)


async def test_she_writes(twitch: Twitch) -> None:
    listener = make_listener(twitch, write="replies")
    assert isinstance(listener, Writer)
    assert listener.writes_in("twitch", "room")
    assert not listener.writes_in("twitch", "other")
    assert not listener.writes_in("youtube", "room")
    async with hearing(listener) as heard:
        await twitch.subscribed(CHAT)
        assert await listener.write("room", "hello", reply_to="m1") == ""
        assert await listener.write("room", "and hello") == ""
        line = {"broadcaster_id": "1", "sender_id": "1", "message": "hello"}
        assert twitch.written == [
            {**line, "reply_parent_message_id": "m1"},
            {**line, "message": "and hello"},
        ]
        # What she wrote comes back as chat; she need not answer herself, only the streamer.
        me = {**sent.person("chatter_user", "Room", "1"), "badges": [badge("broadcaster")]}
        await twitch.notify(CHAT, said("@Ann hello", message_id="w1", **me))
        await twitch.notify(CHAT, said("and hello", message_id="w2", **me))
        await twitch.notify(CHAT, said("!hush", message_id="w3", **me))
        await twitch.notify(CHAT, said("hello", message_id="w4"))  # somebody else
        await twitch.notify(CHAT, said("hello", message_id="w5", **me))  # the streamer's own
        await twitch.notify(CHAT, said("!say and hello", message_id="w6", **me))
        await twitch.until(lambda: len(heard) == 4)
        assert words(heard) == ["!hush", "hello", "hello", "!say and hello"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            {"is_sent": False, "drop_reason": {"code": "msg_rejected", "message": "Held for review."}},
            "Twitch did not show the message: Held for review.",
        ),
        (failure(403, "You are banned"), "Twitch refused the message: You are banned"),
        (failure(500), "Twitch has a problem: status 500"),
    ],
)
async def test_why_a_line_was_not_sent(twitch: Twitch, answer: Any, why: str) -> None:
    listener = make_listener(twitch, write="commands")
    if isinstance(answer, dict):
        body = {"data": [{"message_id": "", **answer}]}
        twitch.answers["/helix/chat/messages"].append(lambda: web.json_response(body))
    else:
        twitch.answers["/helix/chat/messages"].append(answer)
    async with hearing(listener):
        await twitch.subscribed(CHAT)
        assert await listener.write("room", "hello") == why
        assert await listener.write("room", "hello") == ""


async def test_she_writes_nothing_unless_config_says_so(twitch: Twitch) -> None:
    assert not make_listener(twitch).writes_in("twitch", "room")


@pytest.mark.parametrize(("badges", "limit"), [([], 20), ([badge("moderator")], 100)])
async def test_moderators_may_write_more(twitch: Twitch, badges: list[Json], limit: int) -> None:
    listener = make_listener(twitch, twitch.log_in("bot"), write="replies")
    async with hearing(listener) as heard:
        await twitch.subscribed(CHAT)
        me = sent.person("chatter_user", "Bot", "3")
        await twitch.notify(CHAT, said("hi", badges=badges, **me))
        await twitch.until(lambda: heard)
        for number in range(limit):
            assert await listener.write("room", f"line {number}") == ""
        assert (
            await listener.write("room", "one more")
            == f"Twitch's limit of {limit} lines in 30 seconds is reached"
        )


async def test_twitch_waits_while_events_are_not_taken(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    listener._buffer = EventBuffer(10)
    events = listener.events()
    first = asyncio.create_task(anext(events))
    await twitch.subscribed(CHAT)
    for number in range(200):
        await twitch.notify(CHAT, said(f"{number}", message_id=f"m{number}"))
    heard: list[Event] = [await first]
    await twitch.until(lambda: len(listener._buffer._events) == 10)
    for _ in range(100):
        await asyncio.sleep(0)
        assert len(listener._buffer._events) == 10
    async for event in events:
        heard.append(event)
        if len(heard) == 200:
            break
    await events.aclose()
    assert words(heard) == [str(number) for number in range(200)]


async def test_a_flood_lets_others_run(twitch: Twitch) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed(CHAT)
        for number in range(1000):
            await twitch.sessions[0].send(notification(CHAT, said("hi", message_id=f"m{number}")))
        task = asyncio.create_task(other())
        await twitch.until(lambda: len(heard) == 1000)
        task.cancel()
    assert turns >= 500


def test_without_an_account_chat_is_read_anonymously(stored: Path) -> None:
    (listener,) = build_twitch(Twitch().settings("room"))
    assert isinstance(listener, AnonymousTwitchListener)


def test_an_account_that_is_not_logged_in(stored: Path, caplog: pytest.LogCaptureFixture) -> None:
    TokenFile().save(Twitch().log_in("ann"))
    (listener,) = build_twitch(Twitch().settings("room", account="bob"))
    assert isinstance(listener, AnonymousTwitchListener)
    assert "the account 'bob' is not logged in at Twitch; log in with: banban login twitch" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_tokens_that_others_can_read_are_refused(stored: Path) -> None:
    TokenFile().save(Twitch().log_in("ann"))
    stored.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        build_twitch(Twitch().settings("room"))
    assert caught.value.where == str(stored)
    assert "chmod 600" in caught.value.hint


def test_an_address_that_twitchio_cannot_use(stored: Path) -> None:
    TokenFile().save(Twitch().log_in("ann"))
    with pytest.raises(ConfigError) as caught:
        build_twitch(Twitch().settings("room", id_url="https://id.twitch.tv/"))
    assert caught.value.where == "chat.twitch.id_url"


async def test_a_twitchio_that_keeps_its_addresses_elsewhere(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would talk to the real Twitch."""
    monkeypatch.delattr("twitchio.http.Route.BASE")
    with pytest.raises(ConfigError, match="cannot change the addresses"):
        await anext(make_listener(twitch).events())
    assert not twitch.requests


async def test_an_account_of_another_application_is_left_alone(twitch: Twitch) -> None:
    bot, owner = twitch.log_in("bot"), replace(twitch.log_in("room"), client_id="another")
    listener = make_listener(twitch, bot, owner, account="bot")
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert "without power-ups" in listener.health().what


def test_a_task_that_fails_is_raised() -> None:
    """What fails inside is raised to the show, which can start the listener again."""

    async def main() -> None:
        async def fail() -> None:
            raise RuntimeError("a defect")

        buffer = EventBuffer()
        task = asyncio.create_task(fail())
        buffer.watch(task)
        with pytest.raises(RuntimeError, match="a defect"):
            await buffer.take()

    asyncio.run(main())
