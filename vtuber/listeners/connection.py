"""How a connection to a chat is doing: since when it stands, what it last brought, when to try again."""

from __future__ import annotations

import logging
import random

from vtuber.core import clock
from vtuber.core.health import Contact, Health, State

LONGEST_PAUSE = 60.0
"""Seconds between two attempts to connect."""


class Lost(Exception):  # noqa: N818  # it is raised as one says it
    """The connection is of no more use. Says why, and what the streamer can do.

    ``at_once``: it was asked for (a server that restarts), so it counts as no failure.
    """

    def __init__(self, why: str, hint: str = "", *, at_once: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.at_once = at_once


class Connection:
    """The history of one connection, told by its owner. Opens nothing.

    ``part`` is its name in the table: "chat.twitch ninja".
    """

    def __init__(self, part: str) -> None:
        self.part = part
        self.reconnects = -1
        """How often it was made again; -1 until it was made once."""
        self.odd = 0
        """How many pieces of what came could not be understood."""
        self._made_at: float | None = None
        self._heard_at: float | None = None
        self._failures = 0
        self._trouble = Lost("not connected yet")
        self._told = ""
        """Of which trouble it was said since it last stood."""

    @property
    def stands(self) -> bool:
        return self._made_at is not None

    def made(self) -> None:
        """It stands: whatever is said from now on is heard."""
        self._made_at = clock.now()
        self._told = ""
        self._failures = 0
        self.reconnects += 1

    def heard(self) -> None:
        """Something came in."""
        self._heard_at = clock.now()

    def closed(self) -> None:
        """It no longer stands, whoever ended it."""
        self._made_at = None

    def lost(self, trouble: Lost) -> int:
        """It no longer stands, or could not be made: that is a failure, unless it was asked for.

        Returns the level at which to log it: the same trouble once more is no news.
        """
        is_news, self._told = trouble.why != self._told, trouble.why
        self.closed()
        self._trouble = trouble
        self._failures = 0 if trouble.at_once else self._failures + 1
        return logging.WARNING if is_news else logging.DEBUG

    def pause(self) -> float:
        """Seconds until the next attempt: at most 1, 2, 4…; less by chance, so that a crowd spreads."""
        return min(LONGEST_PAUSE, 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1.0)

    def contact(self) -> Contact:
        moment = clock.now()
        return Contact(
            connected=None if self._made_at is None else moment - self._made_at,
            heard=None if self._heard_at is None else moment - self._heard_at,
            reconnects=max(0, self.reconnects),
        )

    def health(self, what: str = "") -> Health:
        """A row of the table; ``what`` is added to what is known here."""
        contact = self.contact()
        if contact.connected is None:
            return Health(self.part, State.DOWN, self._trouble.why, self._trouble.hint, contact)
        told = [f"connected for {_duration(contact.connected)}"]
        if contact.heard is not None:
            told.append(f"last heard {_duration(contact.heard)} ago")
        if contact.reconnects:
            told.append(f"{contact.reconnects} reconnects")
        if self.odd:
            told.append(f"{self.odd} odd lines")
        return Health(self.part, State.OK, ", ".join([*told, *filter(None, [what])]), contact=contact)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
