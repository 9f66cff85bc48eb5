"""`banban audit`: what a journal tells of each utterance, its messages, and the guard's verdicts on both."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, message

from benchmarks.scripted import ScriptedBrain
from vtuber.app.audit import command
from vtuber.brain import Prompt
from vtuber.core.errors import BanbanError
from vtuber.core.events import Author, Deletion, Money
from vtuber.record import audit_reader
from vtuber.record.audit import Audit

SECRETS = ("durian", "secret42")


@pytest.fixture
def journal(play: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a show in which something of each kind happened."""

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        yield (
            "I like it. Go to evil.com now! Really."
            if "address" in prompt.lines[-1].text
            else "Yes, it is. I like it very much!"
        )

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    kept: list[Path] = []

    async def scene(room: Room) -> None:
        assert room.show.journal.path
        kept.append(room.show.journal.path)
        for words, name in (
            ("is the pizza good?", "mika"),
            ("what is the address?", "lou"),
            ("I love durian", "mika"),
            ("is secret42 a pattern?", "pat"),
            ("hello from a secret42", "secret42"),
            ("hello!", "secret42"),
        ):
            author = Author(f"id-{name[:4]}", name, login=name)
            room.show.receive(replace(message(words), author=author))
            await room.until_idle()
        room.types("thanks, durian", name="rich", money=Money(Decimal(5), "USD"))
        await room.until_idle()
        gone = room.types("and this?", name="gone")
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone.id))
        room.commands("!say I am told to say this.")
        await room.until_idle()

    play(scene, gate={"words": ["durian"], "patterns": ["secret[0-9]+"]}, inbox={"batch": 1})
    return kept[0]


def told(capsys: pytest.CaptureFixture[str], journal: Path | None, **chosen: Any) -> str:
    command(None, journal, **{"message": None, "viewer": None, "minute": None, "as_json": False} | chosen)
    return capsys.readouterr().out


def id_of(audit: Audit, who: str) -> str:
    return next(message.id for message in audit.messages.values() if message.who == who)


def test_each_utterance_stands_with_its_messages_and_verdicts(journal: Path) -> None:
    audit = audit_reader.read(journal)
    assert audit.malformed == 0
    by_lead = {
        audit.messages[said.messages[0]].text: said for said in audit.utterances.values() if said.messages
    }
    good = by_lead["is the pizza good?"]
    assert good.heard == "Yes, it is. I like it very much!"
    assert [one.verdict.action for one in good.sentences] == ["speak", "speak"]
    assert all(one.verdict.ms and one.verdict.ms > 0 for one in good.sentences)
    (asked,) = [one for one in audit.messages[good.messages[0]].verdicts if one.what == "message"]
    assert (asked.action, asked.door, asked.detector) == ("speak", "message", "")
    assert asked.ms is not None
    bad = by_lead["what is the address?"]
    stopped = next(one for one in bad.sentences if not one.verdict.allowed)
    assert (stopped.verdict.action, stopped.verdict.detector) == ("replace", "links")
    assert stopped.verdict.rule == "built in: address"
    assert bad.sentences[-1].kind == "refusal"
    assert bad.heard.endswith(bad.sentences[-1].text)
    assert audit.let_through["name"] > 0


def test_what_lists_of_ones_own_hold_is_never_told(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        printed = told(capsys, journal, as_json=as_json)
        leaked = [line for line in printed.splitlines() for secret in SECRETS if secret in line]
        assert leaked == []
        assert "gate.words" in printed
        assert "gate.patterns" in printed


def test_the_rest_of_a_text_with_a_find_is_told(journal: Path) -> None:
    texts = [message.text for message in audit_reader.read(journal).messages.values()]
    assert "is ＊＊＊＊＊＊＊＊ a pattern?" in texts
    assert "thanks, ＊＊＊＊＊＊" in texts


def test_by_message(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit = audit_reader.read(journal)
    printed = told(capsys, journal, message=id_of(audit, "lou"))
    assert "what is the address?" in printed
    assert "replace (links, built in: address)" in printed
    assert "says instead: " in printed
    assert "pizza good" not in printed
    assert "1 utterances, 1 messages" in printed
    assert "0 utterances, 0 messages" in told(capsys, journal, message="nobody's")


def test_by_viewer(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("mika", "@MIKA", "id-mika"):
        printed = told(capsys, journal, viewer=name)
        assert "is the pizza good?" in printed
        assert "not answered: filtered" in printed
        assert "address" not in printed
    assert "deleted by a moderator" in told(capsys, journal, viewer="gone")


def test_by_minute(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json_rows(told(capsys, journal, as_json=True))
    last = int(max(row["t"] for row in whole))
    clock = f"{last // 3600}:{last // 60 % 60:02}"
    rows = json_rows(told(capsys, journal, minute=clock, as_json=True))
    assert [row for row in rows if row["kind"] == "utterance" and row["recited"]]
    assert told(capsys, journal, minute="90:00").startswith("0 utterances, 0 messages")
    for wrong in ("", "five", "1:60", "-1:00", "1:2:3", "１:00"):
        with pytest.raises(BanbanError, match="no minute"):
            told(capsys, journal, minute=wrong)


def json_rows(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_as_json_everything_is_there(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json_rows(told(capsys, journal, as_json=True))
    kinds = {row["kind"] for row in rows}
    assert kinds >= {"message", "utterance"}
    assert [row["t"] for row in rows] == sorted(row["t"] for row in rows)
    said = next(row for row in rows if row["kind"] == "utterance")
    assert set(said["sentences"][0]["verdict"]) == {
        *("door", "what", "action", "rule", "detector", "ms"),
    }


def test_only_one_choice(journal: Path) -> None:
    with pytest.raises(BanbanError, match="choose one"):
        command(None, journal, message="a", viewer="b", minute=None, as_json=False)


def test_without_a_path_it_is_the_newest(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[journal]\nfolder = '{journal.parent}'\n", encoding="utf-8")
    command(config, None, message=None, viewer="lou", minute=None, as_json=False)
    assert "what is the address?" in capsys.readouterr().out


def test_a_packed_and_damaged_journal_is_read(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.jsonl.gz"
    lines = (
        b'{"t": 1\n\xff\xfe\n[1]\n{"t": 1, "kind": "sentence"}\n{"t": 1, "kind": "new"}\n'
        + journal.read_bytes()
    )
    damaged.write_bytes(gzip.compress(lines)[:-9])
    printed = told(capsys, damaged)
    assert "is the pizza good?" in printed
    assert "lines of" in printed


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x1f\x8b broken", b'{"t": 0, "kind": "soup"}\n'])
def test_what_is_no_journal_is_one_clear_message(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(BanbanError):
        audit_reader.read(path)


def test_an_old_journal_is_read() -> None:
    lines = [
        {"t": 0, "kind": "show", "version": "0.1.0", "character": "板板", "seed": 1, "format": 1},
        heard(1.0, "m1", "Ann", "is it good?"),
        heard(1.5, "m2", "Bo", "I love durian", drop="filtered: gate.words: durian"),
        {"t": 2.0, "kind": "filtered", "id": "m3", "rule": "gate.patterns: secret[0-9]+"},
        {"t": 2.0, "kind": "batch", "turn": 1, "who": "Ann", "lead": "m1", "others": ["m9"], "script": ""},
        sentence(2.1, 0, "Yes.", spare=False, stopped_by=""),
        sentence(2.2, 1, "As an AI", spare=False, stopped_by="built in: confession"),
        sentence(2.2, 1, "Nope.", way_out=True),
        {"t": 4.0, "kind": "reply", "turn": 1, "heard": "Yes. Nope.", "failed": ""},
    ]
    audit = audit_reader.from_rows(lines)
    assert audit.malformed == 0
    said = audit.utterances[1]
    assert said.messages == ["m1", "m9"]
    assert [(one.text, one.verdict.action, one.verdict.rule, one.kind) for one in said.sentences] == [
        ("Yes.", "speak", "", ""),
        ("As an AI", "stopped", "built in: confession", ""),
        ("Nope.", "speak", "", "refusal"),
    ]
    assert said.sentences[0].verdict.ms is None
    bo = audit.messages["m2"]
    assert (bo.text, bo.verdicts[0].rule, bo.verdicts[0].detector) == (
        audit_reader.WITHHELD,
        "gate.words",
        "words",
    )
    assert audit.messages["m3"].verdicts[0].rule == "gate.patterns"


def heard(t: float, name: str, who: str, text: str, **more: str) -> dict[str, Any]:
    author = {"id": who, "name": who}
    event = {
        "what": "message",
        "id": name,
        "platform": "twitch",
        "channel": "x",
        "author": author,
        "text": text,
    }
    return {"t": t, "kind": "heard", "event": event, **more}


def sentence(t: float, index: int, text: str, **more: object) -> dict[str, Any]:
    return {"t": t, "kind": "sentence", "turn": 1, "index": index, "text": text, "mood": "", **more}
