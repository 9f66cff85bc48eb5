"""edge-tts, against a local server that speaks the read-aloud protocol."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from edge_service import WORDS, Service, running
from edge_tts.drm import DRM
from speech_server import SecondVoice
from voice_props import CHARACTER, chain, hear

from vtuber.character import SHEET
from vtuber.config import EdgeVoice, Settings, Voice
from vtuber.core import clock, sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.voice import Style, Utterance
from vtuber.voice.online.edge import Edge, voices
from vtuber.voice.router import VoiceRouter

TEXT = "“Hello,” brave new world! 🎉"

BREAKS = {
    "refuses": TEXT,
    "is overloaded": TEXT,
    "closes at once": TEXT,
    "is mute": TEXT,
    "sends noise": TEXT,
    "sends silence": TEXT,
    "breaks off": "new world! 🎉",
    "falls silent": "new world! 🎉",
    "forgets the end": "new world! 🎉",
}
"""How the service fails, and what the next voice must say."""

Maker = Callable[..., Edge]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running() as service:
        yield service


@pytest.fixture
def make(service: Service) -> Maker:
    def make(**options: Any) -> Edge:
        edge = EdgeVoice(url=service.url)
        return Edge(Settings(voice=Voice(edge=edge, **options)), CHARACTER)

    return make


async def test_a_sentence_is_heard_with_its_words(service: Service, make: Maker) -> None:
    voice = make()
    await voice.start()
    heard = await hear(voice.speak(Utterance(TEXT)))
    heard.check(TEXT)
    assert [word.text for word in heard.words] == ["“Hello,”", "brave", "new", "world!", "🎉"]
    for word in heard.words[:4]:
        assert word.end - word.start == pytest.approx(0.3, abs=0.01)
        assert heard.level_at(word.start + 0.02, word.end - 0.02) > -25
    for one, two in zip(heard.words[:3], heard.words[1:4], strict=True):
        assert heard.level_at(one.end + 0.03, two.start - 0.03) < -50
    assert sound.heard_seconds(heard.samples) - heard.words[0].start == pytest.approx(1.8, abs=0.05)
    assert "en-US, EmmaMultilingualNeural" in service.requests[0]
    assert "🎉" not in service.requests[0]
    assert voice.health().state is State.OK


async def test_sound_is_streamed(service: Service, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.voice.online.patience.STALL", 0.2)
    service.acts = "falls silent"
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "stalls" in str(heard.error)
    assert heard.seconds > 0.3


@pytest.mark.parametrize(
    ("acts", "reported"),
    [
        ("refuses", r"refused .*\(403\)"),
        ("refuses-dateless", r"refused .*\(403\)"),
        ("is overloaded", r"overloaded \(503\)"),
        ("limits requests", r"overloaded \(429\)"),
        ("closes at once", "no sound"),
        ("sends silence", "silence"),
        ("sends a long silence", "silence"),
        ("sends an unexpected frame", "unexpected"),
        ("sends noise", "damaged"),
        ("sends no sound", "no sound"),
        ("is mute", "does not answer"),
    ],
)
async def test_failure_before_any_sound_is_reported_with_a_hint(
    service: Service, make: Maker, acts: str, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.voice.online.edge.FIRST", 0.3)
    service.acts = acts
    voice = make()
    await voice.start()
    with pytest.raises(VoiceError, match=reported) as caught:
        await hear(voice.speak(Utterance(TEXT)))
    assert caught.value.hint
    assert voice.health().state is State.DOWN
    assert not voice.availability.is_ready
    service.acts = "well"
    await hear(voice.speak(Utterance(TEXT)))
    assert voice.health().state is State.OK
    assert voice.availability.is_ready


async def test_a_clip_cut_off_is_noticed_and_what_came_is_heard(service: Service, make: Maker) -> None:
    service.acts = "breaks off"
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "in the middle of a sentence" in str(heard.error)
    assert 0.3 < heard.seconds - heard.words[0].start < 1.2
    assert [word.text for word in heard.words] == ["“Hello,”", "brave"]
    assert heard.words[-1].end > heard.seconds  # who listens can tell that it was not heard whole


async def test_a_clip_shorter_than_its_words_is_noticed(service: Service, make: Maker) -> None:
    service.words = (*WORDS[:3], ("world", 2.95))
    with pytest.raises(VoiceError, match="in the middle of a sentence"):
        await hear(make().speak(Utterance(TEXT)))


@pytest.mark.parametrize("acts", ["tells late", "tells nothing"])
async def test_words_are_guessed_when_the_service_does_not_tell(
    service: Service, make: Maker, acts: str
) -> None:
    service.acts = acts
    (await hear(make().speak(Utterance(TEXT)))).check(TEXT)


@pytest.mark.parametrize(
    "words", [(), WORDS[1:2], (("你好", 0.6), ("Hello", 0.9)), (("world", 0.6), ("Hello", 1.1))]
)
async def test_unexpected_words_never_spoil_the_caption(
    service: Service, make: Maker, words: tuple[tuple[str, float], ...]
) -> None:
    service.words = words
    (await hear(make().speak(Utterance(TEXT)))).check(TEXT)


@pytest.mark.parametrize("text", ["", "  ", "🎉 !", "^_^"])
async def test_nothing_to_say_asks_nobody(service: Service, make: Maker, text: str) -> None:
    heard = await hear(make().speak(Utterance(text)))
    heard.check(text)
    assert service.requests == []


@pytest.mark.parametrize("acts", BREAKS)
async def test_the_next_voice_goes_on_with_no_word_twice_and_none_lost(
    service: Service, make: Maker, acts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.voice.online.patience.STALL", 0.2)
    monkeypatch.setattr("vtuber.voice.online.edge.FIRST", 0.3)
    service.acts = acts
    second = SecondVoice()
    both = chain(make(), second)
    await both.start()
    (await hear(both.speak(Utterance(TEXT)))).check(TEXT)
    assert second.asked == [BREAKS[acts]]


async def test_a_voice_that_failed_rests_and_is_tried_again(service: Service, make: Maker) -> None:
    second = SecondVoice()
    both = chain(make(), second)
    await both.start()
    service.acts = "refuses"
    for _ in range(3):
        (await hear(both.speak(Utterance(TEXT)))).check(TEXT)
    assert len(second.asked) == 3
    assert service.refused == 2  # of the first sentence: edge-tts tries twice
    service.acts = "well"
    both._members["number 1"].again_at = 0.0
    (await hear(both.speak(Utterance(TEXT)))).check(TEXT)
    assert len(second.asked) == 3


async def test_a_clock_that_is_wrong_is_corrected(
    service: Service, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DRM, "clock_skew_seconds", 0.0)
    service.ahead = 3600.0
    (await hear(make().speak(Utterance(TEXT)))).check(TEXT)
    assert service.refused == 1
    (await hear(make().speak(Utterance(TEXT)))).check(TEXT)
    assert service.refused == 1


async def test_a_refusal_names_a_clock_that_is_wrong(
    service: Service, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DRM, "clock_skew_seconds", 0.0)
    service.acts, service.ahead = "refuses", -7200.0
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "120 minutes wrong" in str(heard.error)


async def test_a_name_that_is_not_found_is_no_internet(
    make: Maker, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    service.url = "ws://voices.test/"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "as without internet" in str(heard.error)


async def test_nobody_there_is_said_in_the_systems_words(service: Service, make: Maker) -> None:
    service.url = "ws://127.0.0.1:9/"
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "cannot be reached (" in str(heard.error)
    assert "internet" in str(heard.error)


async def test_sound_without_end_is_cut_short(service: Service, make: Maker) -> None:
    service.acts = "goes on for ever"
    heard = await hear(make().speak(Utterance(TEXT)), fails=True)
    assert "the text is over" in str(heard.error)
    assert heard.text == "".join(TEXT.split())
    assert heard.seconds < 20


async def test_sound_begins_with_the_first_bytes(service: Service, make: Maker) -> None:
    """The service goes on only when some of it was heard: silence of 0.6 s and half a second of speech."""
    service.acts, service.gate = "waits", asyncio.Event()
    items = make().speak(Utterance(TEXT))
    async for item in items:
        if isinstance(item, Sound):
            break
    service.gate.set()
    assert [item.text async for item in items if isinstance(item, Word)][-2:] == ["world!", "🎉"]


@pytest.mark.parametrize(
    ("language", "own", "name"),
    [
        ("zh-TW", "", "zh-TW, HsiaoChenNeural"),
        ("zh", "", "zh-TW, HsiaoChenNeural"),
        ("zh-CN", "", "zh-CN, XiaoxiaoNeural"),
        ("en", "", "en-US, EmmaMultilingualNeural"),
        ("ja", "", "ja-JP, NanamiNeural"),
        ("ko", "", "ko-KR, SunHiNeural"),
        ("pt-PT", "", "pt-PT, RaquelNeural"),
        ("xx", "", "zh-TW, HsiaoChenNeural"),
        ("zh-TW", "zh-TW-YunJheNeural", "zh-TW, YunJheNeural"),
        ("en", "zh-TW-YunJheNeural", "zh-TW, YunJheNeural"),  # hers reads both
        ("ja", "zh-TW-YunJheNeural", "ja-JP, NanamiNeural"),
        ("ja", "en-US-AvaMultilingualNeural", "en-US, AvaMultilingualNeural"),
        ("zh", "en-GB-SoniaNeural", "zh-TW, HsiaoChenNeural"),
    ],
)
async def test_each_language_has_its_voice(service: Service, language: str, own: str, name: str) -> None:
    voice = Edge(Settings(voice=Voice(edge=EdgeVoice(url=service.url, voice=own))), CHARACTER)
    await hear(voice.speak(Utterance(TEXT, language)))
    assert f"({name})" in service.requests[0]


def test_every_default_is_the_name_of_a_voice_of_that_language() -> None:
    for language in sorted(voices.LANGUAGES - {"no", "tl", "yue"}):
        name = voices.voice_for(language, "")
        assert voices.is_name(name)
        assert name.startswith(f"{language}-")
    assert {"zh", "en", "ja", "ko"} < voices.LANGUAGES


async def test_style_reaches_the_service(service: Service, make: Maker) -> None:
    voice = make()
    await hear(voice.speak(Utterance(TEXT, style=Style("zh-TW-YunJheNeural", 0.9, pitch=2.0))))
    await hear(voice.speak(Utterance(TEXT, style=Style("af_bella", 9.0, pitch=-12.0))))
    assert "(zh-TW, YunJheNeural)'><prosody pitch='+26Hz' rate='-10%'" in service.requests[0]
    assert "EmmaMultilingualNeural)'><prosody pitch='-105Hz' rate='+100%'" in service.requests[1]


async def test_markup_in_the_text_is_text(service: Service, make: Maker) -> None:
    await hear(make().speak(Utterance("a <break time='9s'/> & b")))
    assert "<break" not in service.requests[0]


@pytest.mark.parametrize("acts", ["well", "is mute", "falls silent"])
async def test_closing_ends_the_connection_at_once(service: Service, make: Maker, acts: str) -> None:
    service.acts = acts
    items = make().speak(Utterance(TEXT))
    before = asyncio.all_tasks()
    task = asyncio.create_task(anext(items))
    await asyncio.wait([task], timeout=0.1)
    task.cancel()
    await asyncio.wait([task])
    await items.aclose()
    async with asyncio.timeout(1):
        while asyncio.all_tasks() - before - {asyncio.current_task()} and service.open and acts == "well":
            await asyncio.sleep(0.01)
    left = {task for task in asyncio.all_tasks() - before if "edge" in repr(task.get_coro())}
    assert not left


async def test_options_reach_the_service(service: Service) -> None:
    character = replace(CHARACTER, voices={"edge": {"voice": "zh-TW-YunJheNeural"}})
    edge = EdgeVoice(url=service.url)
    await hear(
        Edge(Settings(voice=Voice(edge=edge)), character).speak(Utterance(TEXT, style=Style(rate=1.25)))
    )
    assert "YunJhe" in service.requests[0]
    assert "rate='+25%'" in service.requests[0]


async def test_a_wrong_name_is_reported_at_the_start(service: Service) -> None:
    voice = Edge(Settings(voice=Voice(edge=EdgeVoice(voice="nobody", url=service.url))), CHARACTER)
    with pytest.raises(VoiceError, match="nobody") as caught:
        await voice.start()
    assert caught.value.where == "voice.edge.voice"


async def test_a_wrong_name_of_the_characters_is_looked_for_there(tmp_path: Path) -> None:
    character = replace(CHARACTER, folder=tmp_path, voices={"edge": {"voice": "nobody"}})
    with pytest.raises(VoiceError, match="nobody") as caught:
        await Edge(Settings(), character).start()
    assert caught.value.where == f"{tmp_path / SHEET}, voices.edge.voice"


async def test_a_text_without_a_word_does_not_silence_the_voice(service: Service, make: Maker) -> None:
    service.acts = "sends no sound"
    voice = make()
    await voice.start()
    heard = await hear(voice.speak(Utterance("ʬʬ!")))
    assert [word.text for word in heard.words] == ["ʬʬ!"]
    assert voice.availability.is_ready
    assert voice.health().state is State.OK


class Brisk(SimulatedLoop):
    """Simulated time that goes on when nothing comes: the service answers from this very loop."""

    PATIENCE = 0.05


def test_a_network_that_comes_and_goes_every_ten_seconds() -> None:
    sentences = (
        "晚安呀，今天也要吃鳳梨披薩喔！",
        "我覺得臭豆腐配珍奶最好吃了。",
        "明天早上我們再一起看電影吧？",
    )
    seconds = 80.0

    async def speak() -> tuple[Service, list[tuple[float, str, list[str]]]]:
        """When each sentence was over, its text, and what the second voice was asked for of it."""
        spoken, second = list[tuple[float, str, list[str]]](), SecondVoice()
        async with running() as service:
            service.reads, service.delay = True, 0.1
            settings = Settings.model_validate({"voice": {"use": ["edge", "second"]}})
            edge = Edge(Settings(voice=Voice(edge=EdgeVoice(url=service.url))), CHARACTER)
            router = VoiceRouter({"edge": edge, "second": second}, settings, CHARACTER)
            await router.start()
            weather = asyncio.create_task(come_and_go(service))
            for text in cycle(sentences):
                before = len(second.asked)
                begun = clock.now()
                heard = await hear(router.speak(Utterance(text, "zh-TW")))
                heard.check(text)
                assert heard.seconds > 1
                spoken.append((clock.now(), text, second.asked[before:]))
                await asyncio.sleep(max(0.0, begun + heard.seconds - clock.now()))
                if clock.now() > seconds:
                    break
            weather.cancel()
            await asyncio.wait([weather])
            await router.stop()
        return service, spoken

    async def come_and_go(service: Service) -> None:
        while True:
            await asyncio.sleep(10)
            service.reach(there=not service.is_reachable)

    with asyncio.Runner(loop_factory=Brisk) as runner:
        service, spoken = runner.run(speak())
    assert service.open == 0
    assert all(text.endswith(rest) for _, text, asked in spoken for rest in asked)
    assert all(len(asked) <= 1 for _, _, asked in spoken)
    assert any(rest != text for _, text, asked in spoken for rest in asked)  # it broke off in the middle
    by_edge = {int(at // 10) for at, _, asked in spoken if not asked}
    assert {0, 2, 4, 6} <= by_edge  # each time it is back
    assert not {1, 3, 5, 7} & by_edge
