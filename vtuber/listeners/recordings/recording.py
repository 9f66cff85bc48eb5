"""Recorded chat, read back. Which kind of rows a file holds is seen in the rows, not in its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vtuber.core import codec
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event
from vtuber.core.text import clean_name
from vtuber.listeners.lenient_json import seconds, string, table
from vtuber.listeners.recordings import chat_downloader, json_rows, twitch_vods, youtube_chats
from vtuber.listeners.recordings.twitch_notices import Notices

PLACES_KEPT = 20
"""MalformedRow rows that are named; the others are only counted."""
FORMATS = "a Twitch recording's comments, chat-downloader's JSON, or a journal of a show"


SILENCE = 10.0
"""A recording that begins with more seconds of silence than this is an excerpt."""


@dataclass(slots=True)
class Recording:
    """What a file held: events by their seconds since its beginning, in order, and what could not be used."""

    name: str
    rows: list[tuple[float, Event]] = field(default_factory=list)
    malformed: Counter[str] = field(default_factory=Counter)
    """How many rows could not be used, by why."""
    places: list[str] = field(default_factory=list)
    """The first of them by name: "row 7, line 40: cut off"."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many rows are well-formed and nothing to answer, by their kind."""
    different: int = 0
    """How many events there are when repeated ones are counted once."""

    @property
    def seconds(self) -> float:
        """From the beginning (or the first event, where that was earlier) to the last event."""
        return self.rows[-1][0] - self.begin if self.rows else 0.0

    @property
    def begin(self) -> float:
        """Where playing begins, in the recording's seconds. Long silence before the first row is left out."""
        if not self.rows:
            return 0.0
        first = self.rows[0][0]
        return first - 2.0 if first > SILENCE else min(0.0, first)

    def summary(self, speed: float = 1.0) -> str:
        """One line for the start-up table."""
        minutes, seconds = divmod(int(self.seconds), 60)
        line = f"{self.different:,} messages over {minutes}:{seconds:02}"
        if repeated := len(self.rows) - self.different:
            line += f" ({repeated:,} rows repeat others)"
        if speed != 1:
            line += f", at {speed:g}×"
        if count := self.malformed.total():
            more = f" and {count - 3:,} more" if count > 3 else ""
            line += f"; {count:,} malformed row{'s'[: count > 1]}: {'; '.join(self.places[:3])}{more}"
        return line


def read(path: Path) -> Recording:
    """Raises ListenerError when the file cannot be read or holds no chat; it is final."""
    found = _Collection(path)
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe, say, may never end
        raise ListenerError(
            "this is not a file", where=str(path), hint="give the path of a recorded chat", final=True
        )
    try:
        for row in json_rows.read(path):
            found.take(row)
    except OSError as error:
        raise ListenerError(
            f"the recording cannot be read: {error.strerror or error}",
            where=str(path),
            hint="check the path in chat.replay.file or --replay",
            final=True,
        ) from error
    recording = found.recording
    if not recording.rows:
        first = f" ({recording.places[0]})" if recording.places else ""
        raise ListenerError(
            f"there is no chat in this file{first}",
            where=str(path),
            hint=f"give the path of {FORMATS}",
            final=True,
        )
    recording.rows.sort(key=lambda timed: timed[0])
    recording.different = len({(event.platform, event.id) for _, event in recording.rows})
    return recording


class _Collection:
    """Rows as they come, each understood by what it holds."""

    def __init__(self, path: Path) -> None:
        self.recording = Recording(path.name)
        self._channel = clean_name(path.stem)
        self._notices = Notices()
        self._youtube = youtube_chats.Reader(self._channel)
        self._zero: float | None = None
        """The time of day at which the recording began, once it is known."""
        self._last: float | None = None
        """When the row before was written: what has no time of its own, such as a deletion, comes then."""

    def take(self, row: json_rows.Row | json_rows.MalformedRow) -> None:
        if isinstance(row, json_rows.MalformedRow):
            self._note(row, row.why)
            return
        try:
            self._use(table(row.value))
        except ValueError as error:
            self._note(row, str(error))

    def _note(self, row: json_rows.Row | json_rows.MalformedRow, why: str) -> None:
        self.recording.malformed[why] += 1
        if len(self.recording.places) < PLACES_KEPT:
            self.recording.places.append(f"row {row.number}, line {row.line}: {why}")

    def _use(self, row: Mapping[str, Any]) -> None:
        for offset, event in self._read(row):
            if event is None:
                kind = row.get("kind") or row.get("message_type") or row.get("action_type") or "empty"
                self.recording.skipped[string(kind)[:40]] += 1
            else:
                self.recording.rows.append((offset, event))

    def _read(self, row: Mapping[str, Any]) -> Iterator[tuple[float, Event | None]]:
        """Raises ValueError, saying why the row cannot be understood."""
        if twitch_vods.is_row(row):
            yield twitch_vods.read(row, self._channel, self._notices)
        elif _is_journal(row):
            yield _heard(row)
        elif youtube_chats.is_row(row):
            for offset, event in self._youtube.read(row):
                yield self._offset(offset, event.sent if event else 0.0), event
        elif chat_downloader.is_row(row):
            event = chat_downloader.read(row, self._channel, self._notices)
            yield self._offset(*chat_downloader.times(row)), event
        else:
            raise ValueError("not a row of chat")

    def _offset(self, offset: float | None, stamp: float | None) -> float:
        """Seconds since the recording began, by the row's own count or the time of day."""
        if self._zero is None and stamp:
            self._zero = stamp - (offset or 0.0)
        if offset is None and stamp and self._zero is not None:
            offset = stamp - self._zero  # chat that was recorded live has the time of day alone
        if offset is None and self._last is not None:
            offset = self._last
        if offset is None:
            raise ValueError("no time")
        self._last = offset
        return offset


def _is_journal(row: Mapping[str, Any]) -> bool:
    return "t" in row and isinstance(row.get("kind"), str)


def _heard(row: Mapping[str, Any]) -> tuple[float, Event | None]:
    if row["kind"] != "heard":
        return 0.0, None
    offset = seconds(row, "t")
    if offset is None:
        raise ValueError("no time")
    return offset, codec.load(row.get("event"))
