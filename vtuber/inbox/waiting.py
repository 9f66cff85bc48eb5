"""The events that wait, found by message, text, author and rank in the same short time however many wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from vtuber.core.events import Answerable
from vtuber.core.text import NOBODY

Key = tuple[str, str]
"""(platform, id) of a message or an author."""


@dataclass(slots=True, eq=False)
class WaitingEvent:
    """An event that waits, and those who said the same."""

    event: Answerable
    paid: bool
    copy_key: str
    """Equal for its copies; "" when it can have none."""
    rank: int = 0
    copies: int = 1
    number: int = 0
    """It waits behind those with a lower one."""
    place: int = 0
    """Its index among those of its rank."""
    others: set[Key] = field(default_factory=set)
    """The authors of copies, as many as matter for the rank."""

    author: Key = field(init=False)
    """Somebody without an id is whoever has their name; without a name, somebody else each time."""

    def __post_init__(self) -> None:
        author = self.event.author
        named = author.id or f"@{author.name if author.name != NOBODY else self.event.id}"
        self.author = self.event.platform, named

    @property
    def key(self) -> Key:
        return self.event.platform, self.event.id


class WaitingEvents:
    """Paid events are kept apart from the others, which are kept by rank."""

    def __init__(self, ranks: int) -> None:
        self.paid: list[WaitingEvent] = []
        self._ranks: list[list[WaitingEvent]] = [[] for _ in range(ranks)]
        self._by_key: dict[Key, WaitingEvent] = {}
        self._by_copy_key: dict[str, WaitingEvent] = {}
        self._of_author: Counter[Key] = Counter()

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[WaitingEvent]:
        return chain(self.paid, self.unpaid())

    def unpaid(self) -> Iterator[WaitingEvent]:
        """The unpaid ones, those of the lowest rank first."""
        return chain.from_iterable(self._ranks)

    def lowest(self) -> list[WaitingEvent]:
        """The unpaid ones of the lowest rank among them; empty when there are none."""
        return next((row for row in self._ranks if row), [])

    def find(self, key: Key) -> WaitingEvent | None:
        return self._by_key.get(key)

    def like(self, copy_key: str) -> WaitingEvent | None:
        """The one with the same copy key."""
        return self._by_copy_key.get(copy_key) if copy_key else None

    def of_author(self, author: Key) -> int:
        """How many unpaid ones of an author wait."""
        return self._of_author[author]

    def add(self, entry: WaitingEvent) -> None:
        if entry.paid:
            self.paid.append(entry)
        else:
            self._put_in(entry)
            self._of_author[entry.author] += 1
            if entry.copy_key:
                self._by_copy_key.setdefault(entry.copy_key, entry)
        self._by_key[entry.key] = entry

    def remove(self, entry: WaitingEvent) -> None:
        del self._by_key[entry.key]
        if entry.paid:
            self.paid.remove(entry)
            return
        self._take_out(entry)
        if self._by_copy_key.get(entry.copy_key) is entry:
            del self._by_copy_key[entry.copy_key]
        self._of_author[entry.author] -= 1
        if not self._of_author[entry.author]:
            del self._of_author[entry.author]

    def promote(self, entry: WaitingEvent, rank: int) -> None:
        """Moves an unpaid one to another rank."""
        self._take_out(entry)
        entry.rank = rank
        self._put_in(entry)

    def _put_in(self, entry: WaitingEvent) -> None:
        row = self._ranks[entry.rank]
        entry.place = len(row)
        row.append(entry)

    def _take_out(self, entry: WaitingEvent) -> None:
        """The last of its rank takes its place, so that nothing else moves."""
        row = self._ranks[entry.rank]
        last = row.pop()
        if last is not entry:
            row[entry.place] = last
            last.place = entry.place
