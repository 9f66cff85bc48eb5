"""How much memory this machine has, and its graphics cards."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_PATIENCE = 5.0
"""Seconds for a driver's tool to answer."""
_NVIDIA = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
_AMD = "/sys/class/drm/card*/device/mem_info_vram_total"


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card."""

    name: str
    memory: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Machine:
    memory: int
    """Bytes."""
    cards: tuple[Card, ...] = ()

    @property
    def card(self) -> Card | None:
        """The card with the most memory."""
        return max(self.cards, key=lambda card: card.memory, default=None)


def memory() -> Machine:
    """The machine we run on, as far as models are put into its main memory: without its cards."""
    return Machine(int(psutil.virtual_memory().total))


def this() -> Machine:
    """The machine we run on. Cards whose driver says nothing of their memory are not found."""
    total = int(psutil.virtual_memory().total)
    if sys.platform == "darwin" and platform.machine() == "arm64":  # one memory for both
        return Machine(total, (Card("Apple silicon", total),))
    return Machine(total, (*_nvidia(), *_amd()))


def _nvidia() -> Iterator[Card]:
    try:
        output = subprocess.run(_NVIDIA, capture_output=True, text=True, timeout=_PATIENCE, check=True)  # noqa: S603  # fixed
    except (OSError, subprocess.SubprocessError):
        return
    for line in output.stdout.splitlines():
        name, _, megabytes = line.rpartition(",")
        if megabytes.strip().isdecimal():
            yield Card(name.strip(), int(megabytes) << 20)


def _amd() -> Iterator[Card]:
    for file in sorted(Path("/").glob(_AMD.lstrip("/"))) if sys.platform == "linux" else ():
        try:
            yield Card("graphics card", int(file.read_text()))
        except (OSError, ValueError):
            continue
