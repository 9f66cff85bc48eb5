"""A sound card as a screen. The card's own library is played by a module of the same shape: no machine that
tests has a card. What goes to it, sample by sample, is the real thing."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vtuber import character as characters
from vtuber import stage
from vtuber.config import Settings
from vtuber.core.clock import now
from vtuber.core.health import State
from vtuber.core.sound import RATE, to_pcm
from vtuber.stage import audio
from vtuber.stage.audio import AudioDevice
from vtuber.stage.audio.mixer import DRIFT, FADE, Mixer
from vtuber.stage.cues import ClipSound, Hushed
from vtuber.stage.overlay import Overlay

TENTH = RATE // 10


def tone(count: int, level: float = 0.5) -> bytes:
    return to_pcm(np.full(count, level, dtype=np.float32))


# What a card is given.


def test_sound_is_heard_at_its_time_to_the_sample() -> None:
    mixer = Mixer()
    mixer.add(10.05, tone(TENTH))
    first, second = mixer.take(TENTH, 10.0), mixer.take(TENTH, 10.1)
    heard = np.concatenate((first, second))
    begin = round(0.05 * RATE)
    assert not heard[:begin].any()
    assert heard[begin : begin + TENTH].all()
    assert not heard[begin + TENTH :].any()


def test_pieces_that_follow_each_other_have_no_gap_though_the_cards_clock_is_uneven() -> None:
    mixer = Mixer()
    for index in range(10):
        mixer.add(10.0 + index / 10, tone(TENTH))
    uneven = [0.0, DRIFT / 2, -DRIFT / 2, DRIFT / 3] * 25
    heard = np.concatenate([mixer.take(RATE // 100, 10.0 + n / 100 + uneven[n]) for n in range(100)])
    assert heard.all()


def test_a_card_that_is_far_behind_takes_up_what_is_due_now() -> None:
    mixer = Mixer()
    mixer.add(
        10.0, np.concatenate([np.frombuffer(tone(TENTH, level), "<i2") for level in (0.1, 0.9)]).tobytes()
    )
    mixer.take(10, 10.0)
    assert mixer.take(10, 10.15) == pytest.approx(0.9, abs=0.01)


def test_a_hush_ends_in_silence_without_a_click() -> None:
    mixer = Mixer()
    mixer.add(10.0, tone(RATE))
    mixer.take(TENTH, 10.0)
    mixer.hush()
    after = np.concatenate((mixer.take(TENTH, 10.1), mixer.take(TENTH, 10.2)))
    fade = round(FADE * RATE)
    assert not after[fade:].any()
    assert abs(np.diff(after[:fade])).max() < 0.02
    mixer.add(10.35, tone(TENTH))
    assert mixer.take(TENTH, 10.3)[-10:].all()


# The device.


class Library(ModuleType):
    """As much of sounddevice as is used."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *names: str) -> None:
        super().__init__("sounddevice")
        self.names = names
        self.default = SimpleNamespace(device=(-1, 0))
        self.streams: list[Any] = []
        self.refuses = ""

    def _terminate(self) -> None: ...

    def _initialize(self) -> None: ...

    def query_devices(self) -> list[dict[str, Any]]:
        microphone = {"name": "A microphone", "max_output_channels": 0}
        return [*({"name": name, "max_output_channels": 2} for name in self.names), microphone]

    def RawOutputStream(self, **given: Any) -> Any:  # noqa: N802  # its name
        if self.refuses:
            raise self.PortAudioError(self.refuses)
        stream = SimpleNamespace(active=True, **given)
        stream.start = stream.abort = stream.close = lambda: None
        self.streams.append(stream)
        return stream


def heard(stream: Any, seconds: float) -> Any:
    count = round(seconds * RATE)
    out = bytearray(count * 2)
    times = SimpleNamespace(outputBufferDacTime=5.0, currentTime=5.0)
    stream.callback(memoryview(out), count, times, None)
    return np.frombuffer(bytes(out), "<i2")


@asynccontextmanager
async def device(wanted: str = "default") -> AsyncGenerator[AudioDevice, None]:
    settings = Settings.model_validate({"stage": {"audio": {"device": wanted}}})
    made = AudioDevice(settings, characters.load("banban"))
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library("Speakers (Realtek)", "CABLE Input (VB-Audio)")
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    monkeypatch.setattr(audio, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(audio, "RETRY_SECONDS", (0.02, 0.05))
    return made


async def test_her_voice_is_heard_from_the_device_and_a_hush_ends_it(library: Library) -> None:
    async with device() as made:
        assert made.health().what == "her voice is heard from Speakers (Realtek)"
        (stream,) = library.streams
        assert (stream.samplerate, stream.channels, stream.dtype, stream.device) == (RATE, 1, "int16", 0)
        made.show(ClipSound(1, tone(RATE), [], "", now(), 0.0))
        assert heard(stream, 0.1)[-100:].all()
        made.show(Hushed())
        heard(stream, 0.1)
        assert not heard(stream, 0.1).any()


async def test_a_device_is_found_by_a_part_of_its_name(library: Library) -> None:
    async with device("cable") as made:
        assert made.health().state is State.OK
        assert library.streams[0].device == 1


async def test_one_that_is_not_there_is_named_with_those_that_are(library: Library) -> None:
    async with device("Headphones") as made:
        assert made.health().state is State.DOWN
        assert made.health().what == 'there is no audio device "Headphones"'
        assert made.health().hint == 'there are "Speakers (Realtek)", "CABLE Input (VB-Audio)"'
        library.names = ("Headphones",)
        await until(lambda: made.health().state is State.OK)


async def test_a_device_that_goes_away_is_opened_again(library: Library) -> None:
    async with device() as made:
        library.streams[0].active = False
        await until(lambda: len(library.streams) == 2)
        await until(lambda: made.health().state is State.OK)


async def test_a_device_that_refuses_costs_one_line(library: Library) -> None:
    library.refuses = "Invalid sample rate"
    async with device() as made:
        assert made.health().what == "the audio device cannot be opened: Invalid sample rate"
        made.show(ClipSound(1, tone(10), [], "", now(), 0.0))


async def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    async with device() as made:
        assert "sounddevice is not installed" in made.health().what
        assert "uv pip install sounddevice" in made.health().hint


async def test_a_page_sounds_only_while_the_device_does_not(library: Library) -> None:
    settings = Settings.model_validate({"stage": {"audio": {"device": "default"}}})
    overlay, made = stage.build(settings, characters.load("banban"))
    assert isinstance(overlay, Overlay)
    found = [overlay._device_sounds]
    await made.start()
    found.append(overlay._device_sounds)
    await made.stop()
    assert [*found, overlay._device_sounds] == [False, True, False]


def test_the_cards_thread_has_the_shows_clock() -> None:
    async def both() -> float:
        return now() - time.monotonic()

    assert abs(asyncio.run(both())) < 0.01
