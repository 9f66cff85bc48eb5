"""Twitch with an account, when something goes wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from typing import Any

import aiohttp
import pytest
import twitchio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from twitch_events import followed, notification, redeemed, said
from twitch_irc_server import Caller
from twitch_irc_server import said as irc_said
from twitch_irc_server import server as irc_server
from twitch_listeners import be_quick_to_mend, build, hearing, make_listener, words
from twitch_messages import JSON, REWARD
from twitch_server import Answer, Twitch, abyss, control, failure, garbage, reward
from twitchio.http import Route

from vtuber.core.events import Event
from vtuber.core.health import State
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.twitch import helix, websocket
from vtuber.listeners.twitch.helix import AccessDenied, RequestRefused
from vtuber.listeners.twitch.listener import TwitchListener
from vtuber.listeners.twitch.tokens import TokenFile

pytest_plugins = ["twitch_fixtures"]

CHAT = "channel.chat.message"
SUBSCRIBE = "/helix/eventsub/subscriptions"


async def say(twitch: Twitch, number: int) -> int:
    return await twitch.notify(CHAT, said(f"{number}", message_id=f"m{number}"), f"e{number}")


async def all_heard(twitch: Twitch, heard: list[Event], last: int) -> None:
    """One after another, each once."""
    await twitch.until(lambda: words(heard)[-1:] == [str(last)])
    assert words(heard) == [str(number) for number in range(1, last + 1)]


def reconnects(listener: TwitchListener) -> int:
    contact = listener.health().contact
    return contact.reconnects if contact else 0


# The websocket.


async def test_a_lost_connection_is_made_again_and_nothing_repeated(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        await say(twitch, 1)
        await twitch.until(lambda: heard)
        twitch.sessions[0].cut()
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await say(twitch, 2)
        await all_heard(twitch, heard, 2)
        assert listener.health().state is State.OK


async def test_a_connection_that_ends_in_the_middle_of_a_frame(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        for number in range(1, 8):
            wanted = number - 1
            await twitch.until(lambda: reconnects(listener) == wanted and listener._chat.stands)  # noqa: B023  # awaited in this round
            await say(twitch, number)
            await twitch.until(lambda wanted=number: len(heard) == wanted)  # type: ignore[misc]
            session = twitch.sessions[0]
            message = notification(CHAT, said(f"{number + 1}", message_id=f"m{number + 1}"))
            session.cut_within(message, (0, 1, 2, 3, 5, 100, 900)[number - 1])
        await twitch.until(lambda: reconnects(listener) == 7)
        await say(twitch, 8)
        await all_heard(twitch, heard, 8)


async def test_twitch_asks_to_move_and_nothing_is_lost(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "DRAIN_SECONDS", 5)
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.until(lambda: twitch.requests.count(f"POST {SUBSCRIBE}") == 9)
        (old,) = twitch.sessions
        await say(twitch, 1)
        await old.send(twitch.move(old))
        await say(twitch, 2)  # still by the old one
        await twitch.until(lambda: len(twitch.sessions) == 2)
        # Under way by the old one when the new one is there, and by both.
        await old.send(notification(CHAT, said("3", message_id="m3"), "e3"))
        await say(twitch, 4)
        await all_heard(twitch, heard, 4)
        await old.socket.close(code=4004)
        await twitch.until(lambda: len(twitch.sessions) == 1)
        await say(twitch, 5)
        await all_heard(twitch, heard, 5)
        assert reconnects(listener) == 0
        assert twitch.requests.count(f"POST {SUBSCRIBE}") == 9  # they came along


async def test_the_old_connection_is_left_after_a_move(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "DRAIN_SECONDS", 0.05)
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        (old,) = twitch.sessions
        await old.send(twitch.move(old))
        await twitch.until(lambda: twitch.sessions and old not in twitch.sessions)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
        assert reconnects(listener) == 0


async def test_a_move_to_nowhere(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        (old,) = twitch.sessions
        await old.send(control("session_reconnect", {"id": old.id, "reconnect_url": "ws://127.0.0.1:1/"}))
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)


async def test_signs_of_life_that_stop(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(websocket.EventSubSocket, "keep_alive_timeout", 0.1)
    twitch.keepalive = 0.05
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        await asyncio.sleep(0.3)
        assert reconnects(listener) == 0
        twitch.keepalive = 0
        await twitch.until(lambda: listener.health().what == "Twitch has stopped answering")
        twitch.keepalive = 0.05
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)


async def test_what_cannot_be_understood_is_counted_and_passed_over(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    whole = notification(CHAT, said("never"))
    malformed: list[Any] = [
        '{"metadata": {"message_type": "notification", "mess',
        "",
        "[]",
        "null",
        "[" * 100_000,
        "{}",
        {"metadata": 5},
        control("session_welcome", {"id": 5}),
        control("session_reconnect", {}),
        control("session_of_another_kind"),
        {**whole, "payload": None},
        {**whole, "payload": {**whole["payload"], "event": []}},
        {**whole, "metadata": {**whole["metadata"], "message_id": 0.5}},
    ]
    async with hearing(listener) as heard:
        await twitch.subscribed()
        for message in malformed:
            await twitch.sessions[0].send(message)
        await twitch.sessions[0].socket.send_bytes(b"\x00\xff")
        await twitch.until(lambda: reconnects(listener) == 1)  # of bytes nobody knows what they are
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
        assert f"{len(malformed) - 1} malformed lines" in listener.health().what  # one is no channel's


async def test_twice_and_out_of_order(twitch: Twitch) -> None:
    twitch.rewards = [reward("Ask Banban")]
    listener = make_listener(twitch, rewards=["Ask Banban"])
    async with hearing(listener) as heard:
        await twitch.subscribed(CHAT, "channel.follow", REWARD)
        for number in (2, 1, 2, 3, 1, 2):
            await say(twitch, number)
        await twitch.notify(CHAT, said("1", message_id="m1"), "another-delivery")
        for _ in range(2):
            await twitch.notify("channel.follow", followed(), "f1")
        await twitch.notify("channel.follow", followed(), "f2")  # left, and came again
        for delivery in ("d1", "d2"):
            await twitch.notify(REWARD, redeemed(), delivery)
        await twitch.until(lambda: len(heard) == 6)
        assert [event.id for event in heard] == ["m2", "m1", "m3", "f1", "f2", "r1"]


async def test_twitch_knows_sooner_that_a_connection_was_lost(twitch: Twitch) -> None:
    gone = failure(400, "websocket transport session does not exist or has already disconnected")
    twitch.answers[SUBSCRIBE] = [gone] * 3
    listener = make_listener(twitch)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.OK)
        assert listener._anonymous is None  # the account is good


async def test_nobody_there(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CONNECT_SECONDS", 0.1)
    TokenFile().save(twitch.log_in("room"))
    (listener,) = build(twitch, eventsub_url="ws://127.0.0.1:1/ws")
    async with hearing(listener):
        await twitch.until(lambda: "127.0.0.1:1" in listener.health().what)
        assert listener.health().what.startswith("cannot connect: ")
        assert listener.health().hint == "check the network"
    twitch.greets = False
    (listener,) = build(twitch)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().what == "cannot connect: no answer")
        twitch.greets = True
        await twitch.until(lambda: listener.health().state is State.OK)


# Helix.


def json(body: Any) -> Answer:
    return lambda: web.json_response(body)


@pytest.mark.parametrize("path", ["/helix/users", SUBSCRIBE, "/oauth2/validate"])
@pytest.mark.parametrize(
    "answer", [failure(500), failure(502), garbage, abyss], ids=["500", "502", "half", "deep"]
)
async def test_trouble_of_its_own_is_waited_out(twitch: Twitch, path: str, answer: Any) -> None:
    twitch.answers[path] = [answer] * 3
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.OK)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
    assert not twitch.answers[path]


@pytest.mark.parametrize("path", ["/helix/users", "/oauth2/validate"])
@pytest.mark.parametrize(
    "body", [None, 5, [], {}, {"data": None}, {"data": 5}, {"data": [{}]}, {"data": [[]]}]
)
async def test_answers_that_are_none(twitch: Twitch, path: str, body: Any) -> None:
    twitch.answers[path] = [
        json(body),
        lambda: web.Response(text="<html>"),
        lambda: web.Response(status=204),
    ]
    listener = make_listener(twitch)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.OK)
    assert not twitch.answers[path]


def elsewhere() -> web.Response:
    return web.Response(status=302, headers={"Location": "/oauth2/token"})


async def test_a_network_that_sends_us_elsewhere_learns_no_token(
    twitch: Twitch, caplog: pytest.LogCaptureFixture
) -> None:
    """twitchio puts tokens into the address of what it asks, and aiohttp the address into its errors."""
    listener = make_listener(twitch)
    twitch.expire("room")
    twitch.answers["/oauth2/token"] = [elsewhere] * 30
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.OK)
    assert "the network redirects the request to another address" in caplog.text
    told = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert not any("secret" in line for line in told)


@pytest.mark.parametrize("path", ["/oauth2/validate", "/oauth2/token"])
@pytest.mark.parametrize("status", [400, 403, 404, 407, 451])
async def test_a_network_that_answers_for_twitch_denies_no_account(
    twitch: Twitch, path: str, status: int
) -> None:
    """It would be given up until somebody logs in again."""
    listener = make_listener(twitch)
    twitch.expire("room")
    twitch.answers[path] = [lambda: web.Response(status=status, text="<html>Pay for your internet")] * 3
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.OK)


async def test_half_an_answer_reveals_no_token() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 what?\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        address = "http://{}:{}/oauth2/token".format(*server.sockets[0].getsockname()[:2])
        async with aiohttp.ClientSession(middlewares=(helix._with_network_errors,)) as session:
            with pytest.raises(OSError, match="Bad status line") as told:
                await session.post(address, params={"refresh_token": "secret"})

    assert "secret" not in str(told.value)


@given(st.integers(400, 599), JSON, st.booleans())
def test_any_failure_has_a_meaning(status: int, extra: Any, about_tokens: bool) -> None:  # noqa: FBT001  # drawn
    error = twitchio.HTTPException("secret", route=None, status=status, extra=extra)
    if about_tokens:
        error.route = Route("POST", "/oauth2/token", use_id=True)
    meant = helix._meaning(error)
    denied = status in (400, 401, 403) and "status" in (extra if isinstance(extra, dict) else ())
    about_tokens_means = AccessDenied if denied else ConnectionLost
    refusal = about_tokens_means if about_tokens else RequestRefused
    assert type(meant) is (ConnectionLost if status >= 500 else refusal)
    assert "secret" not in str(meant) or "secret" in str(extra)


async def test_who_asks_too_often_waits(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await rest(min(seconds, 0.01) if seconds == 30 else seconds)

    rest = asyncio.sleep
    # By a clock that is years ahead of ours.
    headers = {
        "Ratelimit-Limit": "800",
        "Ratelimit-Remaining": "0",
        "Ratelimit-Reset": "2000000030",
        "Date": "Wed, 18 May 2033 03:33:20 GMT",
    }
    twitch.answers["/helix/users"] = [failure(429, "Too Many Requests", **headers)] * 2
    listener = make_listener(twitch)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    async with hearing(listener):
        await twitch.until(lambda: listener.health().state is State.OK)
    assert waited.count(30) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Ratelimit-Reset": "2000000030", "Date": "Wed, 18 May 2033 03:33:20 GMT"}, 30),
        ({"Ratelimit-Reset": "2000000000", "Date": "Wed, 18 May 2033 03:33:20 GMT"}, 1),
        ({"Ratelimit-Reset": "9000000000", "Date": "Wed, 18 May 2033 03:33:20 GMT"}, 60),
        ({"Ratelimit-Reset": "nan", "Date": "Wed, 18 May 2033 03:33:20 GMT"}, 1),
        ({"Ratelimit-Reset": "soon", "Date": "Wed, 18 May 2033 03:33:20 GMT"}, 1),
        ({"Ratelimit-Reset": "2000000030", "Date": "today"}, 1),
        ({}, 1),
    ],
)
def test_until_when(headers: dict[str, str], seconds: float) -> None:
    assert helix._until_reset(headers) == seconds


async def test_a_clock_that_jumps_by_years(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    right = dt.datetime

    class Wrong(dt.datetime):
        years = 0

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return right.now(tz) + dt.timedelta(days=365 * cls.years)

    monkeypatch.setattr(dt, "datetime", Wrong)  # twitchio looks at it
    monkeypatch.setattr(time, "time", lambda: Wrong.now().timestamp())
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        for number, years in enumerate((0, 20, -20), 1):
            Wrong.years = years
            await say(twitch, number)
            await all_heard(twitch, heard, number)
        assert reconnects(listener) == 0


# Tokens.


async def test_an_expired_token_is_refreshed_and_saved(twitch: Twitch) -> None:
    token = twitch.log_in("room")
    listener = make_listener(twitch, token)
    twitch.expire("room")
    async with hearing(listener) as heard:
        await twitch.subscribed()
        await twitch.until(lambda: TokenFile().read()[0].access != token.access)
        (fresh,) = TokenFile().read()
        assert fresh.access in twitch.id.access
        assert fresh.refresh in twitch.id.refresh
        assert (fresh.login, fresh.scopes) == ("room", token.scopes)
        twitch.expire("room")  # in the middle of the show, as every four hours
        twitch.sessions[0].cut()
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
    (last,) = TokenFile().read()
    assert last.access in twitch.id.access


async def test_a_token_that_comes_while_all_is_closed_is_kept(twitch: Twitch) -> None:
    """Its predecessor is worth nothing any more."""
    token = twitch.log_in("room")
    listener = make_listener(twitch, token)
    twitch.expire("room")
    twitch.slow["/oauth2/token"] = 0.1
    async with hearing(listener):
        await twitch.until(lambda: "POST /oauth2/token" in twitch.requests)
    (fresh,) = TokenFile().read()
    assert fresh.refresh in twitch.id.refresh


async def test_a_token_that_another_process_refreshed(twitch: Twitch) -> None:
    old = twitch.log_in("room")
    listener = make_listener(twitch, old)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        twitch.id.disconnect("1")
        TokenFile().save(twitch.log_in("room"))  # as `banban check` may
        twitch.sessions[0].cut()
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
        assert listener.health().state is State.OK


async def test_even_new_tokens_are_refused(twitch: Twitch) -> None:
    twitch.answers[SUBSCRIBE] = [failure(401, "Invalid OAuth token")] * 50
    async with irc_server() as url:
        listener = make_listener(twitch, irc=url)
        async with hearing(listener):
            await twitch.until(lambda: listener.health().state is State.LIMITED)
    assert twitch.requests.count("POST /oauth2/token") < 10


async def test_the_same_trouble_is_reported_once_until_it_is_over(
    twitch: Twitch, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> int:
        return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"].count(
            "Twitch, #room: there is no Twitch channel 'room'"
        )

    room = twitch.users.pop("room")
    listener = make_listener(twitch, twitch.log_in("bot"))
    async with hearing(listener):
        await twitch.until(lambda: twitch.requests.count("GET /helix/users") >= 8)
        assert told() == 1
        twitch.users["room"] = room
        await twitch.until(lambda: listener._chat.stands)
        assert listener._chat.lost(ConnectionLost("there is no Twitch channel 'room'")) == logging.WARNING


# Consent that is withdrawn.


class Chat:
    """The same channel by IRC."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []

    async def __call__(self, caller: Caller) -> None:
        await caller.welcome()
        self.callers.append(caller)
        await caller.socket.receive()
        self.callers.remove(caller)


async def test_consent_is_withdrawn_in_the_middle_of_the_show(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    be_quick_to_mend(monkeypatch)
    caplog.set_level(logging.DEBUG)
    token = twitch.log_in("room")
    irc = Chat()
    async with irc_server(*[irc] * 5) as url:
        listener = make_listener(twitch, token, irc=url)
        async with hearing(listener) as heard:
            await twitch.until(
                lambda: listener.health().state is State.OK and listener._channel_events._connection.stands
            )
            await say(twitch, 1)
            await twitch.revoke("room")
            await listener.availability.until_away()
            await listener.availability.until_ready()  # its chat alone, without the account
            await twitch.until(lambda: listener.health().state is State.LIMITED and irc.callers)
            assert listener.health().what.endswith(
                "without an account: Twitch no longer accepts the login of room"
            )
            assert listener.health().hint == "banban login twitch"
            await irc.callers[0].send(irc_said(1), irc_said(2))  # the first was heard already
            await twitch.until(lambda: words(heard) == ["1", "hi 2"])
            TokenFile().save(twitch.log_in("room"))  # what the streamer does
            await twitch.until(lambda: listener.health().state is State.OK and not irc.callers)
            assert listener.availability.is_ready
            await say(twitch, 2)
            await say(twitch, 3)
            await twitch.until(lambda: words(heard) == ["1", "hi 2", "3"])
            assert listener.health().what.endswith("as room")
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert "secret-" not in "\n".join(ours)  # every token begins so
    assert "secret-" not in repr(listener.health())


async def test_an_account_that_is_banned_from_the_chat(twitch: Twitch) -> None:
    twitch.refused = dict.fromkeys([CHAT, "channel.chat.notification"], failure(403, "user is banned"))
    irc = Chat()
    async with irc_server(irc) as url:
        listener = make_listener(twitch, twitch.log_in("bot"), irc=url)
        async with hearing(listener) as heard:
            await twitch.until(lambda: irc.callers and listener.health().state is State.LIMITED)
            assert listener.health().what.endswith(
                "bot is not allowed to read this chat (Twitch: user is banned)"
            )
            await irc.callers[0].send(irc_said(1))
            await twitch.notify("channel.follow", followed())
            await twitch.until(lambda: len(heard) == 2)


async def test_an_account_that_may_not_read_chat(twitch: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    be_quick_to_mend(monkeypatch)
    irc = Chat()
    async with irc_server(irc) as url:
        listener = make_listener(twitch, twitch.log_in("room", "user:read:chat"), irc=url)
        async with hearing(listener):
            await twitch.until(lambda: irc.callers and listener.health().state is State.LIMITED)
            assert listener.health().what.endswith("without an account: room is not allowed to read chat")
            assert (
                listener.health().hint == "log in as room again and allow user:read:chat: banban login twitch"
            )
            TokenFile().save(twitch.log_in("room"))
            await twitch.until(lambda: listener.health().state is State.OK and not irc.callers)


async def test_who_is_no_moderator_any_more(twitch: Twitch) -> None:
    listener = make_listener(twitch, twitch.log_in("room"))
    async with hearing(listener) as heard:
        await twitch.until(
            lambda: listener.health().state is State.OK and listener._channel_events._connection.stands
        )
        twitch.refused["channel.follow"] = failure(403, "subscription missing proper authorization")
        await twitch.end(twitch.sessions[0], "moderator_removed", "channel.follow")
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith("without follows")
        assert listener.health().hint == (
            "make the account a moderator of the channel (Twitch: subscription missing proper authorization)"
        )
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)


async def test_chat_that_twitch_ended_is_asked_for_again(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed()
        await twitch.end(twitch.sessions[0], "version_removed", CHAT)
        await twitch.until(lambda: reconnects(listener) == 1)
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)


async def test_the_owners_account_is_lost_and_chat_goes_on(twitch: Twitch) -> None:
    bot, owner = twitch.log_in("bot"), twitch.log_in("room")
    listener = make_listener(twitch, bot, owner, account="bot")
    twitch.id.disconnect(owner.user_id)
    async with hearing(listener) as heard:
        await twitch.until(lambda: listener.health().state is State.LIMITED)
        assert listener.health().what.endswith("as bot, without follows, power-ups and rewards")
        assert listener.health().hint == "banban login twitch"
        await say(twitch, 1)
        await all_heard(twitch, heard, 1)
