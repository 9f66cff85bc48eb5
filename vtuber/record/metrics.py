"""How long things took, and what a streamer wants to know of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psutil

from vtuber.core import clock
from vtuber.core.events import Deletion, StreamStatus, is_paid
from vtuber.core.simulated import SimulatedLoop
from vtuber.record.facts import ChatReceived, Fact, TurnEnded

PARTS = ("queue", "prompt", "first_token", "first_sentence", "first_audio", "on_air")
"""The parts of the delay from a message's arrival to the first sound of its answer, in their order."""

UNPAID = ("command", "duplicate", "filtered")
"""Why an event was dropped (``ChatReceived.drop``) that does not count as paid."""

KEPT = 100_000
"""How many values of each kind are kept: the latest."""


def percentiles(values: Iterable[float]) -> dict[str, float | None]:
    """p50, p95, p99 and max (nearest rank), rounded to 0.1; None for no values."""
    ordered = sorted(values)

    def rank(share: float) -> float | None:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1) if ordered else None

    return {"p50": rank(0.50), "p95": rank(0.95), "p99": rank(0.99), "max": rank(1.0)}


class Stopwatch:
    """One reply's delays, in milliseconds, a part at a time.

    What is computed is measured in real time; what is waited for, on the show's clock. In a live show the
    two run alike; in a simulated one only the second knows how long a message waited.
    """

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter()

    def waited(self, part: str, seconds: float) -> None:
        """A part that was waited for, on the show's clock."""
        self.parts.setdefault(part, seconds * 1000)

    def lap(self, part: str) -> None:
        """A part that ends here and began with the one before; only the first call for a part counts."""
        if part not in self.parts:
            moment = time.perf_counter()
            self.parts[part] = (moment - self._last) * 1000
            self._last = moment

    def leave_out(self, seconds: float) -> None:
        """So much of the part that runs now is no delay of any part."""
        self._last += seconds


@dataclass(slots=True)
class Metrics:
    """The figures of one show; ``note`` subscribes to its facts."""

    messages: int = 0
    paid: int = 0
    paid_answered: int = 0
    turns: int = 0
    latency: dict[str, deque[float]] = field(
        default_factory=lambda: {part: deque(maxlen=KEPT) for part in (*PARTS, "total")}
    )
    dead_air: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Milliseconds of silence between two replies while chat was waiting."""
    loop_lag: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    prompt_tokens: int = 0
    reused_tokens: int = 0
    tokens: dict[str, deque[float]] = field(
        default_factory=lambda: {kind: deque(maxlen=KEPT) for kind in ("read", "new", "ahead")}
    )
    """Of each reply: how many the model read while somebody waited, how many of them it had to (the question
    itself), and how many it read before, while nobody waited."""
    rss_start: float = 0.0
    rss_peak: float = 0.0
    rss_end: float = 0.0
    _silent_since: float | None = None
    """When the last reply that was heard came to its end (show clock)."""

    def note(self, fact: Fact) -> None:
        """Counts what happened."""
        match fact:
            case ChatReceived(event=event, drop=drop) if not isinstance(event, Deletion | StreamStatus):
                self.messages += 1
                self.paid += is_paid(event) and drop not in UNPAID
            case TurnEnded(script="") if fact.heard:
                if fact.counts:
                    self._count(fact)
                self._silent_since = clock.now() if fact.ended is None else fact.ended
            case _:
                pass

    def _count(self, reply: TurnEnded) -> None:
        self.turns += 1
        if reply.answers:
            self.paid_answered += sum(map(is_paid, reply.batch.events))
        if reply.prompt_tokens:
            self.read(
                reply.prompt_tokens,
                reused=reply.reused_tokens,
                new=reply.new_tokens,
                ahead=reply.ahead_tokens,
            )
        if reply.began is None:
            return
        for part, value in reply.delays_ms.items():
            self.latency[part].append(value)
        self.latency["total"].append(sum(reply.delays_ms.values()))
        if (since := self._silent_since) is not None:
            if not reply.batch.room.waiting:
                since = max(since, reply.batch.lead.event.at)
            self.dead_air.append(max(0.0, reply.began - since) * 1000)

    def read(self, prompt: int, *, reused: int, new: int, ahead: int) -> None:
        """Counts what a prompt of so many tokens cost."""
        self.prompt_tokens += prompt
        self.reused_tokens += reused
        for kind, count in (("read", prompt - reused), ("new", new), ("ahead", ahead)):
            self.tokens[kind].append(count)

    async def watch_loop(self, every: float = 0.02) -> None:
        """Measures how late the event loop is, until cancelled. Means nothing in simulated time."""
        while not isinstance(asyncio.get_running_loop(), SimulatedLoop):
            before = time.perf_counter()
            await asyncio.sleep(every)
            self.loop_lag.append(max(0.0, time.perf_counter() - before - every) * 1000)

    def worst_lag(self) -> float:
        """How late the event loop was at worst, in milliseconds, in about the last half minute."""
        return max(list(self.loop_lag)[-1500:], default=0.0)

    async def watch_memory(self, every: float = 1.0) -> None:
        """Measures the resident memory of the show and its processes, until cancelled."""
        if isinstance(asyncio.get_running_loop(), SimulatedLoop):
            every *= 100  # simulated seconds pass faster than memory changes
        while True:
            self.rss_end = await clock.in_thread(rss_mb)
            self.rss_start = self.rss_start or self.rss_end
            self.rss_peak = max(self.rss_peak, self.rss_end)
            await asyncio.sleep(every)

    def report(self, dropped: Counter[str]) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "messages": self.messages,
            "paid": self.paid,
            "paid_answered": self.paid_answered,
            "turns": self.turns,
            "dropped": dict(dropped.most_common()),
            "latency_ms": {part: percentiles(values) for part, values in self.latency.items()},
            "dead_air_ms": percentiles(self.dead_air),
            "prompt_reuse": round(self.reused_tokens / self.prompt_tokens, 4) if self.prompt_tokens else None,
            "tokens": {kind: percentiles(counts) for kind, counts in self.tokens.items()},
            "loop_lag_ms": percentiles(self.loop_lag),
            "rss_mb": {
                "start": round(self.rss_start, 1),
                "end": round(self.rss_end, 1),
                "peak": round(self.rss_peak, 1),
            },
        }


def rss_mb() -> float:
    """Resident memory of this process and all it started, in MiB."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it ended in between
            continue
    return total / 2**20
