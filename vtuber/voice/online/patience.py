"""How long an online voice is waited for."""

from __future__ import annotations

from vtuber.core import clock

STALL = 3.0
"""Seconds without a byte in the middle of a sentence, at most."""
_SLOWEST = 2.0
"""Seconds in which a second of sound must come, at least, beside one stall."""


class Patience:
    """An answer's deadline: ``first`` seconds until its first sound; then it neither stalls nor trickles."""

    def __init__(self, first: float) -> None:
        self.deadline = clock.now() + first
        """On the show's clock."""
        self._begun: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether there was sound."""
        return self._begun is not None

    def met(self, seconds: float) -> None:
        """Something came; ``seconds`` of sound by now."""
        if not seconds:
            return  # a header may come long before the sound
        now = clock.now()
        if self._begun is None:
            self._begun = now
        self.deadline = min(now, self._begun + _SLOWEST * seconds) + STALL
