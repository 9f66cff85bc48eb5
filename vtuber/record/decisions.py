"""What was decided in a show: choices, prompts, verdicts and words, without what the machine measured.

Each decision is a line of the journal, as a JSON object. Two runs that decide alike have the same lines, byte
for byte, whatever machine they ran on, how busy that was, and which version of the program it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vtuber.core import clock
from vtuber.core.errors import BanbanError
from vtuber.core.masking import masked
from vtuber.record.facts import Fact
from vtuber.record.journal_rows import JournalRows

HEADER = "rehearsal"
"""The kind of the first line in a file of decisions: how the rehearsal was played."""

KINDS = frozenset(
    (
        *("show", "heard", "dropped", "filtered", "judged", "let_through", "held", "decided", "hold", "air"),
        *("blocked", "revoked", "command", "written", "settled", "rated", "unanswered", "failure"),
        *("chosen", "batch", "prompt", "sentence", "slip", "spoken", "cut", "set_aside", "reply"),
    )
)
"""Kinds of lines that tell a decision. The others tell how the machine was, and when a step was done."""

_MEASURED = frozenset(
    (
        *("ms", "delays_ms", "lasted", "version", "format"),
        *("prompt_tokens", "reused_tokens", "restored_tokens", "ahead_tokens", "new_tokens"),
    )
)
"""Fields that tell how long something took, or what a cache saved."""


def decision(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The decision that a line of a journal tells; None for one that tells none. ``t`` stays, for people."""
    if row.get("kind") not in KINDS:
        return None
    kept = {key: value for key, value in row.items() if key not in _MEASURED}
    if isinstance(event := kept.get("event"), dict):
        kept["event"] = {key: value for key, value in event.items() if key != "at"}
    return kept


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The decisions in a journal, or in what ``DecisionFile`` wrote. Raises BanbanError, also for none."""
    rows = JournalRows(path)
    known = False
    for row in rows:
        if (found := decision(row)) is not None:
            known = True
            yield found
    if not known:
        raise rows.foreign()


def header(path: Path) -> Mapping[str, Any]:
    """How the rehearsal was played whose decisions these are (``DecisionFile``). Raises BanbanError."""
    rows = JournalRows(path)
    first = next(iter(rows), None)
    if first is None:
        raise rows.foreign()
    if first.get("kind") != HEADER:
        raise BanbanError(
            "this is no record of a rehearsal", where=str(path), hint="make one with banban rehearse --record"
        )
    return first


class DecisionFile:
    """Subscribes to a show's facts and writes its decisions, as they come, into a file of its owner's."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        """``header`` stands in the first line. Raises OSError."""
        self._began: float | None = None
        self._trouble: OSError | None = None
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")
        self._write({"t": 0.0, "kind": HEADER, **header})

    def note(self, fact: Fact) -> None:
        """Writes the fact, if it tells a decision."""
        if self._began is None:
            self._began = clock.now()
        if found := decision({"t": round(clock.now() - self._began, 4), "kind": fact.kind, **fact.row()}):
            self._write(found)

    def close(self) -> None:
        """All of it is in the file. Raises OSError where it is not."""
        self._file.close()
        if self._trouble is not None:
            raise self._trouble

    def _write(self, row: Mapping[str, Any]) -> None:
        text = masked(json.dumps(row, ensure_ascii=False))
        try:
            self._file.write(text.encode("utf-8", "backslashreplace") + b"\n")
        except OSError as error:
            self._trouble = self._trouble or error
