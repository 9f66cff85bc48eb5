"""The embedded voice, the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest
from voice_props import CHARACTER, hear

from vtuber.config import Settings
from vtuber.core import clock, sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.voice import Utterance
from vtuber.voice.embedded.hibari import Hibari
from vtuber.voice.embedded.hibari.model import HibariModel
from vtuber.voice.embedded.network import CancelToken
from vtuber.voice.speech.articulation import spans

LONG = (
    "This is quite a long sentence that has no comma in its beginning at all and continues, and then ends. "
)


@pytest.fixture(scope="module")
def model() -> HibariModel:
    return HibariModel()


@pytest.fixture
async def voice(monkeypatch: pytest.MonkeyPatch, model: HibariModel) -> AsyncIterator[Hibari]:
    monkeypatch.setattr("vtuber.voice.embedded.hibari.HibariModel", lambda: model)  # loaded once
    voice = Hibari(Settings(), CHARACTER)
    await voice.start()
    yield voice
    await voice.stop()


@pytest.mark.parametrize(
    "text",
    [
        "Hello there, my friends!",
        "Dr. Smith paid $3.50 at 10:30 a.m. for 1,000 apples, wow!",
        "I like 奶茶 very much — really? “Yes!” (she said) 🎉 :)",
        "Visit https://example.com/a?b=c, or don't.",
        "你好，我是板板。",
        "１２３ ½ ok。好",
        "word",
        "x " * 200,
        "a" * 3000,
        "9" * 3000,
        "🎉",
        "...",
        "\x00\x1b[31m ]( [a](b) \ud800 <|im_end|>",
        "привет мир שלום ﷺ",
        "",
        "  ",
    ],
)
async def test_any_text_becomes_sound_and_words(voice: Hibari, text: str) -> None:
    heard = await hear(voice.speak(Utterance(text)))
    heard.check(text)
    if any(char.isalpha() for char in text):
        assert heard.seconds > 0.1


async def test_silence_around_it_is_short_and_natural(voice: Hibari) -> None:
    def silent_ends(samples: sound.Samples) -> tuple[float, float]:
        loud = np.flatnonzero(np.abs(samples) > 0.01)
        return loud[0] / sound.RATE, (len(samples) - loud[-1]) / sound.RATE

    before, after = silent_ends((await hear(voice.speak(Utterance("Hello my friends.")))).samples)
    assert before < 0.08
    assert 0.3 < after < 0.55
    assert silent_ends((await hear(voice.speak(Utterance("Hello my friends,")))).samples)[1] < 0.3


async def test_words_are_heard_when_they_say_so(voice: Hibari) -> None:
    heard = await hear(voice.speak(Utterance("CancelToken. 好好好好好 Go.")))
    stop, go = heard.words[0], heard.words[-1]
    assert heard.level_at(stop.start, stop.end) > -30
    assert heard.level_at(go.start, go.end) > -30
    for word in heard.words[1:-1]:
        assert heard.level_at(word.start, word.end) < -60
        assert word.end - word.start == pytest.approx(0.2, abs=0.01)


async def test_the_model_tells_how_long_each_word_takes(model: HibariModel) -> None:
    _, phonemes = model.make(["No", "supercalifragilistic", "no"], 1.0, CancelToken())
    times = spans(phonemes, 3)
    lengths = [end - start for start, end in times]
    assert lengths[1] > 2 * max(lengths[0], lengths[2])
    assert all(one[1] <= two[0] for one, two in pairwise(times))


async def test_the_same_text_sounds_the_same(voice: Hibari) -> None:
    assert (await hear(voice.speak(Utterance("Hello.")))).pcm == (
        await hear(voice.speak(Utterance("Hello.")))
    ).pcm


async def test_chinese_alone_is_shown(voice: Hibari) -> None:
    heard = await hear(voice.speak(Utterance("你好，我是板板。")))
    assert heard.seconds == pytest.approx(8 / 5)
    assert not any(heard.pcm)


async def test_marks_alone_are_no_foreign_language(voice: Hibari) -> None:
    await hear(voice.speak(Utterance("... 🎉 !")))
    assert voice.health().state is State.OK


async def test_sentences_of_a_long_piece_come_one_by_one(voice: Hibari) -> None:
    items = voice.speak(Utterance(LONG * 20))
    first = [await anext(items) for _ in range(5)]
    assert any(isinstance(item, Sound) for item in first)
    await items.aclose()


async def test_a_model_that_cannot_be_loaded_is_reported_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no such file")

    monkeypatch.setattr("vtuber.voice.embedded.hibari.HibariModel", broken)
    with pytest.raises(VoiceError, match="no such file") as caught:
        await Hibari(Settings(), CHARACTER).start()
    assert caught.value.hint


def test_simulated_time_stands_still_while_it_works() -> None:
    async def main() -> None:
        voice = Hibari(Settings(), CHARACTER)
        await voice.start()
        heard = await hear(voice.speak(Utterance(LONG)))
        await voice.stop()
        assert heard.seconds > 2
        assert clock.now() == 0

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())
