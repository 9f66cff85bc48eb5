"""`banban check` of chats where something is going on, or nobody is, over real sockets."""

from __future__ import annotations

import asyncio

import pytest
import twitch_irc_server as irc
import twitch_listeners
import youtube_items as items
from twitch_server import Twitch, failure
from youtube_server import NOW, Video, YouTube

from vtuber.app import check
from vtuber.config import Settings
from vtuber.core.health import Health, State
from vtuber.listeners import Listener
from vtuber.listeners.twitch import anonymous
from vtuber.listeners.twitch import listener as twitch
from vtuber.listeners.twitch.tokens import TokenFile
from vtuber.listeners.youtube import listener as youtube

pytest_plugins = ["twitch_fixtures"]


async def checked(listener: Listener) -> Health:
    async with asyncio.timeout(10):
        return await check._try(listener, lambda: check._listen(listener))


def channel(url: str) -> Listener:
    chat = {"twitch": {"channels": ["room"], "irc_url": url}}
    (listener,) = twitch.build(Settings.model_validate({"chat": chat}))
    return listener


async def test_a_stream_that_is_live_is_ok() -> None:
    async with YouTube(Video(actions=[items.text(1, "hi")])) as server:
        server.now = NOW
        chat = {"youtube": {"streams": ["aaaaaaaaaaa"], "base_url": server.url}}
        (listener,) = youtube.build(Settings.model_validate({"chat": chat}))
        found = await checked(listener)
    assert (found.state, found.hint) == (State.OK, ""), found


@pytest.mark.usefixtures("stored")
async def test_a_channel_where_everybody_writes_is_ok() -> None:
    async def busy(caller: irc.Caller) -> None:
        await caller.welcome()
        for number in range(200):
            await caller.send(irc.said(number))
        await caller.socket.receive()

    async with irc.server(busy) as url:
        found = await checked(channel(url))
    assert found.state is State.OK, found


@pytest.mark.usefixtures("stored")
async def test_a_channel_that_does_not_exist_is_reported_within_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert anonymous.JOIN_SECONDS < check.HEARING_SECONDS
    monkeypatch.setattr(anonymous, "JOIN_SECONDS", 0.1)
    monkeypatch.setattr(check, "HEARING_SECONDS", 0.5)

    async def ignore(caller: irc.Caller) -> None:
        while not (await caller.socket.receive()).type.name.startswith("CLOS"):
            pass

    async with irc.server(*[ignore] * 20) as url:
        found = await checked(channel(url))
    assert found.state is State.DOWN
    assert "there is no Twitch channel 'room'" in found.what
    assert found.hint == "check chat.twitch.channels"


async def test_a_network_without_an_answer_has_a_hint(
    twitch: Twitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "HEARING_SECONDS", 0.2)
    twitch.greets = False
    socket = twitch.address.replace("http", "ws") + "/ws"
    found = await checked(channel(socket))
    assert (found.state, found.hint) == (State.DOWN, "check the network")


async def test_an_account_is_not_called_ok_before_all_was_asked_for(twitch: Twitch) -> None:
    """What another account reads, which is not in chat, is known later than chat."""
    twitch.slow["/helix/channel_points/custom_rewards"] = 0.3
    twitch.refused["stream.offline"] = failure(403, "no")
    for login in ("room", "bot"):
        TokenFile().save(twitch.log_in(login))
    found = await checked(*twitch_listeners.build(twitch, rewards=("Ask Banban",), account="bot"))
    assert found.state is State.LIMITED
    assert "without the stream's end" in found.what
