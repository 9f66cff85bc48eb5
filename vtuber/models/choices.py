"""Which model to choose: some that do well as a character, and whether one fits a machine.

A model fits with room when twice its file's size does; the other half is for the context, the voice, the
browser and OBS. It fits tightly when the file and its context do, as long as nobody plays a game beside it.
Her own model's card counts on that where it gives a card of 6 GB the Q3 of an 8B model (3.67 GB), and one of
24 GB its F16 (16.1 GB).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from vtuber.models import machine
from vtuber.models.machine import Machine

GB = 1_000_000_000
USUAL = "Q4_K_M"
"""The usual quantization."""
ROOM = 2
"""So many times a file's size is needed to have room."""
CONTEXT = 2 * GB
"""Needed beside the file at least: for the context, the buffers, and what the screen takes of a card."""
LIVELY = 9 * GB
"""Nothing larger is chosen for main memory if there is a choice: it is read whole for every token, and at the
usual 40 GB a second that makes fewer than 5 tokens."""
LIVELY_BESIDE_A_GAME = 3 * GB
"""The same for whoever has not chosen anything: the processor has a game, OBS and a browser to run, too."""


class Place(StrEnum):
    """Where a model can live."""

    CARD = "graphics card"
    MEMORY = "memory"
    NOWHERE = "too big"


@dataclass(frozen=True, slots=True)
class Fit:
    place: Place
    why: str
    tight: bool = False
    """Whether it fits only as long as nothing else needs much."""

    @property
    def verdict(self) -> str:
        return f"{self.place}, tight" if self.tight else self.place


def judge(size: int, machine: Machine) -> Fit:
    """Where a file of ``size`` bytes fits best, and why. A card is better than memory, even a tight one."""
    places = [(Place.MEMORY, "this machine", machine.memory)]
    if machine.card:
        places.insert(0, (Place.CARD, machine.card.name, machine.card.memory))
    needed = f"it should have {gigabytes(ROOM * size)}, twice its size"
    held = " and ".join(f"{name} has {gigabytes(memory)}" for _, name, memory in places)
    for place, name, memory in places:
        if ROOM * size <= memory:
            return Fit(place, f"{needed}; {name} has {gigabytes(memory)}")
        if size + CONTEXT <= memory:
            return Fit(
                place,
                f"{needed}; {name} has {gigabytes(memory)}: do not play a game at the same time",
                tight=True,
            )
    largest = max(memory for _, _, memory in places) // ROOM
    return Fit(Place.NOWHERE, f"{needed}; {held}: choose a file of at most {gigabytes(largest)}")


def gigabytes(size: int) -> str:
    """Such as "4.92 GB", or "98 MB"."""
    amount = size / GB
    if amount < 1:
        return f"{1000 * amount:.3g} MB"
    return f"{amount:.3g} GB" if amount < 1000 else f"{amount:.0f} GB"


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    """What ``banban models get`` takes."""
    languages: str
    parameters: str
    """Billions of them, such as "8 B"."""
    size: str
    """Of the usual quantization."""
    licence: str
    repo: str

    @property
    def usual(self) -> str:
        """The file of that size, as ``banban models get`` takes it."""
        return f"{self.name}:{USUAL}"

    @property
    def for_all(self) -> bool:
        """Whether anybody may use it."""
        return "only" not in self.licence

    @property
    def bytes(self) -> int:
        """About the size of its file."""
        amount, unit = self.size.split()
        return int(float(amount) * {"GB": GB, "MB": GB // 1000}[unit])

    def speaks(self, languages: Collection[str]) -> bool:
        """Whether it speaks all of them ("English", "Chinese")."""
        return all(language in self.languages for language in languages)


# docs/models.md shows the same list.
CHOICES = (
    Choice("smollm2-1.7b", "English", "1.7 B", "1.1 GB", "Apache-2.0",
           "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF"),
    Choice("qwen2.5-1.5b", "Chinese, English", "1.5 B", "1.1 GB", "Apache-2.0",
           "Qwen/Qwen2.5-1.5B-Instruct-GGUF"),
    Choice("qwen3-4b", "Chinese, English", "4 B", "2.5 GB", "Apache-2.0",
           "unsloth/Qwen3-4B-Instruct-2507-GGUF"),
    Choice("breeze-7b", "Chinese as in Taiwan, English", "7 B", "4.5 GB", "Apache-2.0",
           "YC-Chen/Breeze-7B-Instruct-v1_0-GGUF"),
    Choice("qwen2.5-7b", "Chinese, English", "7 B", "4.7 GB", "Apache-2.0",
           "bartowski/Qwen2.5-7B-Instruct-GGUF"),
    Choice("nemo-12b", "English, European", "12 B", "7.5 GB", "Apache-2.0",
           "bartowski/Mistral-Nemo-Instruct-2407-GGUF"),
    Choice("banban", "Chinese as in Taiwan, English", "8 B", "4.9 GB", "NTNU VLSI members only",
           "asadfgglie/banban-beta-v2-gguf"),
)  # fmt: skip

_LANGUAGES = ("Chinese", "English")
"""What a model should speak when nobody knows whom it is to play."""


def named(name: str) -> Choice | None:
    """The one that is called so."""
    return next((choice for choice in CHOICES if choice.name == name.lower()), None)


def better() -> str:
    """What whoever has only the toy can do about it."""
    choice = recommended(_LANGUAGES, machine.memory())
    if choice is None:
        return "set brain.model in config.toml to the path of a small GGUF file"
    return f"to get a better one ({choice.size}, speaks {choice.languages}): banban models get {choice.usual}"


def recommended(languages: Collection[str], machine: Machine) -> Choice | None:
    """The one to begin with: the largest that has room on this machine and answers at once.

    One that speaks all these languages, if any does. None where not even the smallest has room.
    """

    def is_lively(choice: Choice) -> bool:
        fit = judge(choice.bytes, machine)
        slow = fit.place is Place.MEMORY and choice.bytes > LIVELY_BESIDE_A_GAME
        return choice.for_all and fit.place is not Place.NOWHERE and not fit.tight and not slow

    return max(
        filter(is_lively, CHOICES), key=lambda choice: (choice.speaks(languages), choice.bytes), default=None
    )
