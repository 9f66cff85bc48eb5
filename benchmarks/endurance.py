"""Whether banban's own process stays small over a long show, beside the model's, which is another.

The whole show in simulated time: many people chat, a scripted brain answers, the real voice speaks, the
embedded memory and the journal keep all of it, and a page listens. Every so many turns: the memory that the
process has to itself (USS). With the voice "scripted" the embedded one, the largest part, is
not loaded.

    python -m benchmarks.endurance [turns] [voice]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import psutil

from benchmarks.inbox import chat
from benchmarks.scripted import ScriptedBrain
from vtuber.config import Settings
from vtuber.core.simulated import SimulatedLoop
from vtuber.show import garbage
from vtuber.show.show import Show

TURNS = 2000
ROWS = 20
AIM = 200.0
"""MB."""
WARM = 0.1
"""What is loaded, and what is bounded but not yet full, is there after this share of the turns."""
BETWEEN = 1.5
"""Seconds between two messages."""
REPLY = (
    "[happy] Oh, that is a good one. Let me think about it while I eat my pizza, with pineapple of course."
)
PAGE = """
import asyncio, sys, aiohttp
async def main():
    async with aiohttp.ClientSession() as client, client.ws_connect(sys.argv[1], origin=sys.argv[2]) as page:
        async for frame in page:
            pass
asyncio.run(main())
"""


@contextmanager
def page(show: Show) -> Iterator[None]:
    """Somebody who watches, in a process of their own."""
    url = show.server.url
    with subprocess.Popen([sys.executable, "-c", PAGE, f"{url}ws", url.rstrip("/")]) as process:
        try:
            yield
        finally:
            process.kill()


def occupied() -> float:
    """In MB."""
    garbage.collect()  # as it does by itself in a show, whenever she is idle
    own = psutil.Process()
    return int(own.memory_full_info().uss) / 1e6


async def measure(turns: int, voice: str, folder: Path) -> list[tuple[int, float]]:
    """(turn, MB), as the show goes on."""
    settings = Settings.model_validate(
        {
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": voice},
            "stage": {"port": 0},
            "memory": {"folder": folder / "memory"},
            "journal": {"folder": folder / "shows"},
        }
    )
    show, ready = Show(settings, seed=1, listeners=[]), asyncio.Event()
    figures: list[tuple[int, float]] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        with page(show):
            for message in chat(seed=7):
                show.receive(replace(message, at=asyncio.get_running_loop().time()))
                await asyncio.sleep(BETWEEN)
                if show.metrics.turns >= len(figures) * turns // ROWS:
                    figures.append((show.metrics.turns, occupied()))
                    sys.stdout.write("turn {:5}: {:6.1f} MB\n".format(*figures[-1]))
                    sys.stdout.flush()
                if show.metrics.turns >= turns:
                    break
        show.over.set()
    return figures


def main(turns: int, voice: str) -> None:
    """Prints how it went."""
    logging.disable()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.multiple(ScriptedBrain, reply=REPLY),
        asyncio.Runner(loop_factory=SimulatedLoop) as runner,
    ):
        figures = runner.run(measure(turns, voice, Path(folder)))
    most = max(size for _, size in figures)
    (first, before), (last, after) = figures[round(len(figures) * WARM)], figures[-1]
    growth = 1000 * (after - before) / (last - first)
    sys.stdout.write(f"at most {most:.1f} MB (aim: {AIM:g}), and {growth:+.2f} MB in 1,000 turns\n")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("turns", nargs="?", type=int, default=TURNS)
    options.add_argument("voice", nargs="?", default="hibari")
    chosen = options.parse_args()
    main(chosen.turns, chosen.voice)
