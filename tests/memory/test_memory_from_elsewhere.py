"""A memory that somebody else wrote and installed beside banban, in a show."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room

GOLDFISH = '''
from vtuber.core.availability import Availability
from vtuber.core.health import Health, State
from vtuber.memory import Recollection, Viewer


class Goldfish:
    """Believes that everybody said the same before, and remembers nothing else."""

    def __init__(self, settings):
        self.words = settings.parts["goldfish"]["words"]
        self.availability = Availability(ready=True)
        self.remembered = []

    async def start(self): ...

    def note(self, event): ...

    async def recall(self, batch):
        author = batch.lead.event.author
        return Recollection({("twitch", author.id): Viewer(author.name, 2, self.words)}, ())

    async def remember(self, batch, heard):
        self.remembered.append((batch.speaker, heard))

    def forget(self, platform, who): ...

    def revoke(self, revocation):
        return frozenset()

    async def stop(self): ...

    def health(self):
        return Health("memory", State.OK, "swims in circles")
'''


def test_a_memory_from_an_entry_point_is_chosen_by_its_name(
    play: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    info = site / "goldfish-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "goldfish_memory.py").write_text(GOLDFISH, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: goldfish\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[banban.memory]\ngoldfish = goldfish_memory:Goldfish\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()

    async def scene(room: Room) -> None:
        room.types("and now?", name="mika")
        await room.until_idle()
        (prompt,) = room.journal("prompt")
        assert "they wrote before: I swam past a castle" in prompt["whole"][-1][-1]
        memory: Any = room.show.memory
        assert memory.remembered == [("banban", "Yes, it is. I like it very much!")]
        assert "swims in circles" in [health.what for health in room.show.health()]

    play(
        scene,
        memory={"use": "goldfish"},
        parts={"goldfish": {"words": "I swam past a castle"}},
        journal={"prompts": "whole"},
    )
