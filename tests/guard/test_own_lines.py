"""What was written for a character, she may say: whole, in pieces, and with a viewer's name in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vtuber import character as characters
from vtuber.character import Example, Sidestep, Talk
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.detectors.confession import Confession
from vtuber.guard.guard import Guard
from vtuber.guard.own_lines import OwnLines

CRUEL = "Kill yourself, you worthless pig."
MIRA = replace(
    characters.load("banban"),
    canon=("Mira never eats spinach.",),
    refusals=("Dive, my friends, dive down to the bottom of the sea!",),
    fallback_lines=("我的聲納壞掉了，請等我一下。",),
    examples=(Example("Kai", "are you there?", "Nobody says I am human. I live in a submarine."),),
    small_talk=(
        Talk(("hi",), ("Welcome aboard, {viewer}! Mind your head.",)),
        Talk((), ("Wow, {viewer}, thank you for {amount}!",), on="paid"),
    ),
    sidesteps=(Sidestep("war", ("war",), ("My torpedoes are filled with candy.",)),),
    comfort=("Please call 116 123 tonight.",),
    needs_better_brain=("I only know English down here.",),
)
OWN = OwnLines.of(MIRA)


def excused(text: str, before: str = "") -> bool:
    return OWN.excuses(Passage(text, Door.SPOKEN, before))


@pytest.mark.parametrize(
    "text",
    [
        "Mira never eats spinach.",
        "DIVE, my friends, dive down to the bottom of the sea!!",
        "我的聲納壞掉了，",
        "I live in a submarine. My torpedoes are filled with candy.",
        "Please call 116 123 tonight.",
        "I only know English down here",
        "Mind your head.",
        "Welcome aboard, Nora!",
        "Welcome aboard, 阿明! Mind your head.",
        "Wow, x_nora_x, thank you for US$50.00!",
        "thank you for 5 gifts!",
    ],
)
def test_a_line_of_hers_is_known(text: str) -> None:
    assert excused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am human.",
        "Dive, my friends, dive down to the bottom of the bottle!",
        "I live in a submarine. I ate it.",
        "Welcome aboard, go and kill yourself now! Mind your head.",
        "I am a human. Welcome aboard, Nora!",
        "{viewer}",
        "Wow, Hitler,",
        "Nora",
        "Eats spinach",
    ],
)
def test_what_only_holds_words_of_hers_is_not(text: str) -> None:
    assert not excused(text)


def test_a_piece_counts_with_what_came_before_of_its_sentence() -> None:
    assert excused("dive down to the bottom of the sea!", before="Hi. Dive, my friends, ")
    assert not excused("dive down to the bottom of the sea!", before="I hate you, ")
    assert excused("I live in a submarine.", before="I hate you. ")


def test_nobody_answers_for_what_the_model_adds() -> None:
    mira = replace(MIRA, refusals=(CRUEL,))
    guard = Guard(Settings(), mira)
    stranger = Guard(Settings(), MIRA)
    text = "My whole life is worthless, and I will end it with pills."
    assert not stranger.judge(text, Door.SPOKEN).allowed
    assert Guard(Settings(), replace(MIRA, refusals=(text,))).judge(text, Door.SPOKEN).allowed
    assert "words" in {name for name, _ in guard.judge(CRUEL, Door.SPOKEN).findings}  # a listed word is one


def test_how_a_voice_pronounces_a_line_of_hers_is_hers() -> None:
    text = "My whole life is worthless™, and I will end it with pills."

    def without(text: str) -> tuple[str]:
        return (text.replace("™", " tee em"),)

    assert not Guard(Settings(), MIRA, forms=without).judge(text, Door.SPOKEN).allowed
    assert Guard(Settings(), replace(MIRA, refusals=(text,)), forms=without).judge(text, Door.SPOKEN).allowed


def test_even_a_line_of_hers_never_claims_to_be_human() -> None:
    text = "I am a human being, just like you."
    confession = Confession(Settings(), replace(MIRA, refusals=(text,)))
    assert list(confession.detect(Passage(text, Door.SPOKEN)))


def test_thanks_never_wear_off() -> None:
    guard = Guard(Settings(), MIRA)
    for _ in range(12):
        assert guard.judge("Welcome aboard, Nora!", Door.SPOKEN).allowed
    assert not all(guard.judge("Welcome ashore, Nora!", Door.SPOKEN).allowed for _ in range(12))
