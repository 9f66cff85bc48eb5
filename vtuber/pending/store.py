"""Where pending events are kept: the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vtuber.pending.changes import Change


class Store(Protocol):
    """Where pending events are kept. Its methods raise PendingError when it cannot be reached or written."""

    @property
    def place(self) -> str:
        """Where that is, for people."""
        ...

    async def claim(self) -> None:
        """Has it for one show alone. Raises TakenError when another program has the same show there."""
        ...

    async def open(self) -> list[Change]:
        """All that is stored. Also called again, to find out whether it can be reached again."""
        ...

    async def write(self, changes: Sequence[Change]) -> None:
        """All of them or none. They are safe when this returns.

        Without any, it shows whether the store is there and has what was written to it.
        """
        ...

    async def close(self) -> None:
        """Never raises."""
        ...
