"""The event loop whose time jumps, for seeded rehearsals and for tests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

if sys.platform == "win32":
    _RealLoop = asyncio.ProactorEventLoop
else:
    _RealLoop = asyncio.SelectorEventLoop


class SimulatedLoop(_RealLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it.

    Sockets, pipes and processes are real: while somebody awaits them inside ``clock.outside()``, time stands
    still.
    """

    PATIENCE = 120.0
    """Real seconds that work outside may take before simulated time (and so deadlines) move on regardless."""

    def __init__(self) -> None:
        super().__init__()
        self.work_outside = 0
        self._time = 0.0
        # A timer is due when it is nearer than this. The system clock's nanosecond is less than the rounding
        # of a float after half a year, and then nothing would ever be due.
        self._clock_resolution = 1e-6
        # Both kinds of loop wait in `_selector.select(timeout)`; there is no public place to do this.
        selector: Any = self._selector  # type: ignore[attr-defined]  # private, see above
        self._wait: Callable[[float | None], Any] = selector.select
        selector.select = self._wait_or_jump

    def time(self) -> float:
        return self._time

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's
        """Joins the executor's threads, which is work outside: since Python 3.12 it has a timeout."""
        self.work_outside += 1
        try:
            await super().shutdown_default_executor(*([] if timeout is None else [timeout]))
        finally:
            self.work_outside -= 1

    def _wait_or_jump(self, timeout: float | None) -> Any:
        if timeout is None or timeout <= 0:
            return self._wait(timeout)
        happened = self._wait(self.PATIENCE if self.work_outside else 0)
        if not happened:
            self._time += timeout
        return happened
