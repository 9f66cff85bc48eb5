"""The openai brain asked a question of yes or no: by one token, whatever the server can tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from model_server import Call, ModelServer, Way, error, says, silence, simulated, stream, whole

from vtuber.brain.openai.backend import OpenAi
from vtuber.core.errors import BrainError

QUESTION = "Is the sky blue? Answer with yes or no."


def weighed(*tokens: tuple[str, float], text: str = "") -> Way:
    """An answer that tells how likely its first token was, and others."""
    top = [{"token": token, "logprob": logprob} for token, logprob in tokens]
    first = {**top[0], "top_logprobs": top}
    choice = {"message": {"role": "assistant", "content": text or tokens[0][0]}, "finish_reason": "length"}
    return says({"choices": [{**choice, "logprobs": {"content": [first]}}]})


@asynccontextmanager
async def beside(server: ModelServer) -> AsyncIterator[OpenAi]:
    async with server.running():
        brain = OpenAi(server.settings())
        try:
            await brain.start(lambda *_: None)
            yield brain
        finally:
            await brain.stop()


def judged(way: Way, times: int = 1) -> tuple[list[float | None], list[dict[str, Any]]]:
    """Judgements of a server that answers that way, and what it was asked."""
    server = ModelServer(stream("Hi"))
    found: list[float | None] = []

    async def scene() -> None:
        async with beside(server) as brain:
            server.aside = way
            server.calls.clear()
            found.extend([await brain.judge(QUESTION) for _ in range(times)])
            assert brain.availability.is_ready

    simulated(scene())
    return found, [call.body for call in server.calls]


def test_the_two_tokens_are_weighed_against_each_other() -> None:
    (likely,), (body,) = judged(weighed((" Yes", -0.5), ("no", -1.5), ("Maybe", -0.1), ("yes", -9.0)))
    assert likely == pytest.approx(0.7311, abs=1e-3)
    assert body["max_tokens"] == 1
    assert body["logprobs"] is True
    assert body["temperature"] == 0
    assert not body["stream"]
    assert body["messages"] == [{"role": "user", "content": QUESTION}]


@pytest.mark.parametrize(("text", "likely"), [("Yes", 1.0), ("no.", 0.0), ("是", 1.0), ("**No**", 0.0)])
def test_without_likelihoods_its_word_is_taken(text: str, likely: float) -> None:
    assert judged(whole(text))[0] == [likely]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_server_that_cannot_tell_likelihoods_is_not_asked_for_them_again(status: int) -> None:
    async def way(call: Call) -> web.StreamResponse:
        refuse = error("logprobs is not supported", status)
        return await (refuse if "logprobs" in call.body else whole("Yes"))(call)

    found, bodies = judged(way, times=2)
    assert found == [1.0, 1.0]
    assert ["logprobs" in body for body in bodies] == [True, False, False]


@pytest.mark.parametrize(
    "way",
    [
        whole("Pineapple!"),
        whole(""),
        weighed(("Pine", -0.1), ("apple", -2.0)),
        says("<html>a page</html>"),
        says([1, 2]),
        says({"choices": []}),
        says({"choices": [{"message": {"content": "x"}, "logprobs": {"content": [{"token": "Yes"}]}}]}),
        says({"error": {"message": "out of memory"}}),
        error("oh no", 503),
        silence,
    ],
)
def test_what_is_no_judgement_is_an_error_and_replies_go_on(way: Way) -> None:
    server = ModelServer(stream("Hi"))

    async def scene() -> None:
        async with beside(server) as brain:
            server.aside = way
            with pytest.raises(BrainError):
                await brain.judge(QUESTION)
            assert brain.availability.is_ready

    simulated(scene())


def test_whoever_waits_no_longer_is_in_nobodys_way() -> None:
    server = ModelServer(stream("Hi"))

    async def scene() -> None:
        async with beside(server) as brain:
            server.aside = silence
            waiting = asyncio.ensure_future(brain.judge(QUESTION))
            while not server.calls or server.calls[-1].body["messages"][0]["content"] != QUESTION:
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            server.aside = whole("Yes")
            assert await brain.judge(QUESTION) == 1.0

    simulated(scene())
