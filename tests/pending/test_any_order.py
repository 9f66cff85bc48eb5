"""Whatever fails, in whatever order, with kills between: nothing owed is lost, nothing settled returns."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from test_stores import paid

from vtuber.core import files
from vtuber.core.errors import PendingError
from vtuber.core.simulated import SimulatedLoop
from vtuber.pending import PendingEvents
from vtuber.pending import file as pending_file
from vtuber.pending.changes import Change
from vtuber.pending.file import PendingFile
from vtuber.pending.ledger import Ledger

CHANCES = (0.0, 0.0, 0.3, 0.8)
"""How often a part fails, while it does."""


class Weather:
    """What fails now: a server, which may have taken a part of what it refuses, and a disk, which may too."""

    place = "somewhere"

    def __init__(self, dice: random.Random) -> None:
        self.server = self.disk = 0.0
        self._dice = dice
        self._ledger = Ledger()

    def change(self) -> None:
        self.server, self.disk = self._dice.choice((*CHANCES, 1.0)), self._dice.choice(CHANCES)

    async def claim(self) -> None: ...

    async def open(self) -> list[Change]:
        await self.write(())
        return self._ledger.changes()

    async def write(self, changes: Sequence[Change]) -> None:
        await asyncio.sleep(self._dice.random() * 0.1)
        if self._dice.random() < self.server:
            self._ledger.apply(changes[: self._dice.randrange(len(changes) + 1)])
            raise PendingError("is away")
        self._ledger.apply(changes)

    async def close(self) -> None: ...

    def written(self, write: Callable[..., None]) -> Callable[..., None]:
        """On the disk, if at all."""

        def written(path: Path, data: Any, **more: Any) -> None:
            if self._dice.random() < self.disk:
                if isinstance(data, bytes):
                    write(path, data[: len(data) // 2])
                raise OSError(28, "No space left on device")
            write(path, data, **more)

        return written


class Shows:
    """One after another, which are killed. Each is told once of what those before it left."""

    def __init__(self, path: Path, weather: Weather, dice: random.Random) -> None:
        self._path, self._weather, self._dice = path, weather, dice
        self._count = 0
        self.owed: set[str] = set()
        self.settled: set[str] = set()
        self.doubtful: set[str] = set()
        """What was being settled, or could not be written anywhere, as health said."""

    async def one(self) -> PendingEvents:
        pending = PendingEvents(self._weather, PendingFile(self._path))
        await pending.start()
        return pending

    async def play(self) -> None:
        pending = await self.one()
        new, gone = set[str](), set[str]()
        told = [added.key for added in pending.ledger.waiting]
        pending.watch(lambda late: told.extend(added.key for added in late))
        for _ in range(self._dice.randrange(5, 40)):
            what = self._dice.choice(("pay", "pay", "settle", "wait", "weather"))
            if what == "pay":
                self._count += 1
                event = paid(self._count)
                pending.add(event, then=partial(new.add, f"twitch:{event.id}"))
            elif what == "settle" and pending.ledger.waiting:
                key = self._dice.choice(pending.ledger.waiting).key
                self.doubtful.add(key)
                pending.settle(key)
                pending.after(partial(gone.add, key))
            elif what == "weather":
                self._weather.change()
            await asyncio.sleep(self._dice.random() * 0.5)
        assert len(told) == len(set(told)), "nobody is owed two answers"
        assert new.isdisjoint(told), "what is new was not owed before"
        if pending._unsafe is not None:
            self.doubtful |= new
        else:
            self.settled |= gone
        self.owed |= new
        for task in pending._tasks:
            task.cancel()
        await asyncio.gather(*pending._tasks, return_exceptions=True)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_and_nothing_comes_back(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    weather = Weather(dice)
    shows = Shows(tmp_path / "pending" / "show.jsonl", weather, dice)
    monkeypatch.setattr(pending_file, "_append", weather.written(pending_file._append))
    monkeypatch.setattr(files, "write_whole", weather.written(files.write_whole))

    async def evening() -> None:
        for _ in range(5):
            await shows.play()
        weather.server = weather.disk = 0.0
        last = await shows.one()
        await last.stop()
        waiting = {added.key for added in last.ledger.waiting}
        assert shows.owed - shows.doubtful - waiting == set()
        assert shows.settled & waiting == set()
        assert len(shows.owed) > 20

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(evening())
