"""What the guard costs, without a model: for each sentence, by detector, and for a message with its names.

    python -m benchmarks.guard.cost

The lines are those for developing and recorded chat, each after the one before it. Times are a processor's,
so that whatever else runs on the machine counts little.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise

import psutil

from benchmarks.guard.natural import LINES, lines
from benchmarks.guard.packs import harmless
from benchmarks.rates import percentile
from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage, Pick
from vtuber.guard import Detector, Door, Finding, Passage
from vtuber.guard.guard import Guard
from vtuber.record.facts import Facts
from vtuber.show.screening import Screening

DOORS = (Door.SPOKEN, Door.MESSAGE)


class Timed:
    """A detector that notes what all passages took together."""

    def __init__(self, detector: Detector) -> None:
        self.doors = detector.doors
        self._detector = detector
        self.ms = 0.0

    def detect(self, passage: Passage) -> Iterable[Finding]:
        began = time.thread_time()
        found = list(self._detector.detect(passage))
        self.ms += (time.thread_time() - began) * 1000
        return found


def texts() -> list[str]:
    """Harmless lines and recorded chat, none twice."""
    found = [text for name, said in harmless() if not name.endswith(".held") for text in said]
    for path in sorted(LINES.glob("natural_*.dev.tsv")):
        found += [line.text for line in lines(path.name.removesuffix(".tsv"))]
    return list(dict.fromkeys(found))


def sentences(guard: Guard, said: Sequence[str], door: Door) -> list[float]:
    """Milliseconds for each text, with the one before it."""
    return [
        _ms(partial(guard.judge, text, door, before=f"{before} ")) for before, text in pairwise(["", *said])
    ]


def shares(guard: Guard, said: Sequence[str], door: Door) -> dict[str, float]:
    """Milliseconds a text for each detector. The first that reads a text pays for what others read, too."""
    detectors = guard._detectors  # noqa: SLF001  # nobody else looks inside
    timed = {name: Timed(detector) for name, detector in detectors.items() if door in detector.doors}
    guard._detectors = dict(timed)  # noqa: SLF001  # to time each
    try:
        sentences(guard, said, door)
    finally:
        guard._detectors = detectors  # noqa: SLF001  # the same
    return {name: one.ms / len(said) for name, one in timed.items()}


def messages(guard: Guard, said: Sequence[str]) -> tuple[list[float], list[float]]:
    """Milliseconds to screen a message and what belongs to it: of somebody new, and of somebody known."""
    screening = Screening(guard, Facts(), lambda _: None)
    new: list[float] = []
    known: list[float] = []
    for number, text in enumerate(said):
        author = Author(f"u{number}", f"{text[:8].strip()}_{number}")
        for taken, words in ((new, text), (known, f"{text} {number}")):
            message = ChatMessage(f"m{number}", "twitch", "banban", author, words)
            taken.append(_ms(partial(_screened, screening, message)))
    return new, known


def _screened(screening: Screening, message: ChatMessage) -> None:
    screening.fit([Pick(message)])
    screening.name(message.author.name, message.id)
    screening.shown(message.text, about=message.id)


def _ms(does: Callable[[], object]) -> float:
    began = time.thread_time()
    does()
    return (time.thread_time() - began) * 1000


def _row(name: str, taken: Sequence[float]) -> str:
    p50, p99 = (percentile(taken, share) for share in (0.5, 0.99))
    return f"{name:26} p50 {p50:6.3f} ms, p99 {p99:6.3f}, most {max(taken):7.3f}, of {len(taken)}"


def main() -> None:
    said = texts()
    process = psutil.Process()
    memory = process.memory_info().rss
    began = time.thread_time()
    guard = Guard(Settings(), characters.load("banban"))
    made = time.thread_time() - began
    guard.warm_up()
    warm = time.thread_time() - began
    gc.collect()
    gc.freeze()  # as a show does (``show/garbage.py``)
    gc.set_threshold(1000, 5, 1_000_000)
    print(f"made in {made:.2f} s, ready in {warm:.2f} s; {(process.memory_info().rss - memory) / 1e6:.0f} MB")
    for door in DOORS:
        print(_row(door, sentences(guard, said, door)))
    for door in DOORS:
        parts = sorted(shares(guard, said, door).items(), key=lambda part: -part[1])
        print(f"{door}: " + ", ".join(f"{name} {ms:.3f}" for name, ms in parts) + " ms on average")
    new, known = messages(guard, said)
    print(_row("a message, somebody new", new))
    print(_row("a message, known", known))
    print(f"in the end {(process.memory_info().rss - memory) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
