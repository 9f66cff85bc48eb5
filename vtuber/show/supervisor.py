"""Keeps every part of a show going, and tells how the parts are doing when that changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from vtuber.core.backoff import Backoff
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.record.facts import Facts, Failed, PartChanged

log = logging.getLogger(__name__)

RESTART_SECONDS = (1.0, 60.0)
"""The first and the longest wait before a part that failed is started again."""

LOOK_EVERY = 0.5
"""Seconds between two looks at how the parts are."""


class Supervisor:
    """Starts again what fails; reports that, and how the parts are, to the log and as facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    async def keep(self, name: str, duty: Callable[[], Awaitable[None]]) -> None:
        """Runs ``duty`` until it returns. When it raises, reports that and starts it again after a wait."""
        backoff = Backoff(*RESTART_SECONDS)
        while True:
            try:
                await duty()
            except Exception as error:  # noqa: BLE001  # one part failing never stops the show
                self._report(name, error)
                await asyncio.sleep(backoff.next())
            else:
                return

    async def watch(self, healths: Callable[[], list[Health]]) -> None:
        """Reports every change of a part's state, until cancelled."""
        known: dict[str, Health] = {}
        while True:
            for health in healths():
                before = known.get(health.part)
                known[health.part] = health
                if before is not None and before.state == health.state:
                    continue
                self._facts.tell(PartChanged(health.part, health.state, health.what))
                if before is not None:
                    better = before.state is State.DOWN or health.state in {State.OK, State.OFF}
                    level = logging.INFO if better else logging.WARNING
                    log.log(level, "%s: %s", health.part, escaped(health.what))
            await asyncio.sleep(LOOK_EVERY)

    def _report(self, name: str, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        log.error("%s failed and is restarted: %s", name, escaped(str(error) or type(error).__name__))
        log.debug("the failure of %s", name, exc_info=error)
        self._facts.tell(Failed(name, repr(error)))
