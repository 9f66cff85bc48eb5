"""Waits that grow, end somewhere, and begin again."""

from __future__ import annotations

import asyncio
import random

import pytest

from vtuber.core.backoff import Backoff
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 10.0)
    assert [backoff.next() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_success_begins_anew() -> None:
    backoff = Backoff(1.0, 10.0, factor=3.0)
    assert [backoff.next(), backoff.next()] == [1, 3]
    backoff.reset()
    assert backoff.next() == 1


def test_jitter_only_shortens(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = Backoff(4.0, 8.0, jitter=0.5)
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert [backoff.next(), backoff.next()] == [2, 4]
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    assert backoff.next() == 8


def test_what_breaks_again_and_again_rests_and_is_never_given_up() -> None:
    async def main() -> list[float]:
        backoff = Backoff(1.0, 30.0)
        waits = []
        for _ in range(14):
            backoff.reset()
            await asyncio.sleep(10)
            waits.append(backoff.next())
            await asyncio.sleep(waits[-1])
        assert backoff.state is State.RESTING
        assert "broke more than 10 times in 10 minutes" in backoff.note
        backoff.reset()
        assert (backoff.state, backoff.note) == (State.DOWN, "")
        await asyncio.sleep(600)
        return [*waits, backoff.next()]

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        assert runner.run(main()) == [1.0] * 10 + [60.0] * 4 + [1.0]


def test_what_never_worked_uses_up_no_budget() -> None:
    backoff = Backoff(1.0, 10.0)
    assert [backoff.next() for _ in range(40)][-1] == 10
    assert backoff.state is State.DOWN
