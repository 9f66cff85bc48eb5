"""An OBS whose frames are wrong: of other types, too long, out of order.

The show goes on, and OBS is tried again.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fake_obs import SPOILS, Data, FakeObs
from frames import Fragments
from obs_props import CHARACTER, until

from vtuber import config
from vtuber.core.errors import StageError
from vtuber.core.health import State
from vtuber.record.facts import Facts, SceneChanged
from vtuber.stage.cues import Heard, Hushed
from vtuber.stage.obs import Obs
from vtuber.stage.obs import client as obs_client
from vtuber.stage.obs import link as obs_link

INPUTS = {"inputs": [{"inputName": "Caption", "inputKind": "text_ft2_source_v2"}]}


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeObs]:
    monkeypatch.setattr(obs_link, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(obs_link, "RETRY_SECONDS", (0.05, 0.05))
    monkeypatch.setattr(obs_client, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(obs_client, "MESSAGE_BYTES", 1 << 20)
    made = FakeObs()
    made.answers |= {
        "GetInputList": lambda _: INPUTS,
        "GetSceneList": lambda _: {"scenes": [{"sceneName": "Live"}]},
        "GetCurrentProgramScene": lambda _: {"currentProgramSceneName": "Live"},
        "GetStreamStatus": lambda _: {"outputActive": True},
        "SetInputSettings": lambda _: {},
    }
    async with made.running():
        yield made


async def test_a_scene_goes_back_though_obs_hung_while_it_was_shown(fake: FakeObs) -> None:
    scenes = ["Game"]

    def show(data: Data) -> Data:
        scenes.append(data["sceneName"])
        return {}

    fake.answers |= {
        "GetSceneList": lambda _: {"scenes": [{"sceneName": "Game"}, {"sceneName": "Talk"}]},
        "GetCurrentProgramScene": lambda _: {"currentProgramSceneName": scenes[-1]},
        "SetCurrentProgramScene": show,
    }
    options = config.Obs(enabled=True, port=fake.port, caption_source="", speaking_scene="Talk")
    obs = Obs(config.Settings(stage=config.Stage(obs=options)), CHARACTER)
    await obs.start()
    try:
        obs.show(Heard(clip=1, turn=1, text="Hello."))
        await until(lambda: scenes, ["Game", "Talk"])
        fake.speaks = False
        await until(lambda: obs.health().state, State.DOWN)
        obs.show(Hushed())
        fake.speaks = True
        await until(lambda: scenes, ["Game", "Talk", "Game"])
    finally:
        await obs.stop()


@pytest.fixture
async def obs(fake: FakeObs) -> AsyncIterator[Obs]:
    options = config.Obs(enabled=True, port=fake.port, caption_source="Caption")
    made = Obs(config.Settings(stage=config.Stage(obs=options)), CHARACTER)
    await made.start()
    await until(lambda: made.scene, "Live")
    yield made
    await made.stop()
    assert "obs" not in [thread.name for thread in threading.enumerate()]


async def is_written(fake: FakeObs, obs: Obs, text: str) -> None:
    """Waits for OBS to be well and to show what is heard from now on."""
    await until(lambda: obs.health().state, State.OK)
    obs.show(Heard(clip=1, turn=1, text=text))
    await until(lambda: fake.done("SetInputSettings")[-1]["inputSettings"]["text"], text)


@pytest.mark.parametrize("kind", SPOILS)
async def test_answers_that_are_wrong_are_an_obs_that_is_away(fake: FakeObs, obs: Obs, kind: str) -> None:
    await is_written(fake, obs, "before")
    fake.spoils = SPOILS[kind]
    await until(lambda: obs.health().state, State.DOWN)
    assert len(obs.health().what) < 300
    with pytest.raises(StageError):
        await obs.frame()
    fake.spoils = None
    await is_written(fake, obs, "after")
    await until(lambda: obs.scene, "Live")


async def test_answers_out_of_order_and_twice_are_told_apart(fake: FakeObs, obs: Obs) -> None:
    before: list[Data] = []

    def late(whole: Data) -> list[Any]:
        """Each answer with the one before it on both sides."""
        frames = [*before, whole, *before, whole]
        before[:] = [whole]
        return frames

    fake.spoils = late
    for number in range(5):
        await is_written(fake, obs, f"word {number}")
    assert fake.connections == 1


WRONG: tuple[Any, ...] = (
    None,
    [],
    "x",
    {},
    {"sceneName": 7},
    {"sceneName": None, "outputState": ["OBS_WEBSOCKET"]},
)


@pytest.mark.parametrize("data", WRONG, ids=str)
async def test_events_that_are_wrong_change_nothing(fake: FakeObs, obs: Obs, data: Any) -> None:
    await until(lambda: obs.live, expected=True)
    for name in ("CurrentProgramSceneChanged", "StreamStateChanged", "NoSuchEvent", "__class__"):
        await fake.send({"op": 5, "d": {"eventType": name, "eventIntent": 1, "eventData": data}})
    await is_written(fake, obs, "after")
    await until(lambda: (obs.scene, obs.live), ("Live", True))


async def test_fragments_are_read_up_to_a_length(fake: FakeObs, obs: Obs) -> None:
    def many(_: Data) -> list[Any]:
        return [Fragments(["x" * (1 << 18)] * 8)]

    await is_written(fake, obs, "before")
    fake.spoils = lambda whole: [Fragments([*json.dumps(whole)])]
    await is_written(fake, obs, "in letters")
    assert fake.connections == 1
    fake.spoils = many
    await until(lambda: fake.connections > 1, expected=True)
    await until(lambda: obs.health().state, State.DOWN)
    fake.spoils = None
    await is_written(fake, obs, "after")


async def test_of_a_scenes_name_the_journal_gets_the_beginning(fake: FakeObs, obs: Obs) -> None:
    told = Facts()
    scenes: list[str] = []
    told.subscribe(lambda fact: scenes.append(fact.scene) if isinstance(fact, SceneChanged) else None)
    obs.follow(told)
    await fake.tell("CurrentProgramSceneChanged", sceneName="é" * 5_000)
    await until(lambda: "é" * 100 in scenes, expected=True)
    assert max(map(len, scenes)) == 100


async def test_a_question_that_nobody_waits_for_any_more_is_harmless(fake: FakeObs, obs: Obs) -> None:
    fake.speaks = False
    asking = [asyncio.create_task(obs.frame()) for _ in range(3)]
    await asyncio.sleep(0.1)
    for one in asking:
        one.cancel()
    await until(lambda: obs.health().state, State.DOWN)
    fake.speaks = True
    await is_written(fake, obs, "after")
