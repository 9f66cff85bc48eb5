"""What is killed beside a show: its server, its model, its OBS."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import redis
from real_obs import PASSWORD, RealObs

from benchmarks.kills.child import Scene
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.models.store import locate
from vtuber.stage.obs import client as obs_client

AGAIN = 120.0
"""Seconds within which what was killed has to be there again, and shown to work."""
LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Stage:
    """A show that is on air, as its victim sees it."""

    pid: int
    url: str
    """Of its pages."""
    folder: Path
    """Of its data."""
    dice: random.Random
    thinks: asyncio.Event
    """Set when its model is there again."""
    sounding: Callable[[float], tuple[str, float]]
    """``Platform.sounding``."""
    answers: Callable[[], int]
    """How many sentences of answers have begun to be heard, fallback lines not counted."""
    is_over: Callable[[], bool]
    """Whether she has said everything, so that nothing more is heard or seen of her."""

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> bool:
        """Looks again and again. Whether it came to hold; False when the show was over before."""
        async with asyncio.timeout(AGAIN):
            while not await holds():
                if self.is_over():
                    return False
                await asyncio.sleep(LOOK_EVERY)
        return True


class Victim:
    """One for all shows of a run."""

    scene = Scene()
    is_scripted: ClassVar[bool] = True
    """Whether the show's model is the scripted one."""
    longest: ClassVar[float] = 1.5
    """Seconds between two kills, at most."""

    def __init__(self) -> None:
        self.figures: dict[str, list[float]] = {}
        """What was seen of each kill, in seconds."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It is there, or can be started, while the body runs: all shows."""
        yield

    @asynccontextmanager
    async def beside(self, stage: Stage) -> AsyncIterator[None]:  # noqa: ARG002
        """It takes part in this show while the body runs."""
        yield

    async def kill(self, stage: Stage) -> int:
        """Returns 1, when all is well again; 0 where there was nothing to kill. Raises TimeoutError."""
        raise NotImplementedError

    def note(self, what: str, seconds: float) -> None:
        """Another figure."""
        self.figures.setdefault(what, []).append(seconds)


class Valkey(Victim):
    """The embedded server of its memory, and of what is owed."""

    async def kill(self, stage: Stage) -> int:
        with suppress(redis.RedisError, OSError):
            address = str(EmbeddedValkey(stage.folder / "memory").address)
            with redis.Redis(unix_socket_path=address, socket_timeout=1) as client:
                os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
            return 1
        return 0


class Model(Victim):
    """The process of llama.cpp. Its path given, the toy is asked for everything: it has no lines of hers."""

    scene = Scene(
        letters=30.0,
        settings={
            "brain": {"use": "llama", "model": str(locate(""))},
            "inbox": {"batch": 1},
            "show": {"reply_seconds": 4.0},
        },
    )
    is_scripted = False

    async def kill(self, stage: Stage) -> int:
        """At a random moment after it has answered."""
        answered = stage.answers()

        async def answers() -> bool:
            return stage.answers() > answered

        with suppress(TimeoutError):
            await stage.until(answers)
        await asyncio.sleep(stage.dice.uniform(0.0, self.longest))
        if stage.is_over() or not self._kill(stage.pid):
            return 0
        killed = time.monotonic()
        stage.thinks.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                await stage.thinks.wait()
        self.note("the model is there again", time.monotonic() - killed)
        return 1

    def _kill(self, show: int) -> bool:
        for process in psutil.Process(show).children():
            with suppress(psutil.Error):
                if "vtuber.brain.llama.worker" in process.cmdline():
                    process.kill()
                    return True
        return False


class Obs(Victim):
    """A real one without a screen, which shows her captions."""

    longest = 4.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with tempfile.TemporaryDirectory() as folder:
            self._obs = RealObs(Path(folder))
            try:
                await asyncio.to_thread(self._obs.start)
                section = {"enabled": True, "port": self._obs.port, "caption_source": "Caption"}
                self.scene = Scene(
                    letters=12.0,
                    settings={"stage": {"port": 0, "obs": section}},
                    environment={obs_client.PASSWORD: PASSWORD},
                )
                yield
            finally:
                await asyncio.to_thread(self._obs.close)

    async def kill(self, stage: Stage) -> int:
        await asyncio.to_thread(self._obs.kill)
        await asyncio.to_thread(self._obs.start)
        began = time.monotonic()

        async def shows() -> bool:
            return said_in(await asyncio.to_thread(self._obs.caption), stage)

        if await stage.until(shows):
            self.note("from OBS answering again to her words in it", time.monotonic() - began)
        return 1


def said_in(caption: str, stage: Stage) -> bool:
    """Whether a caption ends with the beginning of the sentence that is heard now, or all of it."""
    words = stage.sounding(time.monotonic())[0].split()
    return any(caption.endswith(" ".join(words[:count])) for count in range(1, len(words) + 1))
