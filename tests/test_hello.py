"""The example of docs/parts.md runs, found the way a part from another package is found."""

from __future__ import annotations

import asyncio
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rehearsal_room import Room, perform

from vtuber import character, stage
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.clock import outside

PAGE = Path(__file__).parents[1] / "docs" / "parts.md"


def blocks() -> list[dict[str, Any]]:
    """The page's TOML, in order: what a package registers, and what a streamer chooses."""
    text = PAGE.read_text(encoding="utf-8")
    return [tomllib.loads(block.split("```")[0]) for block in text.split("```toml\n")[1:]]


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = blocks()[0]["project"]["entry-points"]

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [
            EntryPoint(name, value.replace("my_package.hello", "docs.examples.hello"), group)
            for name, value in groups.get(group, {}).items()
        ]

    monkeypatch.setattr(registry, "entry_points", entry_points)


@pytest.mark.usefixtures("_installed")
def test_parts_from_another_package_make_a_show(tmp_path: Path) -> None:
    chosen = blocks()[1]
    chosen["voice"]["fallback"] = ""

    async def scene(room: Room) -> None:
        await asyncio.sleep(25)
        assert room.heard()[:2] == ["Hello, world! How nice to see you."] * 2
        url = room.show.server.url
        with outside():
            async with aiohttp.ClientSession() as client, client.get(f"{url}hello") as answer:
                assert (await answer.text()).endswith("How nice to see you.")

    def room() -> Room:
        settings = Settings.model_validate(chosen)
        _, hello = stage.build(settings, character.load(settings.show.character))
        return Room(tmp_path, None, screens=[hello], **chosen)

    perform(room, scene)
