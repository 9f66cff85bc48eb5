"""Twitch's side of the flood: a process that sends chat over EventSub at a steady rate.

    PYTHONPATH=tests/listeners python -m benchmarks.flood_server

Prints its address. ``GET /prepare?rate=&seconds=`` writes what ``GET /flood`` then sends; it answers, when
that is done, what was sent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from aiohttp import web
from twitch_events import badge, emote, notification, person, piece
from twitch_events import said as told
from twitch_id import Account
from twitch_server import ALL_SCOPES, Twitch

from benchmarks.inbox import chat
from vtuber.core.events import ChatMessage

CHAT = "channel.chat.message"
TICK = 0.005
HUSH_SECONDS = 0.6
"""So often a moderator has her hush."""


def frame(message: ChatMessage) -> str:
    """The whole notification."""
    pieces = [emote(one.name) for one in message.emotes] or [piece(message.text)]
    if message.emotes:
        pieces.insert(1, piece(" "))
    more: dict[str, Any] = {"cheer": {"bits": int(message.money.amount or 0)}} if message.money else {}
    event = told(*pieces, message_id=message.id, **person("chatter_user", message.author.name), **more)
    event["chatter_user_id"] = message.author.id
    return json.dumps(notification(CHAT, event, f"e{message.id}"))


def hush() -> str:
    """By a moderator; its id says when it was sent."""
    sent = f"hush-{time.monotonic()}"
    event = told("!hush", message_id=sent, badges=[badge("moderator")], **person("chatter_user", "Mod", "5"))
    return json.dumps(notification(CHAT, event, sent))


class Flood:
    """Sends to the one websocket that subscribed to chat, never more than it takes."""

    def __init__(self, twitch: Twitch) -> None:
        self._twitch = twitch
        self._rate = 0.0
        self._frames: list[str] = []

    async def prepare(self, request: web.Request) -> web.Response:
        self._rate, seconds = float(request.query["rate"]), float(request.query["seconds"])
        source = chat(seed=7)
        self._frames = [frame(next(source)) for _ in range(int(self._rate * seconds))]
        return web.Response()

    async def send(self, _request: web.Request) -> web.Response:
        (session,) = self._twitch.sessions
        frames, rate = self._frames, self._rate
        began, sent, hushes = time.monotonic(), 0, 0
        while sent < len(frames):
            gone = time.monotonic() - began
            due = min(len(frames), int(gone * rate))
            for text in frames[sent:due]:
                await session.socket.send_str(text)
            sent = due
            if gone >= (hushes + 1) * HUSH_SECONDS:
                hushes += 1
                await session.socket.send_str(hush())
            await asyncio.sleep(TICK)
        late = time.monotonic() - began - len(frames) / rate
        return web.json_response({"sent": sent + hushes, "late": late})


async def serve() -> None:
    """Until stdin ends."""
    twitch = Twitch()
    twitch.id.access["access"] = Account("1", "room", ALL_SCOPES)
    flood = Flood(twitch)
    twitch.more = [web.get("/prepare", flood.prepare), web.get("/flood", flood.send)]
    async with twitch:
        sys.stdout.write(twitch.address + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
