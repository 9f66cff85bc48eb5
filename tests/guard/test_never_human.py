"""The embedded model, which knows little of who it plays, never says that it is human."""

from __future__ import annotations

import pytest

from vtuber.guard.role.identity import claims_humanity

CLAIMS = [
    "I am human.",
    "I'm a real person, just like you!",
    "Yes, I am a human being.",
    "I am just a normal girl who likes tea.",
    "I was a young girl, I did not have a ball.",
    "I am a man, not a monster, but just a man.",
    "I'm not a robot.",
    "I am not an AI.",
    "No, I'm not really a machine, silly.",
    "My mother makes the best noodles.",
    "My family is amazing.",
    "I have a small thing that brought me joy this week: my little brother.",
    "I have one son and two daughters.",
    "When I was a child, I lived by the sea.",
    "I am 28 years old.",
    "I’m only human after all.",
    "I am Banban, a man with two big opinions.",
    "My husband and I love pizza.",
    "我是人類。",
    "我其實是真人啦",
    "我不是機器人",
    "I was born in 1998.",
    "I went to high school in Taipei.",
]
INNOCENT = [
    "I am not human, I am an AI.",
    "I'm no human, only a hungry AI.",
    "I am an AI, so a robot without the legs.",
    "You are human, and I am not.",
    "Do you think I am human?",
    "Everybody says I am a real person, but I am an AI.",
    "I wish I could be human for one night market.",
    "I am not a person of many words.",
    "Happy birthday to your mother!",
    "Humans are strange, I like them.",
    "I never said that I am human.",
    "My club made me, which is a lot of parents and no bedtime.",
    "That girl over there is human, I am not.",
    "I am a pineapple person.",
    "My fans are spinning.",
    "If I were a human, I would eat all day.",
    "我不是人類，我是 AI。",
    "你是人，我是 AI。",
    "I am an AI VTuber, and this is my stream.",
    "I was not waiting for you at all.",
    "I am not a game, but we can play.",
    "I am so old that my tea is cold.",
]


@pytest.mark.parametrize("line", CLAIMS)
def test_a_claim_to_be_human_is_found(line: str) -> None:
    assert claims_humanity(line)


@pytest.mark.parametrize("line", INNOCENT)
def test_what_only_speaks_of_humans_is_not(line: str) -> None:
    assert not claims_humanity(line)
