"""Which of a server's models is asked: those that cannot chat are passed over, a cold one is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import audience
import pytest
from aiohttp import web
from model_server import (
    SYSTEM,
    Call,
    ModelServer,
    Way,
    ask,
    error,
    event,
    says,
    sends,
    silence,
    simulated,
    stream,
    whole,
)

from benchmarks.scripted import ScriptedBrain
from vtuber.brain.fallback import BrainFallback
from vtuber.brain.openai import model_choice
from vtuber.brain.openai.backend import OpenAi
from vtuber.core.clock import now
from vtuber.core.errors import BrainError
from vtuber.core.health import State

GOOD = stream("Hello", " there.")


def listing(*names: str, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]}


def ollama(server: ModelServer, running: str = "", **able: list[str]) -> None:
    """The server speaks as Ollama does of models with these capabilities."""
    names = [name.replace("__", ":").replace("_", "-") for name in able]
    server.models = listing(*names, owned_by="library")
    server.own = {
        "/api/tags": {"models": [{"name": name, "model": name} for name in names]},
        "/api/ps": {"models": [{"name": running, "context_length": 2048}] if running else []},
        "/api/show": lambda body: {
            "capabilities": dict(zip(names, able.values(), strict=True))[body["model"]]
        },
    }


def lm_studio(server: ModelServer, **models: tuple[str, str]) -> None:
    """The server speaks as LM Studio does of models with these types and states."""
    server.models = listing(*models)
    server.own = {
        "/api/v0/models": {
            "object": "list",
            "data": [
                {"id": name, "type": kind, "state": state, "max_context_length": 32768}
                for name, (kind, state) in models.items()
            ],
        }
    }


def only(*able: str) -> Way:
    """Only these models chat; the others are refused, as Ollama refuses them."""

    async def way(call: Call) -> web.StreamResponse:
        name = call.body["model"]
        if name not in able:
            return await error(f'"{name}" does not support chat', 400)(call)
        return await (GOOD if call.body["stream"] else whole("Hi"))(call)

    return way


@asynccontextmanager
async def met(server: ModelServer, told: list[str] | None = None, **options: Any) -> AsyncIterator[OpenAi]:
    async with server.running():
        one = OpenAi(server.settings(openai={"url": server.url, **options}))
        try:
            await one.start(lambda _share, words: told.append(words) if told is not None else None)
            yield one
        finally:
            await one.stop()


async def said(brain: OpenAi) -> str:
    return "".join([text async for text in brain.stream(ask())])


async def test_what_the_server_calls_an_embedding_is_never_asked() -> None:
    server = ModelServer(GOOD)
    ollama(server, bge_m3=["embedding"], qwen3__8b=["completion", "thinking"])
    async with met(server) as brain:
        assert await said(brain) == "Hello there."
        assert {call.body["model"] for call in server.calls} == {"qwen3:8b"}
        assert brain.health().what.startswith("qwen3:8b at Ollama (127.0.0.1:")


async def test_a_model_in_memory_comes_first() -> None:
    server = ModelServer(GOOD)
    ollama(server, "b", a=["completion"], b=["completion"])
    async with met(server) as brain:
        assert brain.health().what.startswith("b at Ollama")
        assert brain.context == 2048


async def test_lm_studio_lists_everything_on_the_disk() -> None:
    server = ModelServer(GOOD)
    lm_studio(
        server,
        **{
            "big-model": ("llm", "not-loaded"),
            "text-embedding-nomic": ("embeddings", "loaded"),
            "her-8b": ("vlm", "loaded"),
        },
    )
    async with met(server) as brain:
        assert brain.health().what.startswith("her-8b at LM Studio (")


@pytest.mark.parametrize("name", ["bge-m3", "whisper-large-v3", "jina-reranker-v2", "multilingual-e5-large"])
async def test_where_the_server_says_nothing_the_name_is_a_hint(name: str) -> None:
    server = ModelServer(GOOD)
    server.models = listing(name, "her-8b")
    async with met(server):
        assert {call.body["model"] for call in server.calls} == {"her-8b"}


@pytest.mark.parametrize(
    "refusal",
    [
        error('"a" does not support chat', 400),
        error("failed to load model", 500),
        says({"error": "Failed to load model. Error: out of memory"}, 400),
        says({"choices": []}),
        whole(""),
        says({"choices": [{"message": {"content": "", "reasoning": "hm"}, "finish_reason": "length"}]}),
        sends(b'data: {"error": {"message": "no chat template"}}\n\n'),
    ],
    ids=["400", "500", "LM Studio", "no choice", "nothing", "only thoughts", "in the stream"],
)
async def test_one_that_cannot_chat_is_passed_over(refusal: Way) -> None:
    async def way(call: Call) -> web.StreamResponse:
        if call.body["model"] == "odd-name":
            return await refusal(call)
        return await (GOOD if call.body["stream"] else whole("Hi"))(call)

    server = ModelServer(way)
    server.aside = way
    server.models = listing("odd-name", "her-8b")
    async with met(server) as brain:
        assert await said(brain) == "Hello there."
        assert brain.health().what.startswith("her-8b at")


async def test_when_none_can_chat_the_key_to_set_is_named() -> None:
    server = ModelServer(GOOD)
    server.models = listing("bge-m3", "odd-name")
    server.aside = only()
    with pytest.raises(BrainError, match="does not support chat") as caught:
        async with met(server):
            pass
    assert "bge-m3" in caught.value.what
    assert "brain.openai.model" in caught.value.hint


async def test_when_all_are_for_other_things_none_is_asked() -> None:
    server = ModelServer(GOOD)
    ollama(server, bge_m3=["embedding"])
    with pytest.raises(BrainError, match="none of the models") as caught:
        async with met(server):
            pass
    assert "brain.openai.model" in caught.value.hint
    assert not server.calls


async def test_a_named_model_that_cannot_chat_says_which_key_to_change() -> None:
    server = ModelServer(GOOD)
    server.models = listing("bge-m3", "her-8b")
    server.aside = only("her-8b")
    with pytest.raises(BrainError, match="does not support chat") as caught:
        async with met(server, model="bge-m3"):
            pass
    assert "brain.openai.model" in caught.value.hint


# A model that must be loaded first


def test_a_cold_model_is_waited_for_and_said() -> None:
    async def slowly(call: Call) -> web.StreamResponse:
        await asyncio.sleep(70)
        return await whole("Hi")(call)

    server = ModelServer(GOOD)
    ollama(server, qwen3__8b=["completion"])
    server.aside = slowly
    told: list[str] = []

    async def main() -> None:
        began = now()
        async with met(server, told) as brain:
            assert now() - began >= 70
            assert brain.availability.is_ready
            assert any(
                words.startswith("Ollama (127.0.0.1:") and "is loading qwen3:8b" in words for words in told
            )

    simulated(main())


def test_a_server_that_tells_nothing_while_it_loads_is_waited_for() -> None:
    server = ModelServer(GOOD)
    opened = 90

    async def listed() -> web.Response:
        if now() - began < opened:
            return web.json_response({"error": {"message": "Loading model", "code": 503}}, status=503)
        return web.json_response(listing("her-8b", owned_by="llamacpp"))

    server.models = listed
    told: list[str] = []
    began = 0.0

    async def main() -> None:
        nonlocal began
        began = now()
        async with met(server, told) as brain:
            assert now() - began >= opened
            assert brain.health().what.startswith("her-8b at llama.cpp (")
            assert any("is loading its model" in words for words in told)

    simulated(main())


def test_a_model_that_loads_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_choice, "LOADING_SECONDS", 30.0)
    server = ModelServer(GOOD)

    async def listed() -> web.Response:
        return web.json_response({"error": {"message": "Loading model", "code": 503}}, status=503)

    server.models = listed

    async def main() -> None:
        with pytest.raises(BrainError, match="Loading model"):
            async with met(server):
                pass

    simulated(main())


def test_a_model_that_is_loaded_again_in_the_show_is_said_to_be(caplog: pytest.LogCaptureFixture) -> None:
    """Ollama puts a model out of memory that nobody asked for five minutes."""
    server = ModelServer(silence, GOOD)
    ollama(server, qwen3__8b=["completion"])

    async def slowly(call: Call) -> web.StreamResponse:
        await asyncio.sleep(60)
        return await whole("Hi")(call)

    async def main() -> None:
        async with server.running():
            settings = server.settings(patience_seconds=2)
            own = OpenAi(settings)
            fallback = BrainFallback({"openai": own, "scripted": ScriptedBrain(settings)}, settings, [])
            await fallback.start(lambda _share, _words: None)
            await fallback.prefill_head((SYSTEM,))
            server.aside = slowly
            assert await audience.heard(fallback, ask()) == ScriptedBrain.reply
            await asyncio.sleep(10)
            assert "is loading qwen3:8b" in fallback.health().what
            await asyncio.sleep(120)
            assert await audience.heard(fallback, ask()) == "Hello there."
            await fallback.stop()

    caplog.set_level("INFO")
    simulated(main())
    assert "is loading qwen3:8b" in caplog.text


# A model that thinks


def thinker(*, minds: tuple[str, ...] = (), hidden: bool = False, refuses: tuple[str, ...] = ()) -> Way:
    """Thinks until its tokens are used up, unless one of the options that it ``minds`` is there."""

    async def way(call: Call) -> web.StreamResponse:
        for name in refuses:
            if name in call.body:
                return await error(f"Unrecognized request argument supplied: {name}")(call)
        told = str(call.body)
        calm = any(option in told for option in minds)
        if calm:
            return await (GOOD if call.body["stream"] else whole("Hi"))(call)
        thought: dict[str, Any] = (
            {"content": ""} if hidden else {"content": "", "reasoning_content": "hm, hm"}
        )
        if call.body["stream"]:
            return await sends(event(None, delta=thought), event(finish_reason="length"))(call)
        return await says({"choices": [{"message": thought, "finish_reason": "length"}]})(call)

    return way


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize(
    "minds", ["'reasoning_effort': 'none'", "'think': False", "/no_think", "'reasoning_effort': 'low'"]
)
async def test_thinking_is_switched_off_in_the_way_that_helps(minds: str, *, hidden: bool) -> None:
    server = ModelServer(thinker(minds=(minds,), hidden=hidden))
    server.aside = server.ways[0]
    server.models = listing("thinker")
    async with met(server) as brain:
        assert [await said(brain) for _ in range(2)] == ["Hello there."] * 2
        assert len(server.streams) == 2


async def test_a_strict_server_is_asked_with_what_it_knows() -> None:
    server = ModelServer(
        thinker(minds=("'low'",), refuses=("think", "enable_thinking", "chat_template_kwargs"))
    )
    server.aside = server.ways[0]
    server.models = listing("thinker")
    async with met(server) as brain:
        assert await said(brain) == "Hello there."
        assert server.calls[-1].body["max_tokens"] > 40  # room for the thoughts that remain


async def test_a_model_that_says_something_is_not_told_to_think_less() -> None:
    server = ModelServer(GOOD)
    async with met(server) as brain:
        await said(brain)
        assert not any("reasoning_effort" in call.body or "think" in call.body for call in server.calls)


async def test_one_that_thinks_in_any_case_says_what_to_do() -> None:
    server = ModelServer(thinker())
    server.aside = server.ways[0]
    server.models = listing("thinker")
    async with met(server) as brain:
        with pytest.raises(BrainError, match="only thinks") as caught:
            await said(brain)
        assert "brain.max_tokens" in caught.value.hint
        assert "thinking" in caught.value.hint
        assert brain.health().state is State.DOWN


@pytest.mark.parametrize("thought", ["<think>hm, hm", "<|channel|>analysis<|message|>hm, hm"])
async def test_thoughts_in_the_text_are_thoughts_too(thought: str) -> None:
    async def way(call: Call) -> web.StreamResponse:
        calm = "reasoning_effort" in call.body
        if call.body["stream"]:
            return await (GOOD if calm else stream(thought))(call)
        return await whole("Hi" if calm else thought)(call)

    server = ModelServer(way)
    server.aside = way
    async with met(server) as brain:
        assert await said(brain) == "Hello there."


async def test_one_that_says_nothing_says_what_to_do() -> None:
    server = ModelServer(stream(" ", "\n"))
    async with met(server) as brain:
        with pytest.raises(BrainError, match=r"nothing of what|is empty") as caught:
            await said(brain)
        assert "prompt template" in caught.value.hint
