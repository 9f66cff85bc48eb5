"""On which line of a TOML file each key stands, which the standard library's parser does not tell.

Reads only text that ``tomllib`` has accepted, and so need not judge it.
"""

from __future__ import annotations

import re
import tomllib

Place = tuple[str | int, ...]
"""The way to a value: keys, and numbers (from 0) inside lists."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = (
    # Up to two quotation marks may belong to a long text's own end.
    re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def find(text: str) -> dict[Place, int]:
    """The line (from 1) where each key, table and list item first appears."""
    return _LineFinder(text).document()


class _LineFinder:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.counted = 0
        self.found: dict[Place, int] = {}
        self.lists: dict[Place, int] = {}
        """How many tables each [[list of tables]] has had so far."""

    def document(self) -> dict[Place, int]:
        table: Place = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.found

    def header(self) -> Place:
        is_list = self.text.startswith("[[", self.at)
        self.at += 1 + is_list
        line, keys = self.current_line(), self.keys()
        self.at += 1 + is_list
        *parents, last = keys
        place: Place = ()
        for key in parents:
            place = (*place, key)
            self.note(place, line)
            place = self.inside(place)
        place = (*place, last)
        if is_list:
            self.note(place, line)
            self.lists[place] = self.lists.get(place, 0) + 1
        place = self.inside(place)
        self.note(place, line)
        return place

    def inside(self, place: Place) -> Place:
        """A table's place, or the last one's when it is a list of tables."""
        return (*place, self.lists[place] - 1) if place in self.lists else place

    def pair(self, table: Place) -> None:
        line = self.current_line()
        place = (*table, *self.keys())
        for depth in range(len(table) + 1, len(place) + 1):
            self.note(place[:depth], line)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(place)

    def keys(self) -> tuple[str, ...]:
        """A key's parts. Leaves off at what follows it: "=" or "]"."""
        keys = []
        while True:
            self.skip(_SPACE)
            if self.text[self.at] in "\"'":
                keys.append(str(tomllib.loads(f"key = {self.string()}")["key"]))
            else:
                keys.append(self.skip(_BARE_KEY))
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(keys)
            self.at += 1

    def value(self, place: Place) -> None:
        match self.text[self.at]:
            case '"' | "'":
                self.string()
            case "[":
                self.list_of_values(place)
            case "{":
                self.inline_table(place)
            case _:
                self.skip(_SCALAR)

    def list_of_values(self, place: Place) -> None:
        self.at += 1
        index = 0
        self.skip(_BLANK)
        while self.text[self.at] != "]":
            self.note((*place, index), self.current_line())
            self.value((*place, index))
            index += 1
            self.separator()
        self.at += 1

    def inline_table(self, place: Place) -> None:
        self.at += 1
        self.skip(_BLANK)
        while self.text[self.at] != "}":
            self.pair(place)
            self.separator()
        self.at += 1

    def separator(self) -> None:
        self.skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self.skip(_BLANK)

    def string(self) -> str:
        for pattern in _STRINGS:
            if found := self.skip(pattern):
                return found
        raise ValueError("not TOML")

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def note(self, place: Place, line: int) -> None:
        self.found.setdefault(place, line)

    def current_line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line
