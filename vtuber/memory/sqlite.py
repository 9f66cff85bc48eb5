"""A memory in one file, for systems on which no Valkey runs. SQLite comes with Python.

The file is ``memory.name`` with the ending ``.sqlite3`` in ``memory.folder``, readable by its owner alone.
Several shows may use it at once. What is in it is described in ``vtuber.memory.sqlite_tables``.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TypeVar

from vtuber.config import Memory as MemorySettings
from vtuber.config import Settings
from vtuber.core import clock, files
from vtuber.core.errors import RecallError
from vtuber.core.events import Batch
from vtuber.core.text import clean, clean_name, escaped
from vtuber.memory import Memory, sqlite_salvage, store
from vtuber.memory import sqlite_tables as tables
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.memory.profile import ANSWERS_KEPT, WORDS_KEPT, Bundle, Profile, key_of, lead_key
from vtuber.memory.purge import Purge
from vtuber.memory.sqlite_tables import text
from vtuber.memory.store import ABSENCE, SCHEMA, Known, Record, folder_of
from vtuber.memory.stored import StoredMemory

BUSY_SECONDS = 2.0
"""How long one show waits while another one writes."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class SqliteStore:
    """All work is done in threads, one after another."""

    kind = "a file"
    failures: tuple[type[Exception], ...] = (sqlite3.Error, OSError, ValueError)
    # asyncio's TimeoutError is an OSError

    def __init__(self, settings: MemorySettings, why: str = "") -> None:
        """``why``: why it is not a server, for people to read."""
        self.path = folder_of(settings) / f"{settings.name}.sqlite3"
        self.place = f"in {escaped(str(self.path))}"
        self.remark = why
        self._settings = settings
        self._lock = Lock()  # a call that was given up may still be at work
        self._file: sqlite3.Connection | None = None

    def check(self) -> None:
        """Makes the folder. Raises OSError when nothing can be kept there."""
        files.make_private(self.path.parent)
        if not os.access(self.path.parent, os.W_OK | os.X_OK):
            raise PermissionError(f"{self.path.parent} cannot be written")

    async def open(self) -> None:
        await clock.in_thread(self._open)

    async def read(self, batch: Batch) -> tuple[dict[str, Profile], list[str]]:
        whos = {key_of(event.platform, event.author.id) for event in batch.events}
        lead = lead_key(batch)

        def read(file: sqlite3.Connection) -> tuple[dict[str, Known], float | None]:
            known = {who: one for who in whos if (one := tables.viewer(file, who))}
            (oldest,) = file.execute("SELECT min(seen) FROM viewers").fetchone()
            return known, oldest

        known, began = await self._do(read, "BEGIN")
        answers = known[lead].answered.get(text(batch.speaker), []) if lead in known else []
        return store.profiles(batch, known, began), answers

    async def write(self, bundle: Bundle) -> None:
        at = round(store.today(), 3)

        def write(file: sqlite3.Connection) -> None:
            for who, profile in bundle.viewers.items():
                one = tables.viewer(file, who) or Known(who, "")
                if one.seen and at - one.seen > ABSENCE:
                    one.away, one.back = at - one.seen, at
                one.name, one.seen = clean_name(profile.name), at
                one.messages += profile.messages
                one.said = (*one.said, *map(text, profile.words))[-WORDS_KEPT:]
                tables.put(file, one)
            for answer in bundle.answers:
                one = tables.viewer(file, answer.key) or Known(answer.key, "")
                one.name, one.seen, one.away = answer.name, at, 0.0
                before = one.answered.get(text(answer.speaker), [])
                one.answered[text(answer.speaker)] = [*before, text(answer.heard)][-ANSWERS_KEPT:]
                tables.put(file, one)
            tables.put_heard(file, bundle.answers)
            tables.trim(file, "viewers", "seen", self._settings.keep_viewers)
            tables.trim(file, "heard", "id", self._settings.keep_heard)

        await self._do(write)

    async def named(self, purge: Purge, cursor: str) -> tuple[str, list[str]]:
        """All of them at once."""

        def named(file: sqlite3.Connection) -> list[tuple[str, str]]:
            ask = "SELECT who, called FROM viewers WHERE called = ?"
            return [found for _, name in purge.names for found in file.execute(ask, (text(name),))]

        del cursor
        return "0", [who for who, name in await self._do(named) if purge.whole(who, name)]

    async def remove(self, purge: Purge) -> None:
        def remove(file: sqlite3.Connection) -> None:
            file.executemany("DELETE FROM viewers WHERE who = ?", ((who,) for who in purge.people))
            for who in dict.fromkeys(who for who, _ in (*purge.words, *purge.answers)):
                if one := tables.viewer(file, who):
                    one.said = [said for said in one.said if (who, said) not in words]
                    left = {
                        speaker: [heard for heard in given if (who, heard) not in answers]
                        for speaker, given in one.answered.items()
                    }
                    one.answered = {speaker: given for speaker, given in left.items() if given}
                    tables.put(file, one)
                else:  # damaged, if there is a row
                    file.execute("DELETE FROM viewers WHERE who = ?", (who,))

        words = {(who, text(said)) for who, said in purge.words}
        answers = {(who, text(heard)) for who, heard in purge.answers}
        await self._do(remove)

    async def remove_heard(self, purge: Purge, behind: int) -> int | None:
        """All of it at once."""

        def remove(file: sqlite3.Connection) -> None:
            file.executemany("DELETE FROM heard WHERE who = ?", ((who,) for who in purge.people))
            pairs = ((who, text(heard)) for who, heard in purge.answers)
            file.executemany("DELETE FROM heard WHERE who = ? AND heard = ?", pairs)

        del behind
        await self._do(remove)
        await clock.in_thread(self._empty_log)
        return None

    async def records(self, cursor: str) -> tuple[str, list[Record]]:
        table, _, after = (cursor or "viewers:0").partition(":")
        ask = f"SELECT rowid, {tables.COLUMNS[table]} FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608  # our own words
        rows = await self._do(lambda file: file.execute(ask, (int(after), store.PIECE)).fetchall())
        found = [one for row in rows if (one := tables.record_of(table, row[1:]))]
        if len(rows) == store.PIECE:
            return f"{table}:{rows[-1][0]}", found
        return "heard:0" if table == "viewers" else "", found

    async def load(self, records: Sequence[Record]) -> None:
        await self._do(lambda file: tables.put_all(file, records))

    async def clear(self) -> None:
        def clear(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM viewers")
            file.execute("DELETE FROM heard")

        await self._do(clear)
        await clock.in_thread(self._empty_log)

    async def close(self) -> None:
        await clock.in_thread(self._close)

    def explained(self, failure: Exception) -> tuple[str, str]:
        hint = "set memory.folder to a folder on a disk of this machine that can be written"
        if getattr(failure, "sqlite_errorname", "") == "SQLITE_FULL":
            hint = "make room on this disk"
        return f"cannot be used: {escaped(clean(str(failure) or type(failure).__name__, 300))}", hint

    async def _do(self, work: Callable[[sqlite3.Connection], T], begin: str = "BEGIN IMMEDIATE") -> T:
        return await clock.in_thread(self._in_one_piece, work, begin)

    def _in_one_piece(self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        with self._lock:
            if (file := self._file) is None:
                raise RecallError(f"memory is not open ({self.place})")
            try:
                file.execute(begin)
                try:
                    result = work(file)
                except BaseException:
                    file.rollback()
                    raise
                file.commit()
            except sqlite3.DatabaseError as error:
                if sqlite_salvage.is_damage(error):  # looked at when it is opened again
                    self._file = None
                    file.close()
                raise
            return result

    def _open(self) -> None:
        with self._lock:
            if self._file is not None:
                return
            self.check()
            try:
                self._file = self._opened()
            except sqlite3.DatabaseError as error:
                if not sqlite_salvage.is_damage(error):
                    raise
                self._mend()

    def _opened(self) -> sqlite3.Connection:
        """Raises DatabaseError when the file is damaged; RecallError when it is not ours."""
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        file = sqlite3.connect(self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        file.text_factory = tables.text_of
        try:
            sqlite_salvage.look_at(file)
            self._ask_schema(file)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = FULL")  # a power cut costs what was not written yet: a second
            file.execute("PRAGMA secure_delete = ON")  # what is forgotten leaves the disk, too
            tables.create(file)
        except BaseException:
            file.close()
            raise
        return file

    def _ask_schema(self, file: sqlite3.Connection) -> None:
        (marked,) = file.execute("PRAGMA application_id").fetchone()
        (version,) = file.execute("PRAGMA user_version").fetchone()
        (count,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if count and marked != tables.APPLICATION:
            raise RecallError(
                f"memory cannot be used: it is a database of another program ({self.place})",
                hint="set memory.folder to another folder, or memory.name to another name",
            )
        if count and version != SCHEMA:
            raise RecallError(
                f"memory comes from another version: {version} ({self.place})",
                hint="use another folder, or the version of banban that wrote it",
            )

    def _mend(self) -> None:
        """Sets a damaged file aside, and begins a new one with what can be read of it."""
        aside, records = sqlite_salvage.set_aside(self.path)
        self._file = self._opened()
        with self._file as file:  # all of it together: each commit waits for the disk
            file.execute("BEGIN IMMEDIATE")
            tables.put_all(file, records)
        viewers = sum(isinstance(one, Known) for one in records)
        saved = f"{viewers} viewers and {len(records) - viewers} answers were saved from it"
        self.remark = f"the file was damaged: it is kept as {escaped(aside.name)}, and {saved}"
        _log.warning("memory %s: %s", self.place, self.remark)

    def _empty_log(self) -> None:
        """What was removed leaves the write-ahead log, too, unless another show reads it just now."""
        with self._lock:
            if self._file is not None:
                self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def sqlite(settings: Settings) -> StoredMemory:
    """A memory in a file."""
    return StoredMemory(settings, SqliteStore(settings.memory))


def sqlite_instead(settings: Settings, why: str) -> Memory:
    """A memory in a file, for ``why`` no server can run; if there is no place for it, one that forgets."""
    store = SqliteStore(settings.memory, why)
    try:
        store.check()
    except OSError as error:
        return ForgetfulMemory(settings, f"{why}; {escaped(clean(str(error), 300))}")
    return StoredMemory(settings, store)
