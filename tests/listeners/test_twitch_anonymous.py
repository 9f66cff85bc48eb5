from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from twitch_irc_server import Caller, said, server

from vtuber.config import Chat, Settings, TwitchChat
from vtuber.core import clock
from vtuber.core.errors import ConfigError
from vtuber.core.events import ChatMessage, Event
from vtuber.core.health import State
from vtuber.listeners.connection import Connection, ConnectionLost
from vtuber.listeners.twitch import anonymous as twitch
from vtuber.listeners.twitch.anonymous import AnonymousTwitchListener
from vtuber.listeners.twitch.listener import channel_name


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "pause", lambda self: 0.01)


def make_listener(url: str, channel: str = "room") -> AnonymousTwitchListener:
    return AnonymousTwitchListener(Settings(chat=Chat(twitch=TwitchChat(irc_url=url))), channel)


async def first(count: int, listener: AnonymousTwitchListener) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(10), aclosing(listener.events()) as heard:
        async for event in heard:
            events.append(event)
            if len(events) == count:
                break
    return events


def words(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatMessage)]


async def test_chat_is_read_and_stamped() -> None:
    async def script(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(1), said(2), said(3))
        await caller.socket.receive()

    async with server(script) as url:
        listener = make_listener(url)
        assert listener.health().state is State.DOWN
        assert not listener.availability.is_ready
        before = clock.now()
        async with asyncio.timeout(10), aclosing(listener.events()) as heard:
            events = [await anext(heard) for _ in range(3)]
            assert listener.health().state is State.OK
            assert listener.health().what == "connected for 0:00, last message 0:00 ago, without an account"
            await listener.availability.until_ready()
    assert not listener.availability.is_ready
    assert words(events) == ["hi 1", "hi 2", "hi 3"]
    assert all(before <= event.at <= clock.now() for event in events)
    assert events[0].channel == "room"


async def test_lines_split_over_frames_and_garbage_between_them() -> None:
    async def script(caller: Caller) -> None:
        await caller.welcome()
        line = said(1, "😂 split") + "\r\n" + said(2) + "\r\n"
        for begin in range(0, len(line), 7):
            await caller.socket.send_str(line[begin : begin + 7])
        await caller.send("", "!!!", ":", "@x", ":tmi.twitch.tv USERSTATE #room", ":a!a@a PRIVMSG #room")
        await caller.socket.send_bytes(said(3).encode() + b" \xff\r\n")
        await caller.socket.send_str(said(4) + "\n")
        await caller.socket.receive()

    async with server(script) as url:
        listener = make_listener(url)
        assert words(await first(4, listener)) == ["😂 split 1", "hi 2", "hi 3 \ufffd", "hi 4"]
        assert listener._connection.malformed == 3


async def test_only_the_command_ping_is_answered() -> None:
    answers: list[str] = []

    async def script(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(1, "PING :me"), "PING :tmi.twitch.tv", said(2))
        answers.append(await caller.line())
        await caller.send(said(3))
        await caller.socket.receive()

    async with server(script) as url:
        assert len(await first(3, make_listener(url))) == 3
    assert answers == ["PONG :tmi.twitch.tv"]


async def test_it_comes_back_after_every_way_of_losing_the_connection() -> None:
    async def drops_in_a_line(caller: Caller) -> None:
        await caller.welcome()
        await caller.socket.send_str(said(1) + "\r\n" + said(2)[:40])
        await caller.drop()

    async def closes(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(1), said(2))  # said again, as after a reconnect: not to be told again
        await caller.socket.close()

    async def asks_to_reconnect(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(3), ":tmi.twitch.tv RECONNECT")
        await caller.socket.receive()

    async def never_ends_a_line(caller: Caller) -> None:
        await caller.welcome()
        await caller.socket.send_str("x" * 70_000)
        await caller.socket.receive()

    async def sends_too_large_a_frame(caller: Caller) -> None:
        await caller.welcome()
        await caller.socket.send_str("x" * (2 << 20))
        await caller.socket.receive()

    async def refuses(caller: Caller) -> None:
        await caller.send(":tmi.twitch.tv NOTICE * :Login unsuccessful")
        await caller.socket.receive()

    async def is_well(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(4))
        await caller.socket.receive()

    scripts = (
        drops_in_a_line,
        closes,
        asks_to_reconnect,
        never_ends_a_line,
        sends_too_large_a_frame,
        refuses,
        is_well,
    )
    async with server(*scripts) as url:
        listener = make_listener(url)
        async with asyncio.timeout(10), aclosing(listener.events()) as heard:
            events = [await anext(heard) for _ in range(4)]
            assert "5 reconnects" in listener.health().what
    assert words(events) == ["hi 1", "hi 2", "hi 3", "hi 4"]


async def test_a_silent_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twitch, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(twitch, "ANSWER_SECONDS", 0.2)
    asked: list[str] = []

    async def answers_once(caller: Caller) -> None:
        await caller.welcome()
        asked.append(await caller.line())
        await caller.send(":tmi.twitch.tv PONG tmi.twitch.tv :banban")
        asked.append(await caller.line())
        await caller.socket.receive()

    async def is_well(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(said(1))
        await caller.socket.receive()

    async with server(answers_once, is_well) as url:
        listener = make_listener(url)
        assert words(await first(1, listener)) == ["hi 1"]
        assert listener._connection._trouble.why == "Twitch has stopped answering"
    assert asked == ["PING :banban", "PING :banban"]


async def test_a_quiet_channel_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twitch, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(twitch, "JOIN_SECONDS", 0.2)

    async def speaks_late(caller: Caller) -> None:
        await caller.welcome()
        await asyncio.sleep(0.5)
        await caller.send(said(1))
        await caller.socket.receive()

    async with server(speaks_late) as url:
        listener = make_listener(url)
        assert words(await first(1, listener)) == ["hi 1"]
        assert listener._connection.reconnects == 0


async def test_an_unknown_channel_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twitch, "JOIN_SECONDS", 0.1)
    seen = asyncio.Event()

    async def no_such_room(caller: Caller) -> None:
        await caller.send(":tmi.twitch.tv 001 justinfan1 :Welcome, GLHF!")
        while (await caller.socket.receive()).data is not None:
            pass
        seen.set()

    async def suspended(caller: Caller) -> None:
        await seen.wait()
        await caller.send(
            "@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #room :This channel is suspended."
        )
        await caller.socket.receive()

    async with server(no_such_room, suspended) as url:
        listener = make_listener(url)
        task = asyncio.create_task(first(1, listener))
        async with asyncio.timeout(10):
            await seen.wait()
            assert listener.health().state is State.DOWN
            assert listener.health().what == "there is no Twitch channel 'room'"
            assert listener.health().hint == "check chat.twitch.channels"
            while "suspended" not in listener.health().what:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_no_server_is_reported_and_tried_again(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[Connection] = []

    def pause(connection: Connection) -> float:
        attempts.append(connection)
        return 0.01

    monkeypatch.setattr(Connection, "pause", pause)
    listener = make_listener(f"ws://127.0.0.1:{unused_tcp_port}/")
    task = asyncio.create_task(first(1, listener))
    async with asyncio.timeout(10):
        while len(attempts) < 3:
            await asyncio.sleep(0.01)
    assert listener.health().state is State.DOWN
    assert listener.health().what.startswith("cannot connect: ")
    assert listener.health().hint == "check the network"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def script(caller: Caller) -> None:
        await caller.welcome()
        await caller.socket.receive()
        closed.set()

    async with server(script) as url, asyncio.timeout(10):
        listener = make_listener(url)
        task = asyncio.create_task(first(1, listener))
        while listener.health().state is not State.OK:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await closed.wait()
        assert listener.health().state is State.DOWN


async def test_a_flood_lets_others_run() -> None:
    async def script(caller: Caller) -> None:
        await caller.welcome()
        for begin in range(0, 3000, 10):
            await caller.send(*map(said, range(begin, begin + 10)))
        await caller.socket.receive()

    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with server(script) as url:
        task = asyncio.create_task(other())
        assert len(await first(3000, make_listener(url))) == 3000
        task.cancel()
    assert turns >= 300


def test_pauses_grow_with_failures_and_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    async def main() -> None:
        connection = Connection("chat.test")

        def pauses(count: int, *, at_once: bool = False) -> list[float]:
            found = []
            for _ in range(count):
                connection.lost(ConnectionLost("no server", at_once=at_once))
                found.append(connection.pause())
            return found

        longest = [1, 2, 4, 8, 16, 32, 60, 60]
        assert all(one / 2 <= pause <= one for pause, one in zip(pauses(8), longest, strict=True))
        assert all(pause <= 1 for pause in pauses(3, at_once=True))  # the server asked for it
        pauses(8)
        connection.made()
        assert pauses(1)[0] <= 1

    asyncio.run(main())


@pytest.mark.parametrize(
    "given",
    [
        "room",
        "#room",
        "@Room",
        " ROOM ",
        "https://twitch.tv/room",
        "http://www.twitch.tv/Room/",
        "twitch.tv/room?sr=a",
        "https://www.twitch.tv/popout/room/chat?popout=",
    ],
)
def test_a_channel_however_it_is_pasted(given: str) -> None:
    assert channel_name(given) == "room"


@pytest.mark.parametrize(
    "given", ["", "#", "two words", "room\r\nJOIN #other", "ro-om", "板板", "x" * 26, "a,b"]
)
def test_what_is_no_channel(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        channel_name(given)
    assert "\n" not in caught.value.what
    assert caught.value.hint
