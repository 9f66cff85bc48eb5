"""Where a model fits, and why, by the rule of her own model's card."""

from __future__ import annotations

import pytest

from vtuber.models.fit import GB, Place, judge
from vtuber.models.machine import Card, Machine

SIZES = {"Q3": 3.0, "Q4": 4.9, "Q6": 6.6, "Q8": 8.0, "F16": 12.0}


@pytest.mark.parametrize(
    ("memory", "fitting"),
    [(6, {"Q3"}), (10, {"Q3", "Q4"}), (16, {"Q3", "Q4", "Q6", "Q8"}), (24, set(SIZES))],
)
def test_twice_the_size_must_fit(memory: int, fitting: set[str]) -> None:
    machine = Machine(memory * GB)
    found = {name for name, size in SIZES.items() if judge(int(size * GB), machine).place is Place.MEMORY}
    assert found == fitting


def test_the_card_is_better_than_memory() -> None:
    machine = Machine(64 * GB, (Card("small", 4 * GB), Card("RTX 4080", 16 * GB)))
    fit = judge(6 * GB, machine)
    assert fit.place is Place.CARD
    assert fit.why == "needs 12 GB, twice its size; RTX 4080 has 16 GB"
    assert judge(10 * GB, machine).place is Place.MEMORY


def test_what_is_too_big_is_told_with_what_would_fit() -> None:
    fit = judge(20 * GB, Machine(8 * GB, (Card("x", 16 * GB),)))
    assert fit.place is Place.NOWHERE
    assert "needs 40 GB" in fit.why
    assert "at most 8 GB" in fit.why
