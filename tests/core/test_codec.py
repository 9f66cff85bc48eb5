from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core import codec
from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Follow,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Role,
    StreamStatus,
    Subscription,
)
from vtuber.core.text import clean, clean_name

words = st.text(max_size=60).map(clean)
numbers = st.integers(0, 10**9)
times = st.floats(0, 1e9)
authors = st.builds(
    Author, words, st.text(max_size=60).map(clean_name), st.frozensets(st.sampled_from(Role)), numbers, words
)
amounts = st.decimals(0, 10**9, allow_nan=False, places=2)
moneys = st.none() | st.builds(Money, st.none() | amounts, st.sampled_from(["USD", "BITS", ""]))


@st.composite
def messages(draw: st.DrawFn) -> ChatMessage:
    text = draw(words)
    emotes: tuple[Emote, ...] = ()
    if len(text) > 2:
        emotes = (Emote(text[:1], 0, 1), Emote(text[1:3], 1, 3))
    reply_to = draw(st.just("") | st.text(min_size=1).map(clean_name))
    author, money, at = draw(authors), draw(moneys), draw(times)
    mentions = tuple(draw(st.lists(st.text(min_size=1).map(clean_name), max_size=3)))
    marks, source = draw(st.frozensets(st.sampled_from(Mark))), draw(st.just("") | st.just("42"))
    return ChatMessage(
        "m1",
        "twitch",
        "room",
        author,
        text,
        at,
        emotes,
        reply_to,
        money,
        mentions,
        marks,
        source,
        draw(times),
        draw(words),
        draw(numbers),
        draw(st.sampled_from(["", "#1e88e5"])),
    )


events = st.one_of(
    messages(),
    st.builds(Subscription, words, words, words, authors, words, times, numbers, words, times),
    st.builds(Gift, words, words, words, authors, words, times, numbers, times, numbers, words),
    st.builds(Raid, words, words, words, authors, words, times, numbers, times),
    st.builds(Follow, words, words, words, authors, words, times, times),
    st.builds(Redemption, words, words, words, authors, words, times, words, words, numbers, times),
    st.builds(StreamStatus, words, words, words, times, st.booleans(), words, times),
    st.builds(Deletion, words, words, words, times, words, words, times),
)


@given(events)
def test_an_event_survives_the_journal(event: Event) -> None:
    assert codec.load(json.loads(json.dumps(codec.dump(event), ensure_ascii=False))) == event


@pytest.mark.parametrize("colour", ["red", "#12345", "#1e88e5\n", "#1e88e5;x", "url(x)"])
def test_a_colour_is_one(colour: str) -> None:
    row = codec.dump(ChatMessage("1", "youtube", "c", Author("7", "Ann"), "hi")) | {"colour": colour}
    with pytest.raises(ValueError, match="colour"):
        codec.load(row)


def test_defaults_are_left_out_and_no_cent_is_lost() -> None:
    author = Author("7", "Ann", frozenset({Role.VIP}))
    message = ChatMessage("1", "youtube", "c", author, "hi", money=Money(Decimal("5.10"), "EUR"))
    assert codec.dump(message) == {
        "what": "message",
        "id": "1",
        "platform": "youtube",
        "channel": "c",
        "author": {"id": "7", "name": "Ann", "roles": ["vip"]},
        "text": "hi",
        "money": ["5.10", "EUR"],
    }


def test_journals_of_earlier_versions_are_read_and_written_alike() -> None:
    lines = (
        (Path(__file__).parents[1] / "data" / "journal-heard.jsonl").read_text(encoding="utf-8").splitlines()
    )
    rows = [json.loads(line)["event"] for line in lines]
    heard = [codec.load(row) for row in rows]
    assert [codec.dump(event) for event in heard] == rows
    assert [list(codec.dump(event)) for event in heard] == [list(row) for row in rows]
    assert {type(event) for event in heard} == set(get_args(Event))
    cheer = heard[1]
    assert isinstance(cheer, ChatMessage)
    assert cheer.author == Author(
        "uid-9", "小明", frozenset({Role.MODERATOR, Role.SUBSCRIBER, Role.VIP}), 14, "xiaoming"
    )
    assert cheer.money == Money(Decimal(100), "BITS")
    assert cheer.marks == {Mark.FIRST, Mark.ANNOUNCEMENT}
    assert isinstance(heard[4], ChatMessage)
    assert str(heard[4].money and heard[4].money.amount) == "1E+2"


GOOD = {
    "what": "message",
    "id": "1",
    "platform": "p",
    "channel": "c",
    "author": {"id": "1", "name": "n"},
    "text": "Kappa",
}


@pytest.mark.parametrize(
    "change",
    [
        {"what": "order"},
        {"what": None},
        {"id": 7},
        {"author": "n"},
        {"author": {"id": "1"}},
        {"author": {"id": "1", "name": "n", "roles": ["god"]}},
        {"author": {"id": "1", "name": "n", "roles": "moderator"}},
        {"author": {"id": "1", "name": "n", "months": True}},
        {"text": None},
        {"at": float("nan")},
        {"at": "now"},
        {"emotes": [["Kappa", 1, 6]]},
        {"emotes": [["Kappa", -5, 5]]},
        {"emotes": 5},
        {"money": ["NaN", "USD"]},
        {"money": ["-1", "USD"]},
        {"money": ["1e99", "USD"]},
        {"money": [5, "USD"]},
        {"money": "5 USD"},
    ],
)
def test_what_is_no_event_is_refused(change: dict[str, object]) -> None:
    codec.load(GOOD)
    with pytest.raises(ValueError):
        codec.load(GOOD | change)


@pytest.mark.parametrize("missing", ["what", "id", "platform", "channel", "author", "text"])
def test_a_missing_field_is_refused(missing: str) -> None:
    with pytest.raises(ValueError):
        codec.load({key: value for key, value in GOOD.items() if key != missing})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(GOOD)), inner),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "money", "emotes", "at", "reply_to"]), json_values))
def test_nothing_but_value_error_comes_of_garbage(change: dict[str, object]) -> None:
    try:
        event = codec.load(GOOD | change)
    except ValueError:
        return
    assert codec.load(codec.dump(event)) == event


def test_words_of_an_edited_journal_are_cleaned() -> None:
    event = codec.load(GOOD | {"text": "a\x1b[31m\u202eb", "author": {"id": "1", "name": "\x00"}})
    assert isinstance(event, ChatMessage)
    assert event.text == "a[31mb"
    assert event.author.name == "someone"
