"""Commands to the broadcasting program: who may give them, and what is said to whoever did."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, Screen

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.errors import StageError
from vtuber.core.events import Role
from vtuber.record.facts import Fact, Facts
from vtuber.stage.obs import Obs

BROADCASTER = frozenset({Role.BROADCASTER})


class Studio(Screen):
    """A program that has the scene "Game", and remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[object] = []
        self.kinds: list[str] = []
        self.looks_on = False

    def look_on(self) -> None:
        self.looks_on = True

    def follow(self, facts: Facts) -> None:
        facts.subscribe(self._note)

    def _note(self, fact: Fact) -> None:
        self.kinds.append(fact.kind)

    def choose_scene(self, name: str) -> str:
        if name != "Game":
            raise StageError("there is no such scene", hint="did you mean Game?")
        self.did.append(name)
        return "OBS shows Game"

    def set_streaming(self, *, live: bool) -> str:
        self.did.append(live)
        return "OBS starts the stream" if live else "OBS ends the stream"

    async def frame(self, width: int | None = None) -> bytes:
        await asyncio.sleep(0)
        return bytes(width or 1)


def test_moderators_choose_a_scene(play: Any) -> None:
    studio = Studio()

    async def scene(room: Room) -> None:
        assert room.show.studio is studio
        assert room.commands("!scene Game") == "OBS shows Game"
        assert room.commands("!scene Gaem") == "there is no such scene; did you mean Game?"
        assert room.commands("!scene") == "write !scene NAME"
        assert room.commands("!scene Game", name="viewer") == ""
        assert studio.did == ["Game"]
        assert "command" in studio.kinds

    play(scene, screens=[studio])


def test_the_stream_is_the_broadcasters(play: Any) -> None:
    studio = Studio()

    async def scene(room: Room) -> None:
        assert "only for broadcasters" in room.commands("!stream stop")
        assert room.commands("!stream stop", name="viewer") == ""
        assert room.commands("!stream start", name="boss", roles=BROADCASTER) == "OBS starts the stream"
        assert room.commands("!stream STOP", name="boss", roles=BROADCASTER) == "OBS ends the stream"
        assert room.commands("!stream up", name="boss", roles=BROADCASTER) == "write !stream start|stop"
        assert studio.did == [True, False]

    play(scene, screens=[studio])


@pytest.mark.parametrize("dry", [True, False])
def test_in_a_dry_run_it_looks_on(play: Any, *, dry: bool) -> None:
    studio = Studio()

    async def scene(room: Room) -> None:
        assert room.show.studio is studio
        assert studio.looks_on is dry

    play(scene, screens=[studio], dry=dry)


def test_without_a_program_they_say_so(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!scene Game") == "OBS is not used here; set stage.obs.enabled = true"

    play(scene)


def test_in_a_dry_run_they_say_so(play: Any) -> None:
    studio = Studio()

    async def scene(room: Room) -> None:
        assert room.commands("!scene Game") == "in a dry run OBS takes no commands"
        assert studio.did == []

    play(scene, screens=[studio], dry=True)


def test_a_program_that_is_away_says_so(play: Any) -> None:
    character = Character("", "x", (), "", (), (), (), {}, (), Path())  # type: ignore[arg-type]
    obs = Obs(Settings.model_validate({"stage": {"obs": {"scenes": ["Game"]}}}), character)

    async def scene(room: Room) -> None:
        assert room.commands("!scene Game") == "OBS is not connected"

    play(scene, screens=[obs])
