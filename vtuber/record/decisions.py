"""What was decided in a show: choices, prompts, verdicts and words, without what the machine measured.

Each decision is a line of the journal, as a JSON object. Two runs that decide alike have the same lines, byte
for byte, whatever machine they ran on, how busy that was, and which version of the program it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from vtuber.core import clock
from vtuber.core.errors import BanbanError
from vtuber.core.masking import masked
from vtuber.record.facts import Fact
from vtuber.record.journal_rows import JournalRows

HEADER = "rehearsal"
"""The kind of the first line in a file of decisions: how the rehearsal was played."""
FORMAT = 1
"""Of such a file."""

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
        if row["kind"] == HEADER:
            _check_format(row, path)
        elif (found := decision(row)) is not None:
            known = True
            yield found
    if not known:
        raise rows.foreign()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a rehearsal was played whose decisions were kept: the first line of a ``DecisionFile``."""

    seed: int
    speed: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """After which it was stopped; None: at the end of the chat."""
    no_model: bool = False
    """Whether she said lines of her examples."""
    chat: str = ""
    """The name of the file that was played."""
    version: str = ""
    """Of the program."""


_REHEARSED = TypeAdapter(Rehearsed)


def header(path: Path) -> Rehearsed:
    """How the rehearsal was played whose decisions these are. Raises BanbanError."""
    rows = JournalRows(path)
    first = next(iter(rows), None)
    if first is None or first["kind"] != HEADER:
        what = (
            "this is the journal of a show, and no record of a rehearsal"
            if first
            else "this is no record of a rehearsal"
        )
        raise BanbanError(what, where=str(path), hint="make one with: banban rehearse FILE --record RECORD")
    _check_format(first, path)
    try:
        return _REHEARSED.validate_python(first)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        what = f"its first line has no {field} that can be used"
        raise BanbanError(what, where=str(path), hint="record the rehearsal again") from None


def _check_format(row: Mapping[str, Any], path: Path) -> None:
    if row.get("format") not in (None, FORMAT):
        what = "this record was made by another version of banban"
        raise BanbanError(what, where=str(path), hint="update banban, or record the rehearsal again")


class DecisionFile:
    """Subscribes to a show's facts and writes its decisions, as they come, into a file of its owner's."""

    def __init__(self, path: Path, header: Rehearsed) -> None:
        """``header`` stands in the first line. Raises OSError."""
        self.path = path
        self._began: float | None = None
        self._trouble: OSError | None = None
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")
        self._write({"t": 0.0, "kind": HEADER, "format": FORMAT, **asdict(header)})

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
