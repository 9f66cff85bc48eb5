"""Names are judged once, while all is well; those that may not be said, each time."""

from __future__ import annotations

from typing import Any

import pytest

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.record.facts import Fact, Facts, Judged, LetThrough
from vtuber.show import screening as screenings
from vtuber.show.screening import A_VIEWER, Screening

SETTINGS = Settings.model_validate({"gate": {"words": ["durian"]}})


class Counting(Guard):
    """Notes what it judges."""

    def __init__(self) -> None:
        super().__init__(SETTINGS, characters.load("banban"))
        self.judged: list[tuple[str, Door]] = []

    def judge(self, text: str, door: Door, **more: Any) -> Verdict:
        self.judged.append((text, door))
        return super().judge(text, door, **more)


@pytest.fixture
def guard() -> Counting:
    return Counting()


def test_a_name_that_is_known_is_not_judged_again(guard: Counting) -> None:
    told: list[Fact] = []
    facts = Facts()
    facts.subscribe(told.append)
    screening = Screening(guard, facts, lambda _: None)
    assert screening.name("Alice") == "Alice"
    judged = list(guard.judged)
    assert judged
    assert screening.name("Alice") == "Alice"
    assert guard.judged == judged
    screening.tell_counts(1)
    assert [fact.counts for fact in told if isinstance(fact, LetThrough)] == [{"name": 2 * len(judged)}]


def test_a_name_that_may_not_be_said_is_told_each_time(guard: Counting) -> None:
    told: list[Fact] = []
    facts = Facts()
    facts.subscribe(told.append)
    screening = Screening(guard, facts, lambda _: None)
    assert screening.name("xXdurianXx") == screening.name("xXdurianXx") == A_VIEWER
    assert len([fact for fact in told if isinstance(fact, Judged)]) == 2


def test_only_so_many_names_are_known(guard: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenings, "_KNOWN", 1)
    screening = Screening(guard, Facts(), lambda _: None)
    for name in ("Alice", "Bob", "Alice"):
        screening.name(name)
    assert guard.judged.count(("Alice", Door.NAME)) == 2
