"""What can be saved of a damaged memory file. The file itself is kept, under another name."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from vtuber.memory.sqlite_tables import COLUMNS, create, record_of, text_of
from vtuber.memory.store import Record

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BESIDE = ("", "-wal", "-shm")
_PAGE = 4096  # bytes: SQLite's own choice, in files that we made
_PAGES_AT = 28
"""Where the header says in four bytes how many pages there are. Source: sqlite.org/fileformat2.html, 1.3.8"""
_HIGHEST = 2**40
_MOST_ERRORS = 1_000
"""After so many pieces that cannot be read, nothing more is looked for in a table."""
_HOPELESS = 100
"""The same, as long as nothing was found at all: halving ``_HIGHEST`` leads to the first row sooner."""


class Damaged(sqlite3.DatabaseError):
    """A file's own check found something wrong."""


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether it means that the file is damaged, or no database at all."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return isinstance(error, Damaged) or code & 0xFF in _DAMAGE


def look_at(file: sqlite3.Connection) -> None:
    """Raises DatabaseError when the file is damaged."""
    (found,) = file.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise Damaged(found)


def set_aside(path: Path) -> tuple[Path, list[Record]]:
    """Renames a damaged file. Returns its new path, and what can be read of it. Raises OSError."""
    aside = path.with_name(f"{path.stem}.damaged-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}{path.suffix}")
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    with TemporaryDirectory(dir=path.parent) as folder:
        records = list(_records(_copy(aside, Path(folder, "as-it-is"))))
        if not records:
            copy = _copy(aside, Path(folder, "begun-anew"))
            _begin_anew(copy, Path(folder, "new"))
            records = list(_records(copy))
    return aside, records


def _copy(path: Path, to: Path) -> Path:
    """SQLite may write to a file that it only reads: what was set aside stays as it was."""
    for ending in _BESIDE[:2]:
        with suppress(FileNotFoundError):
            shutil.copyfile(path.with_name(path.name + ending), to.with_name(to.name + ending))
    return to


def _begin_anew(path: Path, new: Path) -> None:
    """Gives it the first page of a new file: all of ours begin alike, but for their number of pages."""
    with closing(sqlite3.connect(new)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        create(file)
    first = bytearray(new.read_bytes()[:_PAGE])
    pages = -(-path.stat().st_size // _PAGE)
    first[_PAGES_AT : _PAGES_AT + 4] = pages.to_bytes(4, "big")
    with path.open("r+b") as file:
        file.write(first)
        file.truncate(pages * _PAGE)


def _records(path: Path) -> Iterator[Record]:
    with closing(sqlite3.connect(path)) as file:
        file.text_factory = text_of
        for table in COLUMNS:
            yield from _rows(file, table)


def _rows(file: sqlite3.Connection, table: str) -> Iterator[Record]:
    """All that can be read: where that fails, both halves of the rest are tried, down to a single row."""
    ask = f"SELECT rowid, {COLUMNS[table]} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"  # noqa: S608  # our own words
    waiting, errors, found = [(0, _highest(file, table))], 0, 0
    while waiting and errors < (_MOST_ERRORS if found else _HOPELESS):
        first, last = waiting.pop()
        try:
            for number, *row in file.execute(ask, (first, last)):
                first = number + 1
                found += 1
                if (record := record_of(table, row)) is not None:
                    yield record
        except sqlite3.DatabaseError:
            errors += 1
            if first < last:
                middle = (first + last) // 2
                waiting += [(middle + 1, last), (first, middle)]


def _highest(file: sqlite3.Connection, table: str) -> int:
    with suppress(sqlite3.DatabaseError):
        (highest,) = file.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608  # our own words
        return int(highest or 0)
    return _HIGHEST
