"""Brains that stand in for each other, and her fallback lines behind them all, in simulated time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import audience
import pytest

import benchmarks.scripted
from vtuber import character
from vtuber.app.check import check
from vtuber.brain import PARTS, Brain, Prompt, PromptLine, Usage
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import BrainFallback, build
from vtuber.brain.llama.backend import Llama
from vtuber.config import Settings
from vtuber.core.availability import Availability, Progress
from vtuber.core.clock import now
from vtuber.core.errors import BrainError, ConfigError
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory import NOTHING

assert benchmarks.scripted  # registers the scripted parts

HEAD = (PromptLine("system", "You are 板板."),)
FALLBACK_LINES = ("My head is empty.", "No thoughts today.", "我的腦袋空了。")


class Actor:
    """A brain that says ``reply`` word by word, each after ``pace`` seconds, the first after ``first``.

    ``dies`` after so many words of every reply; while ``ill`` nothing works at all.
    """

    def __init__(self, reply: str = "I like tea.", *, first: float = 0.2, pace: float = 0.01) -> None:
        self.reply = reply
        self.first = first
        self.pace = pace
        self.dies: int | None = None
        self.ill: BrainError | ConfigError | None = None
        self.context = 4096
        self.tokens = 10
        self.can_prefill = True
        self.availability = Availability(ready=True)
        self.usage = Usage(100, 90, 10)
        self.asked: list[Prompt] = []
        self.done: list[str] = []
        self.heads: list[tuple[PromptLine, ...]] = []
        self.open = 0

    def ail(self) -> None:
        if self.ill:
            raise self.ill

    async def start(self, progress: Progress) -> None:
        self.done.append("start")
        self.ail()

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        self.done.append("prefill_head")
        self.heads.append(head)
        await asyncio.sleep(self.first)
        self.ail()

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        self.done.append("read ahead")
        self.ail()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.asked.append(prompt)
        self.open += 1
        try:
            await asyncio.sleep(self.first)
            self.ail()
            for index, word in enumerate(self.reply.removeprefix(prompt.reply_so_far).split(" ")):
                if index == self.dies:
                    raise BrainError("it died")
                yield word if index == 0 else f" {word}"
                await asyncio.sleep(self.pace)
        finally:
            self.open -= 1

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        self.ail()
        return self.tokens

    async def stop(self) -> None:
        self.done.append("stop")

    def health(self) -> Health:
        return Health("brain", State.OK, "an actor")


def ask(name: str = "Kai", text: str = "hi there", so_far: str = "") -> Prompt:
    return Prompt((*HEAD, PromptLine("viewer", text, name)), 1, 40, 7, so_far, ("板板",))


async def heard(fallback: Brain, prompt: Prompt | None = None) -> str:
    return await audience.heard(fallback, prompt or ask())


def fallback_of(*actors: Actor, lines: tuple[str, ...] = FALLBACK_LINES) -> BrainFallback:
    settings = Settings.model_validate({"brain": {"patience_seconds": 2, "first_token_seconds": 10}})
    return BrainFallback(dict(zip(("first", "second", "third"), actors, strict=False)), settings, lines)


async def on_air(*actors: Actor, lines: tuple[str, ...] = FALLBACK_LINES) -> BrainFallback:
    fallback = fallback_of(*actors, lines=lines)
    await fallback.start(lambda _share, _words: None)
    await fallback.prefill_head(HEAD)
    return fallback


def play(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(scene)


# Who answers


def test_the_first_answers_as_long_as_it_is_well() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert [await heard(fallback) for _ in range(3)] == ["I like tea."] * 3
        assert not second.asked
        assert fallback.usage == first.usage

    play(scene())


def test_nobody_is_asked_when_the_question_is_cancelled_at_once() -> None:
    async def scene() -> None:
        fallback = await on_air(Actor())
        counting = asyncio.create_task(fallback.count((PromptLine("viewer", "hi"),)))
        asyncio.get_running_loop().call_soon(counting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await counting
        gc.collect()  # which warns of what was never awaited

    play(scene())


def test_when_the_first_fails_the_next_answers_at_once() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.ill = BrainError("it died")
        began = now()
        assert await heard(fallback) == "I am the second."
        assert now() - began < 1
        assert len(first.asked) == 1, "there is another: it is not asked twice"

    play(scene())


def test_when_it_dies_in_mid_reply_the_next_goes_on_from_what_was_heard() -> None:
    first, second = Actor("I like tea and pizza."), Actor("I like tea and duck.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.dies = 3
        assert await heard(fallback, ask(so_far="")) == "I like tea and duck."
        assert [prompt.reply_so_far for prompt in second.asked] == ["I like tea"]

    play(scene())


def test_when_it_is_too_slow_to_begin_the_next_answers() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.first = 5
        began = now()
        assert await heard(fallback) == "I am the second."
        assert 2 <= now() - began < 3
        assert first.open == 0
        began = now()
        assert await heard(fallback) == "I am the second."
        assert now() - began < 1, "the slow one is not waited for again"

    play(scene())


def test_the_hint_names_the_option_that_helps() -> None:
    async def advice(fallback: BrainFallback, slow: Actor) -> str:
        slow.first = 60
        await heard(fallback)
        return fallback.health().hint

    async def scene() -> None:
        first, second = Actor(), Actor()
        assert "raise brain.patience_seconds" in await advice(await on_air(first, second), first)
        alone = Actor()
        assert "raise brain.first_token_seconds" in await advice(await on_air(alone), alone)

    play(scene())


def test_when_it_stops_in_the_middle_the_next_goes_on() -> None:
    first, second = Actor(pace=100), Actor()

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert await heard(fallback) == "I like tea."
        assert second.asked[0].reply_so_far == "I"
        assert first.open == 0

    play(scene())


def test_the_last_is_waited_for_longer_and_asked_once_more() -> None:
    first, second = Actor(first=9), Actor()

    async def scene() -> None:
        alone = await on_air(first)
        assert await heard(alone) == "I like tea."
        second.dies = 2
        fallback = await on_air(second)
        assert await heard(fallback) == "I like tea."
        assert [prompt.reply_so_far for prompt in second.asked] == ["", "I like"]
        assert [prompt.seed for prompt in second.asked] == [7, 8]

    play(scene())


def test_whoever_asks_waits_for_one_deadline_only() -> None:
    alone = Actor()

    async def scene() -> None:
        fallback = await on_air(alone)
        alone.first = 100
        began = now()
        assert await heard(fallback) in FALLBACK_LINES
        assert now() - began < 11
        assert len(alone.asked) == 1

    play(scene())


def test_one_that_brings_itself_back_is_passed_over() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.availability.set(ready=False)
        assert await heard(fallback) == "I am the second."
        second.ill = BrainError("it died")
        assert await heard(fallback) == "I like tea.", "better late than a fallback line"
        second.ill = None
        first.availability.set(ready=True)
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_a_reply_without_a_word_is_none() -> None:
    first, second = Actor(""), Actor("")

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert await heard(fallback) in FALLBACK_LINES
        assert fallback.health().state is State.OK

    play(scene())


def test_what_is_cut_is_stopped() -> None:
    first, second = Actor(), Actor()

    async def scene() -> None:
        fallback = await on_air(first, second)
        async with aclosing(fallback.stream(ask())) as tokens:
            assert await anext(tokens) == "I like"
        assert first.open == 0
        asking = asyncio.create_task(heard(fallback))
        await asyncio.sleep(0.1)
        assert first.open == 1
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        assert first.open == 0
        assert not second.asked
        assert fallback.health().state is State.OK

    play(scene())


# Who is well again


def test_back_to_the_first_when_it_is_well_and_nobody_waits_for_that() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.ill = BrainError("it died")
        await heard(fallback)
        for _ in range(30):
            began = now()
            assert await heard(fallback) == "I am the second."
            assert now() - began < 0.5
            await asyncio.sleep(1)
        assert len(first.asked) == 1
        assert first.done.count("prefill_head") == 1 + 5, "tried after 1, 2, 4, 8 and 16 seconds"
        first.ill = None
        await asyncio.sleep(32)
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_one_that_is_still_slow_goes_on_resting() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.first = 5
        await heard(fallback)
        await asyncio.sleep(300)
        assert await heard(fallback) == "I am the second."
        first.first = 0.2
        await asyncio.sleep(120)
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_one_that_only_seems_well_is_tried_ever_more_rarely() -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.dies = 0  # it can be warmed, and never answers
        for _ in range(200):
            assert await heard(fallback) == "I am the second."
            await asyncio.sleep(1)
        assert len(first.asked) < 10

    play(scene())


def test_one_that_is_down_at_the_start_stops_no_show_and_joins_later() -> None:
    first, second = Actor(), Actor("I am the second.")
    first.ill = BrainError("nobody there")

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert await heard(fallback) == "I am the second."
        assert first.done[0] == "start"
        assert "prefill_head" not in first.done
        first.ill = None
        await asyncio.sleep(10)
        assert first.done[-3:] == ["start", "prefill_head", "prefill_head"]
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_a_defect_of_one_does_not_lose_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Actor(), Actor("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        first.ill = BrainError("it died")
        await heard(fallback)
        first.ill = None
        with monkeypatch.context() as patch:
            patch.setattr(first, "prefill_head", lambda _: 1 / 0)
            await asyncio.sleep(5)
            assert "ZeroDivisionError" in fallback.health().what
        await asyncio.sleep(20)
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_when_none_can_start_the_first_says_why() -> None:
    first, second = Actor(), Actor()
    first.ill, second.ill = BrainError("nobody there"), BrainError("no file")

    async def scene() -> None:
        fallback = fallback_of(first, second)
        with pytest.raises(BrainError, match="nobody there"):
            await fallback.start(lambda _share, _words: None)
        await fallback.stop()
        assert first.done[-1] == second.done[-1] == "stop"
        await asyncio.sleep(100)
        assert first.done.count("start") == 1, "nobody tries after the end"

    play(scene())


def test_a_mistake_in_the_settings_is_reported_at_once() -> None:
    first, second = Actor(), Actor()
    second.ill = ConfigError("no such file")

    async def scene() -> None:
        fallback = fallback_of(first, second)
        with pytest.raises(ConfigError, match="no such file"):
            await fallback.start(lambda _share, _words: None)
        await fallback.stop()

    play(scene())


def test_one_that_dies_over_its_first_prefill_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Actor()

    async def scene() -> None:
        fallback = fallback_of(first)
        await fallback.start(lambda _share, _words: None)
        fails_once(monkeypatch, first)
        await fallback.prefill_head(HEAD)
        assert fallback.health().state is State.OK
        await asyncio.sleep(30)
        assert first.done == ["start", "prefill_head", "prefill_head"], "nobody tries what is well again"
        await fallback.stop()

    play(scene())


def test_dying_over_who_she_is_costs_no_example(monkeypatch: pytest.MonkeyPatch) -> None:
    first, banban = Actor(), character.load("banban")
    first.context = 800  # by an estimate who she is would not fit

    async def scene() -> None:
        fallback = fallback_of(first)
        conversation = Conversation(
            banban, Settings.model_validate({"brain": {"model": "own.gguf"}}), fallback
        )
        await fallback.start(lambda _share, _words: None)
        fails_once(monkeypatch, first)
        await conversation.start(lambda _share, _words: None)
        assert [len(head) for head in first.heads] == [1 + 2 * len(banban.examples)] * 2
        await fallback.stop()

    play(scene())


def fails_once(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    """The next prefill of the head fails."""
    prefill_head = actor.prefill_head

    async def failing(head: tuple[PromptLine, ...]) -> None:
        monkeypatch.setattr(actor, "prefill_head", prefill_head)
        await prefill_head(head)
        raise BrainError("it died")

    monkeypatch.setattr(actor, "prefill_head", failing)


def test_one_that_fails_again_has_one_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Actor()

    async def scene() -> None:
        fallback = fallback_of(first)
        await fallback.start(lambda _share, _words: None)
        fails_once(monkeypatch, first)
        await fallback.prefill_head(HEAD)
        first.ill = BrainError("it died")
        await heard(fallback)
        first.ill = None
        await asyncio.sleep(10)
        assert first.done.count("prefill_head") == 2 + 2
        await fallback.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    play(scene())


def test_the_head_that_was_asked_with_last_is_what_one_begins_again_with() -> None:
    first = Actor()
    fitted = (PromptLine("system", "You are 板板, in short."),)

    async def scene() -> None:
        fallback = await on_air(first)
        await heard(fallback, replace(ask(), lines=(*fitted, PromptLine("viewer", "hi", "Kai"))))
        first.ill = BrainError("it died")
        await heard(fallback, replace(ask(), lines=(*fitted, PromptLine("viewer", "still there?", "Kai"))))
        assert first.heads == [HEAD]
        first.ill = None
        await asyncio.sleep(10)
        assert first.heads == [HEAD, fitted, fitted]

    play(scene())


def test_a_prefill_that_failed_may_be_tried_once_more() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = fallback_of(first)
        await fallback.start(lambda _share, _words: None)
        first.ill = BrainError("it died")
        with pytest.raises(BrainError, match="it died"):
            await fallback.prefill_head(HEAD)
        first.ill = None
        await fallback.prefill_head(HEAD)
        assert fallback.health().state is State.OK
        await fallback.stop()

    play(scene())


# Fallback lines


def test_behind_the_last_is_a_fallback_line_in_the_language_she_was_asked_in() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = await on_air(first)
        first.ill = BrainError("it died")
        assert await heard(fallback, ask("小雨", "妳還在嗎？")) == "我的腦袋空了。"
        assert await heard(fallback, ask("Kai", "still there? [also 小雨: 嗨]")) in FALLBACK_LINES[:2]
        assert fallback.usage == Usage()

    play(scene())


def test_a_viewer_does_not_hear_the_same_one_twice() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = await on_air(first)
        first.ill = BrainError("it died")
        said = [
            await heard(fallback, ask(name)) for name in ("Kai", "Ann", "Kai", "Kai", "Ann", "Ann", "Kai")
        ]
        to_kai = [said[index] for index in (0, 2, 3, 6)]
        assert all(one != other for one, other in pairwise(to_kai))

    play(scene())


def test_what_was_begun_ends_with_one() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = await on_air(first, lines=FALLBACK_LINES[:1])
        first.dies = 1
        assert await heard(fallback) == "I… My head is empty."
        first.dies = 0
        assert await heard(fallback, ask("Ann", so_far="I like tea.")) == "My head is empty."

    play(scene())


def test_who_was_given_one_waits_a_little_for_a_real_answer() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = await on_air(first)
        first.ill = BrainError("it died")
        assert await heard(fallback) in FALLBACK_LINES
        first.ill = None  # which is found out in a second
        began = now()
        assert await heard(fallback, ask("Ann")) in FALLBACK_LINES
        assert now() - began < 0.5
        assert await heard(fallback) == "I like tea."

    play(scene())


def test_without_fallback_lines_she_is_silent_and_it_is_reported_why() -> None:
    first = Actor()

    async def scene() -> None:
        fallback = await on_air(first, lines=())
        first.ill = BrainError("it died")
        for _ in range(2):
            with pytest.raises(BrainError, match="it died"):
                await heard(fallback)

    play(scene())


# What it is as one


def test_nobody_waits_for_tokens_to_be_counted_while_the_model_restarts() -> None:
    alone = Actor()

    async def scene() -> None:
        fallback = await on_air(alone)
        alone.tokens = 10_000
        assert await fallback.count(HEAD) == 10_000
        alone.availability.set(ready=False)
        assert 0 < await fallback.count(HEAD) < 100, "an estimate"

    play(scene())


def test_what_holds_for_all_of_them_holds_for_the_fallback() -> None:
    first, second = Actor(), Actor()
    second.context, second.tokens = 1024, 12
    second.can_prefill = False

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert fallback.context == 1024
        assert await fallback.count(HEAD) == 12
        assert not fallback.can_prefill
        second.ill = BrainError("it died")
        assert await fallback.count(HEAD) == 10
        first.ill = BrainError("it died too")
        assert await fallback.count(HEAD) > 0, "an estimate is better than none"
        assert await heard(fallback) in FALLBACK_LINES
        first.ill = second.ill = None
        assert await fallback.count(HEAD) == 12, "whoever rests may still be able to count"
        assert await heard(fallback, ask("Ann")) in FALLBACK_LINES, "which does not mean that it can answer"

    play(scene())


async def test_one_that_never_started_limits_nobody() -> None:
    settings = Settings.model_validate({"brain": {"then": ["llama"]}})
    first, dead = Actor(), Llama(settings)
    dead.command = ("-c", "raise SystemExit(1)")
    fallback = BrainFallback({"first": first, "llama": dead}, settings, FALLBACK_LINES)
    assert not fallback.can_prefill, "nobody has started"
    try:
        await fallback.start(lambda _share, _words: None)
        assert fallback.can_prefill
    finally:
        await fallback.stop()


def test_it_is_available_while_one_of_them_is() -> None:
    first, second = Actor(), Actor()
    changes: list[bool] = []

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert fallback.availability.is_ready
        fallback.availability.watch(lambda: changes.append(fallback.availability.is_ready))
        first.availability.set(ready=False)
        assert not changes, "the second stands in"
        second.ill = BrainError("it died")
        await heard(fallback)
        second.ill = None
        await fallback.availability.until_ready()
        assert changes == [False, True]

    play(scene())


def test_health_tells_all_of_them() -> None:
    first, second = Actor(), Actor()

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert fallback.health() == Health("brain", State.OK, "first: an actor; then second: an actor")
        first.ill = BrainError("it died", hint="start the model server")
        await heard(fallback)
        health = fallback.health()
        assert health.state is State.LIMITED
        assert health.what == "first: an actor: it died; then second: an actor"
        assert health.hint == "start the model server"
        second.ill = BrainError("it died too")
        await heard(fallback)
        assert fallback.health().state is State.DOWN

    play(scene())


def test_config_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "actor", f"{__name__}:Made")
    monkeypatch.setitem(PARTS, "other", f"{__name__}:Made")
    banban = character.load("banban")
    settings = Settings.model_validate({"brain": {"use": "actor", "then": ["other", "actor"]}})
    assert build(settings, banban).health().what == "actor: an actor; then other: an actor"
    wrong = Settings.model_validate({"brain": {"then": ["lama"]}})
    with pytest.raises(ConfigError, match="no brain called 'lama'") as caught:
        build(wrong, banban)
    assert caught.value.where == "brain.then[0]"


class Made(Actor):
    def __init__(self, settings: Settings) -> None:
        super().__init__()


def test_her_fallback_lines_can_be_spoken_in_both_languages() -> None:
    lines = character.load("banban").fallback_lines
    assert sum(line.isascii() for line in lines) >= 3
    assert sum(not line.isascii() for line in lines) >= 3
    assert all(len(line) <= 100 and line[-1] in ".!！。" for line in lines)


async def test_banban_check_tells_all_of_them(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "brain": {"use": "openai", "then": ["scripted"], "openai": {"url": "http://127.0.0.1:1"}},
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": tmp_path},
            "chat": {"console": False},
        }
    )
    found = {health.part: health for health in await check(settings, lambda _share, _words: None)}
    health = found["brain"]
    assert health.state is State.LIMITED
    assert "openai: a model at 127.0.0.1:1: there is no model server" in health.what
    assert "; then scripted: scripted; scripted says: “" in health.what
    assert "brain.openai.url" in health.hint


@pytest.mark.parametrize("model", ["", "own.gguf"])
def test_small_talk_is_asked_of_no_toy(model: str) -> None:
    first, banban = Actor(), character.load("banban")
    asked = ChatMessage("m1", "twitch", "c", Author("a1", "Nora"), "are you human?")

    async def scene() -> None:
        fallback = fallback_of(first)
        settings = Settings.model_validate({"brain": {"model": model}})
        conversation = Conversation(banban, settings, fallback)
        await fallback.start(lambda _share, _words: None)
        prompt = await conversation.prompt(Batch(Pick(asked)), NOTHING, 1)
        said = [text async for text in fallback.stream(prompt)]
        if model:
            assert not prompt.known
        else:
            assert said == [prompt.known]
            assert "AI" in prompt.known
            assert fallback.usage.prompt == 0
        await fallback.stop()

    play(scene())


class Magistrate(Actor):
    """An actor that judges, too."""

    likely = 0.75

    async def judge(self, question: str) -> float:
        self.done.append(question)
        return self.likely


def test_whoever_answers_judges() -> None:
    first, second = Magistrate(), Magistrate("I am the second.")

    async def scene() -> None:
        fallback = await on_air(first, second)
        assert await fallback.judge("Is it so?") == 0.75
        first.ill = BrainError("ill")
        await heard(fallback)
        second.likely = 0.25
        assert await fallback.judge("Is it?") == 0.25
        assert (first.done.count("Is it?"), second.done.count("Is it?")) == (0, 1)
        await fallback.stop()

    play(scene())


def test_one_that_cannot_judge_says_so_and_none_at_all_is_an_error() -> None:
    actor = Actor()

    async def scene() -> None:
        fallback = await on_air(actor)
        assert await fallback.judge("Is it so?") is None
        actor.ill = BrainError("ill")
        await heard(fallback)
        with pytest.raises(BrainError):
            await fallback.judge("Is it so?")
        await fallback.stop()

    play(scene())
