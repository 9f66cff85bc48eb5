"""Keeps every part of a show going, and tells how the parts are doing when that changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from vtuber.core import clock
from vtuber.core.backoff import Backoff
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.record.facts import Facts, Failed, PartChanged

log = logging.getLogger(__name__)

RESTART_SECONDS = (1.0, 60.0)
"""The first and the longest wait before a part that failed is started again."""

LIVED = 30.0
"""What has run for so many seconds failed for a new reason."""
BEGAN = 1.0
"""What has run for less has not worked at all."""

LOOK_EVERY = 0.5
"""Seconds between two looks at how the parts are."""

_RANKS = {State.OK: 0, State.OFF: 0, State.LIMITED: 1, State.DOWN: 2, State.RESTING: 3}


@dataclass(slots=True)
class _Seen:
    """What a part was found to be, and for how long."""

    state: State
    since: float
    breakdowns: int = 0


class Supervisor:
    """Starts again what fails; reports that, and how the parts are, to the log and as facts.

    It holds the one state machine that all parts share: what state each is in (``core.health.State``), since
    when, and how often it went down. Parts that keep a connection or a process bring it back by themselves,
    with the same ``Backoff`` and the same budget of restarts.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._seen: dict[str, _Seen] = {}
        self._kept: dict[str, Health] = {}
        """How the duties are that have failed."""

    async def keep(self, name: str, duty: Callable[[], Awaitable[None]]) -> None:
        """Runs ``duty`` until it returns. When it raises, reports that and starts it again after a wait."""
        backoff = Backoff(*RESTART_SECONDS)
        while True:
            began = clock.now()
            try:
                await duty()
            except Exception as error:  # noqa: BLE001  # one part failing never stops the show
                ran = clock.now() - began
                if ran >= LIVED:
                    backoff.reset()
                elif ran >= BEGAN:
                    backoff.worked()
                wait = backoff.next()
                reason = self._report(name, error)
                what = f"it failed and is started again: {reason}{backoff.note}"
                self._kept[name] = Health(name, backoff.state, what, _REPORT)
                await asyncio.sleep(wait)
                self._kept[name] = Health(name, State.OK, "it runs again")
            else:
                self._kept.pop(name, None)
                return

    def described(self, rows: Iterable[Health]) -> list[Health]:
        """The parts' own rows with what is known here: duties that failed, since when, and how often."""
        kept = dict(self._kept)
        described = []
        for row in rows:
            duty = kept.pop(row.part, None)
            described.append(duty if duty is not None and duty.state.is_away else row)
        described += [replace(row, part=f"show.{name}") for name, row in kept.items()]
        return [self._with_past(row) for row in described]

    async def watch(self, healths: Callable[[], list[Health]]) -> None:
        """Reports every change of a part's state, until cancelled."""
        first = True
        while True:
            for health in healths():
                self._look(health, is_new=not first)
            first = False
            await asyncio.sleep(LOOK_EVERY)

    def _look(self, health: Health, *, is_new: bool) -> None:
        """``is_new``: a row that was not there before was well until now."""
        before = self._seen.get(health.part)
        if before is None and is_new:
            before = _Seen(State.OK, clock.now())
        if before is not None and before.state is health.state:
            return
        broke = health.state.is_away and before is not None and not before.state.is_away
        breakdowns = (before.breakdowns if before else 0) + broke
        self._seen[health.part] = _Seen(health.state, clock.now(), breakdowns)
        self._facts.tell(PartChanged(health.part, health.state, health.what))
        if before is not None:
            better = health.state in {State.OK, State.OFF} or _RANKS[health.state] < _RANKS[before.state]
            hint = f" → {health.hint}" if health.hint and not better else ""
            level = logging.INFO if better else logging.WARNING
            log.log(level, "%s: %s%s", health.part, escaped(health.what), escaped(hint))

    def _with_past(self, row: Health) -> Health:
        seen = self._seen.get(row.part)
        if seen is None:
            return row
        since = round(clock.now() - seen.since, 1) if seen.state is row.state else 0.0
        return replace(row, since=since, breakdowns=seen.breakdowns)

    def _report(self, name: str, error: BaseException) -> str:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        reason = escaped(str(error) or type(error).__name__)
        log.error("%s failed and is restarted: %s", name, reason)
        log.debug("the failure of %s", name, exc_info=error)
        self._facts.tell(Failed(name, repr(error)))
        return reason


_REPORT = "nothing, it comes back by itself; when it happens often, report it with the log of `--verbose`"
