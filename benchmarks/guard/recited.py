"""Injections, confessions and leaks: how many labelled lines are found, and how many harmless ones are.

    python -m benchmarks.guard.recited FOLDER [--part held] [--wrong]

FOLDER holds files ``NAME.PART.tsv``: a label, a tab, a line. Each line is judged by itself, at the door that
it would come to. False alarms are also counted on the recorded chat, and on what is harmless anywhere else.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.rates import percentile, wilson
from vtuber import character
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard

CHAT = Path(__file__).parents[2] / "tests" / "data" / "twitch-vod-chat.json"
DETECTORS = ("injections", "confession", "prompt", "spam")  # a list of lines has no repeats


@dataclass(slots=True)
class Count:
    """How often these detectors objected to the lines of one label."""

    lines: int = 0
    found: int = 0
    by: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, line: str, detectors: Iterable[str], *, expected: bool) -> None:
        self.lines += 1
        names = set(detectors)
        self.found += bool(names)
        for name in names:
            self.by[name] = self.by.get(name, 0) + 1
        if bool(names) != expected:
            self.wrong.append(f"{line}  {', '.join(sorted(names))}")

    def __str__(self) -> str:
        low, high = wilson(self.found, self.lines)
        by = ", ".join(f"{name} {count}" for name, count in sorted(self.by.items()))
        return f"{self.found:4} of {self.lines:4}  ({low:.1%} to {high:.1%})  {by}"


def labelled(folder: Path, name: str, part: str) -> Iterator[tuple[str, str]]:
    """(label, line) of one file."""
    path = folder / f"{name}.{part}.tsv"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            label, _, text = line.partition("\t")
            if text:
                yield label, text


def recorded() -> Iterator[str]:
    """What viewers wrote on a real evening."""
    for comment in json.loads(CHAT.read_text(encoding="utf-8"))["comments"]:
        yield comment["message"]["body"]


class Bench:
    """Counts what a guard finds, and what it takes."""

    def __init__(self) -> None:
        self.character = character.load("banban")
        self.ms: list[float] = []

    def count(self, lines: Iterable[str], door: Door, *, expected: bool) -> Count:
        count = Count()
        for text in lines:
            # A new guard for each line would be fair to the detectors that remember, and slow.
            began = time.perf_counter()
            verdict = self.guard.judge(text, door)
            self.ms.append((time.perf_counter() - began) * 1000)
            found = [name for name, _ in verdict.findings if name in DETECTORS]
            count.add(text, found, expected=expected)
        return count

    def fresh(self) -> None:
        """Forgets what came before."""
        self.guard = Guard(Settings(), self.character)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="dev", help="dev (to work with) or held (to measure with)")
    parser.add_argument("--wrong", action="store_true", help="also print the lines that were judged wrong")
    options = parser.parse_args()
    if options.wrong and options.part == "held":
        parser.error("held lines are for counting, not for reading")
    bench = Bench()

    def report(title: str, lines: Iterable[str], door: Door, *, expected: bool) -> None:
        bench.fresh()
        count = bench.count(lines, door, expected=expected)
        print(f"{title:32} {count}")
        if options.wrong:
            print("".join(f"      {line}\n" for line in count.wrong), end="")

    def of(name: str, *labels: str) -> list[str]:
        rows = labelled(options.folder, name, options.part)
        return [text for label, text in rows if not labels or label in labels]

    print(f"found among the {options.part} lines (95% interval)")
    report("injections", of("injection", "injection"), Door.MESSAGE, expected=True)
    report("asking for the prompt", of("leak", "attempt"), Door.MESSAGE, expected=True)
    report("out of the role", of("self", "breaks"), Door.SPOKEN, expected=True)
    report("claims to be human", of("self", "claims_human"), Door.SPOKEN, expected=True)
    print("false alarms")
    report("like injections, harmless", of("injection", "harmless"), Door.MESSAGE, expected=False)
    report("in the role", of("self", "fine"), Door.SPOKEN, expected=False)
    for language in ("en", "zh"):
        report(f"harmless {language}, written", of(f"harmless_{language}"), Door.MESSAGE, expected=False)
        report(f"harmless {language}, spoken", of(f"harmless_{language}"), Door.SPOKEN, expected=False)
    report("a recorded chat", recorded(), Door.MESSAGE, expected=False)
    report("a recorded chat, as if spoken", recorded(), Door.SPOKEN, expected=False)
    own = [*bench.character.refusals, *bench.character.fallback_lines]
    own += [example.reply for example in bench.character.examples]
    own += [reply for talk in bench.character.small_talk for reply in talk.replies]
    report("her own examples", own, Door.SPOKEN, expected=False)
    half, most = percentile(bench.ms, 0.5), percentile(bench.ms, 0.99)
    print(f"\nthe whole guard, ms a line: p50 {half:.2f}, p99 {most:.2f}")


if __name__ == "__main__":
    main()
