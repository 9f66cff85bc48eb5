"""`banban say` and `banban voices`."""

from __future__ import annotations

import wave
from functools import partial
from pathlib import Path

import miniaudio
import numpy as np
import pytest

from vtuber import voice
from vtuber.app import say, voices
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.errors import BanbanError, VoiceError
from vtuber.core.health import State

ENGLISH = {"voice.use": "hibari"}


@pytest.fixture(autouse=True)
def only_what_needs_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(voice.PARTS, "edge")


def test_a_text_becomes_a_file(tmp_path: Path) -> None:
    out = tmp_path / "hello.wav"
    say.command(None, ENGLISH, text="[happy] Hello there. *waves* It is me!", out=out)
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        samples = sound.from_pcm(file.readframes(file.getnframes()))
    assert 1.0 < len(samples) / sound.RATE < 4.0
    assert np.abs(samples).max() > 0.1


@pytest.mark.parametrize("text", ["你好。", "ʬʬ"])
def test_what_no_voice_can_say_is_no_file(tmp_path: Path, text: str) -> None:
    out = tmp_path / "hello.wav"
    out.write_bytes(b"before")
    with pytest.raises(VoiceError, match="no voice can say that here"):
        say.command(None, ENGLISH, text=text, out=out)
    assert out.read_bytes() == b"before"


def test_nothing_to_say(tmp_path: Path) -> None:
    with pytest.raises(BanbanError, match="there is nothing to say"):
        say.command(None, ENGLISH, text=" 🎉 ", out=tmp_path / "hello.wav")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BanbanError, match="cannot be written") as caught:
        say.command(None, ENGLISH, text="Hi.", out=tmp_path / "nowhere" / "hello.wav")
    assert "nowhere" in caught.value.where


def test_it_is_played_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    null = partial(miniaudio.PlaybackDevice, backends=[miniaudio.Backend.NULL])
    monkeypatch.setattr(miniaudio, "PlaybackDevice", null)
    played: list[bytes] = []
    play = say._Player.play

    async def noting(player: say._Player, chunk: bytes) -> None:
        played.append(chunk)
        await play(player, chunk)

    monkeypatch.setattr(say._Player, "play", noting)
    say.command(None, ENGLISH, text="Hi.", out=None)
    assert any(b"".join(played))


def test_without_a_sound_device_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise miniaudio.MiniaudioError("failed to init device", -401)

    monkeypatch.setattr(miniaudio, "PlaybackDevice", none)
    with pytest.raises(BanbanError, match="there is no sound device here") as caught:
        say.command(None, ENGLISH, text="Hi.", out=None)
    assert "--out" in caught.value.hint


async def test_every_voice_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(voice.PARTS, "broken", "nowhere.at.all:Voice")
    settings = Settings.model_validate({"voice": {"openai": {"url": "http://127.0.0.1:9/v1"}}})
    rows = {row.part: row for row in await voices.try_all(settings)}
    assert rows["hibari"].state is State.OK
    assert rows["hibari"].what.startswith("English: ")
    assert rows["openai"].state is State.DOWN
    assert rows["openai"].hint
    assert rows["broken"].state is State.DOWN
    assert rows["silent"].what.startswith("any language: ")


def test_many_languages_are_counted() -> None:
    assert (
        voices._told({"pl", "zh", "en", "sw", "ja", "fr"}) == "English, Chinese, Japanese, French and 2 more"
    )


def test_without_a_name_it_lists_what_can_be_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    voices.get(None)
    assert "banban voices get kokoro" in capsys.readouterr().out
    with pytest.raises(BanbanError, match="nothing to download"):
        voices.get("hibari")
