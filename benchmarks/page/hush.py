"""How soon a hush is silence in the page: from the press to the last sample that is loud enough to be heard.

A whole show with a scripted brain and voice speaks without end into a real browser, and is hushed at random
moments, in turn by a moderator in chat and, from another process, by POST /hush. An ear in the page (see
``listening``) tells when the last audible sample left the browser. Caption and mouth are looked at every few
milliseconds.

    python -m benchmarks.page.hush [--times 500] [--rate 0] [--engine today]

``--rate``: so many messages a second arrive meanwhile. ``benchmarks.hush`` measures how soon all work ends.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import os
import random
import sys
import tempfile
import time
from typing import Any
from urllib.parse import urlsplit

from engines import ENGINES
from playwright.async_api import Page

from benchmarks.page.listening import Audience, audience, message
from benchmarks.page.presser import Presser, presser
from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage, Role
from vtuber.show.show import Show
from vtuber.stage.access import Role as Access

AIM = 100.0
"""Milliseconds to the last audible sample, at p99."""
LONGEST = 0.6
"""Seconds of speech after which the hush comes at the latest."""
FLOOD_EVERY = 0.002


class Hushes:
    """Milliseconds from each press."""

    def __init__(self) -> None:
        self.sound: list[float] = []
        self.words: list[float] = []
        self.mouth: list[float] = []
        self.way: list[str] = []

    def add(self, pressed: float, heard: dict[str, float], way: str) -> None:
        """``pressed`` on the page's clock, as all that was heard."""
        self.sound.append(max(0.0, heard["last"] - pressed))
        self.words.append(max(0.0, heard["words"] - pressed))
        self.mouth.append(max(0.0, heard["mouth"] - pressed))
        self.way.append(way)


async def measure(times: int, rate: int, engine: str, folder: str) -> Hushes:
    ScriptedBrain.reply = "And then there was more to tell of all that. " * 60
    ScriptedBrain.first = 0.02
    async with audience(engine, folder) as hall:
        # Both clocks are this machine's and keep their distance: it is measured while nothing else goes on.
        ahead = await hall.clock_difference()
        address, _, token = hall.show.server.control_address(Access.MODERATOR).partition("control#token=")
        async with presser(int(urlsplit(address).port or 0), token) as stream_deck:
            flooding = asyncio.create_task(_flood(hall.show, rate))
            try:
                return await _press(hall, stream_deck, times, ahead)
            finally:
                flooding.cancel()
                await asyncio.gather(flooding, return_exceptions=True)


async def _press(hall: Audience, stream_deck: Presser, times: int, ahead: float) -> Hushes:
    show, page = hall.show, hall.page
    hushes, dice = Hushes(), random.Random(1)
    moderator = Author("mod", "mod", frozenset((Role.MODERATOR,)))
    for number in itertools.count():
        if len(hushes.sound) == times:
            return hushes
        show.receive(message(f"q{number}", f"tell me the story number {number}"))
        await _until_heard(page)
        await asyncio.sleep(dice.uniform(0.0, LONGEST))
        is_heard = await page.evaluate("performance.now() - window.heard.last < 60")
        way = "chat" if number % 2 else "POST /hush"
        if way == "chat":
            pressed = now()
            show.receive(ChatMessage(f"h{number}", "test", "test", moderator, "!hush"))
        else:
            pressed = await stream_deck.press()
        await asyncio.sleep(0.35)
        if is_heard:
            hushes.add(pressed * 1000 + ahead, await page.evaluate("window.heard"), way)
    raise AssertionError


async def _until_heard(page: Page) -> None:
    await page.wait_for_function("performance.now() - window.heard.last < 60", timeout=30_000, polling=10)


async def _flood(show: Show, rate: int) -> None:
    """``rate`` messages a second, whatever else goes on."""
    if not rate:
        return
    began, sent = time.monotonic(), 0
    while True:
        await asyncio.sleep(FLOOD_EVERY)
        due = int((time.monotonic() - began) * rate)
        for number in range(sent, due):
            show.receive(message(f"f{number}", f"lol {number} is what I said about {number % 97}"))
        sent = due


def main() -> None:
    """Prints the milliseconds."""
    arguments: Any = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=500)
    arguments.add_argument("--rate", type=int, default=0)
    arguments.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    given = arguments.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        hushes = asyncio.run(measure(given.times, given.rate, given.engine, folder))
    print(f"load {os.getloadavg()[0]:.1f}; {given.rate} messages a second; {given.engine}", file=sys.stderr)
    groups = {"sound": hushes.sound, "caption": hushes.words, "mouth": hushes.mouth}
    for way in dict.fromkeys(hushes.way):
        groups[f"sound, {way}"] = [
            taken for taken, by in zip(hushes.sound, hushes.way, strict=True) if by == way
        ]
    for what, taken in groups.items():
        aim = f", aim {AIM:.0f}" if what == "sound" else ""
        sys.stdout.write(
            f"{what}: {len(taken)} hushes, {percentile(taken, 0.5):.1f} ms (median), "
            f"{percentile(taken, 0.99):.1f} ms (p99{aim}), {max(taken):.1f} ms (worst)\n"
        )


if __name__ == "__main__":
    main()
