"""Journals that are old, cut, huge, foreign or nonsense: each of their readers says so, or reads on."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memory_use import peak_of

from vtuber.app import audit
from vtuber.core.errors import BanbanError
from vtuber.listeners.recordings import recording
from vtuber.record import audit_reader, decisions, report, report_page
from vtuber.record.parting import compare

DATA = Path(__file__).parents[1] / "data"

OLD: list[dict[str, Any]] = [
    {"t": 0.0, "kind": "show", "version": "0.0.1", "character": "banban", "seed": 1},
    {"t": 1.0, "kind": "heard", "event": {
        "what": "message", "id": "m1", "platform": "twitch", "channel": "c",
        "author": {"id": "u1", "name": "Kai"}, "text": "hello there"}},
    {"t": 1.2, "kind": "mood_swing", "from": "happy"},
    {"t": 2.0, "kind": "batch", "turn": 1, "lead": "m1", "waiting": 0},
    {"t": 2.5, "kind": "sentence", "turn": 1, "text": "Hello, Kai.", "stopped_by": ""},
    {"t": 5.0, "kind": "reply", "turn": 1, "heard": "Hello, Kai.", "delays_ms": {"queue": 3.0}},
]  # fmt: skip
"""As an earlier version wrote it: fields are missing, and a kind is no longer known."""


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def read_report(path: Path) -> None:
    found = report.read(path)
    json.dumps(found.row())
    report_page.page(found)


def read_audit(path: Path) -> None:
    found = audit_reader.read(path)
    json.dumps(found.rows(), default=str)
    found.by_viewer("@kai")
    found.by_minute(0)
    list(audit._told(found, whole=True))


def read_decisions(path: Path) -> None:
    compare(decisions.read(path), decisions.read(path))
    compare(decisions.read(path), iter(()))


def read_recording(path: Path) -> None:
    recording.read(path)


READERS: list[Callable[[Path], None]] = [read_report, read_audit, read_decisions, read_recording]
everyone = pytest.mark.parametrize("reader", READERS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "show.jsonl"


@everyone
def test_one_of_an_older_version_is_read(path: Path, reader: Callable[[Path], None]) -> None:
    path.write_bytes(lines(*OLD))
    reader(path)


def test_what_an_older_version_knew_is_found(path: Path) -> None:
    path.write_bytes(lines(*OLD))
    found = report.read(path)
    assert (found.messages, found.replies, found.malformed) == (1, 1, 0)
    assert audit_reader.read(path).utterances[1].heard == "Hello, Kai."
    assert len(recording.read(path).rows) == 1


@everyone
@pytest.mark.parametrize("cut", [1, 7, 40])
def test_one_that_was_cut_is_read_up_to_there(path: Path, reader: Callable[[Path], None], cut: int) -> None:
    path.write_bytes(lines(*OLD)[:-cut])
    reader(path)


@everyone
def test_a_packed_one_that_was_cut_or_damaged_is_read_up_to_there(
    path: Path, reader: Callable[[Path], None]
) -> None:
    rows = [{**OLD[1], "t": number, "noise": random.Random(number).getrandbits(400)} for number in range(500)]
    packed = gzip.compress(lines(*rows))
    path.write_bytes(packed[:-2000])
    reader(path)
    path.write_bytes(packed[:20_000] + b"\xff" * 400 + packed[20_400:])
    reader(path)


@everyone
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n \n",
        b"\x00" * 5000,
        bytes(random.Random(1).getrandbits(8) for _ in range(20_000)),
        b"\x1f\x8b",
        b"\x1f\x8b" + b"\x07" * 300,
        b"[" * 50_000,
        b'{"t": ' + b"9" * 6000 + b', "kind": "show"}\n',
        b"banban,journal,kind\n1,2,3\n",
        lines({"t": "1", "kind": "show"}, {"t": True, "kind": "heard"}, {"kind": "heard"}),
        lines({"kind": "another program's", "time": 3}),
    ],
)
def test_what_is_none_is_one_clear_message(
    path: Path, reader: Callable[[Path], None], content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(BanbanError) as raised:
        reader(path)
    assert raised.value.where == str(path)
    assert raised.value.hint
    assert len(str(raised.value)) < 1000


@everyone
def test_a_line_of_a_hundred_megabytes_is_left_out(path: Path, reader: Callable[[Path], None]) -> None:
    with path.open("wb") as file:
        file.write(lines(*OLD[:2]))
        file.write(b'{"t": 1.5, "kind": "heard", "event": {"text": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}}\n')
        file.write(lines(*OLD[2:], {**OLD[1], "t": 9.0, "event": {**OLD[1]["event"], "id": "m9"}}))
    assert peak_of(lambda: reader(path)) < 100_000_000


def test_it_is_counted_and_what_follows_is_heard(path: Path) -> None:
    path.write_bytes(lines(*OLD[:2]) + b'{"t": 1, "x": "' + b"y" * 20_000_000 + b'"}\n' + lines(*OLD[2:]))
    assert report.read(path).malformed == 1
    assert audit_reader.read(path).malformed == 1
    assert report.read(path).replies == 1
    assert len(recording.read(path).rows) == 1


NONSENSE: list[Any] = [
    *(None, True, -1, 0, 1e308, float("inf"), float("nan"), 10**30, "", "x" * 300, "\x1b[2J"),
    *([], [[]], {}, {"a": 1}),
]  # fmt: skip


def garbled(value: Any, dice: random.Random) -> Any:
    """The value, with something of another type in one place of it."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        return {**value, key: garbled(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.7:
        place = dice.randrange(len(value))
        return [*value[:place], garbled(value[place], dice), *value[place + 1 :]]
    return dice.choice(NONSENSE)


@everyone
def test_lines_with_values_of_any_type_cost_themselves_alone(
    path: Path, reader: Callable[[Path], None]
) -> None:
    """A real journal, in which every second line holds nonsense."""
    rows = [
        json.loads(line) for line in (DATA / "journal-heard.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    rows = [*rows[:40], *OLD, *MORE]
    for seed in range(60):
        dice = random.Random(seed)
        mixed = [each for row in rows for each in (row, garbled(row, dice))]
        path.write_bytes(lines(*mixed))
        reader(path)


MORE: list[dict[str, Any]] = [
    {"t": 5.0, "kind": "chosen", "id": "m1", "rank": 1.0, "reasons": ["paid"], "losers": [{"id": "m2"}]},
    {"t": 5.0, "kind": "prompt", "turn": 1, "sha256": "aa", "lines": 4, "asked": "hello there", "seed": 3},
    {
        "t": 5.0,
        "kind": "judged",
        "door": "name",
        "what": "name",
        "id": "m1",
        "action": "hold",
        "rule": "gate.x",
        "ms": 1,
    },
    {
        "t": 5.0,
        "kind": "filtered",
        "id": "m1",
        "rule": "x",
        "action": "replace",
        "detector": "d",
        "masked": "a",
    },
    {"t": 5.0, "kind": "let_through", "turn": 1, "counts": {"name": 2}, "ms": 1.0},
    {"t": 5.0, "kind": "slip", "turn": 1, "what": "a loop", "seed": 1, "again": True},
    {"t": 5.0, "kind": "held", "id": "m1", "number": 1, "rule": "x", "detector": "d"},
    {"t": 5.0, "kind": "decided", "id": "m1", "number": 1, "allowed": True, "command": "m1"},
    {"t": 5.0, "kind": "blocked", "id": "m1", "minutes": 2.0, "rule": "x", "detector": "d"},
    {"t": 5.0, "kind": "command", "id": "m1", "order": "hush", "did": "silence"},
    {"t": 5.0, "kind": "dropped", "id": "m1", "reason": "old"},
    {"t": 5.0, "kind": "spoken", "turn": 1, "index": 0, "heard": "Hello, Kai.", "complete": True},
    {"t": 5.0, "kind": "part", "part": "brain", "state": "down", "what": "gone"},
    {"t": 5.0, "kind": "failure", "part": "turn", "error": "x"},
    {"t": 5.0, "kind": "set_aside", "turn": 1},
    {"t": 5.0, "kind": "cut", "turn": 1},
]
