"""The show's figures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from vtuber.core.simulated import SimulatedLoop
from vtuber.record.metrics import PARTS, Metrics, Stopwatch, percentiles, rss_mb


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles(range(1, 101)) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert percentiles([]) == dict.fromkeys(("p50", "p95", "p99", "max"))


def test_a_stopwatch_gives_the_parts_of_a_delay_and_their_sum() -> None:
    watch = Stopwatch()
    watch.waited("queue", 1.5)
    for part in PARTS[1:-1]:
        watch.lap(part)
    assert watch.total is None  # nothing was heard yet
    watch.waited("on_air", 0.04)
    assert list(watch.parts) == list(PARTS)
    assert watch.parts["queue"] == 1500
    assert watch.total == sum(watch.parts.values()) >= 1540


def test_only_the_first_of_each_part_counts() -> None:
    watch = Stopwatch()
    watch.lap("first_token")
    before = watch.parts["first_token"]
    time.sleep(0.002)
    watch.lap("first_token")
    assert watch.parts["first_token"] == before


def test_a_part_that_was_skipped_does_not_swallow_the_next() -> None:
    watch = Stopwatch()
    watch.lap("prompt")
    watch.lap("first_audio")
    assert set(watch.parts) == {"prompt", "first_audio"}


async def test_a_blocked_loop_shows_as_lag() -> None:
    metrics = Metrics()
    watching = asyncio.create_task(metrics.watch_loop(every=0.005))
    await asyncio.sleep(0.02)
    time.sleep(0.1)  # blocking is what is measured
    await asyncio.sleep(0.02)
    watching.cancel()
    assert max(metrics.loop_lag) > 50


def test_simulated_time_has_no_lag_to_measure() -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        metrics = Metrics()
        runner.run(metrics.watch_loop())
        assert not metrics.loop_lag


async def test_memory_is_measured_with_its_peak() -> None:
    metrics = Metrics()
    watching = asyncio.create_task(metrics.watch_memory(every=0.01))
    async with asyncio.timeout(10):
        while metrics.rss_end == 0.0:
            await asyncio.sleep(0.01)
        ballast = bytes(range(256)) * (2**20 // 4)  # 64 MiB, really touched
        while metrics.rss_peak < metrics.rss_start + 40:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert len(ballast) == 2**26
    assert 5 < metrics.rss_start < metrics.rss_peak < rss_mb() + 100


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
