"""The rows of a JSON file, whatever state it is in: a list, JSON lines, or lists inside objects.

A file is read in pieces and never held as a whole. What is cut or broken becomes a ``MalformedRow`` with
its place; reading goes on behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from vtuber.listeners.recordings.text_source import TextSource

PIECE = 1 << 20
"""Characters read at a time."""
ROW_LIMIT = 16 << 20
"""No row is longer than this many characters."""

_Branches = Mapping[str, "_Branches"]
LISTS: _Branches = {
    "comments": {},  # Twitch's old API, TwitchDownloader
    "items": {},  # YouTube's API
    "data": {"video": {"comments": {"edges": {}}}},  # Twitch's pages
    "continuationContents": {"liveChatContinuation": {"actions": {}}},  # YouTube's pages
}
"""The ways to lists of rows inside an object, from key to key."""

_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON
_GAP = re.compile(r"[\s,]*")
_COLON = re.compile(r"[\s:]*")
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')
_FIRST_KEY = re.compile(r'\{\s{0,80}("[^"\\]{1,100}")')
_BEGINNINGS_KEPT = 16
_SHORT_VALUE = r'\s{0,9}:\s{0,9}(?:"(?:[^"\\]|\\.){0,200}"|[^\s",\[\]{}]{1,40})\s{0,9},\s{0,80}'


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    line: int
    value: Any


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A row that cannot be used, and why."""

    number: int
    line: int
    why: str


def read(source: TextSource) -> Iterator[Row | MalformedRow]:
    """All rows in their order, counted from 1. Raises OSError."""
    return _Scanner(source).rows()


def _leads_to_list(value: object, branches: _Branches = LISTS) -> bool:
    if not isinstance(value, dict):
        return False
    found = ((value[key], branch) for key, branch in branches.items() if key in value)
    return any(
        _leads_to_list(inner, branch) if branch else isinstance(inner, list) for inner, branch in found
    )


def _beginning(row: dict[str, Any]) -> str:
    """A regular expression for the beginning of rows like this one: its first keys, two where they can be."""
    first, *second = (re.escape(json.dumps(key)[:100]) for key in islice(row, 2))
    if second and not isinstance(next(iter(row.values())), dict | list):
        return first + _SHORT_VALUE + second[0]
    return first


class _Scanner:
    """A window on the file: ``_text[_at:]`` is what was read and not yet understood."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._line = 1
        self._number = 0
        self._hold = False
        self._lists: list[int] = []
        """For each list we are in, how many objects around it end with it."""
        self._beginnings: dict[str, None] = {}
        """How the rows begin, as regular expressions."""

    def rows(self) -> Iterator[Row | MalformedRow]:
        while self._next():
            if self._lists and self._text[self._at] == "]":
                self._move(self._at + 1)
                self._leave(self._lists.pop())
            elif self._text[self._at] == "[":
                self._move(self._at + 1)
                self._lists.append(0)
            elif row := self._object() if self._text[self._at] == "{" else self._row():
                yield row
                if isinstance(row, MalformedRow) and not self._resume():
                    return
        if self._lists and self._number:
            yield MalformedRow(self._number, self._line, "the file is cut off behind it")

    def _next(self) -> bool:
        """Goes to what comes next; False at the end."""
        self._skip(_GAP)
        return self._at < len(self._text)

    def _object(self) -> Row | MalformedRow | None:
        """The object that begins here; None when it holds a list of rows, which we are in then."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and len(self._text) - self._at < PIECE and self._more():
                    continue
                break  # it is cut, broken or long
            except (ValueError, RecursionError):
                break
            if _leads_to_list(value):
                break
            return self._taken(value, end)
        begin, line = self._at, self._line
        self._hold = True  # it may prove to be a row
        depth = self._enter(LISTS, begin + ROW_LIMIT)
        self._hold = False
        if depth:
            self._lists.append(depth)
            return None
        self._at, self._line = begin, line
        return self._row()

    def _row(self) -> Row | MalformedRow:
        begin = self._line
        value, why = self._value()
        if not why:
            return self._taken(value, self._at, begin)
        self._number += 1
        return MalformedRow(self._number, begin, why)

    def _taken(self, value: Any, end: int, line: int = 0) -> Row:
        self._number += 1
        row = Row(self._number, line or self._line, value)
        self._move(end)
        if isinstance(value, dict) and value and len(self._beginnings) < _BEGINNINGS_KEPT:
            self._beginnings[_beginning(value)] = None
        return row

    # A list inside an object.

    def _enter(self, branches: _Branches, limit: int) -> int:
        self._move(self._at + 1)
        while self._at < limit:
            if not self._next() or self._text[self._at] == "}":
                self._move(min(self._at + 1, len(self._text)))
                return 0
            key, why = self._value()
            if why or not isinstance(key, str):
                return 0
            self._skip(_COLON)
            if key in branches:
                branch = branches[key]
                if not branch and self._text.startswith("[", self._at):
                    self._move(self._at + 1)
                    return 1
                if branch and self._text.startswith("{", self._at):
                    if depth := self._enter(branch, limit):
                        return depth + 1
                    continue
            _, why = self._value()
            if why:
                return 0
        return 0

    def _leave(self, depth: int) -> None:
        """Goes behind the end of so many objects around us, whatever else they hold."""
        in_text = False
        while depth:
            found = (_INSIDE if in_text else _OUTSIDE).search(self._text, self._at)
            self._move(found.end() if found else len(self._text))
            if not found:
                if not self._more():
                    return
            elif found.group() == "\\":
                if self._at == len(self._text) and not self._more():
                    return
                self._move(self._at + 1)
            elif found.group() == '"':
                in_text = not in_text
            else:
                depth += 1 if found.group() in "[{" else -1

    # One value.

    def _value(self) -> tuple[Any, str]:
        """The value that begins here and "", or None and why there is none."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and len(self._text) - self._at < ROW_LIMIT and self._more():
                    continue
                why = "cut off" if self._may_be_cut(error) else f"not JSON ({error.msg})"
                return None, why
            except (ValueError, RecursionError):
                return None, "not JSON (a monstrous number or depth)"
            if end == len(self._text) and not isinstance(value, dict | list | str) and self._more():
                continue  # a number may go on in the next piece
            self._move(end)
            return value, ""

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or len(self._text) - error.pos < 16

    def _resume(self) -> bool:
        """Goes to where the next row begins; False when there is none.

        That is an object behind a comma which begins like others (or like the broken one, when it is the
        first), or, outside of lists, a line.
        """
        known = list(self._beginnings)
        if not known and (first := _FIRST_KEY.match(self._text, self._at)):
            known = [re.escape(first.group(1))]
        row = r"\n[ \t]*(?=\{)" if not self._lists or not known else ""
        if known:
            row += rf"{'|' * bool(row)},\s{{0,80}}(?=\{{\s{{0,80}}(?:{'|'.join(known)})\s{{0,9}}[:,}}])"
        pattern = re.compile(row)
        while True:
            found = pattern.search(self._text, self._at + 1)
            if found:
                self._move(found.end())
                return True
            self._move(max(self._at, len(self._text) - 1000))
            if not self._more():
                return False

    def _skip(self, pattern: re.Pattern[str]) -> None:
        while True:
            found = pattern.match(self._text, self._at)
            if found:
                self._move(found.end())
            if self._at < len(self._text) or not self._more():
                return

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Reads on, twice as much when a row fills the window; drops what is behind. False at the end."""
        ahead = len(self._text) - self._at
        piece = self._source.read(max(PIECE, ahead))
        if piece and self._hold:
            self._text += piece
        elif piece:
            self._text = self._text[self._at :] + piece
            self._at = 0
        return bool(piece)
