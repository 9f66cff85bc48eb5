"""The show's figures in the format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from vtuber.core.deeds import kind_of
from vtuber.core.events import Answerable, Deletion, StreamStatus, is_paid
from vtuber.core.health import Health, State
from vtuber.record.facts import (
    ChatReceived,
    Dropped,
    Fact,
    Failed,
    Filtered,
    Judged,
    SentenceJudged,
    TurnCut,
    TurnEnded,
)
from vtuber.record.metrics import Metrics

CONTENT_TYPE = CONTENT_TYPE_LATEST

SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 30.0, 60.0)
"""Where a histogram of delays has its borders."""
STATES = tuple(State)


class Exporter:
    """Counts facts as they are told, and looks at the rest when it is asked.

    No label holds what a viewer wrote: the number of series does not grow with chat.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._registry = of = CollectorRegistry()
        self._messages = Counter("banban_messages", "Events from chat.", ["platform"], registry=of)
        self._paid = Counter("banban_paid", "Paid events from chat.", ["kind"], registry=of)
        self._paid_answered = Counter("banban_paid_answered", "Paid events that were answered.", registry=of)
        self._drops = Counter("banban_dropped", "Events that are not answered.", ["reason"], registry=of)
        self._replies = Counter("banban_replies", "Replies, by what became of them.", ["result"], registry=of)
        self._verdicts = Counter(
            "banban_verdicts", "What the guard stopped.", ["detector", "action"], registry=of
        )
        self._failures = Counter("banban_failures", "Defects of parts.", ["part"], registry=of)
        self._tokens = Counter(
            "banban_tokens", "Tokens of prompts, by where they came from.", ["kind"], registry=of
        )
        self._delay = Histogram(
            "banban_delay_seconds",
            "From a message's arrival to the first sound of its answer, by part.",
            ["part"],
            buckets=SECONDS,
            registry=of,
        )
        self._waiting = Gauge("banban_waiting", "Events that wait for an answer.", ["kind"], registry=of)
        self._oldest = Gauge(
            "banban_waiting_oldest_seconds", "How long the oldest has waited.", ["kind"], registry=of
        )
        self._state = Gauge("banban_part", "1 for the state of a part.", ["part", "state"], registry=of)
        self._breakdowns = Gauge(
            "banban_part_breakdowns", "How often a part went down.", ["part"], registry=of
        )
        self._reconnects = Gauge(
            "banban_reconnects", "How often a part's connection came back.", ["part"], registry=of
        )
        self._lag = Gauge("banban_loop_lag_seconds", "How late the event loop was at worst.", registry=of)
        self._memory = Gauge(
            "banban_memory_bytes", "Resident memory of the show and its processes.", registry=of
        )
        self._cached = Gauge("banban_prompt_cache_share", "Share of prompts that was cached.", registry=of)

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        match fact:
            case ChatReceived(event=event, drop=drop) if not isinstance(event, Deletion | StreamStatus):
                self._messages.labels(event.platform).inc()
                if is_paid(event):
                    self._paid.labels(kind_of(event) or "other").inc()
                if drop:
                    self._drops.labels(drop).inc()
            case Dropped(reason=reason):
                self._drops.labels(reason).inc()
            case Filtered() | Judged() | SentenceJudged() if fact.detector:
                self._verdicts.labels(fact.detector, fact.action).inc()
            case Failed(part=part):
                self._failures.labels(part).inc()
            case TurnCut():
                self._replies.labels("cut").inc()
            case TurnEnded():
                self._end(fact)
            case _:
                pass

    def _end(self, reply: TurnEnded) -> None:
        if not reply.cut:
            self._replies.labels("answered" if reply.answers else "heard" if reply.heard else "unheard").inc()
        if reply.answers:
            self._paid_answered.inc(sum(map(is_paid, reply.batch.events)))
        if not reply.counts:
            return
        for part, value in reply.delays_ms.items():
            self._delay.labels(part).observe(value / 1000)
        self._delay.labels("total").observe(sum(reply.delays_ms.values()) / 1000)
        for kind, count in (
            ("reused", reply.reused_tokens),
            ("read", reply.prompt_tokens - reply.reused_tokens),
            ("ahead", reply.ahead_tokens),
        ):
            self._tokens.labels(kind).inc(max(0, count))

    def page(self, healths: Sequence[Health], waiting: Iterable[Answerable], now: float) -> bytes:
        """All figures. ``waiting``: the events that wait for an answer; ``now``: the show's clock."""
        self._look_at_parts(healths)
        kinds: dict[str, list[float]] = {"paid": [], "chat": []}
        for event in waiting:
            kinds["paid" if is_paid(event) else "chat"].append(max(0.0, now - event.at))
        for kind, ages in kinds.items():
            self._waiting.labels(kind).set(len(ages))
            self._oldest.labels(kind).set(max(ages, default=0.0))
        metrics = self._metrics
        self._lag.set(metrics.worst_lag() / 1000)
        self._memory.set(metrics.rss_end * 2**20)
        self._cached.set(metrics.reused_tokens / metrics.prompt_tokens if metrics.prompt_tokens else 0.0)
        return generate_latest(self._registry)

    def _look_at_parts(self, healths: Sequence[Health]) -> None:
        for gauge in (self._state, self._breakdowns, self._reconnects):
            gauge.clear()  # a part that is no more is not down for ever
        for health in healths:
            for state in STATES:
                self._state.labels(health.part, state).set(health.state is state)
            self._breakdowns.labels(health.part).set(health.breakdowns)
            if health.contact is not None:
                self._reconnects.labels(health.part).set(health.contact.reconnects)
