"""Where two runs part: the first decision that differs, and what led to it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any

from vtuber.record.decision_words import DecisionWords, Row, clock_time, short

BEFORE = 3
"""So many lines that both runs have are shown before the first that differs."""


@dataclass(frozen=True, slots=True)
class Parting:
    """The first decision that differs. A run that has none left is None there."""

    t: float
    """Seconds since the show began."""
    before: tuple[str, ...]
    """What both did last, in words."""
    first: str | None
    """What the first run does then, in words; None: it has ended."""
    second: str | None
    differing: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By field, what stands in each, where both do the same kind of thing."""
    is_other_chat: bool = False
    """Whether not even the first message is the same."""


@dataclass(frozen=True, slots=True)
class OtherReply:
    """A reply that is heard otherwise in the second run; None: that run has none."""

    number: int
    """The first is 1."""
    first: str | None
    """When, and in which words."""
    second: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two runs are the same."""

    same: Counter[str]
    """How many decisions are the same before the runs part, by kind."""
    parting: Parting | None
    """None: they are the same to their end."""
    other_reply: OtherReply | None = None
    """The first of her replies that is heard otherwise; None: none is."""


def compare(first: Iterable[Row], second: Iterable[Row]) -> Comparison:
    """Reads the decisions of two runs side by side, up to where they part; from there, what is heard.

    When a decision fell is not compared.
    """
    first, second = iter(first), iter(second)
    same: Counter[str] = Counter()
    heard = 0
    words = DecisionWords()
    before: deque[str] = deque(maxlen=BEFORE)
    for one, other in zip_longest(first, second):
        told = [None if row is None else words.of(row) for row in (one, other)]
        if one is None or other is None or _timeless(one) != _timeless(other):
            t = min(float(row["t"]) for row in (one, other) if row is not None)
            kinds = [None if row is None else row.get("kind") for row in (one, other)]
            other_chat = kinds == ["heard", "heard"] and not same["heard"]
            found = Parting(t, tuple(before), told[0], told[1], _differing(one, other), other_chat)
            rest = [filter(None, chain((row,), rows)) for row, rows in ((one, first), (other, second))]
            return Comparison(same, found, _other_reply(rest[0], rest[1], heard))
        heard += _is_heard(one)
        same[str(one.get("kind"))] += 1
        if one.get("kind") in _SHOWN:
            before.append(f"{clock_time(one['t'])}  {told[0]}")
    return Comparison(same, None)


def _other_reply(first: Iterable[Row], second: Iterable[Row], same: int) -> OtherReply | None:
    """The first that differs in what is left of two runs, before which ``same`` replies were heard."""
    heard = (filter(_is_heard, rows) for rows in (first, second))
    for number, (one, other) in enumerate(zip_longest(*heard), same + 1):
        if one is None or other is None or one["heard"] != other["heard"]:
            return OtherReply(number, _reply(one), _reply(other))
    return None


def _is_heard(row: Row) -> bool:
    return row.get("kind") == "reply" and bool(row.get("heard"))


def _reply(row: Row | None) -> str | None:
    return None if row is None else f"{clock_time(row['t'])}  {short(row['heard'])}"


_SHOWN = ("heard", "chosen", "sentence", "slip", "cut", "set_aside", "command")


def _timeless(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "t"}


def _differing(one: Row | None, other: Row | None) -> dict[str, tuple[str, str]]:
    if one is None or other is None or one.get("kind") != other.get("kind"):
        return {}
    pairs = _leaves(one, other)
    return {name: (left, right) for name, left, right in pairs if name != "t"}


def _leaves(one: Any, other: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """What differs of two values, by its path: ``event.text``."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _leaves(one.get(key), other.get(key), f"{name}.{key}" if name else str(key))
    elif one != other:
        yield name, short(one), short(other)
