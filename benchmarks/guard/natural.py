"""How much of natural harmful chat is found, by policy and detector, and how much harmless chat is stopped.

    python -m benchmarks.guard.natural [--dev] [--misses]

The lines are in benchmarks/guard/lines. Of those held back (``*.held.tsv``) only counts are printed. With
``--misses``, those for developing that are missed or stopped for nothing are printed, too.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.rates import percentile, wilson
from vtuber import character as characters
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard

LINES = Path(__file__).parent / "lines"
SETS = {
    "en": ("natural_en", ("harmless_en",)),
    "zh": ("natural_zh", ("harmless_zh",)),
    "both, fresh": ("fresh_bad", ("fresh_harmless_message", "fresh_harmless_spoken")),
}
"""The sets of harmful and of harmless lines."""
ALL = "all"


class Line(NamedTuple):
    label: str
    """A policy, or a kind of harmless line."""
    text: str


class Judged(NamedTuple):
    line: Line
    found: dict[Door, frozenset[str]]
    """The detectors that found something, at each door."""
    ms: float


def lines(name: str) -> list[Line]:
    rows = (LINES / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [Line(*row.split("\t", 1)) for row in rows if "\t" in row and not row.startswith("#")]


def judge(guard: Guard, found: Iterable[Line]) -> Iterator[Judged]:
    for line in found:
        began = time.perf_counter()
        verdicts = {door: guard.judge(line.text, door) for door in (Door.SPOKEN, Door.MESSAGE)}
        ms = (time.perf_counter() - began) * 1000 / len(verdicts)
        detectors = {
            door: frozenset(name for name, _ in verdict.findings) for door, verdict in verdicts.items()
        }
        yield Judged(line, detectors, ms)


def show(judged: Sequence[Judged]) -> None:
    """A row for each label: what is stopped when she says it, by which detector; when a viewer writes it."""
    print(f"{'':16}{'she says it':>28}{'by words':>10}{'by phrases':>12}{'a viewer writes it':>20}")
    for label, group in _grouped(judged):
        spoken = [one.found[Door.SPOKEN] for one in group]
        hits = sum(map(bool, spoken))
        low, high = wilson(hits, len(group))
        words = sum("words" in found for found in spoken)
        phrases = sum("phrases" in found for found in spoken)
        written = sum(bool(one.found[Door.MESSAGE]) for one in group)
        share = f"{hits}/{len(group)} {hits / len(group):.1%} ({low:.1%}-{high:.1%})"
        print(f"{label:16}{share:>28}{words:>10}{phrases:>12}{written:>20}")


def _grouped(judged: Sequence[Judged]) -> Iterator[tuple[str, list[Judged]]]:
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.line.label].append(one)
        groups[ALL].append(one)
    return iter(sorted(groups.items(), key=lambda group: (group[0] == ALL, group[0])))


def main() -> None:
    guard = Guard(Settings(), characters.load("banban"))
    guard.judge("what is read first counts for no line", Door.SPOKEN)
    for part in ("dev",) if "--dev" in sys.argv else ("dev", "held"):
        everything: list[Judged] = []
        for language, (bad, good) in SETS.items():
            harmful = list(judge(guard, lines(f"{bad}.{part}")))
            harmless = [one for name in good for one in judge(guard, lines(f"{name}.{part}"))]
            everything += harmful + harmless
            print(f"\n{part}, {language}: harmful lines found")
            show(harmful)
            print(f"\n{part}, {language}: harmless lines stopped")
            show(harmless)
            if part == "dev" and "--misses" in sys.argv:
                _show_lines(harmful, harmless)
        times = [one.ms for one in everything]
        print(
            f"\n{part}: {percentile(times, 0.5):.2f} ms a line (median), {percentile(times, 0.99):.2f} (p99)"
        )


def _show_lines(harmful: Iterable[Judged], harmless: Iterable[Judged]) -> None:
    for one in harmful:
        if not one.found[Door.SPOKEN]:
            print("missed:", *one.line)
    for one in harmless:
        for door, found in one.found.items():
            if found:
                print("stopped:", door, *sorted(found), *one.line)


if __name__ == "__main__":
    main()
