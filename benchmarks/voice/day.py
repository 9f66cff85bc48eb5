"""Whether a day of speech leaves anything behind: files, threads, tasks, memory.

The whole show in simulated time: somebody writes every 40 seconds, a scripted model answers, and a scripted
voice speaks for 24 hours; then the embedded voice really speaks for some minutes, and is hushed again and
again. What there is when it has warmed up, in the middle and at the end: open files and sockets, threads,
tasks of the event loop, objects of Python, and the memory that the process has to itself (USS).

    python -m benchmarks.voice.day [--hours 24] [--minutes 20]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import random
import tempfile
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from benchmarks.inbox import chat
from benchmarks.scripted import ScriptedBrain
from benchmarks.voice.chain import read
from vtuber import brain
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core.clock import now
from vtuber.core.simulated import SimulatedLoop
from vtuber.show import garbage
from vtuber.show.show import Show

BETWEEN = 40.0
"""Seconds between two messages."""
WARM = 0.1
"""The share of the time after which the first counts are taken."""


class Talker(ScriptedBrain):
    """Writes replies of two to five lines of speech."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._dice = random.Random(6)
        self._lines = read("say_en")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.reply = " ".join(self._dice.sample(self._lines, self._dice.randint(2, 5)))
        async for text in super().stream(prompt):
            yield text


brain.PARTS.setdefault("talker", f"{__name__}:Talker")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the process has."""

    at: float
    """Seconds of the show."""
    replies: int
    files: int
    threads: int
    tasks: int
    objects: int
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.at / 3600:5.2f} h, {self.replies:5} replies: {self.files} files, {self.threads} threads, "
            f"{self.tasks} tasks, {self.objects:,} objects, {self.megabytes:.1f} MB"
        )


def counts(at: float, replies: int) -> Counts:
    """As they are now."""
    garbage.collect()  # as it does by itself in a show, whenever she is idle
    process = psutil.Process()
    files = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    uss = int(process.memory_full_info().uss) / 1e6
    return Counts(
        at, replies, files, process.num_threads(), len(asyncio.all_tasks()), len(gc.get_objects()), uss
    )


async def measure(voice: str, seconds: float, folder: Path, *, hushed: bool) -> list[Counts]:
    """What there is after a tenth of the time, half of it, and all of it."""
    settings = Settings.model_validate(
        {
            "brain": {"use": "talker", "model": "any"},
            "guard": {"repeats": {"use": False}},  # it has few sentences
            "voice": {"use": voice, "cache_megabytes": 0},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": folder},
            "gate": {"hush_seconds": 0},
        }
    )
    show, ready, dice = Show(settings, seed=1, listeners=[], screens=[]), asyncio.Event(), random.Random(7)
    figures: list[Counts] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        begun = now()
        for message in chat(seed=7):
            show.receive(replace(message, at=now()))
            await asyncio.sleep(BETWEEN / 2)
            if hushed and dice.random() < 0.25:
                show.performer.hush(0)
            await asyncio.sleep(BETWEEN / 2)
            if now() - begun >= seconds * (WARM, 0.5, 1.0)[len(figures)]:
                while show.performer.busy:  # noqa: ASYNC110  # looked at from outside
                    await asyncio.sleep(0.1)
                figures.append(counts(now() - begun, show.metrics.turns))
                print(figures[-1], flush=True)
            if len(figures) == 3:
                break
        show.over.set()
    return figures


def main() -> None:
    """Prints the counts."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--hours", type=float, default=24)
    arguments.add_argument("--minutes", type=float, default=20)
    given = arguments.parse_args()
    logging.disable()
    scenes = [("scripted", given.hours * 3600, False), ("hibari", given.minutes * 60, True)]
    for voice, seconds, hushed in scenes:
        began = time.perf_counter()
        print(f"{voice} voice:")
        with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            first, _, last = runner.run(measure(voice, seconds, Path(folder), hushed=hushed))
        print(
            f"from the first to the last: {last.files - first.files:+} files, "
            f"{last.threads - first.threads:+} threads, {last.tasks - first.tasks:+} tasks, "
            f"{last.objects - first.objects:+,} objects, {last.megabytes - first.megabytes:+.1f} MB "
            f"({time.perf_counter() - began:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
