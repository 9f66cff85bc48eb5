"""What she remembers of chat, over shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vtuber.events import Answerable, Batch
from vtuber.health import Health


@dataclass(frozen=True, slots=True)
class Viewer:
    """What is known of a chatter."""

    name: str
    messages: int
    last_words: str
    """What they wrote before now; "" when nothing is known."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a batch calls to mind."""

    viewers: dict[tuple[str, str], Viewer]
    """By (platform, author id), for the authors in the batch that are known."""
    answers: tuple[str, ...]
    """What she last said to the lead's author, oldest first."""


NOTHING = Recollection({}, ())


class Memory(Protocol):
    """Made with the whole Settings."""

    async def start(self) -> None: ...

    def hear(self, event: Answerable) -> None:
        """Notes who wrote what. Never waits; written soon, in bulk. Bounded however fast chat is."""
        ...

    async def recall(self, batch: Batch) -> Recollection:
        """Raises RecallError when memory cannot be reached or is late."""
        ...

    async def remember(self, batch: Batch, heard: str) -> None:
        """What was heard in answer to the batch. Raises RecallError like ``recall``."""
        ...

    async def stop(self) -> None:
        """Writes what is left and closes. Never raises."""
        ...

    def health(self) -> Health: ...
