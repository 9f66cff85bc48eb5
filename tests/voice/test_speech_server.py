"""The voice that asks a speech server, against a local one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from speech_server import (
    Act,
    SecondVoice,
    SpeechServer,
    body,
    buzz,
    pcm,
    running,
    speaks,
    speech,
    streamed,
    wav,
)
from voice_props import CHARACTER, chain, hear

from vtuber.config import OpenAiVoice as OpenAiSettings
from vtuber.config import Settings, Voice
from vtuber.core import sound
from vtuber.core.errors import ConfigError, VoiceError
from vtuber.core.events import Sound
from vtuber.core.health import State
from vtuber.core.sound import RATE
from vtuber.voice import Style, Utterance
from vtuber.voice.online.openai import OpenAiVoice

BEEPS = (Path(__file__).parent.parent / "data" / "four-beeps.mp3").read_bytes()
TEXT = "Hello, brave new world! 你好，世界。"
SAMPLES = speech(TEXT)[0]
WELL = wav(pcm(SAMPLES))
KEY = "BANBAN_VOICE_API_KEY"

Maker = Callable[..., OpenAiVoice]


@pytest.fixture
async def server() -> AsyncIterator[SpeechServer]:
    async with running() as server:
        yield server


@pytest.fixture
async def make(server: SpeechServer) -> AsyncIterator[Maker]:
    made: list[OpenAiVoice] = []

    def make(**options: Any) -> OpenAiVoice:
        settings = OpenAiSettings.model_validate({"url": server.url} | options)
        made.append(OpenAiVoice(Settings(voice=Voice(openai=settings)), CHARACTER))
        return made[-1]

    yield make
    for voice in made:
        await voice.stop()


def said(text: str = TEXT, **style: Any) -> Utterance:
    return Utterance(text, "en", style=Style(**style))


async def test_a_sentence_is_heard_with_its_words(make: Maker, server: SpeechServer) -> None:
    voice = make()
    await voice.start()
    heard = await hear(voice.speak(said()))
    heard.check(TEXT)
    assert sound.loudness(heard.samples) == pytest.approx(sound.loudness(SAMPLES), abs=0.1)  # as it came
    assert heard.seconds == pytest.approx(len(SAMPLES) / RATE, abs=0.01)
    assert voice.availability.is_ready
    assert voice.health().state is State.OK
    assert server.asked == [
        {"model": "tts-1", "input": TEXT, "voice": "alloy", "response_format": "wav", "stream": True}
    ]


async def test_the_first_sound_is_heard_before_the_rest_was_made(make: Maker, server: SpeechServer) -> None:
    gate = asyncio.Event()
    data = wav(pcm(SAMPLES), size=0xFFFFFFFF)
    server.act = streamed([data[:RATE], data[RATE:]], gate=gate)  # half a second
    items = make().speak(said())
    first = 0.0
    async for item in items:
        if isinstance(item, Sound):
            first += sound.seconds(item.pcm)
            break
    assert 0 < first < 0.5
    gate.set()
    async for item in items:
        first += sound.seconds(item.pcm) if isinstance(item, Sound) else 0
    assert first > 1


def stereo(samples: sound.Samples) -> bytes:
    return pcm(np.repeat(samples, 2))


AT_48 = speech(TEXT, 48_000)[0]
FORMS: dict[str, tuple[dict[str, Any], Act]] = {
    "pcm": ({"format": "pcm"}, body(pcm(SAMPLES), kind="audio/pcm")),
    "pcm of another rate": ({"format": "pcm", "rate": 48_000}, body(pcm(AT_48), kind="audio/pcm")),
    "pcm that tells its rate": ({"format": "pcm"}, body(pcm(AT_48), kind="audio/L16; rate=48000")),
    "pcm with a header for it": (
        {"format": "pcm"},
        body(pcm(AT_48), kind="application/octet-stream", X_Sample_Rate="48000"),
    ),
    "wav of another rate": ({}, body(wav(pcm(AT_48), 48_000))),
    "wav of a low rate": ({}, body(wav(pcm(speech(TEXT, 16_000)[0]), 16_000))),
    "wav in stereo": ({}, body(wav(stereo(SAMPLES), channels=2))),
    "wav of floats": ({}, body(wav(SAMPLES.astype("<f4").tobytes(), bits=32, kind=3))),
    "wav of 8 bits": ({}, body(wav((SAMPLES * 127 + 128).astype(np.uint8).tobytes(), bits=8))),
    "wav of 32 bits": ({}, body(wav((SAMPLES * 2**31).astype("<i4").tobytes(), bits=32))),
    "wav that says it is empty": ({}, body(wav(pcm(SAMPLES), size=0))),
    "wav with more behind it": ({}, body(WELL + b"LIST\x10\0\0\0" + bytes(range(100)) * 20)),
    "wav where pcm was wanted": ({"format": "pcm"}, body(WELL, kind="audio/pcm")),
    "pcm that calls itself mp3 in the wrong place": ({"format": "wav"}, body(WELL, kind="audio/mpeg")),
}


@pytest.mark.parametrize("form", FORMS)
async def test_it_is_heard_whatever_form_it_has(make: Maker, server: SpeechServer, form: str) -> None:
    options, server.act = FORMS[form]
    heard = await hear(make(**options).speak(said()))
    heard.check(TEXT)
    assert heard.seconds == pytest.approx(len(SAMPLES) / RATE, abs=0.01)
    assert sound.loudness(heard.samples) == pytest.approx(sound.loudness(SAMPLES), abs=0.5)


@pytest.mark.parametrize("asked", ["mp3", "wav", "pcm"])
async def test_mp3_is_heard_whatever_was_asked(make: Maker, server: SpeechServer, asked: str) -> None:
    server.act = body(BEEPS, kind="audio/mpeg")
    heard = await hear(make(format=asked).speak(said("Hello brave new world!")))
    heard.check("Hello brave new world!")
    assert heard.seconds == pytest.approx(3.0, abs=0.1)


NOISE = np.random.default_rng(1).uniform(-1, 1, 3 * RATE).astype(np.float32)
FAILURES: dict[str, tuple[Act, str, str]] = {
    "nothing": (body(b""), "no sound", ""),
    "silence": (body(wav(bytes(2 * RATE))), "silence", "check"),
    "endless silence": (body(wav(bytes(40 * RATE))), "silence", "check"),
    "noise": (body(wav(pcm(NOISE))), "noise", "format"),
    "quiet noise": (body(wav(pcm(NOISE * 0.03))), "noise", "format"),
    "noise of a low rate": (body(wav(pcm(NOISE[:24_000]), 8_000)), "noise", "format"),
    "letters": (body(b"no sound at all, and not even text " * 90), "damaged", "format"),
    "a header alone": (body(WELL[:30]), "ends before its sound", "format"),
    "wav of a strange kind": (body(wav(bytes(9000), kind=7)), "kind of WAV", "format"),
    "Opus": (body(b"OggS" + bytes(24) + b"OpusHead" + bytes(3000)), "Opus", "format"),
    "WebM": (body(b"\x1aE\xdf\xa3" + bytes(3000)), "WebM", "format"),
    "AAC": (body(b"\xff\xf1\x50\x80" + bytes(3000)), "AAC", "format"),
    "a damaged FLAC": (body(b"fLaC" + bytes(3000)), "damaged", "format"),
    "a web page": (body(b"<!DOCTYPE html><p>Welcome", kind="text/html"), "web page", "url"),
    "an error with status 200": (body(b'{"error": "no GPU"}'), "no GPU", "url"),
    "a redirect": (
        body(b"", status=307, Location="https://user:word@new.test/v1/audio/speech?key=x"),
        "another address",
        "https://new.test/v1/audio/speech",
    ),
    "401": (body(b'{"error": {"message": "bad sesame"}}', status=401), "bad \\*\\*\\*", KEY),
    "404": (body(b'{"detail": "Not Found"}', status=404), "Not Found", "url"),
    "429": (body(b"slow down", status=429), "slow down", "wait"),
    "500": (body(b"<html>oops</html>", status=500), r"failed \(500\)$", "log"),
    "503": (body(b'{"error": "loading"}', status=503), "failed .*loading", "log"),
    "a voice it has not": (
        body(b'{"detail": [{"loc": ["voice"], "msg": "unknown voice"}]}', status=422),
        "unknown voice",
        "voice.openai.voice",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_before_any_sound_is_one_clear_message(
    make: Maker, server: SpeechServer, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sesame")
    server.act, reported, hint = FAILURES[failure]
    voice = make()
    await voice.start()
    heard = await hear(voice.speak(said()), fails=True)
    assert heard.pcm == b""
    assert heard.words == []
    assert heard.error is not None
    assert re.search(reported, heard.error.what)
    assert hint in heard.error.hint
    assert "\n" not in heard.error.what
    assert (voice.availability.is_ready, voice.health().state) == (False, State.DOWN)
    server.act = speaks()
    (await hear(voice.speak(said()))).check(TEXT)
    assert (voice.availability.is_ready, voice.health().state) == (True, State.OK)


LONG = "One two three four five six, seven eight nine ten eleven twelve."
LONG_WAV = wav(pcm(speech(LONG)[0]))
BREAKS: dict[str, tuple[Act, str]] = {
    "half a file": (body(LONG_WAV[: len(LONG_WAV) // 2]), "in the middle"),
    "a closed connection": (
        streamed([wav(pcm(speech(LONG)[0]), size=0)[: len(LONG_WAV) // 2]], then="cut"),
        "in the middle",
    ),
    "a stall": (streamed([LONG_WAV[: len(LONG_WAV) // 2]], then="stall"), "too slowly"),
}


@pytest.mark.parametrize("breaks", BREAKS)
async def test_what_breaks_off_is_noticed_and_what_came_is_heard(
    make: Maker, server: SpeechServer, breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.voice.online.patience.STALL", 0.2)
    server.act, reported = BREAKS[breaks]
    heard = await hear(make().speak(said(LONG)), fails=True)
    assert reported in str(heard.error)
    assert heard.seconds == pytest.approx(len(speech(LONG)[0]) / RATE / 2 - 0.1, abs=0.1)
    assert not heard.late
    spoken = [word.text for word in heard.words if word.end <= heard.seconds]
    assert spoken == LONG.split()[: len(spoken)]
    assert 4 <= len(spoken) <= 6


@pytest.mark.parametrize("breaks", BREAKS)
async def test_the_next_voice_goes_on_where_it_broke_off(
    make: Maker, server: SpeechServer, breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.voice.online.patience.STALL", 0.2)
    server.act = BREAKS[breaks][0]
    second = SecondVoice()
    both = chain(make(), second)
    await both.start()
    heard = await hear(both.speak(said(LONG)))
    heard.check(LONG)
    assert LONG.endswith(second.asked[0])
    assert 5 <= len(second.asked[0].split()) <= 8


async def test_with_an_error_every_third_time_no_word_is_lost(make: Maker, server: SpeechServer) -> None:
    fails = body(b"out of memory", status=500)
    server.acts = [speaks(), speaks(), fails] * 3
    second = SecondVoice()
    voice = make()
    for number in range(9):
        both = chain(voice, second)
        await both.start()
        (await hear(both.speak(said(f"Number {number}, please.")))).check(f"Number {number}, please.")
    assert second.asked == [f"Number {number}, please." for number in (2, 5, 8)]


async def test_half_a_file_without_a_length_is_noticed_once_the_voice_is_known(
    make: Maker, server: SpeechServer
) -> None:
    voice = make(format="pcm")
    data = pcm(speech(LONG)[0])
    server.acts = [body(data, kind="audio/pcm")] * 3
    for _ in range(3):
        (await hear(voice.speak(said(LONG)))).check(LONG)
    server.act = body(data[: len(data) // 4 * 2], kind="audio/pcm")
    heard = await hear(voice.speak(said(LONG)), fails=True)
    assert "in the middle" in str(heard.error)
    assert [word.text for word in heard.words] == LONG.split()[: len(heard.words)]


async def test_five_minutes_for_one_word_are_cut_short(make: Maker, server: SpeechServer) -> None:
    server.act = streamed([wav(b"", size=0xFFFFFFFF), *[pcm(buzz(1.0))] * 300])
    heard = await hear(make().speak(said("Hello.")), fails=True)
    assert "the text is over" in str(heard.error)
    assert heard.text == "Hello."
    assert heard.seconds < 8


async def test_an_answer_after_its_deadline_is_dropped(make: Maker, server: SpeechServer) -> None:
    server.act = streamed([WELL[:44], WELL[44:]], gate=asyncio.Event())
    voice = make(first_sound_seconds=0.2)
    heard = await hear(voice.speak(said()), fails=True)
    assert heard.pcm == b""
    assert "does not answer" in str(heard.error)
    assert "first_sound_seconds" in str(heard.error)
    server.act = speaks()
    (await hear(voice.speak(said()))).check(TEXT)


async def test_no_server_is_reported_at_the_start(make: Maker) -> None:
    voice = make(url="http://127.0.0.1:9/v1")
    with pytest.raises(VoiceError, match=r"no speech server at 127\.0\.0\.1:9") as caught:
        await voice.start()
    assert "start the speech server" in caught.value.hint
    with pytest.raises(VoiceError, match="no speech server"):
        await hear(voice.speak(said()))


async def test_options_reach_the_server(
    make: Maker, server: SpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sesame")
    voice = make(model="kokoro", voice="af_bella", key_env="MY_KEY", instructions="Softly.")
    await hear(voice.speak(said(rate=1.5)))
    await hear(voice.speak(said(voice="zf_xiaoyi")))
    assert server.keys == ["Bearer sesame"] * 2
    assert server.asked[0]["speed"] == 1.5
    assert server.asked[0]["instructions"] == "Softly."
    assert [asked["voice"] for asked in server.asked] == ["af_bella", "zf_xiaoyi"]


async def test_what_a_plain_server_refuses_is_left_out_from_then_on(
    make: Maker, server: SpeechServer
) -> None:
    async def plain(request: Any, asked: dict[str, Any]) -> Any:
        if set(asked) - {"model", "input", "voice", "response_format"}:
            return await body(b"extra fields not permitted", status=422)(request, asked)
        return await speaks()(request, asked)

    server.act = plain
    voice = make(instructions="Softly.")
    for _ in range(2):
        (await hear(voice.speak(said()))).check(TEXT)
    assert [len(asked) for asked in server.asked] == [6, 4, 4]


async def test_a_speaker_that_the_server_lacks_is_asked_for_once(make: Maker, server: SpeechServer) -> None:
    server.acts = [body(b'{"detail": "no such voice"}', kind="application/json", status=404)]
    voice = make(voice="ada")
    assert voice.has_speaker("bob") is None
    for _ in range(2):
        speaker = "bob" if voice.has_speaker("bob") is None else ""  # as the router does
        (await hear(voice.speak(said(voice=speaker)))).check(TEXT)
    assert [asked["voice"] for asked in server.asked] == ["bob", "ada", "ada"]
    assert voice.has_speaker("ada")
    assert voice.health().state is State.OK


@pytest.mark.parametrize("text", ["", " ", "🎉 !"])
async def test_nothing_to_say_asks_nobody(make: Maker, server: SpeechServer, text: str) -> None:
    (await hear(make().speak(said(text)))).check(text)
    assert server.asked == []


@pytest.mark.parametrize("then", ["stall", "end"])
async def test_closing_ends_the_request_at_once(make: Maker, server: SpeechServer, then: str) -> None:
    server.act = streamed([LONG_WAV[:RATE]] if then == "stall" else [LONG_WAV], then=then)
    items = make().speak(said(LONG))
    before = asyncio.all_tasks()
    await anext(items)
    await items.aclose()
    async with asyncio.timeout(5):
        while server.open:
            await asyncio.sleep(0.01)
    assert {task for task in asyncio.all_tasks() - before if "vtuber" in repr(task.get_coro())} == set()


@pytest.mark.parametrize("url", ["http://", "http://:80/v1", "https://[x/v1"])
def test_what_is_no_address_is_an_error_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address") as caught:
        OpenAiVoice(Settings(voice=Voice(openai=OpenAiSettings(url=url))), CHARACTER)
    assert caught.value.where == "voice.openai.url"


async def test_captions_follow_the_sound(make: Maker, server: SpeechServer) -> None:
    """Of a voice that is a third slower or faster than expected, and pauses between clauses."""
    text = (
        "Well, hello there my friends, today I will tell you a story about a cat. It was a very small cat, "
        "but it had a very loud voice, and it sang all night!"
    )
    for pace in (11.0, 15.0, 20.0):
        server.act = speaks(pace=pace)
        begins = [at - 0.08 for at in speech(text, pace=pace)[1]]
        voice = make()
        for most in (0.6, 0.3):  # of the first sentence, and of one when the voice is known
            heard = await hear(voice.speak(said(text)))
            heard.check(text)
            drift = [abs(word.start - at) for word, at in zip(heard.words, begins, strict=True)]
            assert max(drift) < most, (pace, drift)
