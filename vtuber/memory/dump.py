"""All that a store holds as lines of JSON, which any other store takes in.

Each line is ``{"viewer": {…}}`` with the fields of ``store.Known``, or ``{"heard": {…}}`` with those of
``profile.Answer``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from typing import Any

from vtuber.memory.profile import Answer
from vtuber.memory.store import Known, Record, Store

LONGEST = 1 << 20
"""No line has more bytes."""

_TOGETHER = 200
_LONGEST_KEY = 129
_MOST = 10**12


async def dump(store: Store) -> AsyncIterator[bytes]:
    """The lines of everything in a store that is open, as it is while they are read.

    What ``record`` would not take, which somebody else has put there, is left out.
    """
    cursor = ""
    while True:
        cursor, records = await store.records(cursor)
        for one in records:
            kind = "viewer" if isinstance(one, Known) else "heard"
            line = json.dumps({kind: asdict(one)}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
            with suppress(ValueError):
                record(line)
                yield line
        if not cursor:
            return


async def load(store: Store, records: Iterable[Record]) -> None:
    """Puts the records into a store that is open, in place of all that it holds."""
    await store.clear()
    remaining = iter(records)
    while some := list(islice(remaining, _TOGETHER)):
        await store.load(some)


async def is_empty(store: Store) -> bool:
    """Whether a store that is open holds nothing."""
    cursor = ""
    while True:
        cursor, records = await store.records(cursor)
        if records or not cursor:
            return not records


def record(line: bytes) -> Record:
    """What a line says. Raises ValueError for anything that ``dump`` does not write."""
    try:
        row = json.loads(line)
        match row:
            case {"viewer": dict(given)}:
                return viewer(given)
            case {"heard": dict(given)}:
                return answer(given)
    except (KeyError, RecursionError) as error:
        raise ValueError(f"something is missing: {error}") from None
    raise ValueError("it is neither a viewer nor something that was heard")


def viewer(given: Mapping[str, Any]) -> Known:
    """Of the fields of ``store.Known``. Raises ValueError, and KeyError for one that is missing."""
    answered = given["answered"]
    if not isinstance(answered, dict):
        raise ValueError("answered is no table")  # noqa: TRY004  # the caller's one kind of error
    return Known(
        _key(given["who"]),
        _text(given["name"]),
        int(_number(given["messages"])),
        _number(given["seen"]),
        _number(given["away"]),
        _number(given["back"]),
        _texts(given["said"]),
        {speaker: _texts(said) for speaker, said in answered.items()},
    )


def answer(given: Mapping[str, Any]) -> Answer:
    """Of the fields of ``profile.Answer``. Raises the same."""
    speaker, name, said, heard = (_text(given[key]) for key in ("speaker", "name", "said", "heard"))
    return Answer(speaker, _key(given["key"]), name, said, heard, _number(given["at"]))


def _key(given: object) -> str:
    key = _text(given)
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ValueError("a viewer's key is none")
    return key


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("a text is none")  # noqa: TRY004  # the caller's one kind of error
    return given


def _texts(given: object) -> list[str]:
    if not isinstance(given, list):
        raise ValueError("a list of texts is none")  # noqa: TRY004  # the caller's one kind of error
    return [_text(one) for one in given]


def _number(given: object) -> float:
    if not isinstance(given, int | float) or not 0 <= given <= _MOST:  # which NaN is not, either
        raise ValueError("a number is none, or out of range")
    return float(given)
