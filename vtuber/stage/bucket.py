"""A bound on how often something is done."""

from __future__ import annotations

from vtuber.core import clock


class Bucket:
    """Lets ``rate`` through in a second, and ``burst`` of them at once where there were fewer before."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, clock.now()

    def take(self) -> bool:
        """Whether one more may pass. One that may not costs nothing."""
        time = clock.now()
        self._left = min(self._burst, self._left + (time - self._at) * self._rate)
        self._at = time
        if self._left < 1:
            return False
        self._left -= 1
        return True
