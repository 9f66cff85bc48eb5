"""The files of a journal: one show has one, or several in a row when it grows long.

They are called ``2026-11-30_20-00-00.jsonl``, ``2026-11-30_20-00-00.2.jsonl`` and so on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

_LATER = re.compile(r"\.(\d{1,5})\.jsonl(\.gz)?$")
_PIECE = 1 << 20
"""Bytes given to the system at once."""


def of_show(path: Path) -> Iterator[Path]:
    """The file, and where it is a show's first, those that follow it, plain or gzipped."""
    yield path
    stem, found, _ = path.name.partition(".jsonl")
    number = 2
    while found and not _LATER.search(path.name):
        names = (f"{stem}.{number}.jsonl", f"{stem}.{number}.jsonl.gz")
        later = next((one for name in names if (one := path.with_name(name)).exists()), None)
        if later is None:
            return
        yield later
        number += 1


def newest(folder: Path) -> Path | None:
    """The first file of the show that was written last; None when there is none."""
    shows = [path for path in folder.glob("*.jsonl") if not _LATER.search(path.name)]
    return max(shows, default=None, key=lambda path: max(map(_written, of_show(path))))


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it was deleted just now
        return 0.0


class JournalFiles:
    """Writes to one show's files, which their owner alone may read: chat is people's words."""

    def __init__(self, folder: Path, limit: int) -> None:
        """``limit``: bytes after which another file is begun; 0 for one file however long."""
        self.folder = folder
        self.path: Path | None = None
        """The first of them; None until it is begun."""
        self.count = 0
        """How many there are."""
        self._limit = limit
        self._file: int | None = None
        self._size = 0
        self._is_torn = False
        """Whether part of a line stands at the end that could not be taken away."""

    def begin(self) -> None:
        """Begins the first file. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        for suffix in ("", *(f"_{number}" for number in range(2, 100))):
            path = self.folder / f"{stamp}{suffix}.jsonl"
            with suppress(FileExistsError):
                self._open(path)
                self.path, self.count = path, 1
                return
        raise FileExistsError(17, "too many shows began in this second", str(self.folder))

    def write(self, lines: bytes) -> None:
        """Writes whole lines, all of them or none. Raises OSError."""
        if self._limit and self._size and self._size + len(lines) > self._limit:
            self._begin_next()
        if self._file is None:
            raise FileNotFoundError(2, "the journal is closed", str(self.folder))
        left = memoryview(b"\n" + lines if self._is_torn else lines)
        try:
            written = 0
            while written < len(left):
                written += os.write(self._file, left[written : written + _PIECE])
        except OSError:
            try:
                os.ftruncate(self._file, self._size)
            except OSError:
                self._is_torn = True
            raise
        self._size += len(left)
        self._is_torn = False

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                os.close(file)

    def _open(self, path: Path) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = os.open(path, flags, 0o600)
        self.close()
        self._file, self._size, self._is_torn = file, 0, False

    def _begin_next(self) -> None:
        assert self.path is not None  # noqa: S101  # something was written
        self._open(self.path.with_name(f"{self.path.stem}.{self.count + 1}.jsonl"))
        self.count += 1
