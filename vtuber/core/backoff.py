"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random


class Backoff:
    """Waits that grow with each failure in a row.

    The first is ``first`` seconds; each is ``factor`` times the one before, up to ``longest``. A ``jitter``
    of 0.5 makes each wait up to half shorter, by chance, so that many clients do not return at once.
    """

    def __init__(self, first: float, longest: float, *, factor: float = 2.0, jitter: float = 0.0) -> None:
        self._first = first
        self._longest = longest
        self._factor = factor
        self._jitter = jitter
        self._wait = first

    def next(self) -> float:
        """It failed: seconds until the next attempt."""
        wait = self._wait
        self._wait = min(self._longest, wait * self._factor)
        return wait * random.uniform(1 - self._jitter, 1)

    def reset(self) -> None:
        """It worked: the next failure is the first again."""
        self._wait = self._first
