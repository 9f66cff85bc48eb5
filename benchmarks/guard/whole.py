"""What the whole guard, as it comes, makes of every set of labelled lines that was held back.

    python -m benchmarks.guard.whole [--dev]

A row for each label: how many are not simply let through at the door where such lines pass, with 95%
intervals, and by which detectors. Then how many harmless lines are stopped, and how much of recorded chat.
Only counts are printed. With ``--dev``, of the lines for developing.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from benchmarks.guard.natural import Line, lines
from benchmarks.guard.recited import CHAT, recorded
from benchmarks.rates import wilson
from vtuber import character
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard

HARMFUL = (
    ("natural_en", Door.SPOKEN),
    ("natural_zh", Door.SPOKEN),
    ("self", Door.SPOKEN),
    ("personal", Door.SPOKEN),
    ("injection", Door.MESSAGE),
    ("leak", Door.MESSAGE),
    ("topics", Door.MESSAGE),
    ("fresh_bad", Door.MESSAGE),
    ("fresh_bad", Door.SPOKEN),
)
"""Sets of lines, and the door where they pass. What is "fine" or "harmless" in them sounds like the rest."""
HARMLESS = ("harmless_en", "harmless_zh", "harmless2_en", "harmless2_zh")
FRESH = {
    "fresh_harmless_message": Door.MESSAGE,
    "more_message": Door.MESSAGE,
    "fresh_harmless_spoken": Door.SPOKEN,
    "more_spoken": Door.SPOKEN,
}
"""Harmless lines of two kinds: as viewers write, and as she speaks."""


def show(guard: Guard, title: str, found: Iterable[Line], door: Door) -> None:
    all_of, stopped, by = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
    for label, text in found:
        all_of[label] += 1
        if not (verdict := guard.judge(text, door)).allowed:
            stopped[label] += 1
            by[label][verdict.detector] += 1
    for label, count in all_of.items():
        low, high = wilson(stopped[label], count)
        names = ", ".join(f"{name} {times}" for name, times in by[label].most_common())
        share = f"{stopped[label]:4} of {count:4}  {low:6.1%} to {high:6.1%}"
        print(f"{title:22} {door:8} {label:15} {share}  {names}")


def harmless(name: str) -> Iterator[Line]:
    """Its lines with one label for all, but for those that are crude."""
    for label, text in lines(name):
        yield Line("crude" if label.endswith("crude") else "harmless", text)


def chat() -> dict[str, list[Line]]:
    """What viewers wrote on real evenings. What is crude there is no false alarm, but counted apart."""
    crude = {text for _, text in lines("crude_chat")}
    donations = json.loads((CHAT.parent / "youtube-superchats.json").read_text(encoding="utf-8"))
    return {
        "Twitch": [Line("crude" if text in crude else "as it is", text) for text in recorded()],
        "YouTube": [Line("as it is", text) for one in donations if (text := one.get("message"))],
    }


def main() -> None:
    part = "dev" if "--dev" in sys.argv else "held"
    guard = Guard(Settings(), character.load("banban"))
    for name, door in HARMFUL:
        show(guard, name, lines(f"{name}.{part}"), door)
    for door in (Door.SPOKEN, Door.MESSAGE):
        for name in HARMLESS:
            show(guard, name, harmless(f"{name}.{part}"), door)
    for name, door in FRESH.items():
        show(guard, name, harmless(f"{name}.{part}"), door)
    for name, texts in chat().items():
        show(guard, name, texts, Door.MESSAGE)


if __name__ == "__main__":
    main()
