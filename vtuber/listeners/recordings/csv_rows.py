"""The rows of a CSV file whose columns are the paths of nested values: "author.badges.0.title"."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Any

from vtuber.listeners.recordings.json_rows import MalformedRow, Row
from vtuber.listeners.recordings.text_source import TextSource

_NUMBERS = frozenset(("time_in_seconds", "timestamp", "video_offset_time_msec", "money.amount"))
_TRUTHS = {"True": True, "False": False}
_PIECE = 1 << 18
_LINE_LIMIT = 1 << 20
_DEPTH_LIMIT = 8


def delimiter(head: str, columns: frozenset[str]) -> str:
    """What stands between the values when the first line names one of these columns; "" when it does not."""
    line = head.lstrip().partition("\n")[0].strip()
    if line.startswith(("{", "[")):
        return ""
    for mark in ",;\t":
        try:
            names = next(csv.reader([line], delimiter=mark), [])
        except csv.Error:
            continue
        if len(names) > 1 and columns & set(names):
            return mark
    return ""


def read(source: TextSource, mark: str) -> Iterator[Row | MalformedRow]:
    """All rows below the first line, counted from 1, each as the object that was flattened.

    What is empty is left out. Raises OSError.
    """
    lines = _Lines(source)
    values = csv.reader(lines, delimiter=mark, strict=True)
    columns = [name.strip() for name in next(values, [])]
    number = 0
    while True:
        lines.begin()
        try:
            row = next(values)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield MalformedRow(number, lines.first, f"not CSV ({error})")
            lines.back()
            continue
        if not row:
            continue
        number += 1
        if len(row) == len(columns):
            yield Row(number, lines.first, _nested(columns, row))
        else:
            yield MalformedRow(number, lines.first, f"{len(row)} values for {len(columns)} columns")


class _Lines:
    """The lines of a file; those of a row can be had again, but for its first one."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.first = 1
        """The line in which the row begins."""

    def begin(self) -> None:
        """The next line begins a row."""
        self.first += len(self._row)
        self._row = []

    def back(self) -> None:
        """Goes to the second line of the row: a quotation mark too many has taken in those behind."""
        self._again.extendleft(reversed(self._row[1:]))
        del self._row[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._row.append(line)
        return line

    def _read(self) -> str:
        end = self._text.find("\n", self._at) + 1
        while not end and len(self._text) - self._at < _LINE_LIMIT and (more := self._source.read(_PIECE)):
            self._text = self._text[self._at :] + more
            self._at = 0
            end = self._text.find("\n") + 1
        begin, self._at = self._at, end or min(len(self._text), self._at + _LINE_LIMIT)
        return self._text[begin : self._at]


def _nested(columns: list[str], row: list[str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        if not value:
            continue
        *way, last = column.split(".", _DEPTH_LIMIT)
        place = root
        for step in way:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[last] = _typed(column, last, value)
    return {name: _listed(value) for name, value in root.items()}


def _typed(column: str, name: str, value: str) -> Any:
    if column in _NUMBERS:
        try:
            return int(value) if value.isdecimal() and len(value) < 20 else float(value)
        except ValueError:
            return value
    return _TRUTHS.get(value, value) if name.startswith("is_") else value


def _listed(value: Any) -> Any:
    """An object whose keys are all numbers was a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if all(name.isdecimal() for name in inner) else inner
