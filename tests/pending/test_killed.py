"""Banban and its Redis are killed for real, at random moments; the benchmark does so hundreds of times."""

from __future__ import annotations

import pytest

from benchmarks.kills.shows import measure


@pytest.mark.parametrize("of", ["banban", "redis"])
async def test_nothing_paid_is_lost_and_nobody_is_thanked_twice(of: str) -> None:
    toll = await measure(5, of=of, paid=8, seed=3)
    assert toll.kills == 5
    assert (toll.lost, toll.thanked_twice) == ([], [])
