"""The whole program on both platforms at once, with moderators in charge: all over real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import twitch_events as sent
import youtube_items as items
from test_live import START, Live
from twitch_server import Twitch
from youtube_server import Video, YouTube

from vtuber.listeners.twitch.tokens import TokenFile

CONFIG = """
[chat]
console = false
[chat.twitch]
channels = ["room"]
rewards = ["Ask Banban"]
write = "commands"
eventsub_url = "{socket}/ws"
api_url = "{twitch}/helix"
id_url = "{twitch}/oauth2"
irc_url = "ws://127.0.0.1:1/"
[chat.youtube]
streams = ["aaaaaaaaaaa"]
base_url = "{youtube}"
api_url = "{youtube}/api"
"""


async def until(show: Live, holds: Callable[[], Any]) -> None:
    end = time.monotonic() + START
    while not holds():
        assert show.process.poll() is None, f"it ended: {show.said}"
        assert time.monotonic() < end, show.said
        await asyncio.sleep(0.1)


@pytest.fixture
async def twitch() -> AsyncIterator[Twitch]:
    async with Twitch() as server:
        yield server


@pytest.fixture
async def youtube() -> AsyncIterator[YouTube]:
    async with YouTube(Video()) as server:
        server.timeout_ms = 200
        yield server


@pytest.fixture
async def show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, twitch: Twitch, youtube: YouTube
) -> AsyncIterator[Live]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    TokenFile(tmp_path / "config" / "banban" / "twitch.json").save(twitch.log_in("room"))
    folder = tmp_path / "show"
    folder.mkdir()
    socket = twitch.address.replace("http", "ws")
    addresses = {"twitch": twitch.address, "socket": socket, "youtube": youtube.url}
    (folder / "config.toml").write_text(CONFIG.format(**addresses))
    running = Live(folder)
    yield running
    running.end()


def heard(show: Live) -> list[str]:
    return [line["event"]["id"] for line in show.journal("heard")]


async def test_both_platforms_are_read_and_moderators_obeyed(
    show: Live, twitch: Twitch, youtube: YouTube
) -> None:
    await until(show, lambda: "is on air" in show.said and "journal" in show.said)
    for part in ("chat.twitch room", "chat.youtube aaaaaaaaaaa"):
        assert re.search(rf"{part} +│ ok +│ connected for 0:", show.said), show.said
    await twitch.subscribed("channel.chat.message", "channel.channel_points_custom_reward_redemption.add")
    await until(show, lambda: twitch.rewards)  # she made it

    await twitch.notify("channel.chat.message", sent.said("hello banban, what is pizza?"))
    youtube.videos["aaaaaaaaaaa"].actions.append(items.text(1, "hi banban, do you like tea?"))
    await until(show, lambda: len(heard(show)) == 3)  # and that the stream has begun
    platforms = {line["event"]["platform"] for line in show.journal("heard")}
    assert platforms == {"twitch", "youtube"}

    # Whoever only calls himself a moderator is a chatter like any other.
    posing = sent.said("!pause", message_id="m2", **sent.person("chatter_user", "Moderator", "66"))
    await twitch.notify("channel.chat.message", posing)
    keeper = {**sent.person("chatter_user", "Kim", "9"), "badges": [sent.badge("moderator")]}
    await twitch.notify("channel.chat.message", sent.said("!status", message_id="m3", **keeper))
    await until(show, lambda: twitch.written)
    assert "waiting" in twitch.written[0]["message"]
    assert twitch.written[0]["reply_parent_message_id"] == "m3"
    await until(show, lambda: show.journal("command"))
    (command,) = show.journal("command")
    assert (command["who"], command["role"], command["channel"]) == ("Kim", "moderator", "room")

    await twitch.notify("channel.channel_points_custom_reward_redemption.add", sent.redeemed())
    await until(show, lambda: twitch.settled)
    assert twitch.settled[0]["status"] == "FULFILLED"

    await twitch.notify("channel.chat.message_delete", sent.deleted("m1"))
    await until(show, lambda: show.journal("revoked"))

    async with aiohttp.ClientSession() as client, client.get(show.address + "health") as answer:
        parts = {row["part"]: row for row in (await answer.json())["parts"]}
    for part in ("chat.twitch room", "chat.youtube aaaaaaaaaaa"):
        assert parts[part]["state"] == "ok", parts[part]
        assert parts[part]["contact"]["connected"] > 0
        assert parts[part]["contact"]["reconnects"] == 0

    show.stop(signal.SIGINT)
    assert show.process.returncode == 0
    kept = show.said + json.dumps(show.journal("heard")) + json.dumps(show.journal("part"))
    for secret in (*twitch.id.access, *twitch.id.refresh):
        assert secret not in kept
