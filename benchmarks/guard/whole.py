"""What the whole guard, as it comes, makes of every set of labelled lines that was held back.

    python -m benchmarks.guard.whole

A row for each label: how many are not simply let through at the door where such lines pass, with 95%
intervals, and by which detectors. Then how many harmless lines are stopped, and how much of recorded chat.
Only counts are printed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from benchmarks.guard.natural import Line, lines
from benchmarks.guard.recited import recorded
from benchmarks.rates import wilson
from vtuber import character
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard

HARMFUL = {
    "natural_en": Door.SPOKEN,
    "natural_zh": Door.SPOKEN,
    "self": Door.SPOKEN,
    "personal": Door.SPOKEN,
    "injection": Door.MESSAGE,
    "leak": Door.MESSAGE,
    "topics": Door.MESSAGE,
}
"""Sets of lines, and the door where they pass. What is "fine" or "harmless" in them sounds like the rest."""
HARMLESS = ("harmless_en", "harmless_zh", "harmless2_en", "harmless2_zh")


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
        print(f"{title:14} {door:8} {label:14} {share}  {names}")


def main() -> None:
    guard = Guard(Settings(), character.load("banban"))
    for name, door in HARMFUL.items():
        show(guard, name, lines(f"{name}.held"), door)
    for door in (Door.SPOKEN, Door.MESSAGE):
        for name in HARMLESS:
            show(guard, name, [Line("harmless", text) for _, text in lines(f"{name}.held")], door)
    show(guard, "recorded chat", [Line("as it is", text) for text in recorded()], Door.MESSAGE)


if __name__ == "__main__":
    main()
