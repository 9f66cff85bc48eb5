"""Everything that happened in a show, a JSON object a line, in files of its own. It can be replayed.

Each line has ``t`` (seconds since the show began, on its own clock) and ``kind``, one for each class of
``record.facts``, which say what the other fields are. The first line is ``show``, the last ``end``. Where
the disk took none for too long, ``lost`` says how many are missing. Tokens, keys and passwords are masked.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

import platformdirs

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.core.masking import masked
from vtuber.record.facts import Fact, LinesLost
from vtuber.record.journal_files import JournalFiles

log = logging.getLogger(__name__)

WRITE_EVERY = 1.0
"""Seconds between writes to the disk; what a killed process may lose."""

WAITING_LIMIT = 200_000
WAITING_BYTES = 32_000_000
"""What is kept for a disk that takes nothing, in lines and in bytes; older lines are lost and counted."""

PIECE = 1_000
"""Lines written at once. A disk that is nearly full takes fewer than all."""

CLOSE_SECONDS = 0.5
"""A disk that hangs holds up the end of a show for so long."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Journal:
    """A subscriber to a show's facts. ``note`` never waits; ``run`` brings the lines to the disk.

    While that takes none, they wait, within bounds, and are written when it does again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.journal
        self.folder = (
            self._settings.folder or platformdirs.user_data_path("banban", appauthor=False) / "shows"
        )
        self._files = JournalFiles(self.folder, round(self._settings.file_megabytes * 1_000_000))
        self._is_open = False
        self._began = 0.0
        self._noted: deque[bytes] = deque()
        """What the show has told since the last write."""
        self._noted_lost = 0
        self._storing = threading.Lock()
        """Held by whoever uses what is below."""
        self._waiting: deque[bytes] = deque()
        """What is to be written next, before what was noted."""
        self._bytes = 0
        self._lost = self._lost_before = 0
        """Lines lost since the last that was written, and before it."""
        self._trouble = self._hint = ""

    @property
    def path(self) -> Path | None:
        """The show's file, the first of several; None when the journal is off or cannot be written."""
        return self._files.path

    def open(self) -> None:
        """Begins the show's file. A folder that cannot be written is reported, not raised."""
        self._began = clock.now()
        self._is_open = self._settings.enabled
        if self._is_open:
            try:
                self._files.begin()
            except OSError as error:
                self._fail(error)

    def note(self, fact: Fact) -> None:
        """Writes the fact as one line."""
        if not self._is_open:
            return
        self._noted.append(self._line(fact))
        if len(self._noted) > WAITING_LIMIT:
            self._noted.popleft()
            self._noted_lost += 1

    async def run(self) -> None:
        """Writes what waits, every second, until cancelled."""
        while self._is_open:
            await asyncio.sleep(WRITE_EVERY)
            await clock.in_thread(self.flush)

    def flush(self) -> None:
        """Brings what was noted so far to the disk, if it takes it. Blocks, and raises nothing."""
        with self._storing:
            self._store()

    async def close(self) -> None:
        """Writes what waits, and ends the file."""
        self._is_open = False
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await clock.in_thread(self._end)
        except TimeoutError:
            log.warning("the last lines of the journal could not be written: the disk does not answer")

    def health(self) -> Health:
        if self._trouble:
            lost = self._lost + self._lost_before
            waiting = f"; {len(self._waiting)} lines wait" if self._is_open else ""
            what = f"{self._trouble}{waiting}{f', {lost} lines lost' if lost else ''}"
            return Health("journal", State.DOWN, what, self._hint)
        if not self._settings.enabled:
            return Health("journal", State.OFF, "off")
        files = f" and {self._files.count - 1} more" if self._files.count > 1 else ""
        lost = self._lost_before
        return Health("journal", State.OK, f"{self.path}{files}{f'; {lost} lines were lost' if lost else ''}")

    def _line(self, fact: Fact) -> bytes:
        row = {"t": round(clock.now() - self._began, 4), "kind": fact.kind, **fact.row()}
        # Lone surrogates cannot be written as UTF-8; as escapes they can.
        return masked(json.dumps(row, ensure_ascii=False)).encode("utf-8", "backslashreplace")

    def _end(self) -> None:
        with self._storing:
            self._store()
            if left := len(self._waiting) + self._lost:
                log.warning("%d lines of the journal could not be written", left)
            self._files.close()

    def _store(self) -> None:
        self._take_in()
        try:
            if self.path is None and self._waiting:
                self._files.begin()
            while self._waiting:
                self._write(min(PIECE, len(self._waiting)))
        except OSError as error:
            self._fail(error)
        else:
            if self._trouble:
                log.info("the journal is written again, to %s", self.path)
            self._trouble = self._hint = ""

    def _take_in(self) -> None:
        """What was noted waits; what is too much of it is lost."""
        lost, self._noted_lost = self._noted_lost, 0
        self._lost += lost
        with suppress(IndexError):
            while True:
                self._bytes += len(self._noted[0])
                self._waiting.append(self._noted.popleft())
        while len(self._waiting) > WAITING_LIMIT or self._bytes > WAITING_BYTES:
            self._bytes -= len(self._waiting.popleft())
            self._lost += 1

    def _write(self, count: int) -> None:
        """The first of the lines that wait, and before them how many were lost. Raises OSError."""
        lines = [self._waiting[number] for number in range(count)]
        if self._lost:
            first = json.loads(lines[0])
            gap = {"t": first["t"], "kind": LinesLost.kind, **LinesLost(self._lost).row()}
            lines.insert(0, json.dumps(gap).encode())
        try:
            self._files.write(b"\n".join(lines) + b"\n")
        except OSError:
            if count == 1:
                raise
            for half in (count // 2, count - count // 2):
                self._write(half)
            return
        self._lost_before += self._lost
        self._lost = 0
        for _ in range(count):
            self._bytes -= len(self._waiting.popleft())

    def _fail(self, error: OSError) -> None:
        if not self._trouble:
            log.warning(
                "the journal cannot be written (%s); the show goes on, and banban tries again", error.strerror
            )
        self._trouble = f"cannot write to {self.folder}: {error.strerror}"
        self._hint = _FREE_SPACE if error.errno in _NO_ROOM else _ELSEWHERE


_FREE_SPACE = "free some space on that disk; the journal then goes on by itself"
_ELSEWHERE = (
    "let your user write there; the journal then goes on by itself (or set journal.folder to another folder)"
)
