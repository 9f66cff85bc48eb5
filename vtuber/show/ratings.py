"""What moderators say of her replies, kept for whoever trains her model."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import platformdirs

from vtuber.core.deeds import written
from vtuber.record.facts import Fact, Facts, ReplyRated, Revoked, TurnEnded

GRADES = ("good", "bad")

KEPT = 8
"""Of so many of the latest replies it can be said: to write a better one takes longer than the next reply."""

WRITE_SECONDS = 0.1
"""A disk that hangs holds up the show for so long, and once only."""


def default_path() -> Path:
    """Where they are kept: a JSON object a line."""
    return platformdirs.user_data_path("banban", appauthor=False) / "ratings.jsonl"


@dataclass(frozen=True, slots=True)
class _Reply:
    speaker: str
    asked: str
    said: str


class Ratings:
    """Remembers the latest replies, from the show's facts, and keeps what is said of them."""

    def __init__(self, facts: Facts, path: Path | None = None) -> None:
        self._facts = facts
        self._path = path or default_path()
        self._replies: dict[int, _Reply] = {}
        """By turn, the latest at the end."""
        self._last = 0
        """The turn of the last; 0 when there is none."""
        self._writing: Future[None] | None = None
        """The rating before, which may not be written yet."""

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        match fact:
            case Revoked(turns=turns):
                self._forget(turns)
            case TurnEnded(withdrawn=True):  # a moderator took back what it answers
                self._last = 0
            case TurnEnded(turn=turn) if fact.answers and not fact.cut:
                asked = written(fact.batch.lead.event)
                self._replies[turn] = _Reply(fact.batch.speaker, asked, fact.answer)
                self._last = turn
                self._forget([*self._replies][:-KEPT])
            case _:
                pass

    def rate(self, rating: str, *, command: str, turn: int | None = None) -> str:
        """Keeps "good", "bad" or what she should have said, in that turn or last.

        Returns what she said; "" when that is not known, or there is none. Raises OSError when it cannot be
        written.
        """
        turn = self._last if turn is None else turn
        reply = self._replies.get(turn)
        if reply is None:
            return ""
        corrected = "" if rating in GRADES else rating
        grade = "corrected" if corrected else rating
        row = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "speaker": reply.speaker,
            "asked": reply.asked,
            "said": reply.said,
            "rating": grade,
            "corrected": corrected,
        }
        self._append(json.dumps(row, ensure_ascii=False))
        self._facts.tell(ReplyRated(turn, grade, corrected, command))
        return reply.said

    def _forget(self, turns: Iterable[int]) -> None:
        for turn in turns:
            self._replies.pop(turn, None)

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
