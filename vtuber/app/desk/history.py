"""The lines that were typed before, for the arrow keys: the latest thousand, in a file of their owner's."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import platformdirs
from prompt_toolkit.history import History

from vtuber.core.text import escaped

LINES = 1000
"""How many lines are kept."""

MOST_BYTES = 4_000_000
"""So much of the file is read, from its end."""


def default_path() -> Path:
    """Where the lines are kept: in the user's data folder."""
    return platformdirs.user_data_path("banban", appauthor=False) / "typed.txt"


class TypedLines(History):
    """A file that cannot be read or written costs the memory of earlier shows, and nothing else."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._writable = True

    def load_history_strings(self) -> Iterable[str]:
        """The lines of earlier shows, the latest first."""
        lines = self._read()
        if len(lines) > LINES:
            lines = lines[-LINES:]
            self._write(lines, os.O_TRUNC)
        return reversed(lines)

    def store_string(self, string: str) -> None:
        """Adds a line to the file."""
        self._write([string], os.O_APPEND)

    def _read(self) -> list[str]:
        with suppress(OSError):
            if self._path.is_file():
                with self._path.open("rb") as file:
                    file.seek(max(0, self._path.stat().st_size - MOST_BYTES))
                    text = file.read(MOST_BYTES).decode("utf-8", "replace")
                return [escaped(line) for line in text.split("\n") if line.strip()]
        return []

    def _write(self, lines: list[str], how: int) -> None:
        if not self._writable:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and not self._path.is_file():
                return  # a pipe would be waited for
            flags = os.O_WRONLY | os.O_CREAT | how
            with os.fdopen(
                os.open(self._path, flags, 0o600), "w", encoding="utf-8", errors="replace"
            ) as file:
                file.writelines(f"{' '.join(line.split())}\n" for line in lines)
        except OSError:
            self._writable = False
