"""Banban and its Redis are killed for real, at random moments; the benchmark does so hundreds of times."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.kills.platform import Platform
from benchmarks.kills.shows import measure


@pytest.mark.parametrize("of", ["banban", "redis"])
async def test_nothing_paid_is_lost_and_nobody_is_thanked_twice(of: str) -> None:
    toll = await measure(5, of=of, paid=8, seed=3)
    assert toll.kills == 5
    assert (toll.lost, toll.thanked_twice) == ([], [])


def test_only_what_a_show_was_sent_itself_tells_how_soon_it_takes_something_in(tmp_path: Path) -> None:
    """What the one before had written down is taken in by the next, after its start."""
    platform = Platform(tmp_path, 2, random.Random(1), None)
    platform._sent_at |= {"0": 10.0, "1": 11.0}
    platform._note(1, {"taken": "0", "late": 10.5})
    platform._begin()
    platform._note(2, {"taken": "1", "late": 34.0})
    assert platform.taken == {"0", "1"}
    assert platform.taken_in == [0.5]
