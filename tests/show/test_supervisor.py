"""What keeps every part going."""

from __future__ import annotations

import asyncio
import logging
from itertools import count, pairwise

import pytest

from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.record.facts import Fact, Facts, Failed, PartChanged
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


def test_the_failure_inside_groups_is_the_one_reported(caplog: pytest.LogCaptureFixture) -> None:
    tries = count()

    async def duty() -> None:
        if next(tries) == 0:
            raise ExceptionGroup("outer", [ExceptionGroup("inner", [RuntimeError("it failed")])])

    facts, told = Facts(), list[Fact]()
    facts.subscribe(told.append)
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(Supervisor(facts).keep("part", duty))
    assert told == [Failed("part", "RuntimeError('it failed')")]
    assert "part failed and is restarted: it failed" in caplog.text


def test_a_change_for_the_worse_is_a_warning_and_one_for_the_better_is_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    states = iter(
        [State.OK, State.OK, State.LIMITED, State.DOWN, State.LIMITED, State.OK, State.DOWN, State.OFF]
    )
    facts, told = Facts(), list[Fact]()
    facts.subscribe(told.append)

    def healths() -> list[Health]:
        if (state := next(states, None)) is None:
            raise asyncio.CancelledError
        return [Health("part", state, f"it is {state}")]

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner, pytest.raises(asyncio.CancelledError):
        runner.run(Supervisor(facts).watch(healths))
    after = [State.LIMITED, State.DOWN, State.LIMITED, State.OK, State.DOWN, State.OFF]
    assert told == [PartChanged("part", state, f"it is {state}") for state in (State.OK, *after)]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        (level, f"part: it is {state}")
        for level, state in zip(("WARNING", "WARNING", "INFO", "INFO", "WARNING", "INFO"), after, strict=True)
    ]
