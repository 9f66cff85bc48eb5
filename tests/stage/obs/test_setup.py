"""What `banban obs setup` makes, and what `banban obs check` finds: in a real OBS, and at the wire where
that one lacks the browser source."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fake_obs import SPOILS, Data, FakeObs
from real_obs import PASSWORD, RealObs, free_port
from typer.testing import CliRunner

from vtuber import config
from vtuber.app import obs as command
from vtuber.app.cli import app
from vtuber.core.errors import BanbanError
from vtuber.core.health import Health, State
from vtuber.stage.obs import client as obs_client
from vtuber.stage.obs.client import PASSWORD as VARIABLE
from vtuber.stage.obs.client import ObsClient
from vtuber.stage.obs.diagnosis import diagnose
from vtuber.stage.obs.overlay_source import with_place
from vtuber.stage.obs.setup import set_up

ADDRESS = "http://127.0.0.1:8930/"
NAME = "Banban overlay"


def test_what_the_streamer_chose_in_an_address_is_kept() -> None:
    assert with_place("", ADDRESS) == ADDRESS
    assert with_place("http://localhost:8930/?side=left", ADDRESS) == "http://localhost:8930/?side=left"
    assert with_place("http://127.0.0.1:9999/?side=left&x=", ADDRESS) == f"{ADDRESS}?side=left&x="
    assert with_place(f"{ADDRESS}?side=left", f"{ADDRESS}?token=new") == f"{ADDRESS}?side=left&token=new"
    assert with_place(f"{ADDRESS}?token=old", f"{ADDRESS}?token=new") == f"{ADDRESS}?token=new"
    assert with_place("http://[", ADDRESS) == ADDRESS


# In a real OBS, which has no browser source.


@pytest.fixture
def own(real: RealObs) -> Iterator[RealObs]:
    """OBS with the streamer's own things, without what was made."""
    yield real
    for name in ("Banban captions", "Mine"):
        if name in inputs(real):
            real.ask("RemoveInput", inputName=name)
    if "Banban" in [scene["sceneName"] for scene in real.ask("GetSceneList")["scenes"]]:
        real.ask("RemoveScene", sceneName="Banban")


def inputs(real: RealObs) -> list[str]:
    return [one["inputName"] for one in real.ask("GetInputList")["inputs"]]


def client_of(port: int) -> ObsClient:
    return ObsClient(config.Obs(port=port), PASSWORD)


def furniture(real: RealObs) -> list[Any]:
    scenes = [scene["sceneName"] for scene in real.ask("GetSceneList")["scenes"]]
    return [
        real.scene(),
        *(
            (scene, item["sourceName"], item["sceneItemEnabled"], item["sceneItemIndex"])
            for scene in scenes
            if scene != "Banban"
            for item in real.ask("GetSceneItemList", sceneName=scene)["sceneItems"]
        ),
        *(real.ask("GetInputSettings", inputName=name) for name in ("Caption", "Backdrop")),
    ]


def test_setup_makes_what_it_can_and_touches_nothing_else(own: RealObs) -> None:
    before = furniture(own)
    with client_of(own.port) as client:
        scene, overlay, captions = set_up(client, config.Obs(), ADDRESS)
        assert scene.what.startswith("made 'Banban'")
        assert (overlay.state, overlay.what) == (State.DOWN, "this OBS has no browser sources")
        assert ADDRESS in overlay.hint
        assert captions.what == "made 'Banban captions'"
        again = set_up(client, config.Obs(), ADDRESS)
        assert [row.what for row in again] == [
            "'Banban' is there",
            "this OBS has no browser sources",
            "'Banban captions': nothing to change",
        ]
    (item,) = own.ask("GetSceneItemList", sceneName="Banban")["sceneItems"]
    assert (item["sourceName"], item["sceneItemEnabled"]) == ("Banban captions", True)
    assert (item["sceneItemTransform"]["positionX"], item["sceneItemTransform"]["positionY"]) == (320, 342)
    assert furniture(own) == before


def test_setup_puts_back_what_was_taken_out(own: RealObs) -> None:
    with client_of(own.port) as client:
        set_up(client, config.Obs(), ADDRESS)
        own.ask("CreateSceneItem", sceneName="Other", sourceName="Banban captions")  # so that it lives on
        item = own.ask("GetSceneItemId", sceneName="Banban", sourceName="Banban captions")["sceneItemId"]
        own.ask("RemoveSceneItem", sceneName="Banban", sceneItemId=item)
        assert set_up(client, config.Obs(), ADDRESS)[2].what == "'Banban captions': put into the scene"


def test_a_source_of_another_kind_is_left_alone(own: RealObs) -> None:
    with client_of(own.port) as client:
        rows = set_up(client, config.Obs(caption_source="Backdrop"), ADDRESS)
        assert rows[2].what == "'Backdrop' in OBS is something else than a text source, and is left as it is"
        rows = set_up(client, config.Obs(scene="Backdrop", caption_source=""), ADDRESS)
        assert (rows[0].part, rows[0].state) == ("scene", State.DOWN)


def test_check_says_what_config_names_and_obs_has_not(real: RealObs) -> None:
    settings = config.Obs.model_validate(
        {
            "caption_source": "Captoin",
            "events": {"raid": {"scene": "Othre", "show": "Sgn", "filter": "Caption/Blur", "hotkey": "X"}},
            "moods": {"happpy": {}},
        }
    )
    with client_of(real.port) as client:
        rows = diagnose(client, settings, ADDRESS, ("happy", "sad"))
    told = [row.what for row in rows]
    assert told[0].startswith("OBS 29")
    assert told[1:-1] == [
        "this OBS has no browser sources",
        "OBS has no text source called 'Captoin'",
        "OBS has no scene called 'Othre'",
        "no scene in OBS has a source called 'Sgn'",
        "'Caption' in OBS has no filter called 'Blur'",
        "OBS has no hotkey called 'X'",
        "she has no mood 'happpy' (stage.obs.moods)",
    ]
    assert "did you mean 'Caption'?" in rows[2].hint
    assert rows[-1].state is State.OFF


# As it is typed.


_NO_LINES = str.maketrans("│┃─━┏┓┗┛┡┩┌┐└┘╇┴┳", " " * 17)
"""A table is as wide as the terminal was that was there first."""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Types a command; returns its exit code and what it printed, on one line."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    monkeypatch.setenv("COLUMNS", "400")

    def run(name: str, at: int, **stage: object) -> tuple[int, str]:
        path = tmp_path / "config.toml"
        lines = [f"{key} = {value}" for key, value in stage.items()]
        path.write_text("\n".join(["[stage]", *lines, "[stage.obs]", f"port = {at}"]), encoding="utf-8")
        result = CliRunner().invoke(app, ["obs", name, "--config", str(path)])
        assert isinstance(result.exception, SystemExit | BanbanError | None), result.exception
        return result.exit_code, " ".join(result.output.translate(_NO_LINES).split())

    return run


def test_both_commands_in_a_terminal(own: RealObs, typed: Any) -> None:
    code, output = typed("setup", own.port)
    assert code == 1, output  # no browser source here
    assert "made 'Banban'" in output
    assert "enabled = true" in output
    code, output = typed("check", own.port)
    assert code == 1
    assert "no browser sources" in output


def test_obs_that_is_not_running(typed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_is_running", lambda: False)
    code, output = typed("check", free_port())
    assert code == 1
    assert "OBS is not running" in output
    assert "start OBS" in output


def test_obs_whose_server_is_off(real: RealObs, typed: Any) -> None:
    code, output = typed("check", free_port())
    assert code == 1
    assert "OBS runs, and its WebSocket server is off" in output
    assert "tick Enable WebSocket server" in output


def test_a_wrong_password(real: RealObs, typed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "wrong")
    code, output = typed("setup", real.port)
    assert code == 1
    assert "refuses the password" in output
    assert "Show Connect Info" in output
    assert "Traceback" not in output


def test_a_port_that_changes_cannot_be_in_obs(real: RealObs, typed: Any) -> None:
    code, output = typed("setup", real.port, port=0)
    assert code == 1
    assert "made" not in output


@contextmanager
def program(says: bytes, *, drips: bool = False) -> Iterator[int]:
    """Another program than OBS, which says that to whoever connects first. Gives its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.settimeout(5)
                connection.recv(4096)
                connection.sendall(says)
                while drips and not over.wait(0.01):
                    connection.sendall(b"x")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


SAYINGS = {
    "another protocol": b"SSH-2.0-x\r\n\r\n",
    "bytes": b"\xff\xfe" * 50 + b"\r\n\r\n",
    "a page": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "a proxy's refusal": b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
    "a proxy without OBS": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "go elsewhere": b"HTTP/1.1 301 Moved\r\nLocation: ws://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
    "go nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", ["check", "setup"])
@pytest.mark.parametrize("saying", SAYINGS)
def test_another_program_at_the_port(typed: Any, saying: str, name: str) -> None:
    with program(SAYINGS[saying]) as port:
        code, output = typed(name, port)
    assert code == 1
    assert f"the program that answers at 127.0.0.1:{port} is not OBS" in output


def test_a_program_that_says_nothing(typed: Any) -> None:
    with program(b"") as port:
        code, output = typed("check", port)
    assert code == 1
    assert f"OBS does not answer at 127.0.0.1:{port}" in output


def test_nobody_sends_us_to_another_address(typed: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        to = elsewhere.getsockname()[1]
        moved = f"HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:{to}/\r\nContent-Length: 0\r\n\r\n"
        with program(moved.encode()) as port:
            typed("check", port)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_a_program_that_never_comes_to_an_end_is_left(typed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obs_client, "GREETING_SECONDS", 0.2)
    with program(b"HTTP/1.1 101 Switching Protocols\r\nX: ", drips=True) as port:
        code, output = typed("check", port)
    assert code == 1
    assert "127.0.0.1" in output


# At the wire: an OBS with browser sources.


class Browsing(FakeObs):
    """An OBS with the scenes "Game", which is on program, and "Banban", and what is made there."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, tuple[str, Data]] = {}
        self.items: dict[str, list[str]] = {"Game": [], "Banban": []}
        self.muted = False
        self.hidden: set[str] = set()
        self.program = "Game"
        self.answers |= {
            "GetVideoSettings": lambda _: {"baseWidth": 1280, "baseHeight": 720},
            "GetInputKindList": lambda _: {"inputKinds": ["browser_source", "text_gdiplus_v3"]},
            "GetSceneList": lambda _: {"scenes": [{"sceneName": name} for name in self.items]},
            "GetInputList": lambda _: {
                "inputs": [
                    {"inputName": name, "inputKind": kind, "unversionedInputKind": kind}
                    for name, (kind, _) in self.sources.items()
                ]
            },
            "GetInputSettings": self._settings,
            "GetInputDefaultSettings": lambda _: {"defaultInputSettings": {"width": 800, "height": 600}},
            "SetInputSettings": self._set,
            "CreateInput": self._create,
            "GetSceneItemId": lambda data: (
                {"sceneItemId": 1} if data["sourceName"] in self.items[data["sceneName"]] else None
            ),
            "CreateSceneItem": self._add,
            "SetSceneItemTransform": lambda _: {},
            "GetSceneItemList": self._list,
            "GetCurrentProgramScene": lambda _: {"currentProgramSceneName": self.program},
            "GetInputMute": lambda _: {"inputMuted": self.muted},
            "GetHotkeyList": lambda _: {"hotkeys": []},
        }

    def _settings(self, data: Data) -> Data | None:
        if (found := self.sources.get(data["inputName"])) is None:
            return None
        return {"inputKind": found[0], "inputSettings": found[1]}

    def _set(self, data: Data) -> Data:
        self.sources[data["inputName"]][1].update(data["inputSettings"])
        return {}

    def _create(self, data: Data) -> Data:
        self.sources[data["inputName"]] = data["inputKind"], dict(data["inputSettings"])
        return {**self._add({**data, "sourceName": data["inputName"]}), "sceneItemId": 1}

    def _add(self, data: Data) -> Data:
        self.items[data["sceneName"]].append(data["sourceName"])
        if not data["sceneItemEnabled"]:
            self.hidden.add(data["sourceName"])
        return {"sceneItemId": 1}

    def _list(self, data: Data) -> Data | None:
        if (names := self.items.get(data["sceneName"])) is None:
            return None
        kinds = {True: "OBS_SOURCE_TYPE_SCENE", False: "OBS_SOURCE_TYPE_INPUT"}
        return {
            "sceneItems": [
                {
                    "sourceName": name,
                    "sceneItemEnabled": name not in self.hidden,
                    "sourceType": kinds[name in self.items],
                }
                for name in names
            ]
        }


async def setup(fake: FakeObs) -> list[Health]:
    def work() -> list[Health]:
        with client_of(fake.port) as client:
            return set_up(client, config.Obs(), ADDRESS)

    return await asyncio.to_thread(work)


async def check(fake: FakeObs) -> dict[str, Health]:
    def work() -> list[Health]:
        with client_of(fake.port) as client:
            return diagnose(client, config.Obs(enabled=True), ADDRESS)

    return {row.part: row for row in await asyncio.to_thread(work)}


async def test_the_browser_source_is_made_and_mended() -> None:
    async with Browsing().running() as fake:
        assert isinstance(fake, Browsing)
        del fake.items["Banban"]
        fake.answers["CreateScene"] = lambda data: {"new": fake.items.setdefault(data["sceneName"], [])}
        made = await setup(fake)
        assert [row.state for row in made] == [State.OK] * 3
        right = {"url": ADDRESS, "width": 1280, "height": 720, "reroute_audio": True}
        assert fake.sources[NAME] == ("browser_source", right)
        assert fake.items == {"Game": [], "Banban": [NAME, "Banban captions"]}
        assert fake.hidden == {"Banban captions"}
        fake.asked.clear()
        assert [row.what for row in await setup(fake)] == [
            "'Banban' is there", f"'{NAME}': nothing to change", "'Banban captions': nothing to change",
        ]  # fmt: skip
        assert not [name for name, _ in fake.asked if name.startswith(("Set", "Create"))]
        own = {"url": "http://localhost:1/?side=left", "width": 300, "reroute_audio": False, "css": "mine"}
        fake.sources[NAME][1].update(own)
        fake.items["Banban"].remove(NAME)
        mended = (await setup(fake))[1].what
        assert mended == (
            f"'{NAME}': address {ADDRESS}?side=left, size 1280×720, sound in the mixer, put into 'Banban'"
        )
        assert fake.sources[NAME][1] == {**right, "url": f"{ADDRESS}?side=left", "css": "mine"}


async def test_a_source_that_the_streamer_made_is_used_as_it_is() -> None:
    async with Browsing().running() as fake:
        assert isinstance(fake, Browsing)
        mine = {"url": "http://localhost:8930/?side=left", "width": 640, "height": 720}
        fake.sources = {
            "Web": ("browser_source", {"url": "https://example.org"}),
            "Mine": ("browser_source", mine),
        }
        fake.items["Game"] = ["Web", "Mine"]
        assert "'Mine' shows it already" in (await setup(fake))[1].what
        assert NAME not in fake.sources
        rows = await check(fake)
        assert rows["overlay"].what == "'Mine' is not as large as the canvas (1280×720)"
        assert rows["sound"].what == "her sound does not go through OBS's mixer ('Mine')"
        assert 'tick "Control audio via OBS"' in rows["sound"].hint
        assert rows["program"].state is State.OK


async def test_check_says_what_to_click() -> None:
    async with Browsing().running() as fake:
        assert isinstance(fake, Browsing)
        rows = await check(fake)
        assert rows["overlay"].what == f"OBS has no browser source with the address {ADDRESS}"
        assert rows["overlay"].hint == "run `banban obs setup`"
        await setup(fake)
        rows = await check(fake)
        assert rows["program"].what == f"'{NAME}' is not in the scene that viewers see ('Game')"
        assert "Add Existing" in rows["program"].hint
        fake.items["Game"].append("Banban")  # a scene in a scene
        rows = await check(fake)
        assert {row.state for row in rows.values()} == {State.OK}, rows
        fake.program = "Banban"
        fake.hidden.add(NAME)
        fake.muted = True
        fake.sources[NAME][1]["url"] = "http://127.0.0.1:9000/"
        rows = await check(fake)
        assert rows["program"].what == f"'{NAME}' is hidden in the scene that viewers see ('Banban')"
        assert "click the eye" in rows["program"].hint
        assert rows["sound"].what == f"'{NAME}' is muted: viewers do not hear her"
        assert "loudspeaker" in rows["sound"].hint
        assert rows["overlay"].what == f"'{NAME}' has another address than {ADDRESS}"
        assert ADDRESS in rows["overlay"].hint


@pytest.mark.parametrize("name", ["check", "setup"])
@pytest.mark.parametrize("kind", SPOILS)
async def test_answers_that_are_wrong_are_one_message(
    typed: Any, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    """From the first answer on, from the second on, and so on."""
    monkeypatch.setattr(obs_client, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(obs_client, "MESSAGE_BYTES", 1 << 20)
    for right in (0, 1, 4):
        async with Browsing().running() as fake:

            def spoil(whole: Data, fake: FakeObs = fake, right: int = right) -> list[Any]:
                return [whole] if len(fake.asked) <= right else SPOILS[kind](whole)

            fake.spoils = spoil
            code, output = await asyncio.to_thread(typed, name, fake.port)
        assert code in (0, 1)
        assert len(output) < 2000
