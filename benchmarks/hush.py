"""How soon a hush takes effect: nothing more is sent to the screens, and all work for that reply has ended.

The real brain and voice answer; a moderator hushes at a random moment, from the first thought to the last
word.

    python -m benchmarks.hush [--times 100]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import random
import sys
import tempfile
import time

from benchmarks.rates import percentile
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.events import Author, ChatMessage, Role
from vtuber.core.health import Health, State
from vtuber.models.store import locate
from vtuber.show.show import Show
from vtuber.stage.cues import Cue, Held, Hushed, Rested

AIM = 100.0
THINGS = [
    "rain",
    "trains",
    "owls",
    "soup",
    "robots",
    "castles",
    "winter",
    "bicycles",
    "ghosts",
    "islands",
    "mirrors",
    "bread",
    "pirates",
    "clouds",
    "violins",
    "deserts",
    "lanterns",
    "foxes",
    "harbours",
    "books",
    "storms",
    "kites",
    "mountains",
    "clocks",
    "whales",
]
LONGEST = 4.0
"""Seconds within which the hush comes."""


class Probe:
    """A screen that notes when something was last sent to it that is seen or heard."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.last = 0.0

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        if not isinstance(cue, Hushed | Rested | Held):
            self.last = time.perf_counter()

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.probe", State.OK, "watching")


async def measure(times: int, folder: str) -> tuple[list[float], int]:
    """Milliseconds from each hush to the end of all work for the reply, and how many cues came after one."""
    settings = Settings.model_validate(
        {
            # Its path given, the embedded model is asked for everything: it has no lines of hers to say.
            "brain": {"use": "llama", "model": str(locate(""))},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": folder},
            "gate": {"hush_seconds": 0},
        }
    )
    probe, dice = Probe(), random.Random(1)
    show = Show(settings, seed=1, listeners=[], screens=[probe])
    moderator = Author("mod", "mod", frozenset((Role.MODERATOR,)))
    taken: list[float] = []
    late = 0
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        for number in map(str, itertools.count()):
            if len(taken) == times:
                break
            things = " and ".join(dice.sample(THINGS, 3))
            text = f"tell me a long story about {things}"  # what the chat repeats is answered once
            show.receive(ChatMessage(number, "test", "test", Author(number, f"viewer {number}"), text))
            await asyncio.sleep(dice.uniform(0.02, LONGEST))
            if not show.performer.busy:
                continue  # she was quicker
            hushed = time.perf_counter()
            show.receive(ChatMessage(f"h{number}", "test", "test", moderator, "!hush"))
            silent = time.perf_counter()
            await _until_idle(show)
            taken.append((time.perf_counter() - hushed) * 1000)
            await asyncio.sleep(0.1)
            late += probe.last > silent
        show.over.set()
    return taken, late


async def _until_idle(show: Show) -> None:
    while show.performer.busy:  # noqa: ASYNC110  # looked at from outside, as the audience would
        await asyncio.sleep(0.001)


def main() -> None:
    """Prints the milliseconds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=100)
    logging.disable()
    times = arguments.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        taken, late = asyncio.run(measure(times, folder))
    sys.stdout.write(
        f"{len(taken)} hushes: all work ended after {percentile(taken, 0.5):.1f} ms (median), "
        f"{percentile(taken, 0.99):.1f} ms (p99, aim {AIM:.0f}), {max(taken):.1f} ms (worst); "
        f"{late} were followed by anything seen or heard\n"
    )


if __name__ == "__main__":
    main()
