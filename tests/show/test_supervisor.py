"""What keeps every part going."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.simulated import SimulatedLoop
from vtuber.record.journal import Journal
from vtuber.show.supervisor import RESTART_SECONDS, Supervisor


def test_a_part_that_fails_is_started_again_later_and_later(tmp_path: Path) -> None:
    began: list[float] = []

    async def duty() -> None:
        began.append(clock.now())
        if len(began) < 10:
            raise RuntimeError("it failed")

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        journal = Journal(Settings.model_validate({"journal": {"folder": tmp_path}}))
        runner.run(Supervisor(journal).keep("part", duty))
    waits = [round(later - earlier, 3) for earlier, later in pairwise(began)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert (waits[0], waits[-1]) == RESTART_SECONDS
