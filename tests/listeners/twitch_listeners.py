"""Listeners with an account, as the program builds them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from twitch_server import Twitch

from vtuber.core.events import ChatMessage, Event
from vtuber.listeners import Listener
from vtuber.listeners.twitch import channel_events
from vtuber.listeners.twitch import listener as listening
from vtuber.listeners.twitch.listener import TwitchListener
from vtuber.listeners.twitch.tokens import Token, TokenFile


def build(server: Twitch, *channels: str, **options: Any) -> list[TwitchListener]:
    """For accounts that have been saved."""
    listeners = listening.build(server.settings(*channels, **options))
    assert all(isinstance(listener, TwitchListener) for listener in listeners)
    return listeners  # type: ignore[return-value]  # as just seen


def make_listener(server: Twitch, *accounts: Token, **options: Any) -> TwitchListener:
    """Of the channel "room", with these accounts logged in."""
    for token in accounts or (server.log_in("room"),):
        TokenFile().save(token)
    (listener,) = build(server, **options)
    return listener


def be_quick_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listening, channel_events):
        monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)


@asynccontextmanager
async def hearing(listener: Listener) -> AsyncIterator[list[Event]]:
    """What it has received so far, while the body runs."""
    heard: list[Event] = []

    async def hear() -> None:
        async with aclosing(listener.events()) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401  # they are looked at as they come

    task = asyncio.create_task(hear())
    try:
        yield heard
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def words(heard: list[Event]) -> list[str]:
    return [event.text for event in heard if isinstance(event, ChatMessage)]
