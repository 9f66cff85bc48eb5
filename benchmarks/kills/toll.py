"""What was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from benchmarks.kills.child import answer_to, thanks_for
from benchmarks.kills.platform import Platform


@dataclass
class Toll:
    """Of all shows so far."""

    kills: int = 0
    shows: int = 0
    paid: int = 0
    lost: list[str] = field(default_factory=list)
    thanked_twice: list[str] = field(default_factory=list)
    never_thanked: int = 0
    answered_twice: int = 0
    taken_in: list[float] = field(default_factory=list)
    """Seconds from when a paid message arrived to when it was written down and taken in."""
    delays: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of each turn, by part."""
    gaps: list[float] = field(default_factory=list)
    """Seconds of silence between two sentences of one reply."""
    pauses: list[float] = field(default_factory=list)
    """The same between two replies, while others waited."""

    def add(self, platform: Platform) -> None:
        """A show is over."""
        self.shows += 1
        self.paid += len(platform.sent)
        self.taken_in += platform.taken_in
        for part, milliseconds in platform.delays.items():
            self.delays.setdefault(part, []).extend(milliseconds)
        self._count_scripted(platform) if platform.is_scripted else self._count_turns(platform)
        if platform.victim is not None:
            self._listen(platform)

    def _count_scripted(self, platform: Platform) -> None:
        said = Counter(sentence.text for sentence in platform.heard.values())
        for number in platform.sent:
            self._count(number, said[answer_to(number)], said[thanks_for(number)])

    def _count_turns(self, platform: Platform) -> None:
        """Of a reply it is only known whom it answers, and it may begin with a thank-you."""
        replies = {(process, said.turn): said.asked for (process, _), said in platform.heard.items()
                   if said.asked}  # fmt: skip
        times = Counter(number for asked in replies.values() for number in asked)
        for number in platform.sent:
            answers = times[number] if number in platform.answered else 0
            self._count(number, answers, times[number])

    def _count(self, number: str, answers: int, thanks: int) -> None:
        self.lost += [] if answers else [number]
        self.thanked_twice += [number] if thanks > 1 else []
        self.never_thanked += not thanks
        self.answered_twice += answers > 1

    def _listen(self, platform: Platform) -> None:
        """Nothing is cut in these shows: all silence is that of a show that waits for something."""
        for before, after in pairwise(sorted(platform.heard.values(), key=lambda said: said.at)):
            silences = self.gaps if before.turn == after.turn else self.pauses
            silences.append(max(0.0, after.at - before.until))

    def __str__(self) -> str:
        counted = (
            f"{self.kills} kills in {self.shows} shows, {self.paid} paid messages: {len(self.lost)} lost, "
            f"{len(self.thanked_twice)} thanked twice; {self.never_thanked} answered without a thank-you, "
            f"{self.answered_twice} answered a second time"
        )
        parts = {
            part: [one / 1000 for one in values] for part, values in self.delays.items() if part != "queue"
        }
        parts |= {
            "taken in": self.taken_in,
            "silence within a reply": self.gaps,
            "silence between replies": self.pauses,
        }
        return "\n".join([counted, *(f"  {described(*part)}" for part in parts.items() if part[1])])


def described(name: str, seconds: list[float]) -> str:
    """Median and worst."""
    return (
        f"{name}: {1000 * median(seconds):.0f} ms median, {1000 * max(seconds):.0f} ms worst ({len(seconds)})"
    )
