"""The event loop whose time jumps, for seeded rehearsals and for tests."""

from __future__ import annotations

import asyncio
import heapq
import math
import sys
from collections import deque
from collections.abc import Callable
from contextvars import Context
from itertools import count
from typing import Any, TypeVarTuple

if sys.platform == "win32":
    _RealLoop = asyncio.ProactorEventLoop
else:
    _RealLoop = asyncio.SelectorEventLoop


Ts = TypeVarTuple("Ts")

_ROUNDING = 1e-6
"""Seconds by which a sum of floats may miss the moment that it stands for."""


class Errand:
    """Work of another thread, or process, whose result the loop waits for."""

    def __init__(self, settle: Callable[[], None]) -> None:
        """``settle`` brings the result to whoever waits; the loop calls it once the work is ``done``."""
        self.settle = settle
        self.done = False


class _Timer(asyncio.TimerHandle):
    """Of several for one moment, the one that was set first comes first; asyncio promises no order."""

    __slots__ = ("number",)

    def __init__(self, number: int, *timer: Any) -> None:
        super().__init__(*timer)
        self.number = number
        self._scheduled = True

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self.number) < (other.when(), other.number)


class SimulatedLoop(_RealLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it.

    Sockets, pipes and processes are real: while somebody awaits them inside ``clock.outside()``, time stands
    still. What comes from outside is taken in when nothing else is left to do at that moment of simulated
    time, and the results of threads and processes in the order in which they began to be waited for: how fast
    the machine is then changes nothing.
    """

    PATIENCE = 600.0
    """Real seconds that work outside may take before simulated time (and so deadlines) move on regardless."""
    ROUNDS = 1000
    """After so many rounds in which something was to do, the outside is looked at all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.work_outside = 0
        self._numbers = count()
        self.errands: deque[Errand] = deque()
        """What is awaited of threads and processes, the oldest first."""
        self._rounds = 0
        self._time = 0.0
        self._set_time(0.0)
        # Both kinds of loop wait in `_selector.select(timeout)`; there is no public place to do this.
        selector: Any = self._selector  # type: ignore[attr-defined]  # private, see above
        self._wait: Callable[[float | None], Any] = selector.select
        selector.select = self._wait_or_jump

    def time(self) -> float:
        return self._time

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio does it, with timers that have an order."""
        self._check_closed()  # type: ignore[attr-defined]  # private, as below
        timer = _Timer(next(self._numbers), when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        return timer

    def wake(self) -> None:
        """Has the loop look at its errands; from any thread."""
        self._write_to_self()  # type: ignore[attr-defined]  # private; ``call_soon_threadsafe`` adds a round

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's
        """Joins the executor's threads, which is work outside: since Python 3.12 it has a timeout."""
        self.work_outside += 1
        try:
            await super().shutdown_default_executor(*([] if timeout is None else [timeout]))
        finally:
            self.work_outside -= 1

    def _wait_or_jump(self, timeout: float | None) -> Any:
        if timeout is not None and timeout <= self._clock_resolution:  # something is due
            if timeout > 0:
                self._jump(timeout)
            self._rounds += 1
            if self._rounds % self.ROUNDS:
                return []
            self._settle_oldest()
            return self._wait(0)
        self._rounds = 0
        if self._settle_oldest():
            return []
        happened = self._wait(self.PATIENCE if self.work_outside else 0 if timeout is not None else None)
        if happened:
            return happened
        if late := next((errand for errand in self.errands if errand.done), None):  # the oldest hangs
            self.errands.remove(late)
            self.call_soon(late.settle)
        elif timeout is not None:
            self._jump(timeout)
        return []

    def _settle_oldest(self) -> bool:
        if not (self.errands and self.errands[0].done):
            return False
        self.call_soon(self.errands.popleft().settle)
        return True

    def _jump(self, seconds: float) -> None:
        """To the very moment of the next timer: a sum of steps would depend on how many there were."""
        due = self._time + seconds
        timers: Any = self._scheduled  # type: ignore[attr-defined]  # private, as above
        moment: float = timers[0].when() if timers else due
        self._set_time(moment if abs(moment - due) < _ROUNDING else due)

    def _set_time(self, time: float) -> None:
        # A timer is due when it is nearer than the resolution, which is as fine as floats: none comes early
        # because another is near, and one that is due is never missed for a rounding.
        self._time = time
        self._clock_resolution = 2 * math.ulp(time)
