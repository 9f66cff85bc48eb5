"""The voice behind the voice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
from voice_props import CHARACTER, hear

from vtuber.config import Settings, Voice
from vtuber.core import clock, sound
from vtuber.core.availability import Availability
from vtuber.core.errors import ConfigError, VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.voice.edge import Edge
from vtuber.voice.fallback import VoiceFallback, build
from vtuber.voice.hibari import Hibari

ALL = 1000


class Scripted:
    """Says each word in a second, and fails after ``words`` of them. It tells of all words at once."""

    def __init__(self, words: float = ALL, *, starts: bool = True) -> None:
        self.availability = Availability()
        self.words = words
        self.starts = starts
        self.asked: list[str] = []
        self.closed = 0

    async def start(self) -> None:
        if not self.starts:
            raise VoiceError("it cannot start", hint="buy one")
        self.availability.set(ready=True)

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        self.asked.append(text)
        try:
            for at, word in enumerate(text.split()):
                yield Word(word, float(at), at + 1.0)
            for at, _ in enumerate(text.split()):
                if at + 1 > self.words:
                    if at < self.words:
                        yield Sound(sound.silence(self.words - at))
                    raise VoiceError("it broke", hint="mend it")
                yield Sound(sound.silence(1.0))
                await asyncio.sleep(0)
        finally:
            self.closed += 1

    async def stop(self) -> None:
        self.starts = False
        self.availability.set(ready=False)

    def health(self) -> Health:
        return Health("voice", State.OK, f"good for {self.words}")


async def test_the_first_speaks_while_it_can() -> None:
    first, second = Scripted(), Scripted()
    pair = VoiceFallback(first, second)
    await pair.start()
    (await hear(pair.speak("one two three"))).check("one two three")
    assert second.asked == []
    assert pair.health() == first.health()


@pytest.mark.parametrize("spoken", [0, 1, 2])
async def test_the_second_says_what_was_not_heard(spoken: int) -> None:
    first, second = Scripted(spoken), Scripted()
    pair = VoiceFallback(first, second)
    await pair.start()
    heard = await hear(pair.speak("one two, 三 four"))
    heard.check("one two, 三 four")
    assert second.asked == [["one two, 三 four", "two, 三 four", "三 four"][spoken]]
    assert heard.seconds == 4
    assert [word.start for word in heard.words] == [0, 1, 2, 3]
    assert pair.health().state is State.LIMITED
    assert "it broke" in pair.health().what
    assert pair.health().hint == "mend it"


@pytest.mark.parametrize(
    ("spoken", "again", "starts"),
    [
        (0.05, "one two, 三 🎉", [0, 0.05 + 1, 0.05 + 2, 0.05 + 3]),
        (1.3, "two, 三 🎉", [0, 1, 1.3 + 1, 1.3 + 2]),
        (2.5, "三 🎉", [0, 1, 2, 2.5 + 1]),
        (2.95, "", [0, 1, 2, 2.95]),  # what is missing of the last word is not missed
    ],
)
async def test_a_word_that_was_broken_off_is_said_again_and_shown_once(
    spoken: float, again: str, starts: list[float]
) -> None:
    first, second = Scripted(spoken), Scripted()
    pair = VoiceFallback(first, second)
    await pair.start()
    heard = await hear(pair.speak("one two, 三 🎉"))
    assert [word.text for word in heard.words] == ["one", "two,", "三", "🎉"]
    assert second.asked == ([again] if again else [])
    assert [word.start for word in heard.words] == starts


async def test_marks_that_are_left_need_no_second_voice() -> None:
    first, second = Scripted(2), Scripted()
    pair = VoiceFallback(first, second)
    await pair.start()
    heard = await hear(pair.speak("one two 🎉"))
    assert heard.text == "onetwo🎉"
    assert second.asked == []


def test_a_voice_that_failed_is_left_alone_longer_and_longer() -> None:
    async def main() -> None:
        first, second = Scripted(0), Scripted()
        pair = VoiceFallback(first, second)
        await pair.start()
        tried = []
        while clock.now() < 1000:
            before = len(first.asked)
            await hear(pair.speak("one"))
            if len(first.asked) > before:
                tried.append(clock.now())
            await asyncio.sleep(1)
        pauses = [round(two - one) for one, two in pairwise(tried)]
        assert pauses[:7] == [5, 10, 20, 40, 80, 160, 300]
        first.words = ALL
        await asyncio.sleep(300)
        await hear(pair.speak("one"))
        assert pair.health() == first.health()
        first.words = 0
        await hear(pair.speak("one"))
        await asyncio.sleep(5)
        asked = len(first.asked)
        await hear(pair.speak("one"))
        assert len(first.asked) == asked + 1

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


async def test_one_of_them_is_enough_to_start() -> None:
    pair = VoiceFallback(Scripted(starts=False), Scripted())
    await pair.start()
    (await hear(pair.speak("one"))).check("one")
    assert pair.health().state is State.LIMITED
    alone = VoiceFallback(Scripted(1), Scripted(starts=False))
    await alone.start()
    (await hear(alone.speak("one"))).check("one")
    assert (await hear(alone.speak("one two"), fails=True)).text == "one"
    with pytest.raises(VoiceError, match="cannot start"):
        await VoiceFallback(Scripted(starts=False), Scripted(starts=False)).start()


async def test_closing_closes_the_voice_that_speaks() -> None:
    for first, second in ((Scripted(), Scripted()), (Scripted(0), Scripted())):
        pair = VoiceFallback(first, second)
        await pair.start()
        items = pair.speak("one two three")
        async for item in items:
            if isinstance(item, Sound):
                break
        await items.aclose()
        assert first.closed == 1
        assert second.closed == (0 if first.words else 1)


def test_build_follows_the_settings() -> None:
    assert isinstance(build(Settings(), CHARACTER), Hibari)
    assert isinstance(build(Settings(voice=Voice(use="edge")), CHARACTER), VoiceFallback)
    assert isinstance(build(Settings(voice=Voice(use="edge", fallback="")), CHARACTER), Edge)
    with pytest.raises(ConfigError, match="edgy") as caught:
        build(Settings(voice=Voice(use="edgy")), CHARACTER)
    assert "edge" in caught.value.hint


async def test_without_a_network_the_embedded_voice_speaks() -> None:
    edge = {"url": "ws://127.0.0.1:9/"}
    both = build(Settings.model_validate({"voice": {"use": "edge", "edge": edge}}), CHARACTER)
    await both.start()
    heard = await hear(both.speak("Hello there, my friends!"))
    heard.check("Hello there, my friends!")
    assert sound.loudness(heard.samples) > -25
    assert both.health().state is State.LIMITED
    await both.stop()


async def test_it_is_available_while_one_of_them_is() -> None:
    first, second = Scripted(), Scripted()
    pair = VoiceFallback(first, second)
    assert not pair.availability.is_ready
    await pair.start()
    for one, other in ((True, False), (False, False), (False, True), (True, True)):
        first.availability.set(ready=one)
        second.availability.set(ready=other)
        await hear(pair.speak("one"))
        assert pair.availability.is_ready == (one or other)
    await pair.stop()
    assert not pair.availability.is_ready


def test_the_package_loads_no_voice() -> None:
    heavy = "onnxruntime", "hibari", "aiohttp", "edge_tts", "miniaudio"
    code = f"import sys, vtuber.voice; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
