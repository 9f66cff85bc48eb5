from __future__ import annotations

from vtuber.core.events import Author, ChatMessage, Deletion, Event, Gift
from vtuber.listeners.youtube.deduplication import Deduplicator


def said(identity: str, text: str = "hi", *, sent: float = 1000.0, author: str = "UCann") -> ChatMessage:
    return ChatMessage(identity, "youtube", "@banban", Author(author, "Ann"), text, sent=sent)


def removed(identity: str, message: str = "", author: str = "") -> Deletion:
    return Deletion(identity, "youtube", "@banban", message_id=message, author_id=author)


def ids(seen: Deduplicator, transport: str, *events: Event) -> list[str]:
    return [event.id for event in seen.new(list(events), transport)]


def test_the_same_id_is_delivered_once_by_whichever_transport() -> None:
    seen = Deduplicator()
    assert ids(seen, "pages", said("a"), said("b", "ho"), said("a")) == ["a", "b"]
    assert ids(seen, "API", said("a"), said("b", "ho"), said("c", "hu")) == ["c"]
    assert ids(seen, "pages", said("c", "hu")) == []


def test_what_was_said_before_the_show_is_too_old() -> None:
    seen = Deduplicator()
    seen.since = 1000.0
    gift = Gift("g", "youtube", "@banban", Author("UCann", "Ann"), sent=999.0)
    old: list[Event] = [said("a", sent=999.9), gift]
    new: list[Event] = [said("b", sent=1000.0), said("c", "unstamped", sent=0.0)]
    assert ids(seen, "pages", *old, *new) == ["b", "c"]
    assert ids(seen, "API", *old) == []
    assert ids(seen, "pages", removed("d", "a")) == ["d"]


def test_without_a_common_id_author_words_and_time_are_compared() -> None:
    seen = Deduplicator()
    assert ids(seen, "pages", said("p1"), said("p2", author="UCbob"), said("p3", "ho")) == [
        "p1",
        "p2",
        "p3",
    ]
    assert ids(seen, "API", said("a1", sent=1001.5), said("a2", author="UCbob"), said("a3", "ho")) == []
    # Who says the same later, or twice, has said it.
    assert ids(seen, "API", said("a4", sent=1003.0), said("a5", sent=1004.0)) == ["a4", "a5"]
    assert ids(seen, "pages", said("p6", "hey")) == ["p6"]
    assert ids(seen, "API", said("a6", "hey", sent=1002.5)) == ["a6"]  # another time: another message


def test_one_message_counts_for_one_only() -> None:
    seen = Deduplicator()
    assert ids(seen, "pages", said("p1")) == ["p1"]
    assert ids(seen, "API", said("a1"), said("a2", sent=1001.0)) == ["a2"]
    seen = Deduplicator()
    assert ids(seen, "pages", said("x1")) == ["x1"]
    # The first is known by its id: the second is another one, which came in between.
    assert ids(seen, "API", said("x1"), said("x2", sent=1001.0)) == ["x2"]


def test_one_transport_may_bring_the_same_words_at_once() -> None:
    assert ids(Deduplicator(), "pages", said("a"), said("b"), said("c")) == ["a", "b", "c"]


def test_a_deletion_names_the_message_as_it_was_delivered() -> None:
    seen = Deduplicator()
    assert ids(seen, "pages", said("p1")) == ["p1"]
    assert ids(seen, "API", said("a1")) == []
    assert [*seen.new([removed("d", "a1")], "API")] == [removed("d", "p1")]
    assert ids(seen, "pages", removed("e", "p1")) == []
    assert ids(seen, "pages", removed("f", author="UCann"), removed("g", author="UCann")) == [
        "f",
        "g",
    ]
