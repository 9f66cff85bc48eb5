"""The show's figures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from vtuber.core import clock
from vtuber.core.events import Author, Batch, ChatMessage, Deletion, Money, Pick, StreamStatus
from vtuber.core.events import Room as ChatRoom
from vtuber.core.simulated import SimulatedLoop
from vtuber.record import metrics as metrics_module
from vtuber.record.facts import ChatReceived, TurnEnded
from vtuber.record.metrics import PARTS, Metrics, Stopwatch, percentiles, rss_mb


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles(range(1, 101)) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert percentiles([]) == dict.fromkeys(("p50", "p95", "p99", "max"))


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock for what is computed; a test moves it."""
    at = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: at[0])
    return at


def test_a_stopwatch_measures_each_part_from_the_end_of_the_one_before(moment: list[float]) -> None:
    watch = Stopwatch()
    watch.waited("queue", 1.5)
    for part, took in zip(PARTS[1:-1], (0.1, 0.2, 0.3, 0.4), strict=True):
        moment[0] += took
        watch.lap(part)
    watch.waited("on_air", 0.04)
    assert list(watch.parts) == list(PARTS)
    assert list(watch.parts.values()) == pytest.approx([1500, 100, 200, 300, 400, 40])


def test_only_the_first_of_each_part_counts(moment: list[float]) -> None:
    watch = Stopwatch()
    watch.waited("queue", 1.0)
    watch.waited("queue", 2.0)
    moment[0] += 0.1
    watch.lap("first_token")
    moment[0] += 0.1
    watch.lap("first_token")
    moment[0] += 0.1
    watch.lap("first_sentence")
    assert watch.parts == pytest.approx({"queue": 1000, "first_token": 100, "first_sentence": 200})


async def test_the_loops_lag_is_how_late_it_woke(
    moment: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = iter([0.0, 0.3, -0.01])

    async def sleep(seconds: float) -> None:
        if (more := next(late, None)) is None:
            raise asyncio.CancelledError
        moment[0] += seconds + more

    monkeypatch.setattr(asyncio, "sleep", sleep)
    metrics = Metrics()
    with pytest.raises(asyncio.CancelledError):
        await metrics.watch_loop()
    assert list(metrics.loop_lag) == pytest.approx([0, 300, 0])


def test_simulated_time_has_no_lag_to_measure() -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        metrics = Metrics()
        runner.run(metrics.watch_loop())
        assert not metrics.loop_lag


async def test_memory_is_measured_from_its_start_with_its_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([100.0, 300.0, 200.0])
    done = asyncio.Event()

    def rss() -> float:
        value = next(measured, None)
        if value is None:
            done.set()
            return 200.0
        return value

    monkeypatch.setattr(metrics_module, "rss_mb", rss)
    metrics = Metrics()
    watching = asyncio.create_task(metrics.watch_memory(every=0.001))
    async with asyncio.timeout(10):
        while not done.is_set():
            await asyncio.sleep(0.001)
    watching.cancel()
    assert (metrics.rss_start, metrics.rss_end, metrics.rss_peak) == (100, 200, 300)


def test_memory_is_that_of_the_show_and_of_all_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    class Process:
        def __init__(self, mb: float = 10.0) -> None:
            self.mb = mb

        def children(self, *, recursive: bool) -> list[Process]:
            assert recursive
            return [Process(20.0), Process(-1.0)]

        def memory_info(self) -> SimpleNamespace:
            if self.mb < 0:
                raise psutil.NoSuchProcess(1)  # it ended in between
            return SimpleNamespace(rss=self.mb * 2**20)

    monkeypatch.setattr(psutil, "Process", Process)
    assert rss_mb() == 30


def heard(text: str = "hi", *, at: float = 0.0, paid: bool = False) -> ChatMessage:
    money = Money(Decimal(5), "USD") if paid else None
    return ChatMessage("m", "twitch", "banban", Author("1", "mika"), text, at, money=money)


def ended(**fields: Any) -> TurnEnded:
    """A reply of which something was heard."""
    defaults: dict[str, Any] = {
        "turn": 1,
        "batch": Batch(Pick(heard())),
        "script": "",
        "heard": "yes",
        "answer": "yes",
        "began": None,
        "failed": "",
        "cut": False,
        "begins_anew": False,
        "withdrawn": False,
    }
    return TurnEnded(**{**defaults, **fields})


def test_what_was_heard_in_chat_is_counted() -> None:
    metrics = Metrics()
    for fact in (
        ChatReceived(heard()),
        ChatReceived(heard(paid=True)),
        ChatReceived(heard(paid=True), drop="ignored"),
        ChatReceived(heard(paid=True), drop="duplicate"),
        ChatReceived(heard(paid=True), drop="filtered", rule="a word"),
        ChatReceived(heard(paid=True), drop="command"),
        ChatReceived(Deletion("d", "twitch", "banban")),
        ChatReceived(StreamStatus("s", "twitch", "banban")),
    ):
        metrics.note(fact)
    assert (metrics.messages, metrics.paid) == (6, 2)


async def test_replies_count_when_something_of_them_was_heard() -> None:
    metrics = Metrics()
    paid = Batch(Pick(heard(paid=True)), (Pick(heard(paid=True)), Pick(heard())))
    for fact in (
        ended(batch=paid),
        ended(batch=paid, answer=""),  # a fallback line
        ended(batch=paid, heard="", answer=""),
        ended(batch=paid, begins_anew=True),
        ended(batch=paid, script="yes"),
    ):
        metrics.note(fact)
    assert (metrics.turns, metrics.paid_answered) == (2, 2)


async def test_delays_and_their_sum_are_kept_of_what_was_heard() -> None:
    metrics = Metrics()
    metrics.note(ended(delays_ms={"queue": 1000.0, "on_air": 40.0}, began=5.0))
    metrics.note(ended(delays_ms={"queue": 7000.0}))  # with no sound
    report = metrics.report(Counter())["latency_ms"]
    assert (report["queue"]["max"], report["on_air"]["max"], report["total"]["max"]) == (1000, 40, 1040)


def test_dead_air_is_silence_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    metrics = Metrics()
    metrics.note(ended(began=8.0))
    assert not metrics.dead_air, "nothing was said before"
    now[0] = 20.0
    metrics.note(ended(began=12.0, batch=Batch(Pick(heard(at=9.0)), room=ChatRoom(waiting=3))))
    now[0] = 40.0
    metrics.note(ended(began=33.0, batch=Batch(Pick(heard(at=32.5)))))  # nobody wrote until then
    assert list(metrics.dead_air) == [2000, 500]


async def test_of_a_long_show_the_latest_values_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "KEPT", 2)
    metrics = Metrics()
    for began in (1.0, 2.0, 3.0, 4.0):
        metrics.note(ended(delays_ms={"queue": began}, began=began, prompt_tokens=100, new_tokens=int(began)))
    assert metrics.latency["queue"] == metrics.latency["total"] == deque([3.0, 4.0])
    assert metrics.tokens["new"] == deque([3, 4])
    assert len(metrics.dead_air) == 2
    assert metrics.loop_lag.maxlen == 2


def test_what_prompts_cost_is_told_beside_what_they_had_to() -> None:
    metrics = Metrics()
    metrics.read(1000, reused=0, new=30, ahead=0)
    metrics.read(1000, reused=960, new=35, ahead=12)
    report = metrics.report(Counter())
    assert report["prompt_reuse"] == 0.48
    assert report["tokens"]["read"]["p50"] == 40
    assert {kind: report["tokens"][kind]["max"] for kind in ("read", "new", "ahead")} == {
        "read": 1000,
        "new": 35,
        "ahead": 12,
    }


def test_a_report_has_every_key_even_when_nothing_happened() -> None:
    report = Metrics().report(Counter())
    assert set(report) == {
        *("messages", "paid", "paid_answered", "turns", "dropped", "latency_ms", "dead_air_ms"),
        *("prompt_reuse", "tokens", "loop_lag_ms", "rss_mb"),
    }
    assert set(report["latency_ms"]) == {*PARTS, "total"}
    assert set(report["rss_mb"]) == {"start", "end", "peak"}
