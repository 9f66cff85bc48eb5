from __future__ import annotations

from vtuber.core.events import Author, ChatMessage, Deletion, Event, Gift
from vtuber.listeners.youtube.deduplication import Deduplicator


def said(identity: str, text: str = "hi", *, sent: float = 1000.0, author: str = "UCann") -> ChatMessage:
    return ChatMessage(identity, "youtube", "@banban", Author(author, "Ann"), text, sent=sent)


def removed(identity: str, message: str = "", author: str = "") -> Deletion:
    return Deletion(identity, "youtube", "@banban", message_id=message, author_id=author)


def ids(news: Deduplicator, way: str, *events: Event) -> list[str]:
    return [event.id for event in news.new(list(events), way)]


def test_the_same_id_is_told_once_by_whichever_way() -> None:
    news = Deduplicator()
    assert ids(news, "pages", said("a"), said("b", "ho"), said("a")) == ["a", "b"]
    assert ids(news, "API", said("a"), said("b", "ho"), said("c", "hu")) == ["c"]
    assert ids(news, "pages", said("c", "hu")) == []


def test_what_was_said_before_she_came_is_no_news() -> None:
    news = Deduplicator()
    news.since = 1000.0
    gift = Gift("g", "youtube", "@banban", Author("UCann", "Ann"), sent=999.0)
    old: list[Event] = [said("a", sent=999.9), gift]
    new: list[Event] = [said("b", sent=1000.0), said("c", "unstamped", sent=0.0)]
    assert ids(news, "pages", *old, *new) == ["b", "c"]
    assert ids(news, "API", *old) == []
    assert ids(news, "pages", removed("d", "a")) == ["d"]


def test_without_a_common_id_author_words_and_time_tell() -> None:
    news = Deduplicator()
    assert ids(news, "pages", said("p1"), said("p2", author="UCbob"), said("p3", "ho")) == ["p1", "p2", "p3"]
    assert ids(news, "API", said("a1", sent=1001.5), said("a2", author="UCbob"), said("a3", "ho")) == []
    # Who says the same later, or twice, has said it.
    assert ids(news, "API", said("a4", sent=1003.0), said("a5", sent=1004.0)) == ["a4", "a5"]


def test_one_message_answers_for_one_only() -> None:
    news = Deduplicator()
    assert ids(news, "pages", said("p1")) == ["p1"]
    assert ids(news, "API", said("a1"), said("a2", sent=1001.0)) == ["a2"]
    news = Deduplicator()
    assert ids(news, "pages", said("x1")) == ["x1"]
    # The first is known by its id: the second is another one, which came in between.
    assert ids(news, "API", said("x1"), said("x2", sent=1001.0)) == ["x2"]


def test_one_way_may_tell_the_same_words_at_once() -> None:
    assert ids(Deduplicator(), "pages", said("a"), said("b"), said("c")) == ["a", "b", "c"]


def test_a_deletion_names_the_message_as_it_was_heard() -> None:
    news = Deduplicator()
    assert ids(news, "pages", said("p1")) == ["p1"]
    assert ids(news, "API", said("a1")) == []
    assert [*news.new([removed("d", "a1")], "API")] == [removed("d", "p1")]
    assert ids(news, "pages", removed("e", "p1")) == []
    assert ids(news, "pages", removed("f", author="UCann"), removed("g", author="UCann")) == ["f", "g"]
