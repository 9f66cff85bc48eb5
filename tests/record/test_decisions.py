"""What two runs must have alike, and where they part: told so that a streamer understands it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vtuber.app import comparison
from vtuber.core.errors import BanbanError
from vtuber.record import decisions, facts
from vtuber.record.decisions import DecisionFile, Rehearsed, decision
from vtuber.record.parting import Comparison, compare


def said(t: float, id_: str, text: str, **more: Any) -> dict[str, Any]:
    author = {"id": "u1", "name": "Kai"}
    return {
        "t": t,
        "kind": "heard",
        "event": {"what": "message", "id": id_, "author": author, "text": text},
        **more,
    }


RUN: list[dict[str, Any]] = [
    {"t": 0.0, "kind": "show", "version": "1", "character": "板板", "seed": 7, "format": 1},
    {"t": 0.5, "kind": "part", "part": "stage.server", "state": "ok", "what": "http://127.0.0.1:4711/"},
    said(1.0, "m1", "is pizza good?"),
    {"t": 2.0, "kind": "chosen", "id": "m1", "rank": 1.0, "reasons": [], "losers": []},
    {"t": 2.0, "kind": "batch", "turn": 1, "lead": "m1", "others": [], "script": ""},
    {"t": 2.0, "kind": "prompt", "turn": 1, "sha256": "aa", "lines": 4, "asked": "is pizza good?", "seed": 3},
    {"t": 2.0, "kind": "mark", "turn": 1, "part": "prompt"},
    {"t": 2.5, "kind": "sentence", "turn": 1, "text": "Yes.", "stopped_by": "", "action": "speak", "ms": 0.3},
    {"t": 4.0, "kind": "reply", "turn": 1, "heard": "Yes.", "lasted": 1.5, "delays_ms": {"queue": 9.0}},
    {"t": 5.0, "kind": "end", "messages": 1},
]


def compared(*changes: dict[str, Any], other: list[dict[str, Any]] | None = None) -> Comparison:
    """The run with itself, where a line is changed that has this kind."""
    second = (
        other
        if other is not None
        else [
            {**row, **next((change for change in changes if change["kind"] == row["kind"]), {})}
            for row in RUN
        ]
    )
    found = ([row for row in map(decision, run) if row is not None] for run in (RUN, second))
    return compare(*found)


def test_what_the_machine_measured_is_no_decision() -> None:
    assert decision(RUN[1]) is None
    assert decision(RUN[6]) is None
    assert decision(RUN[7]) == {
        "t": 2.5, "kind": "sentence", "turn": 1, "text": "Yes.", "stopped_by": "", "action": "speak"
    }  # fmt: skip
    assert decision({**RUN[2], "event": {**RUN[2]["event"], "at": 0.99}}) == RUN[2]


def test_runs_that_differ_in_times_and_addresses_are_the_same() -> None:
    found = compared(
        {"kind": "show", "version": "2"},
        {"kind": "part", "what": "http://127.0.0.1:4712/"},
        {"kind": "sentence", "ms": 99.0, "t": 2.6},
        {"kind": "reply", "lasted": 1.6, "delays_ms": {}, "t": 4.1},
    )
    assert found.parting is None
    assert (found.same["heard"], found.same["reply"]) == (1, 1)


def test_another_choice_is_told_with_the_message() -> None:
    other = [*RUN[:3], said(1.1, "m2", "me first!"), {**RUN[3], "id": "m2"}]
    parting = compared(other=other).parting
    assert parting is not None
    assert parting.first == "chooses to answer Kai: is pizza good?"
    assert parting.second == "chat: Kai: me first!"
    assert parting.before[-1] == "0:00:01  chat: Kai: is pizza good?"
    assert parting.t == 1.1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kind": "show", "seed": 8}, "seed", "板板 goes on air (seed 8)"),
        ({"kind": "heard", "drop": "flood"}, "drop", "chat: Kai: is pizza good? (not answered: flood)"),
        ({"kind": "prompt", "sha256": "bb"}, "sha256", "turn 1 asks the model: is pizza good?"),
        ({"kind": "sentence", "stopped_by": "x", "action": "drop"}, "action", "turn 1 says: Yes. [drop: x]"),
        ({"kind": "reply", "heard": ""}, "heard", "turn 1 was heard: (nothing)"),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], field: str, words: str) -> None:
    parting = compared(change).parting
    assert parting is not None
    assert field in parting.differing
    assert parting.second == words


def test_a_run_that_ends_early_and_another_chat_are_told() -> None:
    short = compared(other=RUN[:5]).parting
    assert short is not None
    assert short.second is None
    other = compared(other=[RUN[0], said(1.0, "x", "hello")]).parting
    assert other is not None
    assert other.is_other_chat


def test_the_command_tells_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_text("".join(json.dumps(row) + "\n" for row in RUN))
    second.write_text("".join(json.dumps(row).replace('"aa"', '"bb"') + "\n" for row in RUN))
    assert comparison.command(first, first)
    assert not comparison.command(first, second)
    told = capsys.readouterr().out
    assert "both runs are the same: 1 message, 1 reply" in told
    assert "the runs part at 0:00:02" in told
    assert "what differs is what the model reads before the question" in told


def test_the_first_reply_that_is_heard_otherwise_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word of the persona parts the runs at the first prompt; what viewers notice of it is told as well."""
    more = [{**row, "t": row["t"] + 10} for row in RUN[2:9]]
    first, alike, other = RUN + more, changed(RUN + more, "aa", "bb"), changed(RUN, "aa", "bb") + more
    other[-1] = {**other[-1], "heard": "No."}
    for name, rows in (("a", first), ("b", alike), ("c", other)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert not comparison.command(tmp_path / "a", tmp_path / "b")
    assert "all that is heard is the same" in capsys.readouterr().out
    assert not comparison.command(tmp_path / "a", tmp_path / "c", ("a", "c"))
    told = capsys.readouterr().out
    assert "the runs part at 0:00:02, after what is the same in both: 1 message, 0 replies" in told
    assert "reply 2 is the first that is heard otherwise:\na:\n  0:00:14  Yes.\nc:\n  0:00:14  No.\n" in told


def changed(rows: list[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    """The rows, in which a text stands for another."""
    changed: list[dict[str, Any]] = json.loads(json.dumps(rows).replace(f'"{old}"', f'"{new}"'))
    return changed


def test_what_chat_wrote_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_text(json.dumps(said(1.0, "m1", "\x1b[2J\x1b[31mred\r\nhidden\u202e")) + "\n")
    second.write_text(json.dumps(said(1.0, "m1", "plain")) + "\n")
    assert not comparison.command(first, second)
    told = capsys.readouterr().out
    assert not {"\x1b", "\r", "\u202e"} & set(told)


async def test_a_file_of_decisions_says_how_it_was_played(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    how = Rehearsed(7, 2.0, seconds=90.0, no_model=True, chat="chat.json", version="0.1")
    file = DecisionFile(path, how)
    file.note(facts.ShowBegan("1", "板板", 7))
    file.note(facts.StepReached(1, "prompt"))
    file.note(facts.TurnCut(1))
    file.close()
    assert decisions.header(path) == how
    assert [row["kind"] for row in decisions.read(path)] == ["show", "cut"]


async def test_a_full_disk_is_told_when_all_is_written() -> None:
    file = DecisionFile(Path("/dev/full"), Rehearsed(7, 1.0))
    for turn in range(10_000):
        file.note(facts.TurnCut(turn))
    with pytest.raises(OSError, match="No space"):
        file.close()


def test_what_holds_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xff" * 1000)
    (tmp_path / "journal").write_text(json.dumps(RUN[0]) + "\n")
    with pytest.raises(BanbanError, match="no journal"):
        list(decisions.read(tmp_path / "x"))
    with pytest.raises(BanbanError, match="this is no record of a rehearsal"):
        decisions.header(tmp_path / "x")
    with pytest.raises(BanbanError, match="the journal of a show, and no record of a rehearsal"):
        decisions.header(tmp_path / "journal")
    with pytest.raises(BanbanError, match="cannot be read"):
        list(decisions.read(tmp_path / "none"))


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ({"format": 2, "seed": 7, "speed": 1.0}, "made by another version"),
        ({"format": 1, "speed": 1.0}, "no seed that can be used"),
        ({"format": 1, "seed": "x", "speed": 1.0}, "no seed that can be used"),
        ({"format": 1, "seed": 7, "speed": 0}, "no speed that can be used"),
        ({"format": 1, "seed": 7, "speed": 1.0, "seconds": float("nan")}, "no seconds that can be used"),
    ],
)
def test_a_record_that_says_not_how_it_was_played_is_refused(
    tmp_path: Path, first: dict[str, Any], why: str
) -> None:
    path = tmp_path / "record"
    path.write_text(json.dumps({"t": 0.0, "kind": "rehearsal", **first}) + "\n")
    with pytest.raises(BanbanError, match=why) as caught:
        decisions.header(path)
    assert "record the rehearsal again" in caught.value.hint
