"""What a viewer said and was told in one show stands in the prompt of the next, by whatever name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room

from vtuber.core.events import Event
from vtuber.listeners.twitch import irc

REPORTS = Path(__file__).parent.parent / "data" / "reports"
ANSWER = (
    "Mochi is a splendid name for a cat. I once knew a rice cake that was called so, and it was very soft!"
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no embedded server on Windows")


def events(name: str) -> list[Event]:
    parser = irc.IrcParser()
    lines = (REPORTS / name).read_text(encoding="utf-8").splitlines()
    found = [parser.event(irc.parse(line)) for line in lines if line and not line.startswith("#")]
    return [event for event in found if event is not None]


def test_a_viewer_who_comes_back_renamed_is_remembered_until_they_ask_to_be_forgotten(
    play: Any, tmp_path: Path
) -> None:
    memory = {"use": "embedded", "folder": tmp_path / "memory", "recall_seconds": 5}
    asked: list[str] = []

    async def show(room: Room, name: str) -> None:
        for event in events(name):
            room.show.receive(event)
            await room.until_idle()
        asked.extend(line["asked"] for line in room.journal("prompt"))

    play(lambda room: show(room, "irc-memory-show1.txt"), reply=ANSWER, memory=memory)
    assert len(asked) == 2
    assert "before" not in "".join(asked)

    asked.clear()
    play(lambda room: show(room, "irc-memory-show2.txt"), reply="She is called Mochi!", memory=memory)
    cat, name = asked
    assert cat.startswith("Banban, do you remember my cat?")
    assert "[they wrote before: Banban, my cat is called Mochi]" in cat
    assert f"[you told them before: {ANSWER[:80]}" in cat, "longer than 59 characters"
    assert name == "Banban, and what is her name?", "!forgetme was between them"
