"""A rehearsal: the whole recording through the real show, the same choices for the same seed."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import benchmarks.scripted
from vtuber import __version__
from vtuber.app.rehearse import rehearse
from vtuber.config import Settings
from vtuber.core.simulated import SimulatedLoop
from vtuber.record.metrics import PARTS

assert benchmarks.scripted

DATA = Path(__file__).parents[1] / "data"


def rehearsed(
    file: Path, folder: Path, *, seed: int = 1, speed: float = 4.0
) -> tuple[dict[str, Any], list[Any]]:
    """The figures, and whom she answered."""
    settings = Settings.model_validate(
        {
            "chat": {"replay": {"file": str(file), "speed": speed}},
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": ["scripted", "silent"]},
            "journal": {"folder": folder},
        }
    )
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        report = runner.run(
            rehearse(settings, seed=seed, seconds=None, progress=lambda *_: None, on_air=lambda _show: None)
        )
    (journal,) = folder.glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return report, [(line["lead"], line["others"]) for line in lines if line["kind"] == "batch"]


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Any]]:
    """A recorded stream, played once for all that look at it."""
    return rehearsed(DATA / "twitch-vod-chat.json", tmp_path_factory.mktemp("stream"))


def test_a_recorded_stream_is_played_whole(stream: tuple[dict[str, Any], list[Any]]) -> None:
    report, batches = stream
    assert report["messages"] == 3090
    assert report["paid"] == report["paid_answered"] == 21
    # An answer that begins once more, because its viewer wrote on, or that was prepared and set aside for
    # something that matters more, is a batch again and one turn.
    assert 50 < report["turns"] <= len(batches) < 1.15 * report["turns"]
    answered = {message for lead, others in batches for message in (lead, *others)}
    assert sum(report["dropped"].values()) + len(answered) <= 3090
    assert set(report["latency_ms"]) == {*PARTS, "total"}
    assert all(set(report["latency_ms"][part]) == {"p50", "p95", "p99", "max"} for part in PARTS)
    assert report["latency_ms"]["queue"]["p50"] > 0


def played(folder: Path, *flags: str, hash_seed: int = 0) -> subprocess.CompletedProcess[str]:
    """`banban rehearse`, in a process of its own with another order of sets, in that folder."""
    return subprocess.run(
        [sys.executable, "-m", "vtuber.app", "rehearse", *flags],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chat, and with what was decided when it was rehearsed."""
    folder = tmp_path_factory.mktemp("recorded")
    whole = json.loads((DATA / "twitch-vod-chat.json").read_text(encoding="utf-8"))
    whole["comments"] = whole["comments"][600:750]
    (folder / "chat.json").write_text(json.dumps(whole), encoding="utf-8")
    (folder / "config.toml").write_text("[journal]\nenabled = false\n", encoding="utf-8")
    done = played(folder, "chat.json", "--no-model", "--seed", "7", "--record", "run.jsonl", hash_seed=1)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_recorded_rehearsal_is_played_again_byte_for_byte(recorded: Path) -> None:
    """And as it was played: without a model, with its seed."""
    flags = ("chat.json", "--expect", "run.jsonl", "--record", "again.jsonl")
    done = played(recorded, *flags, hash_seed=2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both runs are the same: 150 messages" in done.stdout
    first = (recorded / "run.jsonl").read_bytes()
    assert first == (recorded / "again.jsonl").read_bytes()
    assert {b"chosen", b"prompt", b"judged", b"sentence", b"reply"} <= {
        line.split(b'"kind": "', 1)[1].split(b'"', 1)[0] for line in first.splitlines()
    }
    assert sys.platform == "win32" or stat.S_IMODE((recorded / "run.jsonl").stat().st_mode) == 0o600


def test_a_rehearsal_that_goes_otherwise_says_where_it_parts(recorded: Path, tmp_path: Path) -> None:
    author = next(
        row["event"]["author"]["login"]
        for row in map(json.loads, (recorded / "run.jsonl").read_text(encoding="utf-8").splitlines())
        if row["kind"] == "heard" and not row.get("drop")
    )
    (tmp_path / "config.toml").write_text(
        f'[inbox]\nignore = ["twitch:{author}"]\n[journal]\nenabled = false\n'
    )
    before = (recorded / "run.jsonl").read_text(encoding="utf-8")
    record = tmp_path / "run.jsonl"
    record.write_text(before.replace(__version__, "0.0.1", 1), encoding="utf-8")
    flags = (str(recorded / "chat.json"), "--expect", "run.jsonl", "--record", "run.jsonl")
    done = played(tmp_path, *flags)
    assert done.returncode == 1
    assert "the runs part at 0:00:" in done.stdout
    assert "(not answered: ignored)" in done.stdout
    assert "what differs is drop: (nothing) | ignored" in done.stdout
    assert f"was made by banban 0.0.1, and this is banban {__version__}" in done.stdout
    assert '"drop": "ignored"' in record.read_text(encoding="utf-8"), "it is the new record"


def test_what_is_no_record_cannot_be_expected(recorded: Path) -> None:
    done = played(recorded, "chat.json", "--expect", "chat.json")
    assert done.returncode == 1
    assert "chat.json: this is no" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [("chat.json", "the file that is read"), ("nowhere/run.jsonl", "no such folder"), (".", "a folder")],
)
def test_where_nothing_can_be_recorded_nothing_is_played(recorded: Path, name: str, why: str) -> None:
    before = (recorded / "chat.json").read_bytes()
    done = played(recorded, "chat.json", "--no-model", "--record", name)
    assert done.returncode == 1
    assert why in done.stderr
    assert done.stdout == ""
    assert (recorded / "chat.json").read_bytes() == before


def test_something_must_be_played(recorded: Path) -> None:
    done = played(recorded)
    assert done.returncode == 2
    assert "name the recorded chat" in done.stderr


def test_super_chats_are_all_answered_and_counted_once(tmp_path: Path) -> None:
    report, _ = rehearsed(DATA / "youtube-superchats.json", tmp_path, speed=20)
    assert report["messages"] == 125
    assert report["dropped"] == {"duplicate": 57}
    assert report["paid"] == report["paid_answered"] == 68


def test_a_journal_of_a_show_can_be_rehearsed(tmp_path: Path) -> None:
    first, _ = rehearsed(DATA / "youtube-superchats.json", tmp_path / "first", speed=20)
    (journal,) = (tmp_path / "first").glob("*.jsonl")
    again, _ = rehearsed(journal, tmp_path / "again", speed=1)
    assert again["messages"] == first["messages"]
    assert again["paid_answered"] == 68


def test_a_recording_that_is_none_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "cat.json").write_text('{"meow": 1}', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "vtuber.app", "rehearse", "cat.json"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "cat.json" in done.stderr
    assert "Traceback" not in done.stderr
