"""How a part is doing: a row of the start-up table, of `banban check` and of `/health`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from vtuber.core.masking import masked


class State(StrEnum):
    """Every part is in one of these, and goes from any to any: down, until it works; resting when it breaks
    too often (``core.backoff.Budget``); off when it is not wanted, has not begun, or is over.
    """

    OK = "ok"
    LIMITED = "limited"
    """It works, but less well than it could (a toy model, a memory that forgets)."""
    DOWN = "down"
    """It should work and does not; it is being tried again."""
    RESTING = "resting"
    """The same, and it was started again so often that it is tried only now and then."""
    OFF = "off"

    @property
    def is_away(self) -> bool:
        """Whether it should work and does not."""
        return self in (State.DOWN, State.RESTING)


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
    since: float | None = None
    """For how many seconds it has been in this state; None where nobody watches it."""
    breakdowns: int = 0
    """How often it went down in this show."""

    def row(self) -> dict[str, Any]:
        """The same, ready for JSON. What is a secret in it is masked."""
        return {**asdict(self), "what": masked(self.what), "hint": masked(self.hint)}
