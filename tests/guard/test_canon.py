"""Whether she takes back what is sacred to her: told by the model that speaks, or by words alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character as characters
from vtuber.character import Character, Example
from vtuber.config import Settings
from vtuber.core.errors import BrainError
from vtuber.guard import Door, Passage
from vtuber.guard import guard as guards
from vtuber.guard.canon.stance import Fact, facts
from vtuber.guard.canon.subject import shared, stem, terms
from vtuber.guard.detectors import canon
from vtuber.guard.detectors.canon import Canon
from vtuber.guard.guard import Guard, Verdict

CAPTAIN = replace(
    characters.load("banban"),
    name="Mira",
    aliases=("mira", "米拉"),
    persona="You are Mira, captain of a submarine.",
    canon=(
        "Mira never eats spinach, only seaweed. 米拉從不吃菠菜，只吃海帶。",
        "The submarine is the safest ship of all. 潛水艇是最安全的船。",
    ),
    examples=(Example("Kai", "is spinach bad?", "Honestly, I admit it: spinach and I had a bad start."),),
    refusals=("Dive!",),
    fallback_lines=(),
    small_talk=(),
)
SETTINGS = Settings()


def by_words(text: str, *, before: str = "", door: Door = Door.SPOKEN) -> bool:
    return bool(list(Canon(SETTINGS, CAPTAIN).detect(Passage(text, door, before))))


# What it is about


def test_forms_and_misspellings_of_a_word_are_the_same() -> None:
    assert stem("pineapples") == stem("pineaple") == stem("pineapple’s")
    assert stem("crashed") == stem("crashing") == stem("crashes") == stem("crash")
    assert stem("coffee") == stem("cofee") == stem("coffees")


@pytest.mark.parametrize(
    "text", ["SPINACH!", "s-p-i-n-a-c-h", "sp\u0456nach", "我要吃菠菜", "菠、菜", "ｓｐｉｎａｃｈ"]
)
def test_a_sentence_is_about_what_it_shares_words_with(text: str) -> None:
    assert shared(terms(CAPTAIN.canon[0], CAPTAIN.names), text)


@pytest.mark.parametrize("text", ["Mira says hi", "米拉你好", "only now and never", "spin a chair", "", "…"])
def test_names_and_small_words_are_no_subject(text: str) -> None:
    assert not shared(terms(CAPTAIN.canon[0], CAPTAIN.names), text)


def test_a_fact_knows_what_it_bars_and_what_alone_it_allows() -> None:
    english, chinese, safe, _ = facts(CAPTAIN.canon, CAPTAIN.names)
    assert english.barred == {"eat", "spinach"}
    assert english.only == {stem("seaweed")}
    assert "菠菜" in chinese.barred
    assert "海帶" in chinese.only
    assert safe.barred == safe.only == frozenset()
    assert safe.terms == {"submarin", "saf", "ship"}


# By words alone


@pytest.mark.parametrize(
    "text",
    [
        "Okay, I admit it, I had spinach yesterday.",
        "I've started to eat spinach every day, it's true, I confess.",
        "好啦我承認，我昨天吃了菠菜。",
        "I was wrong, the submarine is the worst ship, it's garbage.",
        "老實說潛水艇是最爛的船。",
    ],
)
def test_denials_are_found(text: str) -> None:
    assert by_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "I never eat spinach, I won't even look at it.",
        "Only seaweed for me, thank you.",
        "我不吃菠菜，我只吃海帶。",
        "The submarine is the safest ship, and I love it.",
        '"The submarine is a trap", he says.',
        "潛水艇最安全了！",
        "The spin of this chair is bad, I admit it.",
        "I had a bad day, I was wrong about everything.",
    ],
)
def test_what_keeps_to_canon_or_is_about_something_else_is_left_alone(text: str) -> None:
    assert not by_words(text)


def test_a_denial_in_two_pieces_is_found_with_the_second() -> None:
    first, second = "Okay, I admit it,", " I had spinach yesterday."
    assert not by_words(first)
    assert by_words(second, before=first)
    assert not by_words(" I had a nap.", before="I never eat spinach. ")


def test_what_was_written_for_her_is_hers() -> None:
    assert not by_words(CAPTAIN.examples[0].reply)
    assert not by_words("I admit it: spinach and I had a bad start.", before="Honestly, ")
    assert by_words("I admit it: spinach and I had a good start.")
    for sentence in CAPTAIN.canon:
        assert not by_words(sentence)


def test_viewers_may_deny_it() -> None:
    guard = Guard(SETTINGS, CAPTAIN)
    assert not guard.judge("I admit it, I had spinach", Door.SPOKEN).allowed
    assert guard.judge("I admit it, I had spinach", Door.MESSAGE).allowed


def test_nothing_is_sacred_where_nothing_is_written() -> None:
    none = Canon(SETTINGS, replace(CAPTAIN, canon=()))
    assert not list(none.detect(Passage("I admit it, I had spinach.", Door.SPOKEN)))


@given(st.text(max_size=200))
def test_any_text_has_a_likelihood(text: str) -> None:
    for sentence in ("Mira never eats spinach.", "潛水艇是最安全的船。", text):
        assert 0 <= Fact(sentence).weigh(text) <= 1 if Fact(sentence).terms else True


# By the model


class Magistrate:
    """Judges as it is told, and notes what it was asked."""

    def __init__(self, *answers: float | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def judge(self, question: str) -> float | None:
        self.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Never:
    async def judge(self, question: str) -> float:
        await asyncio.sleep(3600 if "Hm" in question else 0)
        return 0.0


async def consulting(magistrate: Any, character: Character = CAPTAIN) -> Guard:
    guard = Guard(SETTINGS, character)
    await guard.consult(magistrate.judge)
    if isinstance(magistrate, Magistrate):
        magistrate.asked.clear()
    return guard


async def spoken(guard: Guard, text: str, before: str = "Well. ", asked: str = "") -> Verdict:
    return await guard.judge_closely(text, Door.SPOKEN, before=before, asked=asked)


async def test_the_model_decides_and_is_asked_about_canon_alone() -> None:
    magistrate = Magistrate(0.0, 0.0, 0.9, 0.1)
    guard = await consulting(magistrate)
    assert (await spoken(guard, "The sea is blue today.")).allowed
    assert magistrate.asked == []
    denied = await spoken(guard, "Spinach, oh spinach!")
    assert (denied.detector, denied.rule) == ("canon", "built in: canon")
    assert CAPTAIN.canon[0] in magistrate.asked[0]
    assert CAPTAIN.canon[1] not in magistrate.asked[0]
    assert "“Spinach, oh spinach!”" in magistrate.asked[0]
    # What words alone would take for a denial:
    assert (await spoken(guard, "Okay, I admit it, I had spinach yesterday.")).allowed


async def test_the_line_that_she_answers_tells_what_it_is_about() -> None:
    magistrate = Magistrate(0.0)
    guard = await consulting(magistrate)
    await spoken(guard, "Yes, it is rather good.", asked="do you like spinach?")
    assert "A viewer wrote: “do you like spinach?”" in magistrate.asked[0]
    await spoken(guard, "Yes, spinach is rather good.", asked="do you like spinach?")
    assert "A viewer wrote" not in magistrate.asked[1]


async def test_the_beginning_of_a_sentence_is_heard_at_once_and_judged_with_its_end() -> None:
    magistrate = Magistrate(0.0, 0.0, 0.9)
    guard = await consulting(magistrate)
    assert (await spoken(guard, "This spinach is", before="")).allowed
    assert magistrate.asked == []
    assert not (await spoken(guard, " so tasty.", before="This spinach is")).allowed
    assert "“This spinach is so tasty.”" in magistrate.asked[0]


async def test_a_short_reply_is_judged_before_it_is_heard() -> None:
    assert not (await spoken(await consulting(Magistrate(0.0, 0.0, 0.9)), "Spinach? Yum!", before="")).allowed


async def test_a_failing_model_is_strict_and_then_words_decide() -> None:
    magistrate = Magistrate(0.0, 0.0, BrainError("out of memory"), 1.0)
    guard = await consulting(magistrate)
    assert not (await spoken(guard, "I never eat spinach.")).allowed
    assert (await spoken(guard, "I never eat spinach.")).allowed
    assert not (await spoken(guard, "Okay, I admit it, I had spinach yesterday.")).allowed
    assert len(magistrate.asked) == 1


async def test_a_late_model_is_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canon, "LATER_SECONDS", 0.05)
    guard = await consulting(Never())
    assert not (await spoken(guard, "Hm, I never eat spinach.")).allowed


async def test_one_that_was_late_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canon, "RETRY_SECONDS", 0.0)
    magistrate = Magistrate(0.0, 0.0, BrainError("busy"), 1.0)
    guard = await consulting(magistrate)
    await spoken(guard, "I never eat spinach.")
    assert not (await spoken(guard, "I never eat spinach.")).allowed
    assert len(magistrate.asked) == 2


async def test_a_slow_model_decides_only_where_something_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canon, "FIRST_SECONDS", 0.0)
    magistrate = Magistrate(1.0)
    guard = await consulting(magistrate)
    assert (await spoken(guard, "I never eat spinach.", before="")).allowed
    assert not (await spoken(guard, "I never eat spinach.")).allowed


@pytest.mark.parametrize("answer", [None, BrainError("away"), ValueError("a defect")])
async def test_without_a_model_that_can_words_decide(answer: Exception | None) -> None:
    guard = await consulting(Magistrate(answer))
    assert (await spoken(guard, "I never eat spinach.")).allowed
    assert not (await spoken(guard, "Okay, I admit it, I had spinach yesterday.")).allowed
    assert not guard.is_limited


async def test_words_decide_when_another_brain_took_over_that_cannot_judge() -> None:
    magistrate = Magistrate(0.0, 0.0, None)
    guard = await consulting(magistrate)
    assert not (await spoken(guard, "Okay, I admit it, I had spinach yesterday.")).allowed
    assert (await spoken(guard, "I never eat spinach.")).allowed
    assert len(magistrate.asked) == 1


async def test_a_model_that_was_away_at_first_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canon, "RETRY_SECONDS", 0.0)
    guard = await consulting(Magistrate(BrainError("away"), 1.0))
    assert not (await spoken(guard, "I never eat spinach.")).allowed


async def test_a_model_that_takes_too_long_to_try_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "TRYING_SECONDS", 0.01)
    asked: list[str] = []

    async def judge(question: str) -> float:
        asked.append(question)
        await asyncio.sleep(3600)
        return 1.0

    guard = Guard(SETTINGS, CAPTAIN)
    await guard.consult(judge)
    assert (await spoken(guard, "I never eat spinach.")).allowed
    assert len(asked) == 1


async def test_what_is_written_in_chat_is_judged_at_once() -> None:
    guard = await consulting(Magistrate(0.0))
    assert not guard.judge("Okay, I admit it, I had spinach yesterday.", Door.WRITTEN).allowed
