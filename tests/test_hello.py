"""The example of docs/parts.md runs, found the way a part from another package is found."""

from __future__ import annotations

import asyncio
import importlib
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rehearsal_room import Room, perform

from vtuber import character, stage
from vtuber.config import Settings
from vtuber.core.clock import outside

PAGE = Path(__file__).parents[1] / "docs" / "parts.md"


def blocks() -> list[dict[str, Any]]:
    """The page's TOML, in order: what a package registers, and what a streamer chooses."""
    text = PAGE.read_text(encoding="utf-8")
    return [tomllib.loads(block.split("```")[0]) for block in text.split("```toml\n")[1:]]


def install(site: Path) -> None:
    """What pip would do with a package that holds the example and registers it as the page says."""
    (site / "my_package").mkdir(parents=True)
    shutil.copy(PAGE.parent / "examples" / "hello.py", site / "my_package" / "hello.py")
    info = site / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n", encoding="utf-8"
    )
    lines = [
        line
        for group, entries in blocks()[0]["project"]["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    importlib.invalidate_caches()


def test_parts_from_another_package_make_a_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    chosen = blocks()[1]

    async def scene(room: Room) -> None:
        counter = importlib.import_module("my_package.hello").HelloCounter()
        room.show.facts.subscribe(counter)
        await asyncio.sleep(25)
        assert room.heard()[:2] == ["Hello, world! How nice to see you."] * 2
        assert counter.sentences >= 4
        assert "they wrote before: Hello, number 1!" in json.dumps(room.journal("prompt")[1])
        parts = {health.what for health in room.show.health()}
        assert {"says hello", "forgets everything after the show"} <= parts
        assert any("hums" in what for what in parts)
        url = room.show.server.url
        with outside():
            async with aiohttp.ClientSession() as client, client.get(f"{url}hello") as answer:
                assert (await answer.text()).endswith("How nice to see you.")
        room.commands("!say Goodbye, world!")
        await asyncio.sleep(5)
        assert "Hello again!" in [sentence["heard"] for sentence in room.journal("spoken")]
        assert all("Goodbye" not in sentence["heard"] for sentence in room.journal("spoken"))

    def room() -> Room:
        settings = Settings.model_validate(chosen)
        _, hello = stage.build(settings, character.load(settings.show.character))
        return Room(tmp_path, None, screens=[hello], journal={"prompts": "whole"}, **chosen)

    perform(room, scene)
