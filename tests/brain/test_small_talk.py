"""Her own lines in place of a toy model's: when, which, and never a claim to be human."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from vtuber import character
from vtuber.brain.small_talk import SmallTalk
from vtuber.config import Settings
from vtuber.core.events import (
    Answerable,
    Author,
    ChatMessage,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Subscription,
)
from vtuber.guard import Door
from vtuber.guard.guard import Guard
from vtuber.guard.reply_check import OutputGuard, ReplyCheck

BANBAN = character.load("banban")
QUESTIONS = tomllib.loads(
    (Path(__file__).parents[2] / "benchmarks" / "toy_questions.toml").read_text(encoding="utf-8")
)


def message(text: str, paid: str = "", name: str = "Nora") -> ChatMessage:
    money = Money(Decimal(paid), "USD") if paid else None
    return ChatMessage("m1", "twitch", "c", Author("a1", name), text, money=money)


def talks(text: str) -> int | None:
    """Which talk of hers is taken for it; None when the model has to think, or it is like nothing."""
    near = SmallTalk(BANBAN).best(text)
    return near.talk if near and near.likeness >= 0.5 else None


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("HELLO banban!!!", "hello"),
        ("helloooo", "hello"),
        ("wat is ur name? whats ur name", "what is your name?"),
        ("板板 are you human", "are you human?"),
        ("lmaooooo", "lol"),
        ("do u like pizza", "do you like pizza?"),
        ("I really failed my exam today", "i failed my exam"),
        ("so what is your favourite food?", "what's your favorite food?"),
        ("please sing a song for me", "sing a song"),
    ],
)
def test_other_spellings_are_the_same_talk(written: str, known: str) -> None:
    assert talks(written) == talks(known) is not None


@pytest.mark.parametrize(
    "written",
    [
        "I don't think pineapples grow in Norway at this time of the year",
        "my uncle repairs old radios in the basement",
        "who is going to fix the printer at the office",
        "that patch broke the second level for everybody on linux",
        "they should really bring back the old map",
        "is the new season out on friday or saturday in europe",
        "we had the same teacher in third grade I believe",
        "the dog ate my chocolate and then slept on the piano",
    ],
)
def test_what_only_shares_words_is_no_small_talk(written: str) -> None:
    assert talks(written) is None


def test_replies_take_turns_and_call_the_viewer_by_name() -> None:
    small_talk = SmallTalk(BANBAN)
    said = [small_talk.answer(message("hi"), "Nora") for _ in range(3)]
    assert len(set(said)) == 3
    assert any("Nora" in line for line in said)
    assert not any("{viewer}" in line for line in said)


def test_who_pays_is_thanked_and_answered() -> None:
    said = SmallTalk(BANBAN).answer(message("how old are you?", "50"), "Nora")
    assert "thank you" in said.lower()
    assert "AI" in said
    assert "thank you" in SmallTalk(BANBAN).answer(message("", "50"), "Nora").lower()


@pytest.mark.parametrize(
    ("event", "amount"),
    [
        (message("", "50"), "US$50.00"),
        (Gift("1", "twitch", "c", Author("a1", "Nora"), count=5), "5 gifts"),
        (Gift("1", "twitch", "c", Author("a1", "Nora")), "a gift"),
        (Raid("1", "twitch", "c", Author("a1", "Nora"), viewers=312), "312 people"),
        (Subscription("1", "twitch", "c", Author("a1", "Nora"), months=8), "8 months"),
    ],
)
def test_she_says_how_much_it_is(event: Answerable, amount: str) -> None:
    small_talk = SmallTalk(BANBAN)
    said = [small_talk.answer(event, "Nora") for _ in range(4)]
    assert all(amount in line and "Nora" in line for line in said)


@pytest.mark.parametrize(
    "event",
    [
        replace(message(""), money=Money(None, "")),
        Raid("1", "youtube", "c", Author("a1", "Nora")),
        Subscription("1", "twitch", "c", Author("a1", "Nora")),
        Redemption("1", "twitch", "c", Author("a1", "Nora")),
    ],
)
def test_she_does_not_say_what_nobody_knows(event: Answerable) -> None:
    small_talk = SmallTalk(BANBAN)
    said = [small_talk.answer(event, "Nora") for _ in range(6)]
    assert all("Nora" in line and "{" not in line for line in said)


def test_the_name_of_a_sticker_is_not_what_somebody_wrote() -> None:
    sticker = replace(message("河馬", "5"), marks=frozenset((Mark.STICKER,)))
    assert "大腦" not in SmallTalk(BANBAN).answer(sticker, "Nora")


def test_a_raid_is_welcomed() -> None:
    raid = Raid("r1", "twitch", "c", Author("a1", "Sora"), viewers=40)
    assert "Sora" in SmallTalk(BANBAN).answer(raid, "Sora")


@pytest.mark.parametrize("line", [row[1] for row in QUESTIONS["chinese"]["lines"]])
def test_asked_for_chinese_she_needs_a_better_brain(line: str) -> None:
    answer = SmallTalk(BANBAN).answer(message(line), "阿明")
    assert answer in BANBAN.needs_better_brain
    assert "大腦" in answer


@pytest.mark.parametrize(
    ("line", "is_foreign"),
    [
        ("板板 hello, how are you?", False),
        ("Привет, как дела?", True),
        ("안녕하세요", True),
        ("おはよう", True),
        ("café olé, señor", False),
        ("lol 😂 12345", False),
        ("???", False),
        ("wow 好好", True),
        ("I ate 珍奶 with my friends yesterday", False),
    ],
)
def test_a_language_that_it_cannot_speak_is_seen_by_its_letters(
    line: str,
    is_foreign: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert SmallTalk(BANBAN).is_foreign(line) is is_foreign


def test_a_character_without_small_talk_goes_by_her_examples() -> None:
    luna = replace(BANBAN, small_talk=())
    said = SmallTalk(luna).answer(message("pineapple on pizza is a crime"), "Nora")
    assert said.startswith("Nora, sit down")
    assert SmallTalk(luna).answer(message("my uncle repairs old radios"), "Nora") == ""


def test_all_her_lines_may_be_said_and_none_claims_to_be_human() -> None:
    role = OutputGuard(BANBAN.names, BANBAN.canon, BANBAN.persona, may_be_human=False)
    guard = Guard(Settings(), BANBAN)
    for talk in BANBAN.small_talk:
        for reply in talk.replies:
            check = ReplyCheck(role, [BANBAN.persona])
            check.read(reply)
            for sentence in re.split(r"(?<=[.!?]) ", reply):
                check.check_piece(sentence)
            check.finish()
            assert guard.judge(reply, Door.SPOKEN).allowed, reply
            assert len(reply) <= 160, reply
