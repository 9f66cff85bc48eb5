"""A rehearsal: the whole recording through the real show, the same choices for the same seed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import benchmarks.scripted
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
            "voice": {"use": "scripted", "fallback": ""},
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


def test_a_recorded_stream_is_played_whole(tmp_path: Path) -> None:
    report, batches = rehearsed(DATA / "twitch-vod-chat.json", tmp_path)
    assert report["messages"] == 3090
    assert report["paid"] == report["paid_answered"] == 21
    # An answer that begins once more, because its viewer wrote on, is a batch again and one turn.
    assert 50 < report["turns"] <= len(batches) < 1.05 * report["turns"]
    answered = {message for lead, others in batches for message in (lead, *others)}
    assert sum(report["dropped"].values()) + len(answered) <= 3090
    assert set(report["latency_ms"]) == {*PARTS, "total"}
    assert all(set(report["latency_ms"][part]) == {"p50", "p95", "p99", "max"} for part in PARTS)
    assert report["latency_ms"]["queue"]["p50"] > 0


def test_the_same_seed_makes_the_same_choices(tmp_path: Path) -> None:
    runs = [rehearsed(DATA / "twitch-vod-chat.json", tmp_path / str(run), seed=5) for run in range(2)]
    (first, first_batches), (second, second_batches) = runs
    assert first_batches == second_batches
    for key in ("messages", "paid", "paid_answered", "turns", "dropped"):
        assert first[key] == second[key]


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
