"""From an event in chat to another scene on program, in a real OBS: `python -m benchmarks.obs_scene`.

The time runs from ``Show.receive`` until another program that is connected to OBS is told of the new scene,
through all of a show: facts, what config binds, the link's thread, OBS. OBS cuts, without a transition. The
voice speaks meanwhile, so that captions are on their way, too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from obswebsocket import events

import benchmarks.scripted  # registers the scripted parts
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage, Follow, Raid
from vtuber.show.show import Show
from vtuber.stage.obs.client import PASSWORD as VARIABLE

sys.path.append(str(Path(__file__).parents[1] / "tests" / "stage" / "obs"))
from real_obs import PASSWORD, RealObs

assert benchmarks.scripted

EVENTS = 200
EVERY = 0.15
"""Seconds between two of them."""


async def measure(real: RealObs, folder: Path) -> list[float]:
    """Milliseconds from each event to its scene."""
    changed = {"scene": "Other", "seconds": 0}, {"scene": "Idle", "seconds": 0}
    obs = {"enabled": True, "port": real.port, "caption_source": "Caption"}
    show = Show(
        Settings.model_validate(
            {
                "brain": {"use": "scripted"},
                "voice": {"use": ["scripted", "silent"]},
                "guard": {"repeats": {"use": False}},
                "memory": {"use": "forgetful"},
                "stage": {"port": 0, "obs": {**obs, "events": {"raid": changed[0], "follow": changed[1]}}},
                "journal": {"folder": folder / "shows"},
                "chat": {"console": False},
            }
        )
    )
    loop = asyncio.get_running_loop()
    came: asyncio.Queue[float] = asyncio.Queue(10 * EVENTS)
    real.watch(lambda _: loop.call_soon_threadsafe(came.put_nowait, time.perf_counter()),
               events.CurrentProgramSceneChanged)  # fmt: skip
    ready = asyncio.Event()
    running = asyncio.create_task(show.run(progress=lambda _share, _words: None, on_air=ready.set))
    await ready.wait()
    delays = []
    for number in range(EVENTS):
        who = Author(f"id{number}", f"viewer{number}")
        kind = Follow if number % 2 else Raid
        show.receive(ChatMessage(f"m{number}", "twitch", "banban", who, "What do you think of this?"))
        began = time.perf_counter()
        show.receive(kind(f"e{number}", "twitch", "banban", who))
        async with asyncio.timeout(10):
            delays.append((await came.get() - began) * 1000)
        await asyncio.sleep(EVERY)
    show.over.set()
    await running
    return delays


def main() -> None:
    logging.disable(logging.CRITICAL)
    os.environ[VARIABLE] = PASSWORD
    with tempfile.TemporaryDirectory() as name:
        real = RealObs(Path(name))
        try:
            real.start()
            real.ask("SetCurrentSceneTransition", transitionName="Cut")
            real.choose("Idle")
            delays = asyncio.run(measure(real, Path(name)))
        finally:
            real.close()
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    print(f"{len(delays)} events: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, most {max(delays):.1f} ms")


if __name__ == "__main__":
    main()
