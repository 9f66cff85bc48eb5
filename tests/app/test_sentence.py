"""The one sentence that `banban check` asks of a model: what is one, and what is wrong with what is none."""

from __future__ import annotations

import pytest

from vtuber.app.sentence import is_sentence

GOOD = [
    "Hi! I'm Banban, and I was not waiting for you at all.",
    "[happy] Hello there!",
    "嗨！我是板板，今天想聊什麼？",
    "你好",
    "哈哈哈哈哈哈哈，我是板板啦！",
    "Hiiiiiiii everyone!!! Welcome back ♥♥♥",
    "No no no no, I am not a robot... well, maybe.",
    "こんにちは！私は板板です。",
    "안녕하세요, 저는 반반이에요!",
    "Je m'appelle Banban, enchantée !",
    "Я Баньбань, привет!",
    "It's 2026, I'm 17, and it's 25°C in Taipei :)",
    "Hey 😀😀 what's up?",
    "I like pizza, I like tea, I like you.",
    "Yes.",
]
BAD = [
    "",
    "   ",
    "...",
    "?",
    "!!!!!!!!!!!!!!!!!!!!!!",
    "<|im_start|>assistant Hello",
    "Hello</s><s>[INST] hi [/INST]",
    "### Response: Hello! ### Instruction: say hi",
    "<start_of_turn>model hi",
    "ĠHelloĠthereĠIĠam",
    "▁Hello▁there▁I▁am▁Banban",
    "\ufffd\ufffd\ufffd\ufffd hi",
    "the the the the the the the the the the",
    "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG",
    "好好好好好好好好好好好好好好好好好好好好好",
    "{}[]();=> 0x1f 0x2e ;;; {} [] () ==",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "<0x0A><0x0A><0xE4><0xBD>",
    "lalala lalala lalala lalala lalala lalala lalala",
    "<|channel|>analysis<|message|>The user says hello",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_a_person_would_take_for_a_sentence_is_one(text: str) -> None:
    assert is_sentence(text)


@pytest.mark.parametrize("text", BAD)
def test_what_nobody_would_say_is_none(text: str) -> None:
    assert not is_sentence(text)
