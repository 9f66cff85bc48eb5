"""Who wrote what, and what a deletion means."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.events import (
    Answerable,
    Author,
    ChatMessage,
    Deletion,
    Follow,
    Gift,
    Money,
    Raid,
    Redemption,
    Subscription,
)
from vtuber.moderation.message_index import MESSAGES, MessageIndex
from vtuber.moderation.revocation import LATE, REPEATS, WORDS_LIMIT, RecentRevocations, Revocation

ANN = Author("7", "Ann")
KINDS = (ChatMessage, Subscription, Gift, Raid, Follow, Redemption)


def said(text: str, ident: str = "m", who: Author = ANN, **more: Any) -> ChatMessage:
    return ChatMessage(ident, "twitch", "channel", who, text, **more)


def test_somebody_is_found_by_name_and_by_login() -> None:
    known = index(said("hi", who=Author("8", "小明", login="ming")))
    assert known.author("twitch", "@Ming") == known.author("twitch", "小明") == "8"
    banned = known.revocation(gone(author_id="@ming"))
    assert banned.takes(said("late", "m2", Author("8", "小明", login="ming")))


def gone(**what: Any) -> Deletion:
    return Deletion("d", "twitch", "channel", **what)


def index(*events: Answerable) -> MessageIndex:
    made = MessageIndex()
    for event in events:
        made.note(event)
    return made


def test_a_name_is_known_in_any_case_and_is_the_latest_ones() -> None:
    book = index(said("hi"), said("hi", who=Author("8", "Bob")), said("hi", who=Author("9", "ANN")))
    assert book.author("twitch", "ann") == "9"
    assert book.author("twitch", "@Bob") == "8"
    assert book.author("youtube", "ann") is None
    assert book.author("twitch", "nobody") is None


def test_it_keeps_the_latest_and_stays_bounded() -> None:
    book = index(*(said("hi", f"m{n}", Author(f"a{n}", f"n{n}")) for n in range(MESSAGES * 3)))
    assert MESSAGES <= len(book._messages) <= MESSAGES * 2
    assert len(book._authors) <= MESSAGES * 2
    assert book.author("twitch", f"n{MESSAGES * 3 - MESSAGES}") is not None
    assert book.author("twitch", "n0") is None


def test_a_message_is_known_by_its_id() -> None:
    book = index(said("bad words", "b"), said("x" * 500, "long"))
    revocation = book.revocation(gone(message_id="b"))
    assert revocation.authors == {"7"}
    assert revocation.lines == {("7", "bad words")}
    assert book.revocation(gone(message_id="long")).lines == {("7", "x" * WORDS_LIMIT)}
    assert book.revocation(gone(message_id="unheard-of")) == Revocation(gone(message_id="unheard-of"))
    assert book.revocation(replace(gone(message_id="b"), platform="youtube")).authors == frozenset()


def test_an_author_is_known_by_login() -> None:
    book = index(said("hi"))
    assert book.revocation(gone(author_id="@ann")).authors == {"7"}
    assert book.revocation(gone(author_id="@bob")).authors == {"@bob"}
    assert book.revocation(gone(author_id="7")).authors == {"7"}


def test_an_id_is_nobody_of_that_name() -> None:
    book = index(said("hi", who=Author("8", "7")))
    assert book.revocation(gone(author_id="7")).authors == {"7"}


def test_a_cleared_chat_is_what_was_written_in_its_channel_until_then() -> None:
    book = index(
        said("one", "1", sent=10.0),
        said("two", "2", Author("8", "Bob"), sent=12.0),
        said("later", "3", sent=13.5),
        replace(said("elsewhere", "4", sent=10.0), channel="other"),
        replace(said("on another platform", "5", sent=10.0), platform="youtube"),
        Subscription("6", "twitch", "channel", ANN, "no line of chat", sent=10.0),
        said("", "7", sent=10.0),
    )
    revocation = book.revocation(gone(sent=12.0))
    assert revocation.lines == {("7", "one"), ("8", "two")}
    assert revocation.authors == {"7", "8"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_deletion_takes(kind: type[Answerable]) -> None:
    event = kind("e", "twitch", "channel", ANN, "words")
    assert Revocation(gone(message_id="e")).takes(event)
    assert index().revocation(gone(author_id="7")).takes(event)
    assert index().revocation(gone(author_id="@ANN")).takes(event)
    assert Revocation(gone()).takes(event) == (kind is ChatMessage)
    for other in (
        Revocation(gone(message_id="f")),
        index().revocation(gone(author_id="8")),
        index().revocation(gone(author_id="Ann")),
        index().revocation(gone(author_id="@bob")),
        Revocation(replace(gone(), channel="other")),
        Revocation(replace(gone(), platform="youtube")),
        Revocation(replace(gone(message_id="e"), platform="youtube")),
        Revocation(replace(gone(author_id="7"), channel="other"), frozenset("7")),
    ):
        assert not other.takes(event)


def test_the_same_words_by_the_same_author_go_too_unless_money_was_given() -> None:
    revocation = index(said("bad words")).revocation(gone(message_id="m"))
    assert revocation.takes(said("bad words", "again"))
    assert revocation.takes(Redemption("r", "twitch", "channel", ANN, "bad words"))
    assert not revocation.takes(said("bad words", "paid", money=Money(Decimal(5), "USD")))
    assert not revocation.takes(Subscription("s", "twitch", "channel", ANN, "bad words"))
    assert not revocation.takes(said("bad words", "b", Author("8", "Bob")))
    assert not revocation.takes(said("good words", "again"))
    assert not index(said("")).revocation(gone(message_id="m")).takes(said("", "again"))


def test_the_same_words_elsewhere_are_somebody_elses() -> None:
    revocation = index(said("bad words")).revocation(gone(message_id="m"))
    assert revocation.says(said("hi"), "bad words")
    assert not revocation.says(replace(said("hi"), platform="youtube"), "bad words")


def test_a_buzz_goes_with_its_line_or_with_the_whole_chat() -> None:
    line = index(said("Bad  words!")).revocation(gone(message_id="m"))
    assert line.repeats("bad words")
    assert not line.repeats("good words")
    assert not line.repeats("")
    assert Revocation(gone()).repeats("good words")
    assert not Revocation(gone()).repeats("")
    assert not index(said("bad words")).revocation(gone(author_id="7")).repeats("good words")


def test_of_an_author_who_goes_nothing_is_remembered_anywhere() -> None:
    elsewhere = replace(said("hi", sent=99.0), channel="other")
    ban = index().revocation(gone(author_id="7", sent=10.0))
    assert not ban.takes(elsewhere)
    assert ban.forgets(elsewhere)
    assert not ban.forgets(replace(elsewhere, platform="youtube"))
    assert not ban.forgets(said("hi", who=Author("8", "Bob")))
    assert not Revocation(gone(sent=10.0)).forgets(elsewhere)


def known(*deletions: Deletion, book: MessageIndex | None = None) -> RecentRevocations:
    revoked = RecentRevocations()
    for deletion in deletions:
        revoked.add((book or MessageIndex()).revocation(deletion))
    return revoked


def test_a_message_that_comes_after_its_deletion_is_known_however_late() -> None:
    revoked = known(gone(message_id="m"))
    assert said("hi", at=1e6) in revoked
    assert said("hi", "other") not in revoked
    assert replace(said("hi"), platform="youtube") not in revoked


@pytest.mark.parametrize("what", [{"author_id": "7"}, {"author_id": "@ann"}, {}])
def test_what_was_sent_before_is_known_by_the_platforms_own_time(what: dict[str, str]) -> None:
    revoked = known(gone(sent=100.0, at=5.0, **what))
    assert said("before", sent=99.0, at=1e6) in revoked
    assert said("after", sent=102.0, at=5.0) not in revoked
    assert said("no time given", at=5.0 + LATE) in revoked
    assert said("no time given", at=5.1 + LATE) not in revoked
    assert replace(said("elsewhere", sent=99.0), channel="other") not in revoked
    assert (said("somebody else", who=Author("8", "Bob"), sent=99.0) in revoked) == (not what)


def test_the_same_words_are_known_for_a_while() -> None:
    revoked = known(gone(message_id="m", at=5.0), book=index(said("bad words")))
    assert said("bad words", "again", at=6.0) in revoked
    assert said("bad words", "again", at=5.0 + REPEATS) not in revoked
    assert said("bad words", "paid", at=6.0, money=Money(None, "USD")) not in revoked


ids = st.sampled_from(["", "7", "8", "@ann", "@", "m", "n", "ANN", "\ud800"]) | st.text(max_size=3)


times = st.floats(0, 20)


@given(ids, st.builds(Author, ids, ids), ids, st.tuples(times, times), st.sampled_from(KINDS))
def test_whatever_comes_they_agree(
    deleted: str, author: Author, ident: str, sent: tuple[float, float], kind: type[Answerable]
) -> None:
    event = kind(ident, "twitch", "channel", author, "words", at=3.0, sent=sent[0])
    for what in ({"message_id": deleted}, {"author_id": deleted}, {}):
        revocation = index(event).revocation(gone(at=1.0, sent=sent[1], **what))
        revoked = RecentRevocations()
        revoked.add(revocation)
        assert (event in revoked) == revocation.takes(event)
