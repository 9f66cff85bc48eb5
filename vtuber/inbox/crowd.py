"""What the chat repeats right now: an emote, or a short line. Takes little memory, however fast chat is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from vtuber.core.recent import Recent

SLOT = 5.0
"""Seconds that are counted together."""
SLOTS = 12
"""How many slots are looked back on: a minute."""
LINES = 500
"""The most different lines or emotes that are counted in a slot."""
BUZZ_PEOPLE = 3
"""How many people must repeat something to make it a buzz."""
FANS = 50
"""The most people of whom a slot remembers that they repeated a line; more are counted without a check."""


@dataclass(slots=True)
class _RepeatedLine:
    """Something repeated: how it was first written, and by whom."""

    text: str
    fans: set[Hashable]
    count: int = 0


@dataclass(slots=True)
class _Slot:
    number: int
    lines: dict[str, _RepeatedLine] = field(default_factory=dict)

    def note(self, key: str, text: str, who: Hashable) -> None:
        line = self.lines.get(key)
        if line is None:
            if len(self.lines) < LINES:
                self.lines[key] = _RepeatedLine(text, {who}, 1)
        elif len(line.fans) >= FANS:
            line.count += 1
        elif who not in line.fans:
            line.fans.add(who)
            line.count += 1


class Crowd:
    """Notes every message, and says what most people repeat."""

    def __init__(self) -> None:
        self._slots = [_Slot(-1) for _ in range(SLOTS)]
        self._struck: Recent[str, float] = Recent(LINES)

    def note(self, who: Hashable, lines: Iterable[tuple[str, str]], at: float) -> None:
        """A message of ``who``. ``lines`` are what may be repeated in it: (key, as it was written)."""
        number = int(at // SLOT)
        slot = self._slots[number % SLOTS]
        if slot.number != number:
            slot = self._slots[number % SLOTS] = _Slot(number)
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

    def repeats(self, key: str, now: float) -> bool:
        """Whether enough people repeated it in the last minute to make it a buzz, or a part of one."""
        number = int(now // SLOT)
        fans: set[Hashable] = set()
        for slot in self._slots:
            if number - SLOTS < slot.number <= number and (line := slot.lines.get(key)):
                fans |= line.fans
        return len(fans) >= BUZZ_PEOPLE

    def buzz(self, now: float) -> str:
        """What most people repeated in the last minute; "" when there is nothing."""
        number = int(now // SLOT)
        return _buzz([slot for slot in self._slots if number - SLOTS < slot.number <= number])


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
