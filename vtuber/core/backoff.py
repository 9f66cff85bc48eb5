"""How long to wait before something that failed is tried again, and how often that may be."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from vtuber.core.health import State


@dataclass(frozen=True, slots=True)
class Budget:
    """How often something that works and breaks again is started anew before it rests."""

    restarts: int = 10
    """So many times…"""
    seconds: float = 600.0
    """…in so many seconds."""
    rest: float = 60.0
    """Then it is tried this often only, in seconds, until it keeps working. It is never given up."""


class Backoff:
    """Waits that grow with each failure in a row, and a budget for what works only to break again.

    The first is ``first`` seconds; each is ``factor`` times the one before, up to ``longest``. A ``jitter``
    of 0.5 makes each wait up to half shorter, by chance, so that many clients do not return at once.
    """

    budget: ClassVar[Budget] = Budget()

    def __init__(
        self,
        first: float,
        longest: float,
        *,
        factor: float = 2.0,
        jitter: float = 0.0,
        budget: Budget | None = None,
    ) -> None:
        """``budget``: one of its own, in the place of everybody's."""
        self._budget = budget or self.budget
        self._first = first
        self._longest = longest
        self._factor = factor
        self._jitter = jitter
        self._wait = first
        self._has_worked = False
        self._breaks: deque[float] = deque(maxlen=self._budget.restarts + 1)
        """When it broke after it had worked."""
        self.is_resting = False
        """Whether its budget is used up: it is tried again, after long rests."""

    @property
    def state(self) -> State:
        """What it is while it waits: down, or resting."""
        return State.RESTING if self.is_resting else State.DOWN

    @property
    def note(self) -> str:
        """Behind the reason: why it rests; "" when it does not."""
        if not self.is_resting:
            return ""
        minutes = round(self._budget.seconds / 60)
        return (
            f"; it broke more than {self._budget.restarts} times in {minutes} minutes, "
            f"so it is tried again only every {self._budget.rest:g} seconds"
        )

    def next(self) -> float:
        """It failed: seconds until the next attempt."""
        now = _now()
        if self._has_worked:
            self._breaks.append(now)
        self._has_worked = False
        while self._breaks and self._breaks[0] <= now - self._budget.seconds:
            self._breaks.popleft()
        wait = self._wait * random.uniform(1 - self._jitter, 1)
        self._wait = min(self._longest, self._wait * self._factor)
        self.is_resting = len(self._breaks) > self._budget.restarts
        return max(wait, self._budget.rest) if self.is_resting else wait

    def worked(self) -> None:
        """It was there, if not for long: when it fails now, it has broken once more."""
        self._has_worked = True
        self.is_resting = False

    def reset(self) -> None:
        """It works: the next failure is the first again."""
        self.worked()
        self._wait = self._first


def _now() -> float:
    """The show's clock; in another thread than its loop's, the system's."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()
