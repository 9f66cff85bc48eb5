"""Everything that happened in a show, a JSON object a line, in one file per show. It can be replayed.

Each line has ``t`` (seconds since the show began, on its own clock) and ``kind``, one for each class of
``record.facts``, which say what the other fields are. The first line is ``show``, the last ``end``.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import platformdirs

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.record.facts import Fact

log = logging.getLogger(__name__)

WRITE_EVERY = 1.0
"""Seconds between writes to the disk; what a killed process may lose."""

WAITING_LIMIT = 200_000
"""Lines kept for a disk that does not take them; older ones are lost and counted."""


class Journal:
    """A subscriber to a show's facts. ``note`` never waits; ``run`` brings the lines to the disk."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.journal
        self.folder = (
            self._settings.folder or platformdirs.user_data_path("banban", appauthor=False) / "shows"
        )
        self._waiting: deque[bytes] = deque()
        self._file: BinaryIO | None = None
        self._began = 0.0
        self._lost = 0
        self._storing = threading.Lock()
        self._trouble = self._hint = ""
        self.path: Path | None = None
        """The show's file; None when the journal is off or cannot be written."""

    def open(self) -> None:
        """Begins the show's file. A folder that cannot be written is reported, not raised."""
        self._began = clock.now()
        if not self._settings.enabled:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.path, self._file = _new_file(self.folder)
        except OSError as error:
            self._trouble = f"cannot write to {self.folder}: {error.strerror}"
            self._hint = _hint(error, "start banban again")

    def note(self, fact: Fact) -> None:
        """Writes the fact as one line."""
        if self._file is None:
            return
        line = {"t": round(clock.now() - self._began, 4), "kind": fact.kind, **fact.row()}
        # Lone surrogates cannot be written as UTF-8; as escapes they can.
        self._waiting.append(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        if len(self._waiting) > WAITING_LIMIT:
            self._waiting.popleft()
            self._lost += 1

    async def run(self) -> None:
        """Writes what waits, every second, until cancelled."""
        while self._file is not None:
            await asyncio.sleep(WRITE_EVERY)
            await clock.in_thread(self._store, self._take())

    def close(self) -> None:
        """Writes what waits, and ends the file."""
        self._store(self._take())
        with self._storing:
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                self._file = None

    def health(self) -> Health:
        if self._trouble:
            return Health("journal", State.DOWN, self._trouble, self._hint)
        if not self._settings.enabled:
            return Health("journal", State.OFF, "off")
        return Health("journal", State.OK, str(self.path))

    def _take(self) -> list[bytes]:
        lines = list(self._waiting)
        self._waiting.clear()
        return lines

    def _store(self, lines: list[bytes]) -> None:
        try:
            with self._storing:
                if self._file is None or not lines:
                    return
                self._file.write(b"\n".join(lines) + b"\n")
                self._file.flush()
        except OSError as error:
            self._lost += len(lines)
            if not self._trouble:
                log.warning("the journal cannot be written (%s); banban tries again", error.strerror)
            self._trouble = f"cannot be written: {error.strerror}; {self._lost} lines lost"
            self._hint = _hint(error, "the journal then continues by itself")
        else:
            self._trouble = ""


def _hint(error: OSError, then: str) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"free some space on that disk; {then}"
    return "set journal.folder to a folder where you may write"


def _new_file(folder: Path) -> tuple[Path, BinaryIO]:
    """A file nobody has, readable by its owner alone: chat is people's words."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    for suffix in ("", *(f"_{number}" for number in range(2, 100))):
        path = folder / f"{stamp}{suffix}.jsonl"
        with suppress(FileExistsError):
            return path, os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    raise FileExistsError(17, "too many shows began in this second", str(folder))
