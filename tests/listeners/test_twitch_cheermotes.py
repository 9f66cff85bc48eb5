"""Lines that people cheer with, and what is left of them to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.events import ChatMessage
from vtuber.listeners import emotes
from vtuber.listeners.twitch import cheermotes
from vtuber.listeners.twitch.irc import IrcParser, parse


@pytest.mark.parametrize(
    ("text", "bits", "left"),
    [
        ("cheer1 TriHard cheer1", 2, "TriHard"),
        ("Cheer100", 100, ""),
        ("hello Cheer100 how are you", 100, "hello how are you"),
        ("4Head50 that was funny", 50, "that was funny"),
        ("bananaCheer250 for the banana", 250, "for the banana"),
        ("kaiHype1000 kaiHype500", 1500, ""),
        ("Kappa10 Kappa10 uni5 go go go", 25, "go go go"),
        ("Cheer100 mp3 or ps5?", 100, "mp3 or ps5?"),
        ("level99 done Cheer1", 1, "level99 done"),
        ("my gpu is rtx4090 pizzaLove100", 100, "my gpu is rtx4090"),
        ("CHEER5 cheer5 ChEeR5", 15, ""),
        ("加油 cheer10 好棒", 10, "加油 好棒"),
        ("see you in 2026 cheer3", 3, "see you in 2026"),
        ("cheer100 foo100", 100, "foo100"),
        ("cheer100!", 100, "cheer100!"),  # Twitch takes this for a word, and draws nothing
        ("win10 is bad", 3, "win10 is bad"),
        ("Cheer1 Cheer1", 300, ""),  # a sum that is not told right
        ("ps5 ps5 ps5", 0, "ps5 ps5 ps5"),
        ("  cheer1   hi", 1, "hi"),
        ("cheer0 hi cheer7", 7, "hi"),
        ("Party25 ShowLove25 Scoops50 thanks", 100, "thanks"),
        ("a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11 cheer12", 12, "a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11"),
    ],
)
def test_a_cheermote_is_money_and_no_word(text: str, bits: int, left: str) -> None:
    line = f"@id=1;user-id=7;bits={bits} :ann!ann@x PRIVMSG #room :{text}"
    event = IrcParser().event(parse(line))
    assert isinstance(event, ChatMessage)
    assert event.text == left
    assert (event.money is not None) == (bits > 0)


def test_emotes_stand_where_they_stood() -> None:
    tags, text = "@id=1;user-id=7;bits=2;emotes=25:16-20,26-30", "cheer1 我 cheer1 Kappa and Kappa"
    event = IrcParser().event(parse(f"{tags} :ann!ann@x PRIVMSG #room :{text}"))
    assert isinstance(event, ChatMessage)
    assert event.text == "我 Kappa and Kappa"
    assert [event.text[one.begin : one.end] for one in event.emotes] == ["Kappa", "Kappa"]


@given(st.text(), st.integers(-5, 10**9))
def test_any_text(text: str, bits: int) -> None:
    cut = cheermotes.spans(text, bits)
    left, _ = emotes.without(text, cut, [])
    assert len(left) == len(text) - sum(end - begin for begin, end in cut)


def test_a_message_of_names_and_numbers_takes_no_time() -> None:
    assert (
        cheermotes.spans(" ".join(f"{chr(97 + n % 26)}{chr(97 + n // 26)}{n}" for n in range(120)), 7) == []
    )
