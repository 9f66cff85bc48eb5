"""A character is a folder: who she is, how she speaks, what is sacred to her, her voice and her face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """A few-shot line: what a viewer says and how she answers."""

    viewer: str
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class Character:
    folder: Path
    name: str
    """What she calls herself: 板板."""
    aliases: tuple[str, ...]
    """Lower-case names by which chat addresses her, ``name`` included."""
    persona: str
    """Who she is and how she speaks; the beginning of every prompt."""
    sacred: tuple[str, ...]
    """Facts that stand in every prompt and are never denied."""
    examples: tuple[Example, ...]
    moods: tuple[str, ...]
    """The moods her face knows; the first is the everyday one."""
    voices: dict[str, dict[str, Any]]
    """Options by voice part: ``voices["edge"]["voice"]``."""
    ways_out: tuple[str, ...]
    """Said in place of a sentence that was stopped."""
    face: Path
    """Her picture, an SVG that the overlay animates."""


def load(name: str) -> Character:
    """The character in the folder ``name`` (a path) or ``characters/<name>``.

    Raises ConfigError naming the file, the key and the cure when the folder cannot be used.
    """
    raise NotImplementedError
