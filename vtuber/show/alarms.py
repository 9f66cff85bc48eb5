"""What a streamer must hear of while she is live: silence though chat waits, slow answers, memory that grows.

Each is a row of health from when it first begins, and so stands in the panel, the log, the journal,
``/health`` and ``/metrics``; the supervisor tells it once when it begins and once when it is over.
That files, memory or disk of the machine are short is the row "machine". ``docs/grafana/alerts.yml`` asks
for these rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median

from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.inbox import Inbox
from vtuber.record.facts import Fact, TurnEnded
from vtuber.record.metrics import Metrics

SILENT_SECONDS = 60.0
"""For so long somebody has waited, and she has answered nobody."""
LAST = 10
"""The last so many answers are slow when their median delay…"""
TIMES = 2.0
"""…is so many times that of all before them…"""
BEFORE = 20
"""…of which there are so many at least…"""
LEAST_MORE = 1.0
"""…and by so many seconds more."""
KEPT = 1_000
GROWTH_MB = 200.0
"""Megabytes in an hour."""
SAMPLE_SECONDS = 60.0
SAMPLES = 60
"""An hour of them."""
EDGE = 10
"""The median of so many at either end of the hour is compared: a reply that needs much is no growth."""

ANSWERS, DELAY, MEMORY = "live.answers", "live.delay", "live.memory"


class Alarms:
    """``note`` subscribes to the show's facts; ``rows`` looks at the rest."""

    def __init__(self, inbox: Inbox, metrics: Metrics, *, may_be_silent: Callable[[], bool]) -> None:
        """``may_be_silent`` says whether a moderator wants her to be."""
        self._inbox = inbox
        self._metrics = metrics
        self._may_be_silent = may_be_silent
        self._began = False
        self._answered_at = 0.0
        self._last: deque[float] = deque(maxlen=LAST)
        self._before: deque[float] = deque(maxlen=KEPT)
        self._memory: deque[float] = deque(maxlen=SAMPLES)
        self._sampled_at = 0.0
        self._rows: dict[str, Health] = {}
        """Those that were ever raised."""

    def begin(self) -> None:
        """She is on air."""
        self._began = True
        self._answered_at = self._sampled_at = clock.now()

    def note(self, fact: Fact) -> None:
        """Keeps when she last spoke, and how long her answers took."""
        if not isinstance(fact, TurnEnded) or not fact.heard:
            return
        self._answered_at = clock.now()
        if fact.counts and fact.began is not None:
            if len(self._last) == LAST:
                self._before.append(self._last[0])
            self._last.append(sum(fact.delays_ms.values()) / 1000)

    def rows(self) -> list[Health]:
        """How it is now. Cheap: it is asked for twice a second."""
        if self._began:
            self._look_at_answers()
            self._look_at_delay()
            self._look_at_memory()
        return list(self._rows.values())

    def _look_at_answers(self) -> None:
        waiting = len(self._inbox)
        if not waiting or self._may_be_silent():
            self._answered_at = clock.now()
        silent = clock.now() - self._answered_at
        what = f"she has answered nobody for {silent:.0f} seconds; {waiting} in chat wait"
        self._set(ANSWERS, State.DOWN, what, _SILENT_HINT, wrong=silent >= SILENT_SECONDS)

    def _look_at_delay(self) -> None:
        wrong = False
        now = usual = 0.0
        if len(self._last) == LAST and len(self._before) >= BEFORE:
            now, usual = median(self._last), median(self._before)
            wrong = now > TIMES * usual and now - usual > LEAST_MORE
        what = f"her answers begin after {now:.1f} seconds; before, it was {usual:.1f}"
        self._set(DELAY, State.LIMITED, what, _SLOW_HINT, wrong=wrong)

    def _look_at_memory(self) -> None:
        if clock.now() - self._sampled_at >= SAMPLE_SECONDS and self._metrics.rss_end:
            self._sampled_at = clock.now()
            self._memory.append(self._metrics.rss_end)
        samples = list(self._memory)
        grown = median(samples[-EDGE:]) - median(samples[:EDGE]) if len(samples) == SAMPLES else 0.0
        what = f"memory grew by {grown:.0f} MB in the last hour, to {self._metrics.rss_end:.0f} MB"
        self._set(MEMORY, State.LIMITED, what, _MEMORY_HINT, wrong=grown > GROWTH_MB)

    def _set(self, part: str, state: State, what: str, hint: str, *, wrong: bool) -> None:
        if wrong:
            self._rows[part] = Health(part, state, what, hint)
        elif part in self._rows:
            self._rows[part] = Health(part, State.OK, _OVER[part])


_OVER = {
    ANSWERS: "she answers again",
    DELAY: "her answers are as quick as before",
    MEMORY: "memory grows no more",
}
_SILENT_HINT = (
    "see the rows brain and voice; `!skip` (or Skip in the panel) drops what she is at; "
    "if neither helps, start banban again: nothing that was paid for is lost"
)
_SLOW_HINT = (
    "close other programs, or choose a smaller model; the panel's delays show which part takes the time"
)
_MEMORY_HINT = "start banban again in a break, and report it with the journal's last lines"
