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


def test_a_part_that_breaks_too_often_rests_and_its_row_says_why_and_what_to_do() -> None:
    facts, told = Facts(), list[Fact]()
    facts.subscribe(told.append)
    supervisor = Supervisor(facts)

    async def duty() -> None:
        await asyncio.sleep(31)
        raise RuntimeError("it broke")

    def rows() -> list[Health]:
        return supervisor.described(
            [Health("chat.test", State.OK, "listening"), Health("voice", State.OK, "")]
        )

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(supervisor.keep("chat.test", duty)),
                tasks.create_task(supervisor.keep("turns", duty)),
                tasks.create_task(supervisor.watch(rows)),
            ]
            await asyncio.sleep(3600)
            for part in ("chat.test", "show.turns"):
                states = [fact.state for fact in told if isinstance(fact, PartChanged) and fact.part == part]
                assert states.count("resting") > 10
            (chat,) = (row for row in rows() if row.part == "chat.test")
            assert chat.breakdowns > 20
            assert chat.since is not None
            while not chat.state.is_away:
                await asyncio.sleep(1)
                (chat,) = (row for row in rows() if row.part == "chat.test")
            assert chat.state is State.RESTING
            assert "it failed and is started again: it broke; it broke more than 10 times" in chat.what
            assert chat.hint
            assert [row.breakdowns for row in rows() if row.part == "voice"] == [0]
            for task in running:
                task.cancel()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


def test_a_change_for_the_worse_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    states = iter([State.OK, State.RESTING])

    def healths() -> list[Health]:
        if (state := next(states, None)) is None:
            raise asyncio.CancelledError
        return [Health("part", state, "it broke", "start it")]

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner, pytest.raises(asyncio.CancelledError):
        runner.run(Supervisor(Facts()).watch(healths))
    assert [record.message for record in caplog.records] == ["part: it broke → start it"]
