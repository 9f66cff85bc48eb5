"""Which voice says what, and what happens when one fails."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection
from dataclasses import replace
from itertools import pairwise

import edge_service
import numpy as np
import pytest
from voice_props import CHARACTER, chain, hear

from benchmarks.scripted import tone
from vtuber.config import Settings, Voice
from vtuber.core import clock, sound
from vtuber.core.availability import Availability
from vtuber.core.errors import ConfigError, VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.voice import Utterance
from vtuber.voice.reading.speakable import weight
from vtuber.voice.router import VoiceRouter, build
from vtuber.voice.speech import captions
from vtuber.voice.watched import FIRST_SOUND

ALL = 1000


class Scripted:
    """Says each word in a second, and fails after ``words`` of them. It tells of all words at once."""

    def __init__(
        self, words: float = ALL, *, starts: bool = True, languages: Collection[str] = ("en", "zh")
    ) -> None:
        self.availability = Availability()
        self.languages = frozenset(languages)
        self.words = words
        self.starts = starts
        self.asked: list[str] = []
        self.utterances: list[Utterance] = []
        self.closed = 0

    async def start(self) -> None:
        if not self.starts:
            raise VoiceError("it cannot start", hint="buy one")
        self.availability.set(ready=True)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        text = utterance.text
        self.asked.append(text)
        self.utterances.append(utterance)
        try:
            for at, word in enumerate(text.split()):
                yield Word(word, float(at), at + 1.0)
            for at, _ in enumerate(text.split()):
                if at + 1 > self.words:
                    if at < self.words:
                        yield Sound(tone(self.words - at))
                    raise VoiceError("it broke", hint="mend it")
                yield Sound(tone(1.0))
                await asyncio.sleep(0)
        finally:
            self.closed += 1

    async def stop(self) -> None:
        self.starts = False
        self.availability.set(ready=False)

    def health(self) -> Health:
        return Health("voice", State.OK, f"good for {self.words}")


async def routed(*voices: Scripted) -> VoiceRouter:
    """A router over the voices, started."""
    router = chain(*voices)
    await router.start()
    return router


async def test_the_first_speaks_while_it_can() -> None:
    first, second = Scripted(), Scripted()
    pair = await routed(first, second)
    (await hear(pair.speak(Utterance("one two three")))).check("one two three")
    assert second.asked == []
    assert pair.health() == first.health()


@pytest.mark.parametrize("spoken", [0, 1, 2])
async def test_the_second_says_what_was_not_heard(spoken: int) -> None:
    first, second = Scripted(spoken), Scripted()
    pair = await routed(first, second)
    heard = await hear(pair.speak(Utterance("one two, 三 four")))
    heard.check("one two, 三 four")
    assert second.asked == [["one two, 三 four", "two, 三 four", "三 four"][spoken]]
    assert heard.seconds == pytest.approx(4.02)  # with a little pause
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
    pair = await routed(first, second)
    heard = await hear(pair.speak(Utterance("one two, 三 🎉")))
    assert [word.text for word in heard.words] == ["one", "two,", "三", "🎉"]
    assert second.asked == ([again] if again else [])
    assert [word.start for word in heard.words] == pytest.approx(starts)


async def test_marks_that_are_left_need_no_second_voice() -> None:
    first, second = Scripted(2), Scripted()
    pair = await routed(first, second)
    heard = await hear(pair.speak(Utterance("one two 🎉")))
    assert heard.text == "onetwo🎉"
    assert second.asked == []


def test_a_voice_that_failed_is_left_alone_longer_and_longer() -> None:
    async def main() -> None:
        first, second = Scripted(0), Scripted()
        pair = await routed(first, second)
        tried = []
        while clock.now() < 1000:
            before = len(first.asked)
            await hear(pair.speak(Utterance("one")))
            if len(first.asked) > before:
                tried.append(clock.now())
            await asyncio.sleep(1)
        pauses = [round(two - one) for one, two in pairwise(tried)]
        assert pauses[:7] == [5, 10, 20, 40, 80, 160, 300]
        first.words = ALL
        await asyncio.sleep(300)
        await hear(pair.speak(Utterance("one")))
        assert pair.health() == first.health()
        first.words = 0
        await hear(pair.speak(Utterance("one")))
        await asyncio.sleep(5)
        asked = len(first.asked)
        await hear(pair.speak(Utterance("one")))
        assert len(first.asked) == asked + 1

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


async def test_one_of_them_is_enough_to_start() -> None:
    pair = await routed(Scripted(starts=False), Scripted())
    (await hear(pair.speak(Utterance("one")))).check("one")
    assert pair.health().state is State.LIMITED
    assert "it cannot start" in pair.health().what
    assert pair.health().hint == "buy one"


async def test_what_no_voice_says_is_shown() -> None:
    """Where no voice is wanted, nothing is down."""
    for voices in ((Scripted(0),), (Scripted(starts=False), Scripted(0)), ()):
        router = await routed(*voices)
        heard = await hear(router.speak(Utterance("one two")))
        heard.check("one two")
        assert not heard.samples.any()
        assert router.health().state is (State.DOWN if voices else State.LIMITED)


async def test_a_mixed_sentence_that_no_voice_says_is_shown_whole() -> None:
    router = await routed(Scripted(0))
    text = "今天的 stream 我們來玩 Minecraft，明天見。"
    heard = await hear(router.speak(Utterance(text)))
    heard.check(text)
    assert not heard.samples.any()


async def test_a_sentence_that_broke_off_with_nobody_to_go_on_is_not_whole() -> None:
    router = await routed(Scripted(1))
    heard = await hear(router.speak(Utterance("one two")), fails=True)
    assert heard.text == "one"
    assert heard.seconds == 1


async def test_each_sentence_goes_to_a_voice_that_speaks_its_language() -> None:
    english, both, rest = Scripted(languages=("en",)), Scripted(), Scripted(languages=("ja",))
    router = await routed(english, both, rest)
    for text in ("hello there", "你好呀", "hello 小明", "こんにちは"):
        (await hear(router.speak(Utterance(text)))).check(text)
    assert english.asked == ["hello there"]
    assert both.asked == ["你好呀", "hello 小明"]
    assert rest.asked == ["こんにちは"]
    assert [one.language for one in both.utterances] == ["zh-TW", "en"]
    assert router.languages == {"en", "zh", "ja"}


async def test_a_mixed_sentence_is_spoken_in_parts_where_no_voice_speaks_both() -> None:
    english, chinese = Scripted(languages=("en",)), Scripted(languages=("zh",))
    router = await routed(english, chinese)
    heard = await hear(router.speak(Utterance("我 愛, pizza and 起司。")))
    heard.check("我 愛, pizza and 起司。")
    assert chinese.asked == ["我 愛,", "起司。"]
    assert english.asked == ["pizza and"]
    assert [word.start for word in heard.words] == pytest.approx([0, 1, 2.16, 3.16, 4.18])  # with pauses


@pytest.mark.parametrize(
    ("expected", "started"),
    [("hello", ["one"]), ("hello 你好", ["one", "two"]), ("你好 さくら", ["one", "two", "three"])],
)
async def test_auto_starts_no_more_voices_than_her_languages_need(expected: str, started: list[str]) -> None:
    voices = {
        name: Scripted(languages=languages)
        for name, languages in (("one", ["en"]), ("two", ["en", "zh"]), ("three", ["en", "ja"]))
    }
    router = VoiceRouter(voices, Settings(), replace(CHARACTER, persona=expected))
    await router.start()
    assert [name for name, voice in voices.items() if voice.availability.is_ready] == started
    assert router.health().state is State.OK
    await hear(router.speak(Utterance("さくら")))  # the others begin when they are needed
    assert voices["three"].asked == ["さくら"]


async def test_without_a_voice_for_chinese_the_table_says_how_to_hear_it() -> None:
    english = Scripted(languages=("en",))
    chinese = Scripted(starts=False, languages=("zh", "en"))
    router = VoiceRouter(
        {"one": english, "two": chinese}, Settings(), replace(CHARACTER, persona="hello 你好")
    )
    await router.start()
    health = router.health()
    assert health.state is State.LIMITED
    assert "Chinese: captions only" in health.what
    assert health.hint == "buy one"


async def test_a_voice_with_words_of_its_own_is_shown_in_those_alone() -> None:
    class Inventive(Scripted):
        async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
            for at, word in enumerate(("quite", "other")):
                yield Word(word, at, at + 1.0)
                yield Sound(tone(1.0))

    router = await routed(Inventive())
    heard = await hear(router.speak(Utterance("Hello, my good friends of the show!")))
    assert [word.text for word in heard.words] == ["quite", "other"]


async def test_the_order_follows_the_region_that_is_written() -> None:
    one, two = Scripted(), Scripted()
    languages = {"zh-TW": {"use": "one"}, "zh-CN": {"use": "two"}}
    settings = Settings.model_validate({"voice": {"use": "one", "languages": languages}})
    router = VoiceRouter({"one": one, "two": two}, settings, CHARACTER)
    await hear(router.speak(Utterance("歡迎")))
    await hear(router.speak(Utterance("欢迎")))
    assert (one.asked, two.asked) == (["歡迎"], ["欢迎"])


async def test_the_order_of_voices_may_differ_by_language() -> None:
    one, two = Scripted(), Scripted()
    order = {"use": ["one", "two"], "languages": {"zh": {"use": "two"}}}
    settings = Settings.model_validate({"voice": order})
    router = VoiceRouter({"one": one, "two": two}, settings, CHARACTER)
    await hear(router.speak(Utterance("hello")))
    await hear(router.speak(Utterance("你好")))
    assert (one.asked, two.asked) == (["hello"], ["你好"])


@pytest.mark.parametrize(
    ("chinese", "text", "expected"),
    [
        ("zh-CN", "歡迎回來", "zh-CN"),
        ("zh-TW", "欢迎回来", "zh-TW"),
        ("as_written", "欢迎回来", "zh-CN"),
        ("as_written", "歡迎回來", "zh-TW"),
        ("auto", "你好", "zh-TW"),
    ],
)
async def test_the_region_of_chinese(chinese: str, text: str, expected: str) -> None:
    one = Scripted()
    settings = Settings.model_validate({"voice": {"chinese": chinese}})
    router = VoiceRouter({"one": one}, settings, CHARACTER)
    await hear(router.speak(Utterance(text)))
    assert [utterance.language for utterance in one.utterances] == [expected]


async def test_language_and_mood_make_the_manner() -> None:
    settings = Settings.model_validate(
        {
            "voice": {
                "speed": 1.5,
                "languages": {"zh-TW": {"voice": "Ya", "rate": 0.8, "pitch": 2}, "en": {"voice": "Al"}},
                "moods": {"sad": {"rate": 0.5, "pitch": -3, "gain": -6}, "happy": {"voice": "Yay"}},
            }
        }
    )
    one = Scripted()
    router = VoiceRouter({"one": one}, settings, CHARACTER)
    for text, mood in (("你好", "sad"), ("hello", "happy"), ("hello", "")):
        await hear(router.speak(Utterance(text, mood=mood)))
    styles = [
        (style.voice, round(style.rate, 3), style.pitch, style.gain)
        for style in (one.style for one in one.utterances)
    ]
    assert styles == [("Ya", 0.6, -1, -6), ("Yay", 1.5, 0, 0), ("Al", 1.5, 0, 0)]


@pytest.mark.parametrize(
    ("chinese", "languages", "spoken"),
    [
        ("auto", {}, "zh-TW"),
        ("zh-CN", {}, "zh-CN"),
        ("zh-CN", {"zh-TW": {"voice": "Ya"}, "zh-CN": {"voice": "Xi"}}, "zh-CN"),
        ("auto", {"zh-CN": {"voice": "Xi"}}, "zh-CN"),
        ("auto", {"zh": {"voice": "Xi"}}, "zh-TW"),
    ],
)
async def test_the_region_of_her_chinese(
    chinese: str, languages: dict[str, dict[str, str]], spoken: str
) -> None:
    one = Scripted()
    settings = Settings.model_validate({"voice": {"chinese": chinese, "languages": languages}})
    await hear(VoiceRouter({"one": one}, settings, CHARACTER).speak(Utterance("你好")))
    (asked,) = one.utterances
    assert asked.language == spoken
    assert asked.style.voice == languages.get(spoken, languages.get("zh", {})).get("voice", "")


async def test_who_writes_simplified_characters_speaks_as_the_mainland_does() -> None:
    one, writes = Scripted(), replace(CHARACTER, persona="你是直播间里的虚拟主播，说话要简单。")
    await hear(VoiceRouter({"one": one}, Settings(), writes).speak(Utterance("你好")))
    assert one.utterances[0].language == "zh-CN"


async def test_a_region_that_is_named_is_spoken() -> None:
    one = Scripted(languages=["fr"])
    settings = Settings.model_validate({"voice": {"languages": {"fr-CA": {"rate": 1.2}}}})
    router = VoiceRouter({"one": one}, settings, CHARACTER)
    await hear(router.speak(Utterance("Bonjour à tous mes amis, comment allez-vous aujourd'hui ?")))
    assert (one.utterances[0].language, one.utterances[0].style.rate) == ("fr-CA", 1.2)


async def test_a_language_that_is_to_be_shown_only_is_spoken_by_nobody() -> None:
    one = Scripted()
    settings = Settings.model_validate({"voice": {"languages": {"en": {"use": "silent"}}}})
    router = VoiceRouter({"one": one}, settings, CHARACTER)
    heard = await hear(router.speak(Utterance("hello there")))
    heard.check("hello there")
    assert (one.asked, any(heard.pcm)) == ([], False)


async def test_a_language_that_nobody_can_tell_apart_is_not_heard_of() -> None:
    one = Scripted()
    settings = Settings.model_validate({"voice": {"languages": {"xx": {"rate": 2}, "yue": {"rate": 2}}}})
    (await hear(VoiceRouter({"one": one}, settings, CHARACTER).speak(Utterance("hello my friends")))).check(
        "hello my friends"
    )
    assert one.utterances[0].language == "en"


class Odd(Scripted):
    """Does what ``doing`` says instead of speaking."""

    def __init__(self, doing: str) -> None:
        super().__init__()
        self.doing = doing

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        self.asked.append(utterance.text)
        if self.doing == "nothing":
            return
        if self.doing == "hangs":
            yield Word("one", 0, 1)
            await asyncio.sleep(FIRST_SOUND * 10)
        if self.doing == "breaks":
            raise ZeroDivisionError
        for _ in range(600):
            yield Sound(tone(1.0))


@pytest.mark.parametrize("doing", ["nothing", "hangs", "breaks", "never ends"])
def test_a_voice_that_goes_wrong_gives_way_to_the_next(doing: str) -> None:
    async def main() -> None:
        odd, good = Odd(doing), Scripted()
        router = await routed(odd, good)
        heard = await hear(router.speak(Utterance("one two three")))
        heard.check("one two three")
        assert good.asked == ["one two three"]
        assert heard.seconds < 20
        assert clock.now() < FIRST_SOUND + 1
        await hear(router.speak(Utterance("one two three")))
        assert len(odd.asked) == 1  # it rests

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


async def test_closing_closes_the_voice_that_speaks() -> None:
    for first, second in ((Scripted(), Scripted()), (Scripted(0), Scripted())):
        pair = await routed(first, second)
        items = pair.speak(Utterance("one two three"))
        async for item in items:
            if isinstance(item, Sound):
                break
        await items.aclose()
        assert first.closed == 1
        assert second.closed == (0 if first.words else 1)


def test_build_follows_the_settings() -> None:
    assert {"en"} <= build(Settings(), CHARACTER).languages
    assert build(Settings(voice=Voice(use=("hibari", "silent"))), CHARACTER).languages == {"en"}
    assert "en" in build(Settings(voice=Voice(use=("edge",))), CHARACTER).languages
    assert "zh" in build(Settings(voice=Voice(use=("hibari", "edge"))), CHARACTER).languages
    captions = build(Settings(voice=Voice(use=("silent",))), CHARACTER)
    assert captions.languages == frozenset()
    assert captions.health() == Health("voice", State.LIMITED, "captions only, without a voice")
    with pytest.raises(ConfigError, match="edgy") as caught:
        build(Settings(voice=Voice(use=("edgy",))), CHARACTER)
    assert "edge" in caught.value.hint


async def test_without_a_network_the_embedded_voice_speaks() -> None:
    edge = {"url": "ws://127.0.0.1:9/"}
    both = build(Settings.model_validate({"voice": {"use": ["edge", "hibari"], "edge": edge}}), CHARACTER)
    await both.start()
    heard = await hear(both.speak(Utterance("Hello there, my friends!")))
    heard.check("Hello there, my friends!")
    assert sound.loudness(heard.samples) > -25
    assert both.health().state is State.LIMITED
    await both.stop()


async def test_it_is_available_while_one_of_them_is() -> None:
    first, second = Scripted(), Scripted()
    pair = VoiceRouter({"one": first, "two": second}, Settings(), CHARACTER)
    assert not pair.availability.is_ready
    await pair.start()
    for one, other in ((True, False), (False, False), (False, True), (True, True)):
        first.availability.set(ready=one)
        second.availability.set(ready=other)
        await hear(pair.speak(Utterance("one")))
        assert pair.availability.is_ready == (one or other)
    await pair.stop()
    assert not pair.availability.is_ready


def test_the_package_loads_no_voice() -> None:
    heavy = "onnxruntime", "hibari", "aiohttp", "edge_tts", "miniaudio"
    code = f"import sys, vtuber.voice; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


async def test_the_table_says_how_chinese_is_heard() -> None:
    """With a network, and without one: then it is shown at the pace of reading."""
    bilingual = replace(CHARACTER, persona="你是板板。 You are Banban, and speak English, too.")
    for reachable in (True, False):
        async with edge_service.running() as service:
            edge = {"url": service.url if reachable else "ws://127.0.0.1:9/"}
            router = build(Settings.model_validate({"voice": {"edge": edge}}), bilingual)
            await router.start()
            health = router.health()
            assert "English: hibari" in health.what
            assert "banban voices get kokoro" in health.hint
            if reachable:
                assert health.state is State.OK
                assert "Chinese: edge, online" in health.what
            else:
                assert health.state is State.LIMITED
                assert "Chinese: captions only" in health.what
                heard = await hear(router.speak(Utterance("今天吃臭豆腐配珍奶。")))
                heard.check("今天吃臭豆腐配珍奶。")
                assert not heard.samples.any()
                assert heard.seconds == pytest.approx(
                    weight("今天吃臭豆腐配珍奶。") / captions.READING, abs=1
                )
            await router.stop()


class TwoSpeakers(Scripted):
    """Its speaker of Chinese is 14 dB quieter."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        factor = 1.0 if utterance.language == "en" else 0.2
        yield Word(utterance.text, 0.0, 2.0)
        yield Sound(sound.to_pcm(sound.from_pcm(tone(2.0)) * np.float32(factor)))


async def test_speakers_of_two_languages_are_equally_loud() -> None:
    router = await routed(TwoSpeakers())
    levels = []
    for text in ("Good evening everyone.", "大家晚安，歡迎來到直播。") * 3:
        heard = await hear(router.speak(Utterance(text)))
        levels.append(heard.level_at(0.5, 1.5))
    assert max(levels) - min(levels) < 0.5


class Speaking(Scripted):
    """Knows which speakers it has; of others it says ``else_``."""

    def __init__(self, *speakers: str, else_: bool | None = False) -> None:
        super().__init__()
        self.speakers, self.otherwise = speakers, else_

    def has_speaker(self, name: str) -> bool | None:
        return name in self.speakers or self.otherwise


async def test_a_speaker_is_named_to_those_voices_alone_that_have_it() -> None:
    languages = {"en": {"voice": "ada"}}
    settings = Settings.model_validate(
        {"voice": {"languages": languages, "moods": {"sad": {"voice": "bob"}}}}
    )
    ada, bob, anyone = Speaking("ada"), Speaking("bob"), Speaking(else_=None)
    for voices, mood, expected in [
        ([ada], "", "ada"),
        ([ada], "sad", "ada"),  # its own of the two that are named
        ([bob], "", ""),
        ([bob], "sad", "bob"),
        ([anyone], "", "ada"),  # it may be there
        ([anyone, ada], "", ""),  # it is the other's
    ]:
        router = VoiceRouter({str(at): voice for at, voice in enumerate(voices)}, settings, CHARACTER)
        await router.start()
        await hear(router.speak(Utterance("one", mood=mood)))
        assert voices[0].utterances[-1].style.voice == expected


@pytest.mark.parametrize(
    ("voice", "told"),
    [
        ({"languages": {"en": {"voice": "adda"}}}, "voice.languages.en.voice: no voice"),
        ({"moods": {"happy": {"voice": "adda"}}}, "voice.moods.happy.voice: no voice"),
        (
            {"moods": {"hapy": {"rate": 0.9}}},
            "voice.moods.hapy: 板板 has no such mood; did you mean 'happy'?",
        ),
        ({"languages": {"en": {"voice": "ada"}}, "moods": {"happy": {"rate": 0.9}}}, ""),
    ],
)
async def test_what_nobody_knows_is_told_at_the_start(
    voice: dict[str, object], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    router = VoiceRouter({"one": Speaking("ada")}, Settings.model_validate({"voice": voice}), CHARACTER)
    await router.start()
    assert (told in caplog.text) if told else not caplog.text
    if "no voice" in told:
        assert router.health().state is State.LIMITED
        assert told in router.health().what
        assert router.health().hint


async def test_without_any_name_the_voices_of_this_machine_speak() -> None:
    router = build(Settings.model_validate({"voice": {"use": []}}), CHARACTER)
    await router.start()
    heard = await hear(router.speak(Utterance("Hello there, my friends!")))
    assert sound.loudness(heard.samples) > -25
    await router.stop()
