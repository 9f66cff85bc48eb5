"""The rows of a JSON file, whatever state it is in: a list, JSON lines, or a list inside an object.

A file is read in pieces and never held as a whole. What is cut or broken becomes a ``MalformedRow`` with
its place; reading goes on behind it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from vtuber.core import files

PIECE = 1 << 20
"""Characters read at a time."""
ROW_LIMIT = 16 << 20
"""No row is longer than this many characters."""

_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON
_GAP = re.compile(r"[\s,]*")
_COLON = re.compile(r"[\s:]*")
_LINE_WITH_ROW = re.compile(r"\n[ \t]*\{")


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


def read(path: Path, inside: str = "comments") -> Iterator[Row | MalformedRow]:
    """All rows in their order, counted from 1. ``inside`` is the key of the list when an object holds it.

    Raises OSError.
    """
    with path.open(encoding=_encoding(path), errors="replace", newline="\n") as file:
        yield from _Scanner(file).rows(inside)


def _encoding(path: Path) -> str:
    with files.open_regular(path) as file:
        head = file.read(4)
    # PowerShell's ">" writes UTF-16.
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


class _Scanner:
    """A window on the file: ``_text[_at:]`` is what was read and not yet understood."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._number = 0
        self._hold = False
        self._more()

    def rows(self, inside: str) -> Iterator[Row | MalformedRow]:
        in_list = self._enter(inside)
        while True:
            self._skip(_GAP)
            if self._at >= len(self._text):
                if in_list and self._number:
                    yield MalformedRow(self._number, self._line, "the file is cut off behind it")
                return
            if in_list and self._text[self._at] == "]":
                return
            self._number += 1
            line = self._line
            value, why = self._value()
            if why:
                yield MalformedRow(self._number, line, why)
                if not self._resume():
                    return
            else:
                yield Row(self._number, line, value)

    def _enter(self, inside: str) -> bool:
        """Goes to where the rows begin; True when they are in a list."""
        self._skip(_GAP)
        if self._text.startswith("[", self._at):
            self._move(self._at + 1)
            return True
        if not self._text.startswith("{", self._at):
            return False
        begin, line = self._at, self._line
        self._hold = True  # this object may prove to be a row itself
        found = self._enter_object(inside)
        self._hold = False
        if not found:
            self._at, self._line = begin, line
        return found

    def _enter_object(self, inside: str) -> bool:
        self._move(self._at + 1)
        while True:
            self._skip(_GAP)
            key, why = self._value()
            if why or not isinstance(key, str):
                return False
            self._skip(_COLON)
            if key == inside and self._text.startswith("[", self._at):
                self._move(self._at + 1)
                return True
            _, why = self._value()
            if why:
                return False

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
        """Goes to the next line that begins a row; False when there is none."""
        while True:
            found = _LINE_WITH_ROW.search(self._text, self._at)
            if found:
                self._move(found.end() - 1)
                return True
            self._move(max(self._at, len(self._text) - 100))
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
        piece = self._file.read(max(PIECE, ahead))
        if piece and self._hold:
            self._text += piece
        elif piece:
            self._text = self._text[self._at :] + piece
            self._at = 0
        return bool(piece)
