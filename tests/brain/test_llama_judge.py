"""The real model, asked a question of yes or no beside its reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import pytest
import pytest_asyncio

from vtuber.brain import Prompt, PromptLine
from vtuber.brain.llama.backend import Llama
from vtuber.config import Brain, Settings
from vtuber.core.errors import BrainError
from vtuber.models.store import locate

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEM = PromptLine("system", "You are Banban, who loves pizza with pineapple and bubble tea.")
TALE = Prompt((SYSTEM, PromptLine("viewer", "tell me a tale", "Mika")), 1, 40, 1, "", ("Banban",))
QUESTION = "Is the sky blue? Answer with yes or no."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def brain() -> AsyncIterator[Llama]:
    # Its path given, the toy is a model like any other.
    one = Llama(Settings(brain=Brain(use="llama", model=str(locate("")), threads=1)))
    await one.start(lambda *_: None)
    yield one
    await one.stop()


async def reply(brain: Llama, *, judging: int = 0) -> tuple[str, list[float | None], bool]:
    """A reply, what was judged from its first token on, and whether that came before the reply's end."""
    said, asked = "", list[asyncio.Task[float | None]]()
    in_time = True
    async with aclosing(brain.stream(TALE)) as tokens:
        async for token in tokens:
            if not said:
                asked = [asyncio.ensure_future(brain.judge(f"{n}. {QUESTION}")) for n in range(judging)]
            said += token
        in_time = all(task.done() for task in asked)
    return said, list(await asyncio.gather(*asked)), in_time


async def test_a_judgement_is_a_likelihood_and_always_the_same(brain: Llama) -> None:
    first = await brain.judge(QUESTION)
    other = await brain.judge("Is fire cold? Answer with yes or no.")
    assert first is not None
    assert other is not None
    assert 0 < first < 1
    assert first != other
    assert await brain.judge(QUESTION) == pytest.approx(first, abs=1e-6)


async def test_it_is_let_in_between_two_tokens_and_changes_none(brain: Llama) -> None:
    await reply(brain)  # a prompt that is read anew may give another reply than one from the cache
    plain, _, _ = await reply(brain)
    beside, judged, in_time = await reply(brain, judging=2)
    assert beside == plain
    assert in_time
    assert all(one is not None and 0 < one < 1 for one in judged)


async def test_the_cache_holds_what_it_held(brain: Llama) -> None:
    await reply(brain)
    await brain.judge(QUESTION)
    await reply(brain)
    assert brain.usage.reused == brain.usage.prompt - 1


async def test_a_judgement_that_nobody_waits_for_stops_no_reply(brain: Llama) -> None:
    plain, _, _ = await reply(brain)
    said = ""
    async with aclosing(brain.stream(TALE)) as tokens:
        async for token in tokens:
            if not said:
                tasks = [asyncio.ensure_future(brain.judge(f"{n}? {QUESTION}")) for n in range(3)]
                await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
            said += token
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    assert said == plain
    assert await brain.judge(QUESTION) is not None


async def test_one_that_was_begun_is_stopped_too(brain: Llama) -> None:
    process = await brain._keeper.living()
    pieces = list(brain.template.prompt([PromptLine("viewer", "Is it so? " * 150)], ""))
    request = process.ask("judge", pieces=pieces, yes=["Yes"], no=["No"])
    process.withdraw(request)
    with pytest.raises(BrainError, match=r"withdrawn|failed to compute"):
        await request.answer(60)
    assert await brain.judge(QUESTION) is not None


async def test_a_question_that_does_not_fit_is_an_error_and_the_next_one_is_answered(brain: Llama) -> None:
    with pytest.raises(BrainError, match="does not fit beside a reply"):
        await brain.judge("Is it so? " * 600)
    assert await brain.judge(QUESTION) is not None


async def test_the_toy_judges_nothing() -> None:
    assert await Llama(Settings(brain=Brain(use="llama"))).judge(QUESTION) is None
