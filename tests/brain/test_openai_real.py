"""The openai brain beside llama-cpp-python's own server, running for real with the embedded model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, perform

from benchmarks.llama_server import LlamaServer
from benchmarks.scripted import ScriptedBrain
from vtuber import character
from vtuber.brain import Prompt, PromptLine
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import BrainFallback
from vtuber.brain.openai.backend import OpenAi
from vtuber.brain.tokens import estimate_lines
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop

CONTEXT = 512
SYSTEM = PromptLine(
    "system", "You are Banban. You love pizza and bubble tea, and you like to talk about them."
)
HI = PromptLine("viewer", "hi, how are you?", "Kai")


def quiet(_share: float, _words: str) -> None:
    pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    one = LlamaServer(tmp_path_factory.mktemp("server"), n_ctx=CONTEXT)
    one.start()
    yield one
    one.kill()


def settings(server: LlamaServer, **brain: Any) -> Settings:
    return Settings.model_validate({"brain": {"use": "openai", "openai": {"url": server.url}, **brain}})


@asynccontextmanager
async def beside(server: LlamaServer, **brain: Any) -> AsyncIterator[OpenAi]:
    one = OpenAi(settings(server, **brain))
    try:
        await one.start(quiet)
        await one.prefill_head((SYSTEM,))
        yield one
    finally:
        await one.stop()


def ask(*lines: PromptLine, seed: int = 1, max_tokens: int = 16, so_far: str = "") -> Prompt:
    return Prompt((SYSTEM, *(lines or (HI,))), 1, max_tokens, seed, so_far, ("板板", "banban"))


async def heard(brain: OpenAi | BrainFallback, prompt: Prompt) -> str:
    async with aclosing(brain.stream(prompt)) as texts:
        return "".join([text async for text in texts])


async def test_it_answers_in_a_stream(server: LlamaServer) -> None:
    async with beside(server) as brain:
        assert brain.health().state is State.OK
        assert brain.health().what.startswith("SmolLM2-135M-Instruct.Q4_1.gguf at 127.0.0.1:")
        assert not brain.dialect.names, "this server drops them"
        async with aclosing(brain.stream(ask())) as texts:
            pieces = [text async for text in texts]
        assert len(pieces) > 3
        assert "\n" not in "".join(pieces)


async def test_the_same_seed_gives_the_same_reply(server: LlamaServer) -> None:
    async with beside(server) as brain:
        assert "seed" not in brain.dialect.without
        replies = [await heard(brain, ask(seed=seed)) for seed in (5, 5, 6, 7, 8)]
        assert replies[0] == replies[1]
        assert len(set(replies)) > 1


async def test_it_is_stopped_on_the_wire(server: LlamaServer) -> None:
    async with beside(server) as brain:
        before = server.log.read_text().count("Disconnected from client")
        async with aclosing(brain.stream(ask(max_tokens=300))) as texts:
            await anext(texts)
        assert await heard(brain, ask()), "it is free for the next"
        assert server.log.read_text().count("Disconnected from client") == before + 1


async def test_it_goes_on_from_what_was_said(server: LlamaServer) -> None:
    async with beside(server) as brain:
        said = await heard(brain, ask(so_far="I am fine, Kai! I just had"))
        assert "I am fine, Kai!" not in said


@pytest.mark.parametrize(
    "text",
    [
        "Pineapple belongs on pizza, now and for ever, and whoever doubts it gets a sermon.",
        "aaaaAAAA!!!! 12345 67890 -- https://example.com/a?b=c&d=%20",
        "鳳梨披薩是神聖的，從今天到永遠。珍珠奶茶全糖正常冰。",
        "ありがとう、こんにちは！ 안녕하세요 Здравствуйте مرحبا สวัสดี",
        "LUL 😂😂🎉🍍🍕 ｗｗｗ",
    ],
)
async def test_tokens_are_rather_counted_too_many_than_too_few(server: LlamaServer, text: str) -> None:
    exact = await asyncio.to_thread(server.count, text)
    estimated = estimate_lines((PromptLine("viewer", text),))
    assert exact <= estimated <= 4 * exact + 16


async def test_once_it_has_answered_the_count_is_nearly_exact(server: LlamaServer) -> None:
    async with beside(server) as brain:
        exact = await asyncio.to_thread(server.count, SYSTEM.text)
        assert exact <= await brain.count((SYSTEM,)) <= exact * 1.5 + 16


async def test_a_prompt_longer_than_its_context_is_answered_all_the_same(server: LlamaServer) -> None:
    """The server tells its context nowhere, breaks off a stream without a word, and tells why without one."""
    talk = [
        PromptLine("viewer" if turn % 2 == 0 else "self", "pizza and tea " * 12, "Kai") for turn in range(13)
    ]
    async with beside(server) as brain:
        assert brain.context == 4096
        assert await heard(brain, ask(*talk, HI))
        assert brain.context == CONTEXT


def short(folder: Path) -> Path:
    """A character of few words."""
    (folder / "character.toml").write_text('name = "Mochi"\n', encoding="utf-8")
    (folder / "persona.md").write_text(SYSTEM.text, encoding="utf-8")
    (folder / "examples.toml").write_text("", encoding="utf-8")
    face = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>'
    (folder / "face.svg").write_text(face, encoding="utf-8")
    return folder


async def test_a_persona_longer_than_its_context_is_reported_with_the_numbers(server: LlamaServer) -> None:
    chosen = settings(server)
    fallback = BrainFallback({"openai": OpenAi(chosen)}, chosen, ())
    try:
        await fallback.start(quiet)
        talk = Conversation(character.load("banban"), chosen, fallback)
        with pytest.raises(ConfigError, match=r"the canon take \d+ tokens.* only \d+ are free"):
            await talk.start(quiet)
    finally:
        await fallback.stop()


def test_a_show_runs_on_it(server: LlamaServer, tmp_path: Path) -> None:
    async def scene(room: Room) -> None:
        room.types("hi there")
        await room.until_idle()
        assert any(room.heard())
        assert room.show.speakers[0].brain.health().state is State.OK

    brain = settings(server, max_tokens=24).brain.model_dump()
    perform(lambda: Room(tmp_path, brain=brain, show={"character": str(short(tmp_path))}), scene)


def test_when_it_is_killed_in_mid_reply_another_goes_on_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LlamaServer(tmp_path, n_ctx=CONTEXT)
    server.start()
    chosen = settings(server)

    async def scene() -> None:
        fallback = BrainFallback({"openai": OpenAi(chosen), "scripted": ScriptedBrain(chosen)}, chosen, ())
        await fallback.start(quiet)
        await fallback.prefill_head((SYSTEM,))
        said = ""
        async with aclosing(fallback.stream(ask(max_tokens=300))) as texts:
            async for text in texts:
                said += text
                if server.process.poll() is None:
                    server.kill()
                    monkeypatch.setattr(ScriptedBrain, "reply", f"{said} and so on.")
        assert said.endswith(" and so on.")
        assert fallback.health().state is State.LIMITED
        await clock.in_thread(server.start)
        await asyncio.sleep(120)
        assert fallback.health().state is State.OK
        assert await heard(fallback, ask())
        await fallback.stop()

    try:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.run(scene())
    finally:
        server.kill()


async def test_it_judges_by_the_likelihoods_of_one_token(server: LlamaServer) -> None:
    async with beside(server) as brain:
        likely = await brain.judge("Is the sky blue? Answer with yes or no.")
        assert likely is not None
        assert 0 < likely < 1
        assert await heard(brain, ask())
