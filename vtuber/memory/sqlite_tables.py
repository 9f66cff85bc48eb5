"""The two tables of a memory in SQLite.

``viewers`` has a row per WHO (``profile.key_of``), with ``said`` and ``answered`` as JSON, as ``store.Known``
has them; ``heard`` has all that was heard, oldest first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from vtuber.memory import dump
from vtuber.memory.profile import Answer, called
from vtuber.memory.store import SCHEMA, Known, Record

APPLICATION = 0x62616E42
"""Marks a file as ours ("banB") in its header."""

COLUMNS = {
    "viewers": "who, name, messages, seen, away, back, said, answered",
    "heard": "speaker, who, name, said, heard, at",
}

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS viewers (
    who TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, called TEXT NOT NULL, messages INTEGER NOT NULL,
    seen REAL NOT NULL, away REAL NOT NULL, back REAL NOT NULL, said TEXT NOT NULL, answered TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS heard (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, speaker TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
    said TEXT NOT NULL, heard TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS viewers_seen ON viewers (seen);
CREATE INDEX IF NOT EXISTS viewers_called ON viewers (called);
CREATE INDEX IF NOT EXISTS heard_who ON heard (who);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA};
COMMIT;
"""


def create(file: sqlite3.Connection) -> None:
    """Makes the tables where there are none."""
    file.executescript(_TABLES)


def viewer(file: sqlite3.Connection, who: str) -> Known | None:
    """Who is known under that key; nobody where that row is damaged."""
    ask = f"SELECT {COLUMNS['viewers']} FROM viewers WHERE who = ?"  # noqa: S608  # our own words
    row = file.execute(ask, (who,)).fetchone()
    one = None if row is None else record_of("viewers", row)
    return one if isinstance(one, Known) else None


def put(file: sqlite3.Connection, one: Known) -> None:
    """Writes a viewer over what was known of them."""
    name = text(one.name)
    answered = {text(speaker): [*map(text, given)] for speaker, given in one.answered.items()}
    row = (text(one.who), name, called(name), one.messages, one.seen, one.away, one.back)
    file.execute(
        "INSERT INTO viewers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (who) DO UPDATE SET"
        " name = excluded.name, called = excluded.called, messages = excluded.messages, seen = excluded.seen,"
        " away = excluded.away, back = excluded.back, said = excluded.said, answered = excluded.answered",
        (*row, _json([*map(text, one.said)]), _json(answered)),
    )


def put_heard(file: sqlite3.Connection, answers: Iterable[Answer]) -> None:
    """Adds what was heard."""
    rows = (
        (*map(text, (one.speaker, one.key, one.name, one.said, one.heard)), round(one.at)) for one in answers
    )
    file.executemany(f"INSERT INTO heard ({COLUMNS['heard']}) VALUES (?, ?, ?, ?, ?, ?)", rows)  # noqa: S608  # our own words


def put_all(file: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Adds records; a viewer takes the place of one with the same key."""
    for one in records:
        if isinstance(one, Known):
            put(file, one)
    put_heard(file, (one for one in records if isinstance(one, Answer)))


def trim(file: sqlite3.Connection, table: str, order: str, keep: int) -> None:
    """Leaves the ``keep`` rows of which ``order`` is highest."""
    over = f"SELECT rowid FROM {table} ORDER BY {order} DESC LIMIT -1 OFFSET ?"  # noqa: S608  # our own words
    file.execute(f"DELETE FROM {table} WHERE rowid IN ({over})", (keep,))  # noqa: S608  # our own words


def record_of(table: str, row: Sequence[Any]) -> Record | None:
    """What a row of ``COLUMNS`` holds; None for one that is damaged."""
    given = dict(zip(COLUMNS[table].split(", "), row, strict=True))
    try:
        if table == "heard":
            return dump.answer({**given, "key": given["who"]})
        return dump.viewer({**given, **{key: json.loads(given[key]) for key in ("said", "answered")}})
    except (ValueError, TypeError, RecursionError):
        return None


def text_of(stored: bytes) -> str:
    """What is read for a text; of a damaged one, what is left."""
    return stored.decode("utf-8", "replace")


def text(given: str) -> str:
    """The text as it can be stored: half of a character becomes a question mark."""
    return given.encode("utf-8", "replace").decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
