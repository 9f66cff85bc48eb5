"""What it costs to write down what viewers are owed: first sound with and without, as a ratio.

Paid messages arrive one at a time while she is idle, in two shows in turn: one keeps them on the real
embedded Valkey, one keeps nothing. The brain is scripted (its first token after a quarter of a second, as a
quick one's) and so is the voice: with slower ones the ratio is nearer to 1. And the same for plain chat,
which waits for nothing.

    python -m benchmarks.durability [--messages 60]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import benchmarks.scripted
from benchmarks.first_sound import Probe
from vtuber import pending
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage, Money
from vtuber.show.show import Show

assert benchmarks.scripted  # it registers the scripted parts


class OneShow:
    """On air, with a probe for a screen."""

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        settings = Settings.model_validate(
            {
                "brain": {"use": "scripted"},
                "guard": {"repeats": {"use": False}},  # its reply is always the same
                "voice": {"use": ["scripted"]},
                "stage": {"port": 0},
                "memory": {"folder": folder / "memory"},
                "pending": {"folder": folder / "pending"},
                "journal": {"folder": folder / "shows"},
            }
        )
        self.probe = Probe()
        kept = pending.build(settings) if keeps else None
        self.show = Show(settings, seed=1, listeners=[], screens=[self.probe], pending=kept)
        self.ready = asyncio.Event()

    async def run(self) -> None:
        await self.show.run(progress=lambda *_: None, on_air=self.ready.set)

    async def first_sound(self, message: ChatMessage) -> float:
        """Seconds from the message's arrival to the first sound of its answer."""
        self.probe.reset()
        arrived = time.perf_counter()
        self.show.receive(message)
        async with asyncio.timeout(30):
            await self.probe.heard.wait()
        while self.show.performer.busy:  # a few times
            self.show.performer.hush(0)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        return self.probe.at - arrived


def message(number: int, *, paid: bool) -> ChatMessage:
    """The next one, by somebody else each time."""
    money = Money(Decimal(5), "USD") if paid else None
    author = Author(f"id-{number}", f"viewer{number}")
    return ChatMessage(f"m{number}-{paid}", "twitch", "banban", author, f"what is {number}?", money=money)


async def measure(count: int, folder: Path) -> dict[bool, list[tuple[float, float]]]:
    """By whether it is paid: for each message the seconds with and without."""
    times: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    kept, plain = OneShow(folder / "kept", keeps=True), OneShow(folder / "plain", keeps=False)
    async with asyncio.TaskGroup() as tasks:
        for one in (kept, plain):
            tasks.create_task(one.run())
            await one.ready.wait()
        for number in range(count):
            for paid in (True, False):
                order = (kept, plain) if number % 2 else (plain, kept)
                took = {one: await one.first_sound(message(number, paid=paid)) for one in order}
                times[paid].append((took[kept], took[plain]))
        for one in (kept, plain):
            one.show.over.set()
    return times


def main() -> None:
    """Prints the ratios."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--messages", type=int, default=60)
    count = options.parse_args().messages
    with tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(measure(count, Path(folder)))
    for paid, pairs in times.items():
        kept, plain = (statistics.median(one[index] for one in pairs) for index in (0, 1))
        sys.stdout.write(
            f"{'paid' if paid else 'plain'} messages: first sound after {kept * 1000:.1f} ms, without "
            f"{plain * 1000:.1f} ms (medians of {len(pairs)}): ratio {kept / plain:.3f} (aim 1.02)\n"
        )


if __name__ == "__main__":
    main()
