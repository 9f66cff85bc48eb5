"""Whether a model fits a machine: twice the file's size must, by the card of her own model.

The other half is for the context, the voice, the browser and OBS; a game beside it is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vtuber.models.machine import Machine

ROOM = 2
"""So many times a file's size is needed."""
GB = 1_000_000_000


class Place(StrEnum):
    """Where a model can live."""

    CARD = "graphics card"
    MEMORY = "memory"
    NOWHERE = "too big"


@dataclass(frozen=True, slots=True)
class Fit:
    place: Place
    why: str


def judge(size: int, machine: Machine) -> Fit:
    """Where a file of ``size`` bytes fits best, and why."""
    needed = f"needs {gigabytes(ROOM * size)}, twice its size"
    card = machine.card
    if card is not None and ROOM * size <= card.memory:
        return Fit(Place.CARD, f"{needed}; {card.name} has {gigabytes(card.memory)}")
    held = f"this machine has {gigabytes(machine.memory)}" + (
        f" and its card {gigabytes(card.memory)}" if card else ""
    )
    if ROOM * size <= machine.memory:
        return Fit(Place.MEMORY, f"{needed}; {held}")
    largest = max(machine.memory, card.memory if card else 0) // ROOM
    return Fit(Place.NOWHERE, f"{needed}; {held}: take a file of at most {gigabytes(largest)}")


def gigabytes(size: int) -> str:
    """Such as "4.92 GB"."""
    return f"{size / GB:.3g} GB"
