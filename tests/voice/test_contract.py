"""What every voice promises, whatever it is given: each is tried with the same texts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress

import edge_service
import kokoro_files
import pytest
import speech_server
from voice_props import CHARACTER, hear

from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound
from vtuber.core.health import State
from vtuber.voice import PARTS, Style, Utterance, Voice
from vtuber.voice.embedded.kokoro.model import KokoroModel

Make = Callable[[AsyncExitStack], Awaitable[Settings]]


async def _edge(stack: AsyncExitStack) -> Settings:
    service = await stack.enter_async_context(edge_service.running())
    return Settings.model_validate({"voice": {"edge": {"url": service.url}}})


async def _openai(stack: AsyncExitStack) -> Settings:
    server = await stack.enter_async_context(speech_server.running())
    return Settings.model_validate({"voice": {"openai": {"url": server.url}}})


async def _kokoro(_: AsyncExitStack) -> Settings:
    files = {"model": str(kokoro_files.MODEL), "voices": str(kokoro_files.VOICES)}
    return Settings.model_validate({"voice": {"kokoro": files}})


async def _plain(_: AsyncExitStack) -> Settings:
    return Settings()


MAKERS: dict[str, Make] = {
    "edge": _edge,
    "hibari": _plain,
    "kokoro": _kokoro,
    "openai": _openai,
    "silent": _plain,
}

TEXTS = {
    "words": "Hello, my friends!",
    "one letter": "I",
    "emoji": "🎉🍍😂 ✨",
    "signs": "... ?! — ♪",
    "control characters": "Hi\x00\x07 \x1b[31mthere\x7f",
    "joiners and marks": "zalgo: h̸̡̪e̷l̸l̵o‍‌ there",
    "every script": "Hi 你好 さくら 안녕 Привет مرحبا नमस्ते ไทย",
    "markup": "a <b>bold</b> & <break time='9s'/> move",
    "a lone surrogate": "hi \ud83d there",
}


@pytest.fixture(scope="module")
def model() -> KokoroModel:
    """Loading it once is enough."""
    kokoro_files.ready()
    return KokoroModel(kokoro_files.MODEL)


@pytest.fixture(params=MAKERS)
async def voice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Voice]:
    if request.param == "kokoro":
        model = request.getfixturevalue("model")
        monkeypatch.setattr("vtuber.voice.embedded.kokoro.KokoroModel", lambda _file: model)
    async with AsyncExitStack() as stack:
        settings = await MAKERS[request.param](stack)
        made: Voice = registry.make("voice", PARTS, request.param, settings, CHARACTER)
        await made.start()
        yield made
        await made.stop()


def test_no_voice_is_left_out() -> None:
    assert set(MAKERS) == {name for name, place in PARTS.items() if place.startswith("vtuber.")}


def _said(voice: Voice, text: str) -> Utterance:
    return Utterance(text, "en" if {"en", "*"} & voice.languages else min(voice.languages))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_it_takes_any_text(voice: Voice, text: str) -> None:
    heard = await hear(voice.speak(_said(voice, text)))
    heard.check(text)
    assert heard.seconds < 30
    assert voice.health().state in (State.OK, State.LIMITED)


@pytest.mark.parametrize(
    "text", ["x" * 3000, "word " * 4000, "好" * 3000], ids=["a long word", "many words", "many characters"]
)
async def test_a_long_text_begins_soon_and_may_be_closed(voice: Voice, text: str) -> None:
    seconds = 0.0
    async with aclosing(voice.speak(_said(voice, text))) as items:
        async for item in items:
            seconds += len(item.pcm) if isinstance(item, Sound) else 0
            if seconds:
                break
    assert seconds
    (await hear(voice.speak(_said(voice, "Hello.")))).check("Hello.")  # as if nothing had been


async def test_it_leaves_no_task_behind(voice: Voice) -> None:
    before = asyncio.all_tasks()
    for _ in range(3):
        async with aclosing(voice.speak(_said(voice, "Hello, my friends!"))) as items:
            await anext(items)
    await asyncio.sleep(0.1)
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()


async def test_it_takes_any_manner(voice: Voice) -> None:
    for style in (Style(rate=0.5), Style(rate=2.0), Style(pitch=-12), Style(pitch=12), Style(gain=-30)):
        heard = await hear(voice.speak(Utterance("Hi!", style=style)))
        heard.check("Hi!")


async def test_what_was_stopped_speaks_no_more_or_begins_again(voice: Voice) -> None:
    await voice.stop()
    with suppress(VoiceError):
        (await hear(voice.speak(_said(voice, "Hello.")))).check("Hello.")
    await voice.stop()  # once more does no harm
