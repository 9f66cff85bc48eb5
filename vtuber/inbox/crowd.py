"""What the chat is like right now: how fast, how many people, what they repeat. Small, however fast it is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from vtuber.core.events import Room
from vtuber.core.recent import Recent

SLOT = 5.0
"""Seconds that are counted together."""
SLOTS = 12
"""So many slots are looked back on: a minute."""
PEOPLE = 20_000
"""Chatters kept in mind at least; twice as many at most."""
LINES = 500
"""Different lines or emotes counted in a slot at most."""
BUZZ_PEOPLE = 3
"""So many people make a buzz."""
FANS = 50
"""Beyond so many people in a slot it is no longer checked that they are different ones."""


@dataclass(slots=True)
class _Line:
    """Something repeated: how it was first written, and by whom."""

    text: str
    fans: set[Hashable]
    count: int = 0


@dataclass(slots=True)
class _Slot:
    number: int
    messages: int = 0
    chatters: int = 0
    """How many wrote in this slot and not since."""
    lines: dict[str, _Line] = field(default_factory=dict)

    def note(self, key: str, text: str, who: Hashable) -> None:
        line = self.lines.get(key)
        if line is None:
            if len(self.lines) < LINES:
                self.lines[key] = _Line(text, {who}, 1)
        elif len(line.fans) >= FANS:
            line.count += 1
        elif who not in line.fans:
            line.fans.add(who)
            line.count += 1


class Crowd:
    """Hears every message; tells what the last minute was like."""

    def __init__(self) -> None:
        self._slots = [_Slot(-1) for _ in range(SLOTS)]
        self._last_slot: Recent[Hashable, int] = Recent(PEOPLE)
        self._struck: Recent[str, float] = Recent(LINES)
        self._began: float | None = None

    def hear(self, who: Hashable, lines: Iterable[tuple[str, str]], at: float) -> None:
        """A message of ``who``. ``lines`` are what may be repeated in it: (key, as it was written)."""
        if self._began is None:
            self._began = at
        number = int(at // SLOT)
        slot = self._slots[number % SLOTS]
        if slot.number != number:
            slot = self._slots[number % SLOTS] = _Slot(number)
        slot.messages += 1
        before = self._last_slot.get(who)
        if before != number:
            slot.chatters += 1
            self._last_slot.set(who, number)
            if before is not None and (earlier := self._slots[before % SLOTS]).number == before:
                earlier.chatters -= 1
        for key, text in lines:
            struck = self._struck.get(key)
            if struck is None or at >= struck + SLOTS * SLOT:
                slot.note(key, text, who)

    def strike(self, key: str, at: float) -> None:
        """A line that is not to be repeated: it counts no more, nor in the next minute, whoever says it."""
        self._struck.set(key, at)
        for slot in self._slots:
            slot.lines.pop(key, None)

    def forget(self, who: Hashable) -> None:
        """What they took part in counts no more; others may say it again."""
        for slot in self._slots:
            for key in [key for key, line in slot.lines.items() if who in line.fans]:
                del slot.lines[key]

    def forget_lines(self) -> None:
        """Nothing that was repeated counts any more."""
        for slot in self._slots:
            slot.lines.clear()

    def room(self, now: float, waiting: int) -> Room:
        """The last minute, to ``SLOT`` seconds. A show younger than that is extrapolated from its age."""
        number = int(now // SLOT)
        slots = [slot for slot in self._slots if number - SLOTS < slot.number <= number]
        age = 0.0 if self._began is None else now - self._began
        looked_back = now - (number - SLOTS + 1) * SLOT
        seconds = max(SLOT, min(looked_back, age))
        return Room(
            per_minute=round(sum(slot.messages for slot in slots) * 60 / seconds, 1),
            chatters=sum(slot.chatters for slot in slots),
            waiting=waiting,
            buzz=_buzz(slots),
        )


def _buzz(slots: Iterable[_Slot]) -> str:
    """What most people repeat. Somebody who repeats it all the time counts once in a slot."""
    counts: dict[str, int] = {}
    fans: dict[str, set[Hashable]] = {}
    texts: dict[str, str] = {}
    for slot in slots:
        for key, line in slot.lines.items():
            counts[key] = counts.get(key, 0) + line.count
            texts.setdefault(key, line.text)
            people = fans.setdefault(key, set())
            if len(people) < BUZZ_PEOPLE:
                people |= line.fans
    most = max(counts, key=lambda key: (len(fans[key]) >= BUZZ_PEOPLE, counts[key]), default="")
    return texts[most] if most and len(fans[most]) >= BUZZ_PEOPLE else ""
