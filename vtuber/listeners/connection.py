"""The state of a connection to a chat: since when it stands, what it last received, when to try again."""

from __future__ import annotations

import logging

from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff, Budget
from vtuber.core.health import Contact, Health, State

LONGEST_PAUSE = 60.0
"""Seconds between two attempts to connect."""

BUDGET = Budget(restarts=60)
"""A network that breaks every ten seconds is worth a try at once: in each rest nobody hears chat."""


class ConnectionLost(Exception):  # noqa: N818  # a normal event, not an error of ours
    """The connection cannot be used any more. Says why, and what the streamer can do.

    ``at_once``: the server asked us to reconnect (it restarts, say), so this is not counted as a failure.
    """

    def __init__(self, why: str, hint: str = "", *, at_once: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.at_once = at_once


class Connection:
    """Keeps the record of one connection, which its owner opens and closes.

    ``part`` is its name in the health table: "chat.twitch ninja". ``availability`` is set to ready when it
    is connected, and to away when it is lost.
    """

    def __init__(self, part: str, availability: Availability | None = None) -> None:
        self.part = part
        self.availability = availability or Availability()
        self.reconnects = -1
        """How often it was made again; -1 until it was made once."""
        self.malformed = 0
        """How many lines or messages could not be understood."""
        self._made_at: float | None = None
        self._received_at: float | None = None
        # With a jitter, so that a crowd does not return at once.
        self._backoff = Backoff(1.0, LONGEST_PAUSE, jitter=0.5, budget=BUDGET)
        self._trouble = ConnectionLost("not connected yet")
        self._reported = ""
        """The trouble that was last logged; "" since it was connected."""

    @property
    def stands(self) -> bool:
        """Whether it is connected now."""
        return self._made_at is not None

    def made(self) -> None:
        """It is connected: whatever is said from now on is received."""
        self._made_at = clock.now()
        self._reported = ""
        self._backoff.reset()
        self.reconnects += 1
        self.availability.set(ready=True)

    def received(self) -> None:
        """Something came in."""
        self._received_at = clock.now()

    def closed(self) -> None:
        """It is no longer connected, whoever ended it."""
        self._made_at = None
        self.availability.set(ready=False)

    def lost(self, trouble: ConnectionLost) -> int:
        """It was lost, or could not be made. That is a failure, unless the server asked for it.

        Returns the level at which to log it: the same trouble twice in a row is only worth DEBUG.
        """
        is_new, self._reported = trouble.why != self._reported, trouble.why
        self.closed()
        self._trouble = trouble
        if trouble.at_once:
            self._backoff.reset()
        return logging.WARNING if is_new else logging.DEBUG

    def pause(self) -> float:
        """Seconds until the next attempt; more after each failure in a row."""
        return self._backoff.next()

    def contact(self) -> Contact:
        """How it is, in seconds."""
        moment = clock.now()
        return Contact(
            connected=None if self._made_at is None else moment - self._made_at,
            heard=None if self._received_at is None else moment - self._received_at,
            reconnects=max(0, self.reconnects),
        )

    def health(self, note: str = "") -> Health:
        """A row of the health table; ``note`` is added to what is known here."""
        contact = self.contact()
        if contact.connected is None:
            why = self._trouble.why + self._backoff.note
            return Health(self.part, self._backoff.state, why, self._trouble.hint, contact)
        notes = [f"connected for {_duration(contact.connected)}"]
        if contact.heard is not None:
            notes.append(f"last message {_duration(contact.heard)} ago")
        if contact.reconnects:
            notes.append(f"{contact.reconnects} reconnect{'s'[: contact.reconnects > 1]}")
        if self.malformed:
            notes.append(f"{self.malformed} malformed line{'s'[: self.malformed > 1]}")
        return Health(self.part, State.OK, ", ".join([*notes, *filter(None, [note])]), contact=contact)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
