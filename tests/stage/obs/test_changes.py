"""What follows in a real OBS from what happens in a show."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any, get_args

import pytest
from fake_obs import FakeObs
from obs_props import CHARACTER, PATIENCE, Screens, until
from PIL import Image
from real_obs import RealObs
from rehearsal_room import message

from vtuber import config
from vtuber.core.deeds import Kind
from vtuber.core.errors import ConfigError, StageError
from vtuber.core.events import Author, Clip, Raid, Sentence, Sound, Word
from vtuber.core.health import State
from vtuber.record.facts import ChatReceived, CommandGiven, Fact, Facts, SceneChanged, StreamChanged
from vtuber.stage.cues import ClipBegins, Feels, Heard, Held, Hushed, Rested, Thinking, Withdrawn
from vtuber.stage.obs import Obs
from vtuber.stage.obs import client as obs_client
from vtuber.stage.obs.changes import Watcher
from vtuber.stage.stage import Stage

RAID = Raid("r1", "twitch", "banban", Author("1", "ann"), viewers=20)


def told(obs: Obs) -> tuple[Facts, list[Fact]]:
    """The facts that OBS follows, and what it tells."""
    facts = Facts()
    seen: list[Fact] = []
    obs.follow(facts)
    facts.subscribe(seen.append)
    return facts, seen


def command(name: str) -> CommandGiven:
    return CommandGiven("c1", "twitch", "banban", "1", "mod", "moderator", f"!{name}", name, "done")


def test_every_deed_can_be_bound() -> None:
    assert set(get_args(config.ObsEvent)) == {"speaking", "thinking", "resting", "paused", *Kind}


def test_a_command_that_does_not_exist_is_a_mistake() -> None:
    obs = config.Obs.model_validate({"commands": {"hsuh": {"show": ["X"]}}})
    with pytest.raises(ConfigError, match="no command 'hsuh'") as caught:
        Obs(config.Settings(stage=config.Stage(obs=obs)), CHARACTER)
    assert caught.value.hint == "did you mean 'hush'?"


# What she does, by the cues.


def after(*cues: Any) -> Watcher:
    watcher = Watcher()
    for cue in cues:
        watcher.take(cue)
    return watcher


def test_she_thinks_until_she_is_heard_and_rests_after_it() -> None:
    thinks = Thinking("ann", "hi", "twitch", 1)
    assert after().doing == "resting"
    assert after(thinks).doing == "thinking"
    assert after(thinks, Heard(1, 1, "")).doing == "speaking"
    assert after(thinks, Heard(1, 1, ""), Rested()).doing == "resting"
    assert after(thinks, Hushed()).doing == "resting"
    assert after(thinks, Withdrawn(1)).doing == "resting"
    next_one = Thinking("bob", "hi", "twitch", 2)
    assert after(thinks, Heard(1, 1, ""), next_one).doing == "speaking"
    assert after(thinks, Heard(1, 1, ""), next_one, Withdrawn(1)).doing == "thinking"


def test_her_mood_is_that_of_what_is_heard() -> None:
    sad = ClipBegins(1, Sentence(1, 0, "Oh.", "sad"), 1.0)
    assert after(sad).mood == ""
    assert after(sad, Heard(1, 1, "")).mood == "sad"
    assert after(sad, Heard(1, 1, ""), Rested()).mood == ""
    assert after(Feels("happy"), sad, Heard(1, 1, ""), Rested()).mood == "happy"


# In a real OBS.


@pytest.fixture
def scene_items(real: RealObs) -> Iterator[RealObs]:
    """A sign in "Idle" that is hidden, with a filter that is off."""
    colour = {"width": 50, "height": 50, "color": 0xFF0000FF}
    sign = {"sceneName": "Idle", "inputName": "Sign", "inputKind": "color_source_v3"}
    real.ask("CreateInput", **sign, inputSettings=colour, sceneItemEnabled=False)
    blur = {"sourceName": "Sign", "filterName": "Blur", "filterKind": "color_filter_v2"}
    real.ask("CreateSourceFilter", **blur)
    real.ask("SetSourceFilterEnabled", sourceName="Sign", filterName="Blur", filterEnabled=False)
    yield real
    real.ask("RemoveInput", inputName="Sign")


def is_shown(real: RealObs) -> bool:
    item = real.ask("GetSceneItemId", sceneName="Idle", sourceName="Sign")["sceneItemId"]
    answer = real.ask("GetSceneItemEnabled", sceneName="Idle", sceneItemId=item)
    return bool(answer["sceneItemEnabled"])


def is_filtered(real: RealObs) -> bool:
    return bool(real.ask("GetSourceFilter", sourceName="Sign", filterName="Blur")["filterEnabled"])


async def test_an_event_changes_the_scene_and_a_source_for_its_time(
    scene_items: RealObs, screen: Screens
) -> None:
    obs = await screen(
        events={"raid": {"scene": "Other", "show": "Sign", "filter": ["Sign/Blur"], "seconds": 0.4}}
    )
    facts, _ = told(obs)
    facts.tell(ChatReceived(message("only a message")))
    facts.tell(ChatReceived(RAID, drop="duplicate"))
    await asyncio.sleep(0.2)
    assert (scene_items.scene(), is_shown(scene_items)) == ("Idle", False)
    facts.tell(ChatReceived(RAID))
    await until(scene_items.scene, "Other")
    await until(lambda: is_shown(scene_items) and is_filtered(scene_items), expected=True)
    await until(scene_items.scene, "Idle")
    await until(lambda: is_shown(scene_items) or is_filtered(scene_items), expected=False)


async def test_a_dry_run_changes_nothing(scene_items: RealObs, screen: Screens) -> None:
    """It may be a rehearsal in front of a running stream. What config names and OBS has not is told."""
    obs = await screen(
        looks_on=True,
        speaking_scene="Talking",
        events={"raid": {"scene": "Other", "show": "Sign", "filter": ["Sign/Blur"]}},
        moods={"happy": {"show": "Sign"}},
        commands={"hush": {"scene": "Other"}, "skip": {"scene": "Nowhere"}},
    )
    facts, seen = told(obs)
    assert "no scene called 'Nowhere'" in obs.health().what
    obs.show(ClipBegins(1, Sentence(1, 0, "Hello.", "happy"), 1.0))
    obs.show(Heard(1, 1, "Hello."))
    facts.tell(ChatReceived(RAID))
    facts.tell(command("hush"))
    await asyncio.sleep(0.5)  # OBS is looked at again meanwhile
    assert (scene_items.scene(), scene_items.caption()) == ("Idle", "left over")
    assert not is_shown(scene_items)
    assert not is_filtered(scene_items)
    scene_items.choose("Other")
    await until(lambda: [fact.scene for fact in seen if isinstance(fact, SceneChanged)][-1:], ["Other"])
    await obs.stop()
    assert scene_items.caption() == "left over"


async def test_an_event_is_stronger_than_what_she_does(real: RealObs, screen: Screens) -> None:
    obs = await screen(speaking_scene="Talking", commands={"hush": {"scene": "Other", "seconds": 2.5}})
    facts, _ = told(obs)
    facts.tell(command("hush"))
    await until(real.scene, "Other")
    obs.show(Heard(1, 1, "Hello."))
    await until(real.caption, "Hello.")
    assert real.scene() == "Other"
    await until(real.scene, "Talking")
    obs.show(Rested())
    await until(real.scene, "Idle")


async def test_a_mood_and_a_pause_show_a_source_while_they_last(
    scene_items: RealObs, screen: Screens
) -> None:
    obs = await screen(
        moods={"sad": {"filter": "Sign/Blur"}}, events={"paused": {"show": "Sign"}, "thinking": {}}
    )
    obs.show(Feels("sad"))
    await until(lambda: is_filtered(scene_items), expected=True)
    obs.show(Held(paused=True))
    await until(lambda: is_shown(scene_items), expected=True)
    obs.show(Held(paused=False))
    await until(lambda: is_shown(scene_items), expected=False)
    assert is_filtered(scene_items)
    obs.show(Feels(""))
    await until(lambda: is_filtered(scene_items), expected=False)


async def test_a_hotkey_is_pressed(real: RealObs, screen: Screens) -> None:
    studio_mode = "OBSBasic.TogglePreviewProgram"
    if studio_mode not in real.ask("GetHotkeyList")["hotkeys"]:
        pytest.fail("OBS has no hotkey for the studio mode")
    obs = await screen(events={"raid": {"hotkey": studio_mode}})
    facts, _ = told(obs)
    facts.tell(ChatReceived(RAID))
    await until(lambda: real.ask("GetStudioModeEnabled")["studioModeEnabled"], expected=True)
    real.ask("SetStudioModeEnabled", studioModeEnabled=False)


async def test_what_is_bound_and_is_not_there_is_said_in_one_line(
    real: RealObs, screen: Screens, caplog: pytest.LogCaptureFixture
) -> None:
    obs = await screen(events={"raid": {"scene": "Nowhere", "show": "Nothing"}})
    facts, _ = told(obs)
    for _ in range(5):
        facts.tell(ChatReceived(RAID))
        await asyncio.sleep(0.05)
    assert obs.health().state is State.LIMITED
    assert obs.health().what == "OBS has no scene called 'Nowhere'"
    assert [record.getMessage() for record in caplog.records] == ["OBS has no scene called 'Nowhere'"]
    assert real.scene() == "Idle"


async def test_what_happens_in_obs_reaches_the_show(real: RealObs, screen: Screens) -> None:
    obs = await screen()
    _, seen = told(obs)
    await until(lambda: obs.scene, "Idle")
    real.choose("Other")
    await until(lambda: seen[-1:], [SceneChanged("Other")])
    assert obs.live is False


# What moderators ask for.


async def test_a_scene_is_chosen_of_those_that_are_allowed(real: RealObs, screen: Screens) -> None:
    obs = await screen(scenes=["Other", "Talking", "Gone"])
    assert obs.choose_scene(" other ") == "OBS shows Other"
    await until(real.scene, "Other")
    for name, hint in (("Tolking", "did you mean Talking?"), ("xyz", "there are Other, Talking, Gone"),
                       ("Idle", "there are Other, Talking, Gone")):  # fmt: skip
        with pytest.raises(StageError, match="there is no such scene") as caught:
            obs.choose_scene(name)
        assert caught.value.hint == hint
    with pytest.raises(StageError, match="OBS has no scene called 'Gone'"):
        obs.choose_scene("Gone")


async def test_no_scene_is_chosen_where_none_is_allowed(real: RealObs, screen: Screens) -> None:
    obs = await screen()
    with pytest.raises(StageError, match="no scene may be chosen"):
        obs.choose_scene("Other")


async def test_the_stream_is_started_only_where_config_allows_it(real: RealObs, screen: Screens) -> None:
    obs = await screen()
    with pytest.raises(StageError, match="not started or ended by commands"):
        obs.set_streaming(live=True)


async def test_a_frame_of_the_program(real: RealObs, screen: Screens) -> None:
    obs = await screen(frame_seconds=0.1, frame_width=160)
    frame = await obs.frame(320)
    assert (frame[:3], size(frame)) == (b"\xff\xd8\xff", (320, 180))
    await until(lambda: bool(obs.latest_frame) and size(obs.latest_frame), (160, 90))
    await asyncio.to_thread(real.kill)
    async with asyncio.timeout(PATIENCE):
        await obs.availability.until_away()
    with pytest.raises(StageError, match="not connected"):
        await obs.frame()
    await asyncio.to_thread(real.start)


def size(frame: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(frame)).size


# An OBS that does not do what it is asked.


async def test_an_obs_that_is_killed_while_a_call_waits(real: RealObs, screen: Screens) -> None:
    obs = await screen()
    await asyncio.to_thread(real.freeze)
    waiting = asyncio.create_task(obs.frame())
    await asyncio.sleep(0.1)  # the call is on its way
    await asyncio.to_thread(real.kill)
    with pytest.raises(StageError, match=r"stopped answering|not connected"):
        await waiting
    await asyncio.to_thread(real.start)
    async with asyncio.timeout(PATIENCE):
        await obs.availability.until_ready()


async def chunks() -> Any:
    yield Word("Hello.", 0, 0.2)
    yield Sound(bytes(9600))


@pytest.mark.parametrize("greets", [True, False])
async def test_an_obs_that_never_answers_holds_up_nobody(
    greets: bool,  # noqa: FBT001  # a parameter
    screen: Screens,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(obs_client, "ANSWER_SECONDS", 0.5)
    async with FakeObs(greets=greets, speaks=False).running() as fake:
        obs = await screen(port=fake.port)
        stage = Stage([obs])
        spoken = await stage.play(Clip(Sentence(1, 0, "Hello."), chunks()))
        assert spoken.complete
        with pytest.raises(StageError, match="not connected"):
            await obs.frame()
        assert "says nothing" in obs.health().what
        assert "restart OBS" in obs.health().hint
        assert len(caplog.records) == 1


async def test_the_stream_is_started_and_ended(screen: Screens) -> None:
    fake = FakeObs()
    fake.answers |= {
        "GetInputList": lambda _: {"inputs": []},
        "GetSceneList": lambda _: {"scenes": []},
        "GetCurrentProgramScene": lambda _: {"currentProgramSceneName": "A"},
        "GetStreamStatus": lambda _: {"outputActive": False},
        "StartStream": lambda _: {},
        "StopStream": lambda _: {},
    }
    async with fake.running():
        obs = await screen(port=fake.port, stream_commands=True, caption_source="")
        _, seen = told(obs)
        await until(lambda: obs.live, expected=False)
        assert obs.set_streaming(live=False) == "OBS does not stream"
        assert obs.set_streaming(live=True) == "OBS starts the stream"
        await until(lambda: fake.done("StartStream"), [{}])
        for state, live in (("STARTING", False), ("STARTED", True)):
            await fake.tell("StreamStateChanged", outputState=f"OBS_WEBSOCKET_OUTPUT_{state}")
            await until(lambda: obs.live, live)
        assert obs.set_streaming(live=True) == "OBS streams already"
        assert obs.set_streaming(live=False) == "OBS ends the stream"
        await until(lambda: fake.done("StopStream"), [{}])
        await fake.tell("StreamStateChanged", outputState="OBS_WEBSOCKET_OUTPUT_STOPPED")
        await until(lambda: seen[-2:], [StreamChanged(live=True), StreamChanged(live=False)])


async def test_an_old_obs_is_reported(screen: Screens) -> None:
    async with FakeObs(version="27.2.4").running() as fake:
        obs = await screen(port=fake.port)
        assert obs.health().state is State.LIMITED
        assert "27.2.4" in obs.health().what
        assert "too old" in obs.health().what
        assert "obs" in [thread.name for thread in threading.enumerate()]
