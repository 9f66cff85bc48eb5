"""What is pending, worked out from changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from vtuber.pending.changes import Added, Begun, Change, Deleted, Kept, Settled

SETTLED = 5_000
"""Of so many it is known that they need no answer any more, should they come again."""
DELETIONS = 1_000
"""So many of the latest deletions are known in the next show."""


class Ledger:
    """Takes changes in any order. Bounded but for what waits."""

    def __init__(self) -> None:
        self.last = 0
        """The highest number of a change."""
        self.kept: Kept | None = None
        self._open: dict[str, Added] = {}
        self._begun: dict[str, Begun] = {}
        self._settled: dict[str, Settled] = {}
        self._deleted: dict[str, Deleted] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._open)

    def waits(self, key: str) -> bool:
        return key in self._open

    def is_asked(self, key: str) -> bool:
        """Whether it waits, and was put by a command."""
        return key in self._open and self._open[key].asked

    def is_settled(self, key: str) -> bool:
        return key in self._settled

    def is_begun(self, key: str) -> bool:
        """Whether its answer may have begun to be heard."""
        begun = self._begun.get(key)
        return begun is not None and begun.begun

    @property
    def waiting(self) -> list[Added]:
        """What waits, the oldest first."""
        return sorted(self._open.values(), key=lambda added: added.number)

    @property
    def deleted(self) -> list[Deleted]:
        """The latest deletions, the oldest first."""
        return sorted(self._deleted.values(), key=lambda deleted: deleted.number)

    @property
    def settled(self) -> list[str]:
        """The keys of those that were settled last."""
        return list(self._settled)

    def apply(self, changes: Iterable[Change]) -> None:
        """Takes them in."""
        for change in changes:
            self._apply(change)
            self.last = max(self.last, change.number)

    def _apply(self, change: Change) -> None:
        match change:
            case Added(key=key):
                if key not in self._settled:
                    self._open.setdefault(key, change)
            case Begun(key=key):
                before = self._begun.get(key)
                if key not in self._settled and (before is None or before.number < change.number):
                    self._begun[key] = change
            case Settled(key=key):
                self._open.pop(key, None)
                self._begun.pop(key, None)
                self._settled[key] = change
                _shorten(self._settled, SETTLED)
            case Deleted(deletion=deletion):
                self._deleted[f"{deletion.platform}:{deletion.id}"] = change
                _shorten(self._deleted, DELETIONS)
            case Kept():
                if self.kept is None or self.kept.number < change.number:
                    self.kept = change

    def changes(self) -> list[Change]:
        """What gives this ledger again: the fewest changes that do."""
        kept = [] if self.kept is None else [self.kept]
        return [*self._settled.values(), *self.waiting, *self._begun.values(), *self.deleted, *kept]


def _shorten(known: dict[str, Settled] | dict[str, Deleted], size: int) -> None:
    """Forgets the oldest when there are many more than ``size``."""
    if len(known) > size + size // 4:
        for key in list(_oldest(known, len(known) - size)):
            del known[key]


def _oldest(known: dict[str, Settled] | dict[str, Deleted], count: int) -> Iterator[str]:
    numbers: dict[str, int] = {key: change.number for key, change in known.items()}
    return islice(sorted(numbers, key=numbers.__getitem__), count)
