"""edge-tts, against a local server that speaks the read-aloud protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import WSMsgType, web
from voice_props import CHARACTER, hear

from vtuber.character import SHEET
from vtuber.config import EdgeVoice, Settings, Voice
from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.health import State
from vtuber.voice.edge import Edge

BEEPS = (Path(__file__).parent.parent / "data" / "four-beeps.mp3").read_bytes()
TEXT = "“Hello,” brave new world! 🎉"
WORDS = (("Hello", 0.6), ("brave", 1.1), ("new", 1.6), ("world", 2.1))  # each lasts 0.3 s


Maker = Callable[..., Edge]


class Service:
    """The far end. ``acts`` says how it behaves."""

    def __init__(self) -> None:
        self.acts = "well"
        self.words: tuple[tuple[str, float], ...] = WORDS
        self.requests: list[str] = []
        self.url = ""
        self.open = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.query["TrustedClientToken"]
        if self.acts == "refuses":
            return web.Response(status=403)
        if self.acts == "refuses-dateless":
            response = web.Response(status=403)
            response.headers["Date"] = "never"
            return response
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        try:
            async for message in socket:
                assert message.type is WSMsgType.TEXT
                if "Path:ssml" in message.data:
                    self.requests.append(message.data)
                    await self._speak(socket)
        finally:
            self.open -= 1
        return socket

    async def _speak(self, socket: web.WebSocketResponse) -> None:
        if self.acts == "is mute":
            await asyncio.sleep(60)
        await self._say(socket, "turn.start", {})
        await self._say(socket, "response", {})
        if self.acts == "sends an unexpected frame":
            await self._say(socket, "surprise", {})
        if self.acts == "sends noise":
            await self._send_sound(socket, b"no sound at all " * 500)
        if self.acts != "sends no sound":
            await self._send_clip(socket)
        if self.acts == "tells late":
            await self._tell(socket, 0.0, 3.0)
        await self._say(socket, "turn.end", {})

    async def _send_clip(self, socket: web.WebSocketResponse) -> None:
        for at in range(0, len(BEEPS), 720):
            if self.acts not in ("tells late", "tells nothing"):
                await self._tell(socket, at / 6000, (at + 720) / 6000)
            await self._send_sound(socket, BEEPS[at : at + 720])
            if self.acts == "breaks off" and at > 7500:
                await socket.close()
            if self.acts == "falls silent" and at > 8000:
                await asyncio.sleep(60)

    async def _tell(self, socket: web.WebSocketResponse, begin: float, end: float) -> None:
        for word, start in self.words:
            if begin <= start < end:
                text = {"Text": word, "Length": len(word)}
                data = {"Offset": round(start * 1e7), "Duration": 3_000_000, "text": text}
                await self._say(
                    socket, "audio.metadata", {"Metadata": [{"Type": "WordBoundary", "Data": data}]}
                )

    async def _say(self, socket: web.WebSocketResponse, path: str, body: object) -> None:
        await socket.send_str(f"X-RequestId:1\r\nPath:{path}\r\n\r\n{json.dumps(body)}")

    async def _send_sound(self, socket: web.WebSocketResponse, data: bytes) -> None:
        head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
        await socket.send_bytes(len(head).to_bytes(2, "big") + head + data)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_get("/", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    yield service
    await runner.cleanup()


@pytest.fixture
def make(service: Service) -> Maker:
    def make(**options: Any) -> Edge:
        edge = EdgeVoice(url=service.url)
        return Edge(Settings(voice=Voice(edge=edge, **options)), CHARACTER)

    return make


async def test_a_sentence_is_heard_with_its_words(service: Service, make: Maker) -> None:
    voice = make()
    await voice.start()
    heard = await hear(voice.speak(TEXT))
    heard.check(TEXT)
    assert [word.text for word in heard.words] == ["“Hello,”", "brave", "new", "world!", "🎉"]
    for word in heard.words[:4]:
        assert word.end - word.start == pytest.approx(0.3, abs=0.01)
        assert heard.level_at(word.start + 0.02, word.end - 0.02) > -25
    for one, two in zip(heard.words[:3], heard.words[1:4], strict=True):
        assert heard.level_at(one.end + 0.03, two.start - 0.03) < -50
    assert heard.seconds == pytest.approx(0.02 + 1.8 + 0.2, abs=0.05)  # the silence around it is gone
    assert sound.loudness(heard.samples) == pytest.approx(-20, abs=1)
    assert "zh-TW, HsiaoChenNeural" in service.requests[0]
    assert "🎉" not in service.requests[0]
    assert voice.health().state is State.OK


async def test_sound_is_streamed(service: Service, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.voice.edge.BETWEEN", 0.2)
    service.acts = "falls silent"
    heard = await hear(make().speak(TEXT), fails=True)
    assert "does not answer" in str(heard.error)
    assert heard.seconds > 0.3


@pytest.mark.parametrize(
    ("acts", "reported"),
    [
        ("refuses", r"refused .*\(403\)"),
        ("refuses-dateless", r"refused .*\(403\)"),
        ("sends an unexpected frame", "unexpected"),
        ("sends noise", "damaged"),
        ("sends no sound", "no sound"),
        ("is mute", "does not answer"),
    ],
)
async def test_failure_before_any_sound_is_reported_with_a_hint(
    service: Service, make: Maker, acts: str, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.voice.edge.FIRST", 0.3)
    service.acts = acts
    voice = make()
    await voice.start()
    with pytest.raises(VoiceError, match=reported) as caught:
        await hear(voice.speak(TEXT))
    assert caught.value.hint
    assert voice.health().state is State.DOWN
    assert not voice.availability.is_ready
    service.acts = "well"
    await hear(voice.speak(TEXT))
    assert voice.health().state is State.OK
    assert voice.availability.is_ready


@pytest.mark.parametrize(
    ("use", "fallback", "alone"),
    [("edge", "hibari", False), ("hibari", "edge", False), ("edge", "", True), ("edge", "edge", True)],
)
async def test_the_hint_names_another_voice_only_where_none_is_set(
    service: Service, make: Maker, use: str, fallback: str, *, alone: bool
) -> None:
    service.url = "ws://127.0.0.1:9/"
    with pytest.raises(VoiceError, match="cannot be reached") as caught:
        await hear(make(use=use, fallback=fallback).speak(TEXT))
    assert "internet" in caught.value.hint
    assert ("set voice.fallback" in caught.value.hint) == alone


async def test_a_clip_cut_off_is_noticed_and_what_came_is_heard(service: Service, make: Maker) -> None:
    service.acts = "breaks off"
    heard = await hear(make().speak(TEXT), fails=True)
    assert "in the middle of a sentence" in str(heard.error)
    assert 0.3 < heard.seconds < 1.2
    assert [word.text for word in heard.words] == ["“Hello,”", "brave"]
    assert heard.words[-1].end > heard.seconds  # who listens can tell that it was not heard whole


async def test_a_clip_shorter_than_its_words_is_noticed(service: Service, make: Maker) -> None:
    service.words = (*WORDS[:3], ("world", 2.95))
    with pytest.raises(VoiceError, match="in the middle of a sentence"):
        await hear(make().speak(TEXT))


@pytest.mark.parametrize("acts", ["tells late", "tells nothing"])
async def test_words_are_guessed_when_the_service_does_not_tell(
    service: Service, make: Maker, acts: str
) -> None:
    service.acts = acts
    (await hear(make().speak(TEXT))).check(TEXT)


@pytest.mark.parametrize(
    "words", [(), WORDS[1:2], (("你好", 0.6), ("Hello", 0.9)), (("world", 0.6), ("Hello", 1.1))]
)
async def test_unexpected_words_never_spoil_the_caption(
    service: Service, make: Maker, words: tuple[tuple[str, float], ...]
) -> None:
    service.words = words
    (await hear(make().speak(TEXT))).check(TEXT)


@pytest.mark.parametrize("text", ["", "  ", "🎉 !", "^_^"])
async def test_nothing_to_say_asks_nobody(service: Service, make: Maker, text: str) -> None:
    heard = await hear(make().speak(text))
    heard.check(text)
    assert service.requests == []


async def test_markup_in_the_text_is_text(service: Service, make: Maker) -> None:
    await hear(make().speak("a <break time='9s'/> & b"))
    assert "<break" not in service.requests[0]


async def test_the_second_clip_is_as_loud_as_the_first(service: Service, make: Maker) -> None:
    voice = make(loudness=-26)
    levels = [sound.loudness((await hear(voice.speak(TEXT))).samples) for _ in range(2)]
    assert np.allclose(levels, -26, atol=0.6)


@pytest.mark.parametrize("acts", ["well", "is mute", "falls silent"])
async def test_closing_ends_the_connection_at_once(service: Service, make: Maker, acts: str) -> None:
    service.acts = acts
    items = make().speak(TEXT)
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
    await hear(Edge(Settings(voice=Voice(edge=edge, speed=1.25)), character).speak(TEXT))
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
    heard = await hear(voice.speak("ʬʬ!"))
    assert [word.text for word in heard.words] == ["ʬʬ!"]
    assert voice.availability.is_ready
    assert voice.health().state is State.OK
