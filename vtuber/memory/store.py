"""What a store of memory does, whatever it keeps its data in, and what it knows of one viewer.

WHO is ``profile.key_of``. A store is never used by two callers at once (see ``vtuber.memory.stored``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from platformdirs import user_data_path

from vtuber.config import Memory as MemorySettings
from vtuber.core.events import Batch
from vtuber.core.text import NAME_LIMIT
from vtuber.memory.profile import Answer, Bundle, Profile, key_of
from vtuber.memory.purge import Purge

CLIENTS = "banban-"
"""How the names of a show's connections to a server begin."""
SCHEMA = 1
"""The version of what is stored. Data of another version is left alone."""
ABSENCE = 6 * 3600.0
"""Seconds without a word after which somebody who writes has come back."""
LATELY = 1800.0
"""For so many seconds they have come back lately."""
NEWCOMER = 2
"""Who has written no more than so many messages, and never was away, is new."""
PIECE = 1_000
"""So many entries of a long list are looked at in one go: a few milliseconds."""


@dataclass(slots=True)
class Known:
    """All that is stored of one viewer."""

    who: str
    name: str
    messages: int = 0
    seen: float = 0.0
    """When they were last heard of (seconds since 1970)."""
    away: float = 0.0
    """After how many seconds they came back; 0 once they were answered."""
    back: float = 0.0
    """When that was."""
    said: Sequence[str] = ()
    """Their last messages, oldest first."""
    answered: dict[str, list[str]] = field(default_factory=dict)
    """What each speaker last said to them, oldest first."""


Record = Known | Answer
"""One entry of a store's whole content: a viewer, or something that was heard."""


class Store(Protocol):
    """Where memory is kept. Every method may raise one of ``failures``, or RecallError with its own hint."""

    @property
    def kind(self) -> str:
        """What it is, in a word or two: "Redis"."""
        ...

    @property
    def place(self) -> str:
        """Where it is, without any secret: "at localhost:6379, database 0"."""
        ...

    @property
    def remark(self) -> str:
        """What a streamer should know of it although it works; "" when there is nothing."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]: ...

    async def open(self) -> None:
        """Makes it usable, and finds out whether it can be read and written. Called again after a failure."""
        ...

    async def read(self, batch: Batch) -> tuple[dict[str, Profile], list[str]]:
        """The profiles of the batch's authors by WHO, and what its speaker last said to the lead's author."""
        ...

    async def write(self, bundle: Bundle) -> None:
        """Adds all of it, or nothing."""
        ...

    async def named(self, purge: Purge, cursor: str) -> tuple[str, list[str]]:
        """A piece of the search for its names, from "0" on: where to go on ("0" at the end), and WHO."""
        ...

    async def remove(self, purge: Purge) -> None:
        """Takes it out of all that is recalled."""
        ...

    async def remove_heard(self, purge: Purge, behind: int) -> int | None:
        """Takes it out of a piece of what was heard, ``behind`` the newest. Returns where to go on, if so."""
        ...

    async def records(self, cursor: str) -> tuple[str, list[Record]]:
        """A piece of everything, from "" on: where to go on ("" at the end), and the records."""
        ...

    async def load(self, records: Sequence[Record]) -> None:
        """Puts them in; a viewer takes the place of one with the same WHO."""
        ...

    async def clear(self) -> None:
        """Removes everything that is ours."""
        ...

    async def close(self) -> None: ...

    def explained(self, failure: Exception) -> tuple[str, str]:
        """What a failure means, as the rest of a sentence ("cannot be used: …"), and what to do about it."""
        ...


def folder_of(settings: MemorySettings) -> Path:
    """Where memory is kept that is not on a server of the streamer's own."""
    return (settings.folder or user_data_path("banban", appauthor=False) / "memory").expanduser().absolute()


def today() -> float:
    """Seconds since 1970: what is stored is read in later shows."""
    return time.time()


def profiles(batch: Batch, known: Mapping[str, Known], began: float | None) -> dict[str, Profile]:
    """The profiles of the batch's authors by WHO.

    ``began``: when the one was heard who was not heard of for longest; None when nobody ever was.
    """
    now = today()
    # On the first evening nobody is new: nobody was known before.
    others = began is not None and now - began > ABSENCE
    found = {}
    for event in batch.events:
        who = key_of(event.platform, event.author.id)
        if one := known.get(who):
            profile = Profile(one.name, one.messages, tuple(one.said))
            profile.away = _away(now, one)
            profile.new = one.messages <= NEWCOMER and not profile.away and others
            found[who] = profile
        elif others:
            found[who] = Profile(event.author.name[:NAME_LIMIT], new=True)
    return found


def _away(now: float, one: Known) -> float:
    """How long somebody was away who has come back lately, or comes back now; 0 for anybody else."""
    if now - one.seen > ABSENCE:
        return now - one.seen
    return one.away if now - one.back < LATELY else 0.0
