"""How a part is doing: a row of the start-up table, of `banban check` and of `/health`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    LIMITED = "limited"
    """It works, but less well than it could (a toy model, a memory that forgets)."""
    DOWN = "down"
    """It should work and does not; it is being tried again."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Contact:
    """How a connection is doing, in seconds."""

    connected: float | None
    """Seconds since it was connected; None when it is not."""
    heard: float | None
    """Seconds since something last came; None when nothing ever did."""
    reconnects: int
    """How often it reconnected."""


@dataclass(frozen=True, slots=True)
class Health:
    part: str
    """The part's place in config.toml: "brain", "voice", "chat.twitch"…"""
    state: State
    what: str
    """One line: what it is, or what is wrong."""
    hint: str = ""
    """What the streamer can do about it; "" when there is nothing to do."""
    contact: Contact | None = None
    """Of a part that keeps a connection to a chat."""

    def row(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)
