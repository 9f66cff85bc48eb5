"""Whether a long show stays as small as it was, though everything in it breaks at random.

A whole show in simulated time, with the embedded memory, the journal, the panel's server and a voice and a
model that are scripted. By chance, every few minutes, one of these happens, and is over after a while: the
listener raises, the model fails or hangs, the voice fails, the memory's server is killed, OBS takes the
connection and drops it, a page connects and goes, the clock on the wall jumps by an hour, the disk is full
(no file of this process may grow). Each hour: memory that the process has to itself (USS), open files, tasks
of the loop, keys in memory. They should end within 5% of where they stood after the first hour.

    python -m benchmarks.faults [--hours 24] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from unittest.mock import patch

import aiohttp
import psutil
import redis

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.errors import BrainError, VoiceError
from vtuber.core.events import Author, ChatMessage, Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.show import garbage
from vtuber.show.show import Show
from vtuber.voice import Utterance

HOUR = 3600.0
BETWEEN = 20.0
"""Seconds between two messages."""
VIEWERS = 40
"""So few that all of them have written within the first hour: memory then has a key more for nobody."""
FAULT_EVERY = 120.0
"""Seconds between two faults, about."""
LONGEST = 90.0
"""Seconds that a fault lasts at most."""
AIM = 0.05
FILES_AIM = 3
"""So few files more or less are no leak, though they are more than the aim of a small number."""


class BreakableBrain(ScriptedBrain):
    """Fails or hangs while it is told to."""

    fails = hangs = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        if self.fails:
            raise BrainError("the model is gone", where="brain")
        if self.hangs:
            await asyncio.sleep(LONGEST)
        async for text in super().stream(prompt):
            yield text


class BreakableVoice(ScriptedVoice):
    """Fails while it is told to."""

    fails = False

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        if self.fails:
            raise VoiceError("the voice is gone", where="voice")
        async for chunk in super().speak(utterance):
            yield chunk


class BreakableChat:
    """A few people who write for ever; raises when it is told to."""

    def __init__(self, seed: int) -> None:
        self.availability = Availability(ready=True)
        self.fails = asyncio.Event()
        self._dice = random.Random(seed)
        self._numbers = count(1)

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[ChatMessage, None]:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._dice.uniform(0, 2 * BETWEEN)):
                    await self.fails.wait()
                self.fails.clear()
                raise ConnectionError("chat is gone")
            number, who = next(self._numbers), f"viewer{self._dice.randrange(VIEWERS)}"
            text = f"what do you think of number {self._dice.randrange(1000)}?"
            yield ChatMessage(f"m{number}", "twitch", "bench", Author(who, who), text)

    def health(self) -> Health:
        return Health("chat.bench", State.OK, "listening")


@dataclass(frozen=True, slots=True)
class Figures:
    """How large the show is."""

    megabytes: float
    files: int
    tasks: int
    keys: int


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    first: Figures
    """After the first hour, or the first third of a shorter run."""
    last: Figures
    faults: Counter[str] = field(default_factory=Counter)
    turns: int = 0
    down: list[str] = field(default_factory=list)
    """The parts that were away at the end, when all faults had been over for a while."""

    def growth(self) -> dict[str, float]:
        """The share by which each is larger at the end; of files, none for a few."""
        pairs = {
            name: (getattr(self.first, name), getattr(self.last, name))
            for name in ("megabytes", "files", "tasks", "keys")
        }
        return {
            name: 0.0 if name == "files" and abs(after - before) <= FILES_AIM else after / before - 1
            for name, (before, after) in pairs.items()
        }


class Faults:
    """Everything that can break, each as a context in which it is broken."""

    def __init__(self, show: Show, chat: BreakableChat, memory: Path, dice: random.Random) -> None:
        self._show = show
        self._chat = chat
        self._memory = EmbeddedValkey(memory)
        self._dice = dice
        self.counts: Counter[str] = Counter()

    async def go_on(self) -> None:
        """One fault after the other, until cancelled; what is broken then is mended."""
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.listener,
            self.model_fails,
            self.model_hangs,
            self.voice,
            self.server_of_memory,
            self.page,
            self.wall_clock,
            self.disk,
        ]
        while True:
            self._dice.shuffle(kinds)  # so that none is left out for long
            for kind in kinds:
                await asyncio.sleep(self._dice.uniform(0, 2 * FAULT_EVERY))
                self.counts[kind.__name__] += 1
                await kind()

    async def listener(self) -> None:
        self._chat.fails.set()

    async def model_fails(self) -> None:
        with patch.object(BreakableBrain, "fails", new=True):
            await self._a_while()

    async def model_hangs(self) -> None:
        with patch.object(BreakableBrain, "hangs", new=True):
            await self._a_while()

    async def voice(self) -> None:
        with patch.object(BreakableVoice, "fails", new=True):
            await self._a_while()

    async def server_of_memory(self) -> None:
        for process in psutil.process_iter(["cmdline", "cwd"]):
            is_server = "valkey" in " ".join(process.info["cmdline"] or ())
            if is_server and process.info["cwd"] == str(self._memory.folder):
                with clock.outside(), suppress(psutil.NoSuchProcess):
                    process.kill()
                    await clock.in_thread(psutil.wait_procs, [process], 5)

    async def page(self) -> None:
        """A page comes, hears of the show, and is gone without a word."""
        url = self._show.server.url
        with clock.outside(), suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(f"{url}ws", origin=url.rstrip("/")) as page,
            ):
                await page.receive()

    async def wall_clock(self) -> None:
        now, jump = time.time, self._dice.choice((-HOUR, HOUR))
        with patch.object(time, "time", lambda: now() + jump):
            await self._a_while()

    async def disk(self) -> None:
        """No file of this process grows; one that is new holds nothing."""
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
        try:
            await self._a_while()
        finally:
            _make_room()

    async def _a_while(self) -> None:
        await asyncio.sleep(self._dice.uniform(1, LONGEST))


def _make_room() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _print(out: Callable[[str], object], line: str) -> None:
    """Also when the disk is full for the show, and the output is a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    _make_room()
    try:
        out(line)
        sys.stdout.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def figures(memory: Path) -> Figures:
    """As it is now, when what can be freed was."""
    garbage.collect()  # as it does by itself in a show, whenever she is idle
    own = psutil.Process()
    keys = 0
    with clock.outside(), suppress(redis.RedisError, OSError):
        keys = await clock.in_thread(_keys, memory)
    return Figures(own.memory_full_info().uss / 1e6, own.num_fds(), len(asyncio.all_tasks()), keys)


def _keys(memory: Path) -> int:
    with redis.Redis(unix_socket_path=str(EmbeddedValkey(memory).address), socket_timeout=5) as client:
        return int(client.dbsize())


@asynccontextmanager
async def an_obs_that_drops() -> AsyncIterator[int]:
    """A port where every connection is taken and dropped."""

    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(drop, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])


async def measure(hours: float, seed: int, folder: Path, *, out: Callable[[str], object]) -> Outcome:
    """Runs the show for so many hours of its own time."""
    memory = folder / "memory"
    async with an_obs_that_drops() as obs:
        settings = Settings.model_validate(
            {
                "brain": {"use": "breakable", "patience_seconds": 5},
                "guard": {"repeats": {"use": False}},  # its reply is always the same
                "voice": {"use": ["breakable", "silent"]},
                "stage": {"port": 0, "obs": {"enabled": True, "port": obs}},
                "memory": {"folder": memory},
                "journal": {"folder": folder / "shows", "file_megabytes": 1},
            }
        )
        chat = BreakableChat(seed)
        show, ready = Show(settings, seed=seed, listeners=[chat]), asyncio.Event()
        faults = Faults(show, chat, memory, random.Random(seed))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
            await ready.wait()
            first, after = None, min(HOUR, hours * HOUR / 3)
            breaking = tasks.create_task(faults.go_on())
            for number in range(1, round(hours * HOUR / after) + 1):
                await asyncio.sleep(after)
                last = await figures(memory)
                first = first or last
                _print(out, f"{number * after / HOUR:5.2f} h: {show.metrics.turns} turns, {last}\n")
            breaking.cancel()
            await asyncio.sleep(5 * LONGEST)
            down = [row.part for row in show.health() if row.state.is_away and row.part != "stage.obs"]
            last = await figures(memory)
            show.over.set()
    assert first is not None  # it ran
    return Outcome(first, last, faults.counts, show.metrics.turns, down)


def run(hours: float, seed: int, *, out: Callable[[str], object] = sys.stdout.write) -> Outcome:
    """The whole of it, in a loop and a folder of its own."""
    from vtuber import brain, voice  # noqa: PLC0415  # where the breakable parts are entered

    brain.PARTS.setdefault("breakable", f"{__name__}:BreakableBrain")
    voice.PARTS.setdefault("breakable", f"{__name__}:BreakableVoice")
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=SimulatedLoop) as runner,
    ):
        return runner.run(measure(hours, seed, Path(folder), out=out))


def main(hours: float, seed: int) -> None:
    """Prints how it went."""
    logging.disable()
    outcome = run(hours, seed)
    broke = ", ".join(f"{name} {times}" for name, times in outcome.faults.most_common())
    sys.stdout.write(f"{outcome.turns} turns; faults: {broke}\n")
    sys.stdout.write(f"away at the end: {', '.join(outcome.down) or 'nothing'}\n")
    for name, share in outcome.growth().items():
        sys.stdout.write(f"{name}: {share:+.1%} (aim: within {AIM:.0%})\n")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    main(chosen.hours, chosen.seed)
