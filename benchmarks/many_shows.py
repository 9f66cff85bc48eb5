"""Many shows in one process: what each viewer waits, and where it saturates.

Real shows that share a scripted model server (``benchmarks.scripted_server``, in a process of its own) and,
with ``--memory``, a Redis or a cluster; each with a scripted voice, its own pages and a chat of one message
every few seconds. Replies last some four seconds.

    python -m benchmarks.many_shows [--shows 1 5 10 20 40] [--seconds 30] [--memory URL | --cluster]

For each number of shows: replies a minute of one show; milliseconds from a message's arrival to the first
sound of its answer; how late the event loop is; the process's share of a core and its memory.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

import benchmarks.scripted
from benchmarks.rates import percentile
from benchmarks.scripted_server import running
from benchmarks.valkey_cluster import ValkeyCluster
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage
from vtuber.record.facts import Fact, TurnEnded
from vtuber.show.show import Show

EVERY = 8.0
"""Seconds between two messages of a chat, in the middle."""
TICK = 0.01

assert benchmarks.scripted  # it registers the scripted voice


@dataclass(slots=True)
class Heard:
    """The replies that were heard while it counted, in all shows."""

    counting: bool = False
    delays: list[float] = field(default_factory=list)
    """Milliseconds."""
    lags: list[float] = field(default_factory=list)
    failed: int = 0

    def note(self, fact: Fact) -> None:
        """Subscribes to a show's facts."""
        if self.counting and isinstance(fact, TurnEnded) and fact.counts:
            self.failed += not fact.answers
            self.delays.append(sum(fact.delays_ms.values()))


def settings(url: str, memory: dict[str, str], folder: str, name: str) -> Settings:
    """Of one show: what it remembers and is owed is its own."""
    return Settings.model_validate(
        {
            "brain": {"use": "openai", "openai": {"url": url}, "context": 2048, "max_tokens": 40},
            "voice": {"use": ["scripted", "silent"]},
            "show": {"name": name},
            "memory": {**memory, "name": name},
            "pending": {"folder": folder},
            "stage": {"port": 0},
            "journal": {"enabled": False},
            "chat": {"console": False},
        }
    )


async def _chat(show: Show, name: int) -> None:
    dice = random.Random(name)
    for number in count():
        await asyncio.sleep(dice.uniform(0.5, 1.5) * EVERY)
        author = Author(f"{name}-{number}", f"viewer{number}")
        text = f"what do you think of number {number}?"
        show.receive(ChatMessage(f"{name}-{number}", "test", f"channel{name}", author, text))


async def _watch_loop(heard: Heard) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        if heard.counting:
            heard.lags.append(1000 * (loop.time() - due))


async def measure(shows: int, seconds: float, chosen: Callable[[str], Settings]) -> str:
    """A line for that many."""
    heard, process, all_shows = Heard(), psutil.Process(), []
    async with asyncio.TaskGroup() as tasks:
        for number in range(shows):
            show, ready = Show(chosen(f"show{number}"), listeners=[]), asyncio.Event()
            show.facts.subscribe(heard.note)
            tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
            await ready.wait()
            all_shows.append(show)
        duties = [tasks.create_task(_chat(show, number)) for number, show in enumerate(all_shows)]
        duties.append(tasks.create_task(_watch_loop(heard)))
        await asyncio.sleep(EVERY)
        heard.counting = True
        process.cpu_percent()
        await asyncio.sleep(seconds)
        busy, memory = process.cpu_percent() / 100, process.memory_info().rss / 2**20
        heard.counting = False
        for duty in duties:
            duty.cancel()
        for show in all_shows:
            show.over.set()
    replies = 60 * len(heard.delays) / seconds / shows
    return (
        f"{shows:3} shows: {replies:.1f} replies a minute each; first sound "
        f"{statistics.median(heard.delays):.0f} ms median, {percentile(heard.delays, 0.95):.0f} p95; loop "
        f"{percentile(heard.lags, 0.99):.0f} ms late at p99; {busy:.2f} cores, {memory:.0f} MB; "
        f"{heard.failed} not answered"
    )


def main() -> None:
    """Prints a line for each number of shows."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--shows", type=int, nargs="+", default=[1, 5, 10, 20, 40])
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--memory", default="")
    arguments.add_argument("--cluster", action="store_true")
    given = arguments.parse_args()
    logging.disable()
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        address = given.memory
        if given.cluster:
            address = stack.enter_context(ValkeyCluster(Path(folder, "cluster"))).url
        memory = {"use": "redis", "url": address} if address else {"use": "forgetful"}
        url = stack.enter_context(running())

        def chosen(name: str) -> Settings:
            return settings(url, memory, folder, name)

        for shows in given.shows:
            sys.stdout.write(asyncio.run(measure(shows, given.seconds, chosen)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
