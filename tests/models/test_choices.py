"""Where a model fits, and why: what the card of her own model says of her own model's files."""

from __future__ import annotations

import pytest

from vtuber.models.choices import GB, Place, gigabytes, judge
from vtuber.models.machine import Card, Machine

HERS = {"Q3": 3.67, "Q4": 4.92, "Q5": 5.73, "Q6": 6.6, "Q8": 8.54, "F16": 16.1}
"""Her model's files, in GB."""


def fitting(machine: Machine, place: Place, *, tight: bool) -> list[str]:
    fits = {name: judge(int(size * GB), machine) for name, size in HERS.items()}
    return [name for name, fit in fits.items() if (fit.place, fit.tight) == (place, tight)]


@pytest.mark.parametrize(
    ("memory", "with_room", "tight"),
    [
        (6 * GB, [], ["Q3"]),
        (10 * GB, ["Q3", "Q4"], ["Q5", "Q6"]),
        (16 * GB, ["Q3", "Q4", "Q5", "Q6"], ["Q8"]),
        (16376 << 20, ["Q3", "Q4", "Q5", "Q6", "Q8"], []),  # RTX 4080
        (24564 << 20, ["Q3", "Q4", "Q5", "Q6", "Q8"], ["F16"]),  # RTX 4090
    ],
)
def test_what_her_models_card_says(memory: int, with_room: list[str], tight: list[str]) -> None:
    for machine, place in ((Machine(GB, (Card("x", memory),)), Place.CARD), (Machine(memory), Place.MEMORY)):
        assert fitting(machine, place, tight=False) == with_room
        assert fitting(machine, place, tight=True) == tight


def test_the_card_is_better_than_memory() -> None:
    machine = Machine(64 * GB, (Card("small", 4 * GB), Card("RTX 4080", 16 * GB)))
    fit = judge(6 * GB, machine)
    assert (fit.place, fit.verdict) == (Place.CARD, "graphics card")
    assert fit.why == "it should have 12 GB, twice its size; RTX 4080 has 16 GB"
    assert judge(10 * GB, machine).verdict == "graphics card, tight"
    assert judge(20 * GB, machine).place is Place.MEMORY


def test_beside_what_is_tight_nobody_plays() -> None:
    fit = judge(int(16.1 * GB), Machine(64 * GB, (Card("RTX 4090", 24564 << 20),)))
    assert fit.why.endswith("RTX 4090 has 25.8 GB: do not play a game at the same time")


def test_what_is_too_big_is_reported_with_what_would_fit() -> None:
    fit = judge(20 * GB, Machine(8 * GB, (Card("x", 16 * GB),)))
    assert fit.place is Place.NOWHERE
    assert "should have 40 GB" in fit.why
    assert "x has 16 GB and this machine has 8 GB: choose a file of at most 8 GB" in fit.why


@pytest.mark.parametrize(("size", "words"), [(4_920_000_000, "4.92 GB"), (10**18, "1000000000 GB")])
def test_sizes_in_words(size: int, words: str) -> None:
    assert gigabytes(size) == words
