"""Recorded chat, read back. Which kind of rows a file holds is seen in the rows, not in its name."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vtuber.core import codec
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event
from vtuber.core.recent import Recent
from vtuber.core.text import clean_name
from vtuber.listeners.lenient_json import seconds, string, table
from vtuber.listeners.recordings import chat_downloader, csv_rows, json_rows, twitch_vods, youtube_chats
from vtuber.listeners.recordings.json_rows import MalformedRow, Row
from vtuber.listeners.recordings.text_source import TextSource
from vtuber.listeners.recordings.twitch_notices import Notices
from vtuber.record import journal_files

PLACES_KEPT = 20
"""MalformedRow rows that are named; the others are only counted."""
FORMATS = (
    "a Twitch recording's comments (TwitchDownloader), yt-dlp's live_chat.json, pages of YouTube's API, "
    "chat-downloader's JSON or CSV, or a journal of a show"
)
WINDOW = 5_000
"""So many events are put in order; one that stands further behind its place comes late."""
IDS_KEPT = 20_000
"""Of so many events the ids are known, to see which are repeated."""
HOPELESS = 10_000
"""A file of which so many rows are malformed, and none is an event, is read no further."""

SILENCE = 10.0
"""A recording that begins with more seconds of silence than this is an excerpt."""


class Recording:
    """A recorded chat, read as it is played: what was read so far, and what of it could not be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[tuple[float, Event]] = []
        """All events, where ``read`` has read them all."""
        self.malformed: Counter[str] = Counter()
        """How many rows could not be used, by why."""
        self.places: list[str] = []
        """The first of them by name: "row 7, line 40: cut off"."""
        self.notes: list[str] = []
        """What is to be said in the log; whoever says it takes it away."""
        self.skipped: Counter[str] = Counter()
        """How many rows are well-formed and nothing to answer, by their kind."""
        self.different = 0
        """How many events there are when repeated ones are counted once."""
        self.repeated = 0
        self.complete = False
        """Whether the file was read to its end."""
        self._first: float | None = None
        self._end = 0.0
        self._known: Recent[tuple[str, str], str] = Recent(IDS_KEPT)
        self._rows = RowReader(clean_name(path.name.partition(".")[0]))

    @property
    def seconds(self) -> float:
        """From the beginning (or the first event, where that was earlier) to the last event read."""
        return 0.0 if self._first is None else max(0.0, self._end - self.begin)

    @property
    def begin(self) -> float:
        """Where playing begins, in the recording's seconds. Long silence before the first row is left out."""
        if self._first is None:
            return 0.0
        return self._first - 2.0 if self._first > SILENCE else min(0.0, self._first)

    def __iter__(self) -> Iterator[tuple[float, Event]]:
        """The events by their seconds since the beginning, in order, as far as they lie in a file's order.

        May be used once. Raises ListenerError when the file cannot be read or holds no chat; it is final.
        """
        waiting: list[tuple[float, int, Event]] = []
        for count, (offset, event) in enumerate(self._read()):
            heapq.heappush(waiting, (offset, count, event))
            if len(waiting) > WINDOW:
                yield self._played(*heapq.heappop(waiting))
        self.complete = True
        self._tell_rest()
        while waiting:
            yield self._played(*heapq.heappop(waiting))

    def _played(self, offset: float, _: int, event: Event) -> tuple[float, Event]:
        if self._first is None:
            self._first = offset
        return offset, event

    def _read(self) -> Iterator[tuple[float, Event]]:
        for path in journal_files.of_show(self.path):
            yield from self._read_file(path)
        if not self.different:
            first = f" ({self.places[0]})" if self.places else ""
            raise ListenerError(
                f"there is no chat in this file{first}",
                where=str(self.path),
                hint=f"give the path of {FORMATS}",
                final=True,
            )

    def _read_file(self, path: Path) -> Iterator[tuple[float, Event]]:
        try:
            with TextSource(path) as source:
                mark = csv_rows.delimiter(source.head, chat_downloader.COLUMNS)
                row: Row | MalformedRow | None = None
                for row in csv_rows.read(source, mark) if mark else json_rows.read(source):
                    yield from self._events(row)
                    if self.malformed.total() >= HOPELESS and not self.different:
                        break
                is_told = isinstance(row, MalformedRow) and "cut off" in row.why
                if source.trouble and row and not is_told:
                    self._note(row, source.trouble)
        except OSError as error:
            raise ListenerError(
                f"the recording cannot be read: {error.strerror or error}",
                where=str(path),
                hint="check the path in chat.replay.file or --replay",
                final=True,
            ) from error

    def _events(self, row: Row | MalformedRow) -> Iterator[tuple[float, Event]]:
        if isinstance(row, MalformedRow):
            self._note(row, row.why)
            return
        try:
            for offset, event in self._rows.read(value := table(row.value)):
                if event is None:
                    self.skipped[_kind(value)] += 1
                    continue
                key = (event.platform, event.id)
                if key in self._known:
                    self.repeated += 1
                else:
                    self.different += 1
                    self._known.set(key, event.id)
                self._end = max(offset, self._end) if self.different > 1 else offset
                yield offset, event
        except ValueError as error:
            self._note(row, str(error))

    def _note(self, row: Row | MalformedRow, why: str) -> None:
        self.malformed[why if why in self.malformed or len(self.malformed) < PLACES_KEPT else "other"] += 1
        if len(self.places) < PLACES_KEPT:
            place = f"row {row.number}, line {row.line}: {why}"
            self.places.append(place)
            self.notes.append(f"{self.path.name}, {place}")

    def _tell_rest(self) -> None:
        if count := self.malformed.total():
            rows = f"{count:,} rows were" if count > 1 else "1 row was"
            self.notes.append(f"{self.path.name}: {rows} left out, the others are played")

    def summary(self, speed: float = 1.0) -> str:
        """One line for the start-up table."""
        minutes, seconds = divmod(int(self.seconds), 60)
        line = f"{self.different:,} messages over {minutes}:{seconds:02}"
        if not self.complete:
            line += " and more"
        if self.repeated:
            line += f" ({self.repeated:,} rows repeat others)"
        if speed != 1:
            line += f", at {speed:g}×"
        if count := self.malformed.total():
            more = f" and {count - 3:,} more" if count > 3 else ""
            line += f"; {count:,} malformed row{'s'[: count > 1]}: {'; '.join(self.places[:3])}{more}"
        return line


def read(path: Path) -> Recording:
    """The whole recording at once, for a file that is known to be small. Raises ListenerError."""
    recording = Recording(path)
    recording.rows = list(recording)
    return recording


class RowReader:
    """Turns rows into events, each understood by what it holds."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._notices = Notices()
        self._youtube = youtube_chats.Reader(channel)
        self._zero: float | None = None
        """The time of day at which the recording began, once it is known."""
        self._last: float | None = None
        """When the row before was written: what has no time of its own, such as a deletion, comes then."""

    def read(self, row: Mapping[str, Any]) -> Iterator[tuple[float, Event | None]]:
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


def _kind(row: Mapping[str, Any]) -> str:
    return string(row.get("kind") or row.get("message_type") or row.get("action_type") or "empty")[:40]


def _is_journal(row: Mapping[str, Any]) -> bool:
    return "t" in row and isinstance(row.get("kind"), str)


def _heard(row: Mapping[str, Any]) -> tuple[float, Event | None]:
    if row["kind"] != "heard":
        return 0.0, None
    offset = seconds(row, "t")
    if offset is None:
        raise ValueError("no time")
    return offset, codec.load(row.get("event"))
