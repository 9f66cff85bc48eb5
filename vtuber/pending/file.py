"""Pending events in a file, where there is no server: a change a line, only ever added to.

A line that was cut short, as when the power went, is read past, and so is anything that is no change.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from vtuber.core import clock, files
from vtuber.core.errors import PendingError
from vtuber.core.text import escaped
from vtuber.pending.changes import Change, dump, load
from vtuber.pending.ledger import Ledger

LINE_LIMIT = 1 << 20
"""Bytes of a line; a longer one is none of ours."""
GROWTH = 1 << 20
"""Bytes that are added before what is over is left out."""

T = TypeVar("T")


class PendingFile:
    """A ``Store``. Each write is on the disk when it returns; only the user can read the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = escaped(str(path))
        self.unreadable = 0
        """How many lines were read past."""
        self._ledger = Ledger()
        self._added = 0
        self._alone = asyncio.Lock()
        self._at_work: asyncio.Future[Any] | None = None
        """What is done with the file now, also where nobody waits for it any more."""

    async def claim(self) -> None:
        """Nobody else can have it (``vtuber.app.one_show``)."""

    async def open(self) -> list[Change]:
        return await self._in_thread(self._open)

    async def tidy(self) -> None:
        """Leaves out what is over, and shows whether the file can be written. Raises PendingError."""
        await self._in_thread(self._tidy)

    async def write(self, changes: Sequence[Change]) -> None:
        self._ledger.apply(changes)
        await self._in_thread(self._append, changes)

    async def clear(self) -> None:
        """Nothing is pending here any more. Raises PendingError."""
        self._ledger = Ledger()
        await self._in_thread(lambda: self.path.unlink(missing_ok=True))

    async def close(self) -> None:
        pass

    async def _in_thread(self, work: Callable[..., T], *args: object) -> T:
        """One after another, also behind work that a disk holds up and whose caller has gone."""
        try:
            async with self._alone:
                if self._at_work is not None and not self._at_work.done():
                    await asyncio.wait([self._at_work])
                working = asyncio.ensure_future(clock.in_thread(work, *args))
                working.add_done_callback(lambda done: done.cancelled() or done.exception())
                self._at_work = working
                return await asyncio.shield(working)
        except OSError as error:
            raise PendingError(
                f"cannot be written: {error.strerror or error}",
                where=self.place,
                hint="free some space, or set pending.folder to a folder that can be written",
            ) from None

    def _open(self) -> list[Change]:
        self._ledger, self.unreadable = Ledger(), 0
        with suppress(FileNotFoundError), files.open_regular(self.path) as file:
            while line := file.readline(LINE_LIMIT):
                self._take(line.strip())
        return self._ledger.changes()

    def _tidy(self) -> None:
        if self.path.exists():
            self._rewrite()
        else:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _append(self.path, b"")

    def _take(self, line: bytes) -> None:
        try:
            if line:
                self._ledger.apply([load(line)])
        except ValueError:
            self.unreadable += 1

    def _append(self, changes: Sequence[Change]) -> None:
        # Begun on a line of its own: the last one may have been cut.
        lines = b"\n" + _lines(changes)
        _append(self.path, lines)
        self._added += len(lines)
        if self._added > GROWTH:
            self._added = 0  # where there is no room to write it anew, that is tried after as much again
            with suppress(OSError):
                self._rewrite()

    def _rewrite(self) -> None:
        """Leaves out what is over."""
        files.write_whole(self.path, [_lines(self._ledger.changes())], durably=True)
        self._added = 0


def _lines(changes: Sequence[Change]) -> bytes:
    return "".join(f"{dump(change)}\n" for change in changes).encode("utf-8", "backslashreplace")


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "ab", buffering=0) as file:
        if data and file.write(data) != len(data):
            raise OSError(0, "only a part of it was written")
        os.fsync(file.fileno())
