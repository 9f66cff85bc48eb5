"""Waits that grow, end somewhere, and begin again."""

from __future__ import annotations

import random

import pytest

from vtuber.core.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 10.0)
    assert [backoff.next() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_success_begins_anew() -> None:
    backoff = Backoff(1.0, 10.0, factor=3.0)
    assert [backoff.next(), backoff.next()] == [1, 3]
    backoff.reset()
    assert backoff.next() == 1


def test_jitter_only_shortens(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = Backoff(4.0, 8.0, jitter=0.5)
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert [backoff.next(), backoff.next()] == [2, 4]
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    assert backoff.next() == 8
