"""What both embedded voices promise of the thread in which they compute."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import kokoro_files
import numpy as np
import pytest
from voice_props import CHARACTER, hear

from vtuber.config import KokoroVoice, Settings
from vtuber.config import Voice as VoiceSettings
from vtuber.core.errors import VoiceError
from vtuber.core.health import State
from vtuber.models.kokoro import SPEAKER
from vtuber.voice import Style, Utterance
from vtuber.voice.embedded.hibari import Hibari
from vtuber.voice.embedded.hibari.model import HibariModel
from vtuber.voice.embedded.kokoro import Kokoro
from vtuber.voice.embedded.kokoro.model import KokoroModel, read_styles
from vtuber.voice.embedded.network import Cancelled, CancelToken


@dataclass(frozen=True, slots=True)
class Embedded:
    """One of them, with its model, which is loaded once."""

    model: Any
    make: Callable[[], Hibari | Kokoro]
    short: Utterance
    long: Utterance
    work: Callable[[CancelToken], object]
    """Has the model compute for a while."""


def hibari(patch: pytest.MonkeyPatch) -> Embedded:
    model = HibariModel()
    patch.setattr("vtuber.voice.embedded.hibari.HibariModel", lambda: model)
    line = "This is quite a long sentence that has no comma in its beginning at all and continues. "
    return Embedded(
        model,
        lambda: Hibari(Settings(), CHARACTER),
        Utterance("Hello there, my friends!", "en"),
        Utterance(line * 20, "en"),
        lambda token: model.make(["nine"] * 60, 1.0, token),
    )


def kokoro(patch: pytest.MonkeyPatch) -> Embedded:
    kokoro_files.ready()
    model = KokoroModel(kokoro_files.MODEL)
    patch.setattr("vtuber.voice.embedded.kokoro.KokoroModel", lambda _file: model)
    own = KokoroVoice(model=str(kokoro_files.MODEL), voices=str(kokoro_files.VOICES))
    styles = read_styles(kokoro_files.VOICES, SPEAKER)
    return Embedded(
        model,
        lambda: Kokoro(Settings(voice=VoiceSettings(kokoro=own)), CHARACTER),
        Utterance("謝謝你們來看直播。", "zh-TW"),
        Utterance("這是一個很長很長的句子沒有標點符號也沒有停下來的意思" * 4, "zh-TW"),
        lambda token: model.make("ni↓xau↓ " * 25, styles, 1.0, token),
    )


@pytest.fixture(params=[hibari, kokoro], scope="module")
def embedded(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    with pytest.MonkeyPatch.context() as patch:
        yield request.param(patch)


@pytest.fixture
async def voice(embedded: Embedded) -> AsyncIterator[Hibari | Kokoro]:
    voice = embedded.make()
    await voice.start()
    yield voice
    await voice.stop()


async def test_speech_is_as_quick_as_asked(embedded: Embedded, voice: Hibari | Kokoro) -> None:
    usual = await hear(voice.speak(embedded.short))
    assert np.abs(usual.samples).max() < 1
    quick = Utterance(embedded.short.text, embedded.short.language, style=Style(rate=1.6))
    assert (await hear(voice.speak(quick))).seconds < 0.8 * usual.seconds


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 0.3])
async def test_cancelling_leaves_no_thread_at_work(
    embedded: Embedded, voice: Hibari | Kokoro, delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = threading.Event()
    make = embedded.model.make

    def watched(*args: Any) -> Any:
        working.set()
        try:
            return make(*args)
        finally:
            working.clear()

    monkeypatch.setattr(embedded.model, "make", watched)

    async def drain() -> None:
        async for _ in voice.speak(embedded.long):
            pass

    task = asyncio.create_task(drain())
    await asyncio.sleep(delay)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not working.is_set()


def test_the_network_is_stopped_in_the_middle(embedded: Embedded) -> None:
    token = CancelToken()
    timer = threading.Timer(0.02, token.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        embedded.work(token)
    timer.join()


async def test_it_is_available_from_start_to_stop(embedded: Embedded) -> None:
    voice = embedded.make()

    def seen() -> tuple[State, bool]:
        return voice.health().state, voice.availability.is_ready

    for _ in range(2):
        assert seen() == (State.DOWN, False)
        with pytest.raises(VoiceError, match=r"was (not started|stopped)"):
            await hear(voice.speak(embedded.short))
        await voice.start()
        assert seen() == (State.OK, True)
        await voice.stop()
    assert seen() == (State.DOWN, False)
