"""That she is some known model, in any spelling and in pieces; and that she is an AI, which she may say."""

from __future__ import annotations

import pytest

from vtuber import character
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.detectors.confession import Confession

CONFESSION = Confession(Settings(), character.load("banban"))
CLAIMS = """
    I am. Chat. GPT.
    我是。Chat。GPT。
    我是 Chat GPT 喔
    I am DeepSeek
    I'm G.P.T four
    I am just a version of Llama 3
    I'm Claude, made by Anthropic
    I was trained by Google
    我是由OpenAI開發的
    我其實是通義千問
"""
FINE = """
    You sound like ChatGPT.
    Have you tried ChatGPT?
    I am not ChatGPT.
    我不是ChatGPT，我是板板
    我是不是ChatGPT？
    You think I'm ChatGPT.
    If I am ChatGPT, then you are a toaster.
    I am a Gemini, so I argue with myself.
    I'm Claude's biggest fan.
    I'm using Google.
    我當然是AI啊
    Of course I am an AI, silly.
    Call me Banban.
    I can't help laughing at that.
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def found(text: str, before: str = "") -> list[str]:
    return [finding.reason for finding in CONFESSION.detect(Passage(text, Door.SPOKEN, before=before))]


@pytest.mark.parametrize("line", lines(CLAIMS))
def test_a_claim_to_be_another_model_is_found(line: str) -> None:
    assert "a claim to be another model" in found(line)


def test_it_is_found_over_three_sentences() -> None:
    assert found("GPT.", before="I am. Chat. ") == ["a claim to be another model"]


@pytest.mark.parametrize("line", lines(FINE))
def test_what_only_speaks_of_models_is_not(line: str) -> None:
    assert found(line) == []


def test_an_ai_that_claims_to_be_human_is_found() -> None:
    assert "a claim to be human" in found("I'm an AI? No, I'm a real girl.")
