"""Fetching the files of the voice kokoro, from a hub on this machine, and finding them again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_server import HubServer, Stored
from huggingface_hub import constants
from test_get import Watching, folder, server  # noqa: F401  (fixtures)
from typer.testing import CliRunner

from vtuber.app.cli import app
from vtuber.config import KokoroVoice
from vtuber.core.errors import BanbanError, VoiceError
from vtuber.models import kokoro

WEIGHTS = bytes(range(256)) * 5000
STYLE = b"\x00\x00\x80\x3f" * 1000


@pytest.fixture
def hub(server: HubServer) -> HubServer:  # noqa: F811  # the fixture
    server.repos[kokoro.REPO] = {
        kokoro.MODEL: Stored(WEIGHTS),
        "onnx/model.onnx": Stored(b"much larger"),
        "voices/zf_xiaoyi.bin": Stored(STYLE),
        "voices/zm_yunxi.bin": Stored(STYLE + b"m"),
        "voices/ef_dora.bin": Stored(STYLE),
    }
    return server


def trouble() -> str:
    with pytest.raises(BanbanError) as caught:
        kokoro.get(Watching())
    return str(caught.value)


def test_it_comes_with_its_speakers_and_is_found(hub: HubServer) -> None:
    watch = Watching()
    there = kokoro.get(watch)
    model, speakers = kokoro.locate(KokoroVoice())
    assert model.read_bytes() == WEIGHTS
    assert model.is_relative_to(there)
    assert sorted(file.name for file in speakers.iterdir()) == ["zf_xiaoyi.bin", "zm_yunxi.bin"]
    assert watch.there == watch.whole == len(WEIGHTS) + 2 * len(STYLE) + 1


def test_what_is_there_is_not_fetched_again_and_half_a_file_goes_on(hub: HubServer) -> None:
    hub.drops = [1000]
    kokoro.get(Watching())
    assert "bytes=1000-" in hub.ranges
    before = len(hub.ranges)
    kokoro.get(Watching())
    assert len(hub.ranges) == before


def test_a_damaged_download_is_deleted(hub: HubServer) -> None:
    hub.repos[kokoro.REPO][kokoro.MODEL] = Stored(WEIGHTS, sha256="0" * 64)
    assert "checksum is wrong" in trouble()
    with pytest.raises(VoiceError, match="not on this machine yet"):
        kokoro.locate(KokoroVoice())


def test_a_damaged_file_is_fetched_again(hub: HubServer) -> None:
    kokoro.get(Watching())
    model, _ = kokoro.locate(KokoroVoice())
    model.write_bytes(WEIGHTS[:-1] + b"!")
    kokoro.get(Watching())
    assert model.read_bytes() == WEIGHTS


def test_without_room_nothing_is_begun(hub: HubServer) -> None:
    hub.repos[kokoro.REPO][kokoro.MODEL] = Stored(WEIGHTS, size=10**18)
    assert "are free" in trouble()
    assert hub.ranges == []


@pytest.mark.parametrize("gone", [kokoro.MODEL, "voices/zf_xiaoyi.bin"])
def test_a_hub_without_these_files(hub: HubServer, gone: str) -> None:
    del hub.repos[kokoro.REPO][gone]
    assert "no longer has the files" in trouble()


def test_without_a_network_it_says_what_else_to_do(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "voice.kokoro.model" in trouble()


def test_own_files_are_taken_and_missing_ones_named(folder: Path, tmp_path: Path) -> None:  # noqa: F811  # it too
    own = tmp_path / "own.onnx"
    own.write_bytes(b"")
    assert kokoro.locate(KokoroVoice(model=str(own), voices=str(tmp_path))) == (own, tmp_path)
    with pytest.raises(VoiceError, match=r"voices.kokoro.voices|no speakers"):
        kokoro.locate(KokoroVoice(model=str(own)))
    with pytest.raises(VoiceError, match="no such file"):
        kokoro.locate(KokoroVoice(model=str(tmp_path / "nowhere.onnx")))


def test_the_command_says_where_it_lies(hub: HubServer) -> None:
    done = CliRunner().invoke(app, ["voices", "get", "kokoro"])
    assert done.exit_code == 0
    assert "next start" in done.output


def test_a_voice_with_nothing_to_fetch_is_told(hub: HubServer) -> None:
    done = CliRunner().invoke(app, ["voices", "get", "hibari"])
    assert done.exit_code != 0
    assert "choose one of kokoro" in str(done.exception)
