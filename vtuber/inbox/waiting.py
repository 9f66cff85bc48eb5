"""The shelves of the inbox: what waits, found again by message, text, author and rank at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from vtuber.core.events import Answerable

Key = tuple[str, str]
"""(platform, id) of a message or an author."""


@dataclass(slots=True, eq=False)
class Entry:
    """One that waits, and those who said the same."""

    event: Answerable
    paid: bool
    copy_key: str
    """What makes a copy; "" when it can have none."""
    rank: int = 0
    copies: int = 1
    place: int = 0
    """Its index among those of its rank."""
    others: set[Key] = field(default_factory=set)
    """Authors of copies; kept only as far as it matters for the rank."""

    @property
    def key(self) -> Key:
        return self.event.platform, self.event.id

    @property
    def author(self) -> Key:
        return self.event.platform, self.event.author.id


class Waiting:
    """Adding, removing and finding cost the same however many wait; paid ones are on a shelf of their own."""

    def __init__(self, ranks: int) -> None:
        self.paid: list[Entry] = []
        self._ranks: list[list[Entry]] = [[] for _ in range(ranks)]
        self._by_key: dict[Key, Entry] = {}
        self._by_copy_key: dict[str, Entry] = {}
        self._of_author: Counter[Key] = Counter()

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Entry]:
        return chain(self.paid, self.unpaid())

    def unpaid(self) -> Iterator[Entry]:
        """The least important first."""
        return chain.from_iterable(self._ranks)

    def lowest(self) -> list[Entry]:
        """The unpaid ones of the least rank there is; empty when there are none."""
        return next((shelf for shelf in self._ranks if shelf), [])

    def find(self, key: Key) -> Entry | None:
        return self._by_key.get(key)

    def like(self, copy_key: str) -> Entry | None:
        """The one that says the same."""
        return self._by_copy_key.get(copy_key) if copy_key else None

    def of_author(self, author: Key) -> int:
        """How many unpaid ones of theirs wait."""
        return self._of_author[author]

    def add(self, entry: Entry) -> None:
        if entry.paid:
            self.paid.append(entry)
        else:
            self._shelve(entry)
            self._of_author[entry.author] += 1
            if entry.copy_key:
                self._by_copy_key.setdefault(entry.copy_key, entry)
        self._by_key[entry.key] = entry

    def remove(self, entry: Entry) -> None:
        del self._by_key[entry.key]
        if entry.paid:
            self.paid.remove(entry)
            return
        self._unshelve(entry)
        if self._by_copy_key.get(entry.copy_key) is entry:
            del self._by_copy_key[entry.copy_key]
        self._of_author[entry.author] -= 1
        if not self._of_author[entry.author]:
            del self._of_author[entry.author]

    def promote(self, entry: Entry, rank: int) -> None:
        """Moves an unpaid one to another rank."""
        self._unshelve(entry)
        entry.rank = rank
        self._shelve(entry)

    def _shelve(self, entry: Entry) -> None:
        shelf = self._ranks[entry.rank]
        entry.place = len(shelf)
        shelf.append(entry)

    def _unshelve(self, entry: Entry) -> None:
        """The last of the shelf takes its place, so that nothing else moves."""
        shelf = self._ranks[entry.rank]
        last = shelf.pop()
        if last is not entry:
            shelf[entry.place] = last
            last.place = entry.place
