"""What keeps every part going."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from vtuber.core import clock
from vtuber.core.simulated import SimulatedLoop
from vtuber.record.facts import Fact, Facts, Failed
from vtuber.show.supervisor import RESTART_SECONDS, Supervisor


def test_a_part_that_fails_is_started_again_later_and_later() -> None:
    began: list[float] = []

    async def duty() -> None:
        began.append(clock.now())
        if len(began) < 10:
            raise RuntimeError("it failed")

    facts, told = Facts(), list[Fact]()
    facts.subscribe(told.append)
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(Supervisor(facts).keep("part", duty))
    assert told == [Failed("part", "RuntimeError('it failed')")] * 9
    waits = [round(later - earlier, 3) for earlier, later in pairwise(began)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert (waits[0], waits[-1]) == RESTART_SECONDS
