"""How much personal data and how many web addresses are found, and how many harmless lines are stopped.

Takes files of lines, each a label and a text with a tab between (by default, those that were held back while
the detectors were written); "fine", and every label of a file named harmless, means that nothing is in it.
Prints counts with their 95 % intervals (Wilson's) and the processor time of a line; with ``--show``, of files
that were not held back, the lines that went wrong.

    python -m benchmarks.guard.personal [FILE…] [--show]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.rates import wilson
from vtuber import character as characters
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.detectors.contact import Contact
from vtuber.guard.detectors.links import Links

LINES = Path(__file__).parent / "lines"
CHAT = Path(__file__).parents[2] / "tests" / "data"
FINE = "fine"


def labelled(file: Path) -> Iterator[tuple[str, str]]:
    """(kind, text) of each line."""
    for line in file.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        if text:
            yield FINE if file.name.startswith("harmless") else label, text


def chat() -> Iterator[tuple[str, str]]:
    """Recorded messages of both platforms; nobody wrote personal data there."""
    for comment in json.loads((CHAT / "twitch-vod-chat.json").read_text(encoding="utf-8"))["comments"]:
        yield FINE, comment["message"]["body"]
    for message in json.loads((CHAT / "youtube-superchats.json").read_text(encoding="utf-8")):
        if message.get("message"):
            yield FINE, message["message"]


def measure(
    name: str, lines: Iterable[tuple[str, str]], detectors: Sequence[Contact | Links], *, show: bool
) -> None:
    """Prints what was found in some lines."""
    found: Counter[str] = Counter()
    every: Counter[str] = Counter()
    seconds = []
    for kind, text in lines:
        passage = Passage(text, Door.SHOWN)
        began = time.thread_time()
        findings = [finding for detector in detectors for finding in detector.detect(passage)]
        seconds.append(time.thread_time() - began)
        every[kind] += 1
        found[kind] += bool(findings)
        if show and bool(findings) == (kind == FINE):
            print(f"  {kind}\t{text}\t{', '.join(finding.rule for finding in findings)}")
    print(name)
    for kind, count in sorted(every.items()):
        low, high = wilson(found[kind], count)
        what = "stopped though fine" if kind == FINE else f"{kind} found"
        print(
            f"  {what:<20} {found[kind]:>4} of {count:<5} {found[kind] / count:6.1%}  [{low:.1%}, {high:.1%}]"
        )
    median, p99 = statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=100)[98] * 1000
    print(f"  ms a line: median {median:.3f}, p99 {p99:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="*")
    parser.add_argument("--show", action="store_true", help="the lines that went wrong")
    given = parser.parse_args()
    character = characters.load("banban")
    detectors = Contact(Settings(), character), Links(Settings(), character)
    held = [LINES / f"{name}.held.tsv" for name in ("personal", "harmless_en", "harmless_zh")]
    for file in given.file or held:
        measure(file.name, labelled(file), detectors, show=given.show and ".held" not in file.name)
    if not given.file:
        measure("recorded chat", chat(), detectors, show=given.show)


if __name__ == "__main__":
    main()
