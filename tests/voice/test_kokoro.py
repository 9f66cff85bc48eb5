"""The voice kokoro, with the weights and the speakers that packages carry."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import kokoro_files
import numpy as np
import pytest
from voice_props import CHARACTER, hear

from vtuber.config import KokoroVoice, Settings, Voice
from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound
from vtuber.core.health import State
from vtuber.voice import Style, Utterance
from vtuber.voice.embedded import english
from vtuber.voice.embedded.kokoro import Kokoro
from vtuber.voice.embedded.kokoro.model import (
    MOST_PHONEMES,
    KokoroModel,
    Spoken,
    _frames,
    read_styles,
    speakers,
)
from vtuber.voice.embedded.network import CancelToken

MIXED = "大家好，我們 play Minecraft。"


@pytest.fixture(scope="module")
def model() -> KokoroModel:
    kokoro_files.ready()
    return KokoroModel(kokoro_files.MODEL)


def settings(**options: Any) -> Settings:
    own = KokoroVoice(model=str(kokoro_files.MODEL), voices=str(kokoro_files.VOICES))
    return Settings(voice=Voice(kokoro=own.model_copy(update=options)))


@pytest.fixture
async def voice(monkeypatch: pytest.MonkeyPatch, model: KokoroModel) -> AsyncIterator[Kokoro]:
    monkeypatch.setattr("vtuber.voice.embedded.kokoro.KokoroModel", lambda _file: model)  # loaded once
    voice = Kokoro(settings(), CHARACTER)
    await voice.start()
    yield voice
    await voice.stop()


@pytest.fixture
async def humming(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kokoro]:
    """A voice that hums each phoneme for 20 ms, at no cost: for what does not depend on the network."""
    kokoro_files.ready()
    monkeypatch.setattr("vtuber.voice.embedded.kokoro.KokoroModel", lambda _file: Humming())
    voice = Kokoro(settings(), CHARACTER)
    await voice.start()
    yield voice
    await voice.stop()


class Humming:
    def make(self, phonemes: str, _styles: sound.Samples, _speed: float, token: CancelToken) -> Spoken:
        token.check()
        assert len(phonemes) <= MOST_PHONEMES
        assert set(phonemes) <= set(english.alphabet())
        edges = np.arange(len(phonemes) + 1) * 0.02
        times = np.arange(round(edges[-1] * sound.RATE)) / sound.RATE
        return Spoken((0.1 * np.sin(times * 1400)).astype(np.float32), edges.tolist())


def zh(text: str, **style: Any) -> Utterance:
    return Utterance(text, "zh-TW", style=Style(**style))


@pytest.mark.parametrize(
    "text",
    [
        MIXED,
        "「真的？」2024年3月，花了3.5元！🎉",
        "привет 你好 ひらがな",
        "word",
        "好" * 4000,
        "a" * 3000,
        "9" * 3000,
        "🎉",
        "...",
        "\x00\x1b[31m ]( [a](b) \ud800 <|im_end|>",
        "",
        "  ",
    ],
)
async def test_any_text_becomes_sound_and_words(humming: Kokoro, text: str) -> None:
    heard = await hear(humming.speak(zh(text)))
    heard.check(text)
    if any(char.isalnum() for char in text):
        assert heard.seconds > 0.05


async def test_each_character_is_heard_when_it_says_so(voice: Kokoro) -> None:
    heard = await hear(voice.speak(zh(MIXED)))
    assert [word.text for word in heard.words] == ["大", "家", "好，", "我", "們", "play", "Minecraft。"]
    for word in heard.words:
        assert 0.04 < word.end - word.start < 0.9
        assert heard.level_at(word.start, word.end) > -35


async def test_the_first_phrase_is_heard_before_the_rest_is_made(voice: Kokoro) -> None:
    items = voice.speak(zh("今天吃臭豆腐，" * 300))
    first = [await anext(items) for _ in range(5)]
    assert any(isinstance(item, Sound) for item in first)
    await items.aclose()


async def test_another_speaker_sounds_otherwise(voice: Kokoro) -> None:
    first, second = [(await hear(voice.speak(zh("你好。", voice=who)))).pcm for who in ("", "zm_yunxi")]
    assert first != second


async def test_another_voices_speaker_may_be_named(humming: Kokoro) -> None:
    usual, other = [
        (await hear(humming.speak(zh("你好。", voice=who)))).pcm for who in ("", "zh-TW-HsiaoYuNeural")
    ]
    assert usual == other


async def test_after_a_failure_the_next_sentence_is_tried(
    humming: Kokoro, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Humming, "make", lambda *_: 1 / 0)
        with pytest.raises(VoiceError, match="division"):
            await hear(humming.speak(zh("你好。")))
    assert humming.health().state is State.DOWN
    assert not humming.availability.is_ready
    await hear(humming.speak(zh("你好。")))
    assert humming.health().state is State.OK
    assert humming.availability.is_ready


async def test_the_guard_hears_what_will_be_said(humming: Kokoro) -> None:
    assert list(humming.pronounced("我有2個100%的 OK 🎉")) == ["我有2個百分之百的OK"]
    assert list(humming.pronounced("喝 bubble tea 嗎")) == ["喝bubble tea嗎"]
    assert list(humming.pronounced("It is 3 o'clock.")) == ["It is 3 o'clock."]


# Files.


async def trouble(**options: str) -> VoiceError:
    voice = Kokoro(settings(**options), CHARACTER)
    with pytest.raises(VoiceError) as caught:
        await voice.start()
    assert voice.health().state is State.DOWN
    assert not voice.availability.is_ready
    assert threading.active_count() == 1 or not any("kokoro" in one.name for one in threading.enumerate())
    return caught.value


async def test_files_that_nobody_fetched_are_asked_for() -> None:
    error = await trouble(model="", voices="")
    assert "not on this machine yet" in str(error)
    assert "banban voices get kokoro" in error.hint


async def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    assert "nowhere.onnx" in str(await trouble(model=str(tmp_path / "nowhere.onnx")))
    assert "nowhere" in str(await trouble(voices=str(tmp_path / "nowhere")))
    assert "no speaker 'nobody'" in str(await trouble(voice="nobody"))


@pytest.mark.parametrize("content", ["cut short", "empty", "another model", "text"])
async def test_a_damaged_model_is_reported(content: str, tmp_path: Path) -> None:
    kokoro_files.ready()
    file = tmp_path / "bad.onnx"
    if content == "cut short":
        file.write_bytes(kokoro_files.MODEL.read_bytes()[: 40 << 20])
    elif content == "another model":
        from hibari.voices import DEFAULT, voice_path  # noqa: PLC0415  # this test alone needs it

        file.write_bytes(Path(voice_path(DEFAULT)).read_bytes())
    else:
        file.write_bytes(b"" if content == "empty" else b"<html>Please log in</html>")
    error = await trouble(model=str(file))
    assert "bad.onnx" in str(error)
    assert "banban voices get kokoro" in error.hint


async def test_damaged_files_are_not_read_again_until_they_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kokoro_files.ready()
    read = list[Path]()

    def load(file: Path) -> KokoroModel:
        read.append(file)
        raise ValueError(f"{file} is damaged")

    monkeypatch.setattr("vtuber.voice.embedded.kokoro.KokoroModel", load)
    file = tmp_path / "bad.onnx"
    file.write_bytes(b"half of it")
    voice = Kokoro(settings(model=str(file)), CHARACTER)
    for _ in range(3):
        with pytest.raises(VoiceError, match="is damaged"):
            await voice.start()
    assert len(read) == 1
    file.write_bytes(b"more of it, and fetched anew")
    with pytest.raises(VoiceError, match="is damaged"):
        await voice.start()
    assert len(read) == 2


@pytest.mark.parametrize("content", [b"", b"\x00" * 1000, b"\xff" * 522_240])
async def test_a_damaged_speaker_is_reported(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "zf_xiaoyi.bin").write_bytes(content)
    assert "damaged" in str(await trouble(voices=str(tmp_path)))


@pytest.mark.parametrize("told", [[], [np.ones(4)], [np.zeros(5)]])
def test_phonemes_are_alike_where_the_graph_does_not_say_how_long_they_last(told: list[Any]) -> None:
    assert _frames([np.zeros(100), *told], 3).tolist() == [1] * 5
    assert _frames([np.zeros(100), np.arange(5)], 3).tolist() == [0, 1, 2, 3, 4]


def test_a_file_of_many_speakers_is_read(tmp_path: Path) -> None:
    kokoro_files.ready()
    one = read_styles(kokoro_files.VOICES, "zf_xiaoyi")
    with (tmp_path / "voices-v1.0.bin").open("wb") as file:
        np.savez(file, zf_xiaoyi=one, zm_yunxi=one)
    assert zipfile.is_zipfile(tmp_path / "voices-v1.0.bin")
    assert speakers(tmp_path / "voices-v1.0.bin") == ["zf_xiaoyi", "zm_yunxi"]
    assert np.array_equal(read_styles(tmp_path / "voices-v1.0.bin", "zf_xiaoyi"), one)
