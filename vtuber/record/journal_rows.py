"""The lines of a journal, read back."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vtuber.core import files
from vtuber.core.errors import BanbanError
from vtuber.record import journal_files

_GZIP = b"\x1f\x8b"
_LONGEST = 4 << 20
"""Bytes of a line that is read; a longer one is no line of ours."""

_LATEST = 100 * 86_400.0
"""Seconds after which no show goes on: figures by the minute would fill all memory."""


class JournalRows:
    """Iterates over a journal, plain or gzipped, with all files of its show.

    What cannot be read is counted and left out. Raises BanbanError where a file itself cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.malformed = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for path in journal_files.of_show(self.path):
            yield from self._of(path)

    def _of(self, path: Path) -> Iterator[Mapping[str, Any]]:
        try:
            with files.open_regular(path) as file:
                packed = file.read(2) == _GZIP
                file.seek(0)
                yield from self._rows(_lines(gzip.GzipFile(fileobj=file) if packed else file))
        except (EOFError, zlib.error, gzip.BadGzipFile):  # what could be unpacked was read
            self.malformed += 1
        except OSError as error:
            raise BanbanError(f"cannot be read: {error.strerror or error}", where=str(path)) from None

    def _rows(self, lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
        for line in lines:
            try:
                row = json.loads(line.decode("utf-8", "replace")) if len(line) < _LONGEST else None
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict) and _is_moment(row.get("t")) and isinstance(row.get("kind"), str):
                yield row
            elif line.strip():
                self.malformed += 1

    def foreign(self) -> BanbanError:
        """What is said of a file in which nothing is known."""
        is_empty = self.path.stat().st_size == 0
        return BanbanError(
            "this file is empty" if is_empty else "this is no journal of banban",
            where=str(self.path),
            hint="journals are in the folder journal.folder",
        )


def _is_moment(t: object) -> bool:
    """Whether it is a number of seconds since a show began. No show lasts for ever."""
    return isinstance(t, int | float) and not isinstance(t, bool) and 0 <= t <= _LATEST


def _lines(file: Any) -> Iterator[bytes]:
    """Lines of which none takes more memory than ``_LONGEST``; of a longer one, only its beginning."""
    while line := file.readline(_LONGEST):
        yield line
        while len(line) == _LONGEST and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)
