"""VTube Studio as a screen, against a server that speaks its API: a real socket, a real sign-in."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from vts_server import TOKEN, VtsServer, vts_server

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.clock import now
from vtuber.core.deeds import Deed, Kind
from vtuber.core.events import Sentence
from vtuber.core.health import State
from vtuber.stage import vts
from vtuber.stage.cues import ClipBegins, ClipSound, Feels, Hushed, Rested, Thinking
from vtuber.stage.vts import VTubeStudio, parameter
from vtuber.stage.vts.client import ALLOW_SECONDS

HAPPY = "happy"
STEPS = 50


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vts, "RETRY_SECONDS", (0.05, 0.1))
    monkeypatch.setattr(vts, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(vts.client, "ANSWER_SECONDS", 0.3)


@asynccontextmanager
async def screen(server: VtsServer, path: Path, **options: Any) -> AsyncGenerator[VTubeStudio, None]:
    given = {"enabled": True, "port": server.port, **options}
    settings = Settings.model_validate({"stage": {"vts": given}})
    studio = VTubeStudio(settings, characters.load("banban"), path / "token.json")
    await studio.start()
    try:
        yield studio
    finally:
        await studio.stop()


async def until(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def is_ok(studio: VTubeStudio) -> Callable[[], bool]:
    return lambda: studio.health().state is State.OK


def sound(at: float, shapes: str = "A" * STEPS) -> ClipSound:
    return ClipSound(1, b"", [0.8] * len(shapes), shapes, at, 0.0)


def sentence(mood: str) -> Sentence:
    return Sentence(1, 0, "Hello.", mood)


async def test_her_mouth_follows_the_sound_and_closes_behind_it(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        assert studio.availability.is_ready
        studio.show(sound(now() + 0.1, "A" * 10 + "I" * 10))
        await until(lambda: any(values["BanbanI"] for values in server.injected))
        await until(lambda: server.injected[-1]["MouthOpen"] == 0.0)
        opened = [values for values in server.injected if values["MouthOpen"]]
        assert all(values["MouthOpen"] == 0.8 for values in opened)
        assert any(values["BanbanA"] == 0.8 and values["BanbanI"] == 0.0 for values in opened)
        sent = len(server.injected)
        await asyncio.sleep(0.2)
        assert len(server.injected) == sent  # in silence the streamer's own tracking has the mouth


async def test_a_hush_closes_her_mouth_at_once(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        studio.show(sound(now(), "A" * 500))
        await until(lambda: any(values["MouthOpen"] for values in server.injected))
        studio.show(Hushed())
        await until(lambda: server.injected[-1]["MouthOpen"] == 0.0)


async def test_a_mood_is_a_parameter_and_presses_its_hotkey(tmp_path: Path) -> None:
    async with (
        vts_server() as server,
        screen(server, tmp_path, moods={HAPPY: "Smile"}, events={"raid": "Wave"}) as studio,
    ):
        await until(is_ok(studio))
        studio.show(ClipBegins(1, sentence(HAPPY), now() + 0.05))
        studio.show(sound(now() + 0.05))
        await until(lambda: server.hotkeys == ["Smile"])
        await until(lambda: server.injected and server.injected[-1][parameter(HAPPY)] == 1.0)
        studio.show(Rested())
        await until(lambda: server.hotkeys == ["Smile", "Smile"])  # an expression is taken back by its key
        await until(lambda: server.injected[-1][parameter(HAPPY)] == 0.0)
        studio.show(Thinking("lou", "", "twitch", deed=Deed(Kind.RAID, {"en": "raid", "zh": ""}, "#fff")))
        await until(lambda: server.hotkeys[-1] == "Wave")


async def test_an_expression_follows_her_mood_though_vtube_studio_was_away(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path, moods={HAPPY: "Smile"}) as studio:
        await until(is_ok(studio))
        for worn_at_its_start in (set[str](), {"Smile"}):
            await server.stop()
            await until(lambda: studio.health().state is State.DOWN)
            studio.show(Feels(HAPPY))
            server.worn = worn_at_its_start
            await server.start()
            await until(is_ok(studio))
            await until(lambda: server.worn == {"Smile"} and server.injected[-1][parameter(HAPPY)] == 1.0)
            await server.stop()
            await until(lambda: studio.health().state is State.DOWN)
            server.worn = set()  # it was started anew
            await server.start()
            await until(is_ok(studio))
            studio.show(Feels(""))
            await until(lambda: server.injected[-1][parameter(HAPPY)] == 0.0)
            assert server.worn == set(), "what is not shown is not taken back"


async def test_what_happens_while_vtube_studio_answers_is_done_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts, "LOOK_SECONDS", 60.0)
    raid = Thinking("lou", "", "twitch", deed=Deed(Kind.RAID, {"en": "raid", "zh": ""}, "#fff"))
    async with vts_server() as server, screen(server, tmp_path, events={"raid": "Wave"}) as studio:

        def raided(answer: dict[str, Any]) -> list[Any]:
            if answer["messageType"] == "InjectParameterDataResponse":
                server.spoils = None
                studio.show(raid)
            return [answer]

        await until(is_ok(studio))
        studio.show(Feels(HAPPY))
        await until(lambda: server.injected and server.injected[-1][parameter(HAPPY)] == 1.0)
        server.spoils = raided
        studio.show(Feels(""))
        await until(lambda: server.hotkeys == ["Wave"])


async def test_a_moderators_mood_stays_between_sentences(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        studio.show(Feels(HAPPY))
        await until(lambda: server.injected and server.injected[-1][parameter(HAPPY)] == 1.0)
        sent = len(server.injected)
        await until(lambda: len(server.injected) > sent)  # or VTube Studio would take it back


async def test_the_token_is_kept_for_its_owner_alone_and_used_again(tmp_path: Path) -> None:
    async with vts_server() as server:
        async with screen(server, tmp_path) as studio:
            await until(is_ok(studio))
        assert server.asked_to_allow == 1
        kept = tmp_path / "token.json"
        assert TOKEN in kept.read_text(encoding="utf-8")
        if sys.platform != "win32":
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        async with screen(server, tmp_path) as studio:
            await until(is_ok(studio))
        assert server.asked_to_allow == 1
        server.tokens.clear()  # the streamer took it back
        async with screen(server, tmp_path) as studio:
            await until(is_ok(studio))
        assert server.asked_to_allow == 2


async def test_where_the_token_cannot_be_kept_it_is_asked_for_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("")
    async with vts_server() as server, screen(server, tmp_path / "a file") as studio:
        await until(is_ok(studio))
        assert server.asked_to_allow == 1
    assert "cannot be kept" in caplog.text


async def test_a_streamer_who_refuses_is_not_asked_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", noted)
    async with vts_server() as server:
        server.allows = False
        async with screen(server, tmp_path) as studio:
            await until(lambda: "denied" in studio.health().what)
            assert "click Allow" in studio.health().hint
            await until(lambda: ALLOW_SECONDS in waits)
            assert server.asked_to_allow == 1


async def test_while_nobody_clicks_the_show_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vts, "START_SECONDS", 0.05)
    async with vts_server() as server:
        server.allows = None
        async with screen(server, tmp_path) as studio:
            await until(lambda: "Allow" in studio.health().hint)
            studio.show(sound(now()))
            server.allows = True
            await until(is_ok(studio))


async def test_it_comes_back_after_vtube_studio_was_closed(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        await server.stop()
        await until(lambda: studio.health().state is State.DOWN)
        assert "Allow Plugin API access" in studio.health().hint
        studio.show(sound(now()))
        await server.start()
        await until(is_ok(studio))
        studio.show(sound(now() + 0.05))
        await until(lambda: server.injected and server.injected[-1]["MouthOpen"] > 0)


async def test_one_that_never_answers_is_left_and_tried_again(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        server.answers = False
        studio.show(sound(now()))
        await until(lambda: studio.health().state is State.DOWN)
        server.answers = True
        await until(is_ok(studio))


@pytest.mark.parametrize("garbage", ["", "[]", "no json", "[" * 100_000])
async def test_what_is_not_vtube_studio_is_said(tmp_path: Path, garbage: str) -> None:
    async with vts_server() as server:
        server.garbage = garbage
        async with screen(server, tmp_path) as studio:
            await until(lambda: server.sessions > 1)
            assert studio.health().state is State.DOWN
            assert "VTube Studio" in studio.health().what


LONG = "M" * 900_000
EVENT = {"apiName": "VTubeStudioPublicAPI", "messageType": "ModelLoadedEvent", "data": {"modelLoaded": 7}}
HARMLESS: dict[str, Callable[[Any], list[Any]]] = {
    "events between answers": lambda answer: [EVENT, answer, EVENT],
    "an answer twice": lambda answer: [answer, answer],
    "an answer to nothing": lambda answer: [{**answer, "requestID": "banban0"}, answer],
    "fields of other types": lambda answer: [{**answer, "data": [answer["data"]], "timestamp": None}],
    "a number for a name": lambda answer: [{**answer, "data": {"modelName": 7, "availableHotkeys": {}}}],
    "long names": lambda answer: [
        {
            **answer,
            "data": {"modelName": LONG, "availableHotkeys": [{"name": ["Smile"], "type": {}}]},
        }
    ],
}
HARMFUL: dict[str, Callable[[Any], list[Any]]] = {
    "bytes": lambda _: [bytes(100)],
    "a list": lambda _: [[]],
    "nothing but a number": lambda _: [7],
    "too long": lambda answer: [{**answer, "data": {"modelName": LONG * 3}}],
    "an error of other types": lambda answer: [
        {**answer, "messageType": "APIError", "data": {"errorID": "8", "message": ["x" * 10_000]}}
    ],
    "answers of others only": lambda answer: [{**answer, "requestID": ["banban1"]}] * 50,
}


@pytest.mark.parametrize("kind", [*HARMLESS, *HARMFUL])
async def test_frames_that_are_wrong_cost_a_line_and_not_the_show(tmp_path: Path, kind: str) -> None:
    async with vts_server() as server, screen(server, tmp_path) as studio:
        await until(is_ok(studio))
        server.spoils = (HARMLESS | HARMFUL)[kind]
        studio.show(sound(now(), "A" * 10))
        if kind in HARMFUL:
            await until(lambda: studio.health().state is State.DOWN)
        else:
            asked = server.looks
            await until(lambda: server.looks > asked + 1)
            assert studio.health().state is State.OK
            assert server.sessions == 1
        assert len(studio.health().what + studio.health().hint) < 500
        server.spoils = None
        await until(is_ok(studio))
        sent = len(server.injected)
        studio.show(sound(now() + 0.1))
        await until(lambda: any(values["MouthOpen"] for values in server.injected[sent:]))


async def test_a_hotkey_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    async with vts_server() as server, screen(server, tmp_path, moods={HAPPY: "Smiel"}) as studio:
        await until(lambda: studio.health().state is State.LIMITED)
        assert studio.health().what == 'the model has no hotkey "Smiel"'
        assert studio.health().hint == "its hotkeys are Smile"
        studio.show(Feels(HAPPY))
        await until(lambda: server.injected)
        assert server.hotkeys == []


async def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    async with vts_server() as server:
        server.model_loaded = False
        server.available = ["nonsense", None]
        async with screen(server, tmp_path) as studio:
            await until(lambda: studio.health().what == "VTube Studio has no model loaded")


def test_each_mood_has_a_parameter_that_vtube_studio_takes() -> None:
    moods = ["happy", "very sad", "開心", "生氣", "x" * 60]
    names = [parameter(mood) for mood in moods]
    assert len(set(names)) == len(moods)
    assert all(name.isascii() and name.isalnum() and 4 <= len(name) <= 32 for name in names)
