"""A flood of chat over Twitch's EventSub: does the whole show keep up, on one core?

Another process sends; the account listener hears it through twitchio; the show answers, with a scripted
brain and voice. Nothing may be lost before the inbox counts it, whoever paid is answered or waits, memory is
bounded, and a moderator's hush is silence within 100 ms.

    python -m benchmarks.flood [--rate 1000] [--seconds 60] [--step 5]

On a machine that others use too: ``chrt -r 10 python -m benchmarks.flood``, or their work is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

import benchmarks.scripted
from benchmarks.rates import percentile
from vtuber.config import Settings
from vtuber.core.events import Event, is_paid
from vtuber.core.health import State
from vtuber.inbox import Drop
from vtuber.listeners.twitch.accounts import Accounts
from vtuber.listeners.twitch.listener import TwitchListener
from vtuber.listeners.twitch.tokens import Token, TokenFile
from vtuber.record.facts import Dropped, Fact
from vtuber.show.show import Show

AIM = 0.1
"""Seconds within which a hush has to be silence, at p99."""
LATE = 0.5
"""Seconds that the last of a flood may come late; more, and it could not keep up."""
FASTER = 1.3
ROOT = Path(__file__).parents[1]

assert benchmarks.scripted  # it registers the scripted parts


class WatchedShow(Show):
    """Counts what it hears, and notes when a hush had its effect: all is silent when ``hear`` returns."""

    def __init__(self, settings: Settings, listener: TwitchListener) -> None:
        super().__init__(settings, seed=1, listeners=[listener])
        self.heard = 0
        self.hushes: list[float] = []
        self._paid: set[str] = set()
        self._cut: set[str] = set()
        self.facts.subscribe(self._note)

    def receive(self, event: Event) -> None:
        super().receive(event)
        self.heard += 1
        if is_paid(event):
            self._paid.add(event.id)
        if event.id.startswith("hush-"):
            self.hushes.append(time.monotonic() - float(event.id.removeprefix("hush-")))

    def lost_paid(self) -> int:
        """Paid, and neither answered, nor waiting, nor in work, nor dropped by a moderator's hush."""
        batches = [turn.batch for turn in self.performer._turns]  # noqa: SLF001  # what is in work
        in_work = {pick.event.id for batch in batches for pick in batch.picks}
        settled = self.metrics.paid_answered + self.inbox.paid_waiting
        return self.metrics.paid - settled - len(self._paid & (in_work | self._cut))

    def _note(self, fact: Fact) -> None:
        if isinstance(fact, Dropped) and fact.reason == Drop.CUT:
            self._cut.add(fact.event.id)


@dataclass
class Figures:
    rate: float
    sent: int
    heard: int
    late: float
    paid: int
    lost_paid: int
    hushes: list[float]
    grown: float
    """MiB of memory; it stops growing once the inbox knows as many ids as it keeps."""
    busy: float
    """Share of the core."""
    idle_lag: float
    """Seconds that a timer was late before the flood: what the machine itself does."""

    @property
    def held(self) -> bool:
        quick = percentile(self.hushes, 0.99) <= AIM if self.hushes else True
        return self.sent == self.heard and self.late <= LATE and not self.lost_paid and quick

    def __str__(self) -> str:
        hush = [f"{percentile(self.hushes, share) * 1000:.1f}" for share in (0.5, 0.99)] or ["-"] * 2
        return (
            f"{self.rate:.0f} a second: {self.heard} of {self.sent} heard, the last {self.late:.2f} s late; "
            f"{self.paid} paid, {self.lost_paid} of them lost; {len(self.hushes)} hushes, silent after "
            f"{hush[0]} ms (p50), {hush[1]} ms (p99); {self.grown:+.1f} MiB; {self.busy:.0%} of the core "
            f"(before it, idle, a timer was up to {self.idle_lag * 1000:.0f} ms late)"
        )


@contextmanager
def server() -> Iterator[str]:
    """Twitch in another process, on other cores where there are some. Gives its address."""
    with subprocess.Popen(  # ourselves
        [sys.executable, "-m", "benchmarks.flood_server"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests" / "listeners")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        own = pin(psutil.Process(), slice(1))
        if own:
            pin(psutil.Process(process.pid), slice(1, None))
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def pin(process: psutil.Process, cores: slice) -> bool:
    """To those of the machine's cores, where that is possible and there are any."""
    chosen = list(range(psutil.cpu_count() or 1))[cores]
    if not chosen or not hasattr(process, "cpu_affinity"):
        return False
    process.cpu_affinity(chosen)
    return True


def listener_and_settings(address: str, folder: Path) -> tuple[TwitchListener, Settings]:
    settings = Settings.model_validate(
        {
            "chat": {
                "console": False,
                "twitch": {
                    "api_url": f"{address}/helix",
                    "id_url": f"{address}/oauth2",
                    "eventsub_url": f"{address.replace('http', 'ws')}/ws",
                },
            },
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": folder / "shows"},
            "gate": {"hush_seconds": 0},
        }
    )
    token = Token("1", "room", "its-client-id", "access", "refresh", frozenset(("user:read:chat",)))
    file = TokenFile(folder / "tokens.json")
    file.save(token)
    return TwitchListener(settings, "room", Accounts(settings, [token], file)), settings


async def measure(rate: float, seconds: float) -> Figures:
    """One show, one flood."""
    with server() as address, tempfile.TemporaryDirectory() as folder:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(seconds * 4 + 60)) as client:
            query = {"rate": str(rate), "seconds": str(seconds)}
            async with client.get(f"{address}/prepare", params=query) as prepared:
                prepared.raise_for_status()
            listener, settings = listener_and_settings(address, Path(folder))
            show, ready = WatchedShow(settings, listener), asyncio.Event()
            running = asyncio.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
            await ready.wait()
            while listener.health().state is not State.OK:  # noqa: ASYNC110  # a listener does not say when
                await asyncio.sleep(0.05)
            idle_lag = await lag(2.0)
            own = psutil.Process()
            before, busy, began = own.memory_info().rss, time.process_time(), time.monotonic()
            async with client.get(f"{address}/flood") as answer:
                told = await answer.json()
        await asyncio.sleep(LATE)  # for what is under way
        figures = Figures(
            rate,
            told["sent"],
            show.heard,
            told["late"],
            show.metrics.paid,
            show.lost_paid(),
            show.hushes,
            (own.memory_info().rss - before) / 2**20,
            (time.process_time() - busy) / (time.monotonic() - began),
            idle_lag,
        )
        show.over.set()
        await running
    return figures


async def lag(seconds: float) -> float:
    """How late a timer is at worst."""
    worst, until = 0.0, time.monotonic() + seconds
    while (before := time.monotonic()) < until:
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - before - 0.01)
    return worst


async def report(rate: float, seconds: float, step: float) -> None:
    figures = await measure(rate, seconds)
    sys.stdout.write(f"{figures}\n")
    best = rate if figures.held else 0.0
    while figures.held and step:
        rate *= FASTER
        figures = await measure(rate, step)
        best = rate if figures.held else best
        sys.stdout.write(f"  {figures}\n")
    sys.stdout.write(f"the highest rate that held: {best:.0f} messages a second\n")


def main() -> None:
    """Prints the figures of the flood, and how fast it may be."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rate", type=float, default=1000, help="messages a second")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--step", type=float, default=5, help="seconds at each higher rate; 0: none")
    arguments = options.parse_args()
    logging.disable()
    asyncio.run(report(arguments.rate, arguments.seconds, arguments.step))


if __name__ == "__main__":
    main()
