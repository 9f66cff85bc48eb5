"""What moderators say of her replies, kept for whoever trains her model."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import platformdirs

from vtuber.core.deeds import written
from vtuber.record.facts import Fact, Facts, ReplyRated, TurnEnded

GRADES = ("good", "bad")

WRITE_SECONDS = 0.1
"""A disk that hangs holds up the show for so long, and once only."""


def default_path() -> Path:
    """Where they are kept: a JSON object a line."""
    return platformdirs.user_data_path("banban", appauthor=False) / "ratings.jsonl"


@dataclass(frozen=True, slots=True)
class _LastReply:
    turn: int
    speaker: str
    asked: str
    said: str


class Ratings:
    """Remembers the last reply, from the show's facts, and keeps what is said of it."""

    def __init__(self, facts: Facts, path: Path | None = None) -> None:
        self._facts = facts
        self._path = path or default_path()
        self._last: _LastReply | None = None
        self._writing: Future[None] | None = None
        """The rating before, which may not be written yet."""

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        if not isinstance(fact, TurnEnded):
            return
        if fact.withdrawn:  # a moderator took back what it answers
            self._last = None
        elif fact.answers and not fact.cut:
            asked = written(fact.batch.lead.event)
            self._last = _LastReply(fact.turn, fact.batch.speaker, asked, fact.answer)

    def rate(self, rating: str, *, command: str) -> str:
        """Keeps "good", "bad" or what she should have said. Returns what she said; "" when there is none.

        Raises OSError when it cannot be written.
        """
        last = self._last
        if last is None:
            return ""
        corrected = "" if rating in GRADES else rating
        grade = "corrected" if corrected else rating
        row = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "speaker": last.speaker,
            "asked": last.asked,
            "said": last.said,
            "rating": grade,
            "corrected": corrected,
        }
        self._append(json.dumps(row, ensure_ascii=False))
        self._facts.tell(ReplyRated(last.turn, grade, corrected, command))
        return last.said

    def _append(self, line: str) -> None:
        """Raises OSError, also where the disk does not answer in time; what hangs may yet be written."""
        hangs = OSError(errno.ETIMEDOUT, "the disk does not answer")
        if self._writing is not None and not self._writing.done():
            raise hangs
        self._writing = Future()
        Thread(target=_write, args=(self._path, line, self._writing), name="rating", daemon=True).start()
        try:
            self._writing.result(WRITE_SECONDS)
        except TimeoutError:
            raise hangs from None


def _write(path: Path, line: str, written: Future[None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(number, "ab") as file:
            file.write(line.encode("utf-8", "backslashreplace") + b"\n")
    except Exception as error:  # noqa: BLE001  # raised where it is waited for
        written.set_exception(error)
    else:
        written.set_result(None)
