"""How a part is doing: a row of the start-up table, of `banban check` and of `/health`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    LIMITED = "limited"
    """It works, but less well than it could (a toy model, a memory that forgets)."""
    DOWN = "down"
    """It should work and does not; it is being tried again."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Health:
    part: str
    """The part's place in config.toml: "brain", "voice", "chat.twitch"…"""
    state: State
    what: str
    """One line: what it is, or what is wrong."""
    cure: str = ""
    """What the streamer can do about it; "" when there is nothing to do."""
