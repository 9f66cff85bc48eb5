"""How many lines about a topic are recognised, and how many harmless ones are taken for one.

Takes files of lines, each a label and a text with a tab between; a label that is no topic means that the line
is fine. Prints counts with their 95 % intervals (Wilson's), or with ``--show`` the lines that went wrong.

    python -m benchmarks.guard.topics FILE… [--show]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rates import wilson
from vtuber import character as characters
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.detectors.topics import Topics
from vtuber.guard.topic import shipped


def labelled(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        if text:
            yield label, text


def found(detector: Topics, text: str) -> set[str]:
    """The topics that the text is taken to be about."""
    passage = Passage(text, Door.MESSAGE)
    return {finding.rule.removeprefix("sidestep: ") for finding in detector.detect(passage)}


def measure(file: Path, detector: Topics, *, show: bool) -> None:
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    seconds = []
    for label, text in labelled(file):
        kind = label if label in shipped() else "fine"
        began = time.perf_counter()
        topics = found(detector, text)
        seconds.append(time.perf_counter() - began)
        every[kind] += 1
        good = bool(topics) == (kind != "fine")
        right[kind] += good
        if show and not good:
            print(f"  {label}\t{text}\t{', '.join(topics)}")
    print(file.name)
    for kind, count in sorted(every.items()):
        hits = count - right[kind] if kind == "fine" else right[kind]
        low, high = wilson(hits, count)
        what = "stopped though fine" if kind == "fine" else f"{kind} recognised"
        print(f"  {what:<22} {hits:>4} of {count:<4} {hits / count:6.1%}  [{low:.1%}, {high:.1%}]")
    if len(seconds) > 1:
        print(f"  ms a line: p99 {statistics.quantiles(seconds, n=100)[98] * 1000:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--show", action="store_true", help="the lines that went wrong")
    given = parser.parse_args()
    detector = Topics(Settings(), characters.load("banban"))
    for file in given.file:
        measure(file, detector, show=given.show)


if __name__ == "__main__":
    main()
