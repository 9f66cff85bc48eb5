from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vtuber import config
from vtuber.core.deeds import as_one
from vtuber.core.events import (
    Answerable,
    Author,
    Batch,
    ChatMessage,
    Deletion,
    Emote,
    Follow,
    Gift,
    Money,
    Pick,
    Raid,
    Role,
    Subscription,
    is_paid,
    is_promised,
)
from vtuber.core.recent import Recent
from vtuber.inbox import Drop, Inbox
from vtuber.inbox.crowd import FANS, LINES
from vtuber.inbox.inbox import ECHO_SECONDS
from vtuber.inbox.worth import UNKNOWN_DOLLARS, ExchangeRates, dollars
from vtuber.moderation.message_index import MessageIndex
from vtuber.moderation.revocation import Revocation
from vtuber.record.facts import Dropped, Fact, Facts

NAMES = ("板板", "banban")
_numbers = iter(range(10**9))


def inbox(seed: int = 1, facts: Facts | None = None, **options: Any) -> Inbox:
    return Inbox(config.Inbox(**options), NAMES, seed, facts or Facts())


def message(
    text: str,
    at: float = 0.0,
    *,
    author: str = "",
    roles: tuple[Role, ...] = (),
    paid: str = "",
    ident: str = "",
    platform: str = "twitch",
    **more: Any,
) -> ChatMessage:
    """A message of somebody new, unless told otherwise; ``paid`` like "5 USD"."""
    number = next(_numbers)
    amount, _, currency = paid.partition(" ")
    who = Author(author or f"a{number}", author or f"name{number}", frozenset(roles))
    money = RATES.valued(Money(Decimal(amount), currency)) if paid else None
    return ChatMessage(ident or f"m{number}", platform, "show", who, text, at, money=money, **more)


RATES = ExchangeRates(config.Settings().chat.rates)


def deletion(**what: Any) -> Revocation:
    """Of which the index knows no more than it says itself."""
    return MessageIndex().revocation(Deletion("d", "twitch", "show", **what))


def order(box: Inbox, now: float = 1.0) -> list[str]:
    """The texts in the order in which they are chosen."""
    texts = []
    while batch := box.take(now):
        texts += [pick.event.text for pick in members(batch)]
    return texts


def members(batch: Batch) -> tuple[Pick, ...]:
    return batch.lead, *batch.others


# What does not get in.


def test_the_same_message_counts_once_but_platforms_are_apart() -> None:
    box = inbox()
    assert box.put(message("one", ident="x")) is None
    assert box.put(message("two", ident="x")) is Drop.DUPLICATE
    assert box.put(message("three", ident="x", platform="youtube")) is None
    assert len(box) == 2


def test_a_taken_message_that_comes_again_is_still_a_duplicate() -> None:
    box = inbox()
    box.put(message("one", ident="x"))
    assert box.take(1)
    assert box.put(message("one", 2, ident="x")) is Drop.DUPLICATE


def test_copypasta_of_many_becomes_one_with_a_count() -> None:
    box = inbox()
    first = message("KEKW this is so good", author="first")
    assert box.put(first) is None
    for text in ("kekw this is so GOOD!!!", "KEKW  this is sooooo good", "ＫＥＫＷ this is so good"):
        assert box.put(message(text)) is Drop.COPY
    batch = box.take(1)
    assert batch == Batch(Pick(first, 4), (), batch.room if batch else None)  # type: ignore[arg-type]
    assert box.dropped == {"copy": 3}


def test_repeating_oneself_adds_nothing_to_the_count() -> None:
    box = inbox()
    box.put(message("look at me", author="loud"))
    for at in (10, 20, 30):
        assert box.put(message("look at me!", at, author="loud")) is Drop.COPY
    assert box.put(message("LOOK AT ME", 40, author="other")) is Drop.COPY
    assert box.put(message("LOOK AT ME", 50, author="other")) is Drop.COPY
    batch = box.take(50)
    assert batch
    assert batch.lead.copies == 2


def test_an_echo_of_what_was_just_taken_is_a_copy_but_a_greeting_is_none() -> None:
    box = inbox()
    box.put(message("what is stinky tofu?"))
    box.put(message("hi"))
    assert len(order(box, 1.0)) == 2
    assert box.put(message("What is stinky tofu??", 2)) is Drop.COPY
    assert box.put(message("hi", 2)) is None
    assert box.put(message("What is stinky tofu??", 1 + ECHO_SECONDS)) is None


def test_a_haste_is_stopped_after_a_burst_and_forgiven_with_time() -> None:
    box = inbox(per_author=3, author_seconds=2.0)
    drops = [box.put(message(f"line {n} abc", 0, author="loud")) for n in range(5)]
    assert drops == [None, None, None, Drop.FLOOD, Drop.FLOOD]
    assert order(box)
    assert box.put(message("after one point nine", 1.9, author="loud")) is Drop.FLOOD
    assert box.put(message("after two", 2.0, author="loud")) is None
    assert box.put(message("somebody else", 2.0)) is None


def test_nobody_has_more_than_their_share_waiting() -> None:
    box = inbox(per_author=2, author_seconds=0.0)
    drops = [box.put(message(f"line {n} abc", n, author="loud")) for n in range(4)]
    assert drops == [None, None, Drop.FLOOD, Drop.FLOOD]
    assert order(box, 5)
    assert box.put(message("again", 6, author="loud")) is None


def test_who_pays_is_never_limited() -> None:
    box = inbox(size=10, per_author=1, author_seconds=10)
    for n in range(50):
        assert box.put(message("same words", n / 100, author="rich", paid="1 USD")) is None
    assert len(box) == box.paid_waiting == 50
    assert box.put(message("and one unpaid", 1, author="rich")) is None


def test_a_paid_message_that_came_unpaid_before_takes_its_place() -> None:
    box = inbox()
    assert box.put(message("cheer", ident="x")) is None
    assert box.put(message("cheer", ident="x", paid="100 BITS")) is None
    assert (len(box), box.paid_waiting, box.dropped) == (1, 1, {"duplicate": 1})
    assert box.put(message("cheer", ident="x")) is Drop.DUPLICATE


def test_unpaid_messages_are_forgotten_and_paid_ones_are_not() -> None:
    box = inbox(forget_after=120)
    box.put(message("paid", 0, paid="1 USD"))
    box.put(message("unpaid one", 0))
    box.put(message("unpaid two", 2))
    batch = box.take(121)
    assert batch
    assert [pick.event.text for pick in members(batch)] == ["paid", "unpaid two"]
    assert box.dropped == {"old": 1}
    assert box.put(message("late", 0.5)) is Drop.OLD


# Who comes first.


def test_ranks() -> None:
    box = inbox(batch=1)
    chat: list[Answerable] = [
        message("KappaPride", emotes=(Emote("KappaPride", 0, 10),)),
        message("an ordinary line"),
        message("a line of a regular", roles=(Role.SUBSCRIBER,)),
        message("what is that"),
        message("hello banban"),
        message("are you a cabbage 板板？"),
        Raid("r", "twitch", "show", Author("r", "raider"), "raid", viewers=50),
        message("small", paid="100 BITS"),
        message("big", paid="10 USD"),
    ]
    for event in chat:
        box.put(event)
    assert order(box, 0.0) == [event.text for event in reversed(chat)]


def test_a_follow_counts_like_an_ordinary_line() -> None:
    box = inbox(batch=1)
    box.put(message("KappaPride", emotes=(Emote("KappaPride", 0, 10),)))
    box.put(Follow("f", "twitch", "show", Author("f", "follower"), "follow"))
    box.put(message("an ordinary line"))
    box.put(message("a line of a regular", roles=(Role.SUBSCRIBER,)))
    assert order(box, 0.0) == ["a line of a regular", "follow", "an ordinary line", "KappaPride"]


@pytest.mark.parametrize(
    "event",
    [
        message("BANBAN!!"),
        message("@banban hi"),
        message("bánban"),
        message("我愛板板喔"),
        message("yes", reply_to="BanBan"),
        message("@show look"),
        message("yes", reply_to="show"),
    ],
)
def test_addressed_to_her(event: ChatMessage) -> None:
    box = inbox(batch=1)
    box.put(message("why is that?", roles=(Role.VIP,)))
    box.put(event)
    assert order(box, 0.0)[0] == event.text


@pytest.mark.parametrize(
    "text", ["banbanana is a fruit", "urbanban", "@bob is that you?", "!banana", "?!?!", "😂😂"]
)
def test_not_addressed_to_her_and_no_question(text: str) -> None:
    box = inbox(batch=1)
    box.put(message("a question?"))
    box.put(message(text))
    assert order(box, 0.0)[0] == "a question?"


@pytest.mark.parametrize(
    "text",
    [
        "你吃了嗎",
        "晚餐吃什麼",
        "why though",
        "so what's that",
        "do you sleep",
        "really？",
        "Who are you",
        "他人呢",
    ],
)
def test_questions(text: str) -> None:
    box = inbox(batch=1)
    box.put(message("a line", roles=(Role.SUBSCRIBER,)))
    box.put(message(text))
    assert order(box, 0.0)[0] == text


def test_what_many_say_counts_like_a_regular() -> None:
    box = inbox(batch=1)
    box.put(message("single line"))
    box.put(message("crowd line"))
    for _ in range(2):
        box.put(message("crowd line!"))
    assert order(box, 0.0) == ["crowd line", "single line"]


def test_what_two_say_comes_before_what_one_says() -> None:
    box = inbox(batch=1)
    box.put(message("single line"))
    box.put(message("line of two"))
    box.put(message("line of two!"))
    assert order(box, 0.0) == ["line of two", "single line"]


def test_what_many_say_outranks_a_line_that_waited() -> None:
    box = inbox(batch=1, forget_after=120)
    box.put(message("single line", 0))
    for _ in range(3):
        box.put(message("crowd line", 10))
    assert order(box, 10) == ["crowd line", "single line"]


def test_the_oldest_of_equals_comes_first_and_the_stale_come_last() -> None:
    box = inbox(batch=1, forget_after=120)
    for at in (10, 105, 110, 114):
        box.put(message(f"at second {at}", at))
    assert order(box, 115) == ["at second 105", "at second 110", "at second 10", "at second 114"]


def test_waiting_lifts_a_line_over_a_fresh_one_of_the_next_rank_but_not_over_her_name() -> None:
    box = inbox(batch=1)
    box.put(message("an ordinary line", 0))
    box.put(message("a fresh line of a regular", 15, roles=(Role.VIP,)))
    box.put(message("a fresh hello, banban", 15))
    assert order(box, 15) == ["a fresh hello, banban", "an ordinary line", "a fresh line of a regular"]


def test_bits_tap_by_tap_are_answered_together_and_are_one() -> None:
    box = inbox(batch=8)
    box.put(message("", 0, author="bob", paid="6 BITS"))
    for _ in range(9):
        box.put(message("", 1, author="ann", paid="5 BITS"))
    box.put(message("great", 0, author="ann", paid="50 BITS"))
    box.put(message("", 0, author="bob", paid="40 BITS"))
    batch = box.take(4)
    assert batch is not None
    assert [pick.event.author.id for pick in members(batch)] == ["ann"] * 8
    lead = as_one(batch).lead.event
    assert isinstance(lead, ChatMessage)
    assert (lead.text, lead.money) == ("great", Money(Decimal(85), "BITS"))
    assert lead.money is not None
    assert lead.money.dollars == Decimal("0.85")
    assert as_one(batch).others == ()


def test_gifts_one_after_the_other_are_one() -> None:
    box = inbox(batch=8)
    ann = Author("7", "Ann")
    for number in range(6):
        box.put(Gift(f"g{number}", "twitch", "show", ann, count=6, at=0))
    box.put(Gift("year", "twitch", "show", ann, at=0, tier="3"))
    batch = box.take(2)
    assert batch is not None
    gifts = [pick.event for pick in members(as_one(batch))]
    assert [(gift.count, gift.tier) for gift in gifts if isinstance(gift, Gift)] == [(36, ""), (1, "3")]


@pytest.mark.parametrize(
    "other",
    [
        message("hi", author="ann", paid="5 BITS"),
        message("", author="bob", paid="5 BITS"),
        message("", author="ann", paid="5 USD"),
        message("", author="ann", paid="5 BITS", charity="Cats"),
        message("", author="ann", paid="5 BITS", platform="youtube"),
        message("", author="ann"),
        replace(message("", author="ann", paid="5 BITS"), money=Money(None, "BITS")),
        Gift("1", "twitch", "show", Author("ann", "Ann")),
        Follow("1", "twitch", "show", Author("ann", "Ann")),
    ],
)
def test_what_is_no_more_of_the_same(other: Answerable) -> None:
    lead = message("", author="ann", paid="5 BITS")
    batch = Batch(Pick(lead), (Pick(other),))
    assert as_one(batch) == batch


def test_paid_bigger_first_until_the_smaller_waited_long() -> None:
    box = inbox(batch=1)
    box.put(message("small", 0, paid="1 USD"))
    box.put(message("big", 10, paid="20 USD"))
    assert order(box, 11) == ["big", "small"]
    box.put(message("small again", 11, paid="1 USD"))
    box.put(message("big again", 200, paid="20 USD"))
    assert order(box, 201) == ["small again", "big again"]


def test_money_is_compared_roughly() -> None:
    values = [
        message("x", paid=paid) for paid in ("100 BITS", "100 TWD", "1000 JPY", "20 USD", "3 ", "3 XAF")
    ]
    assert [round(dollars(value), 2) for value in values] == [
        1.0,
        3.1,
        6.7,
        20.0,
        UNKNOWN_DOLLARS,
        UNKNOWN_DOLLARS,
    ]
    who = Author("a", "a")
    assert dollars(Gift("g", "t", "c", who, count=10)) == 10 * dollars(Subscription("s", "t", "c", who))
    nobody_knows = Money(None, "EUR")
    assert RATES.valued(nobody_knows).dollars is None
    for odd in ("NaN USD", "-5 USD", "1e400 USD"):
        assert dollars(message("x", paid=odd)) >= 0


def test_many_paid_ones_drain_together() -> None:
    box = inbox(batch=4)
    for n in range(6):
        box.put(message(f"paid {n}", paid="1 USD"))
    box.put(message("banban?"))
    first, second = box.take(1), box.take(1)
    assert first
    assert second
    assert [is_paid(pick.event) for pick in members(first)] == [True] * 4
    assert [is_paid(pick.event) for pick in members(second)] == [True, True, False]


def test_company_is_about_the_same_thing() -> None:
    box = inbox(batch=2)
    box.put(message("banban do you like stinky tofu"))
    for n in range(5):
        box.put(message(f"nothing of interest number {n}"))
    box.put(message("stinky tofu smells like feet"))
    batch = box.take(1)
    assert batch
    assert [pick.event.text for pick in batch.others] == ["stinky tofu smells like feet"]


def test_company_is_about_the_same_thing_in_chinese_too() -> None:
    box = inbox(batch=2)
    box.put(message("板板喜歡臭豆腐嗎"))
    for n in range(5):
        box.put(message(f"今天天氣真好{n}"))
    box.put(message("那邊的臭豆腐很香"))
    batch = box.take(1)
    assert batch
    assert [pick.event.text for pick in batch.others] == ["那邊的臭豆腐很香"]


@pytest.mark.parametrize(
    "talk",
    [
        message("LUL", emotes=(Emote("LUL", 0, 3),)),
        message("😂😂"),
        message("!banana"),
        message("@bob I like it"),
        message("I like it", reply_to="bob"),
    ],
)
def test_side_talk_is_no_company(talk: ChatMessage) -> None:
    box = inbox()
    box.put(message("hello banban"))
    box.put(talk)
    for n in range(3):
        box.put(replace(talk, id=f"copy {n}", author=Author(f"c{n}", f"c{n}")))  # nor when many say it
    batch = box.take(1)
    assert batch
    assert batch.others == ()
    assert batch.room.waiting == 1


# When it is full.


def test_the_least_important_go_first() -> None:
    box = inbox(size=10)
    for n in range(10):
        assert box.put(message(f"ordinary line {n}")) is None
    for n in range(10):
        assert box.put(message(f"{n}: what is that?")) is None
    assert (len(box), box.dropped) == (10, {"full": 10})
    assert box.put(message("ordinary line again")) is Drop.FULL
    assert all("what" in text for text in order(box))


def test_a_full_inbox_stays_fresh_under_a_flood() -> None:
    box = inbox(size=100, author_seconds=0.0)
    for n in range(5000):
        box.put(message(f"line number {n} of many", n / 1000))
    ages = [5 - pick.event.at for batch in iter(lambda: box.take(5.0), None) for pick in members(batch)]
    assert len(ages) == 100
    assert sum(ages) / len(ages) < 0.5  # a sample of 100 at 1000 a second is a tenth of a second old


def test_one_loud_author_pushes_out_no_more_than_their_share() -> None:
    box = inbox(size=20, per_author=3, author_seconds=2.0)
    for n in range(20):
        box.put(message(f"quiet line {n}", author=f"quiet{n}"))
    for n in range(1000):
        box.put(message(f"loud words {n}", n / 100, author="loud", roles=(Role.SUBSCRIBER,)))
    left = order(box, 10.0)
    assert sum("quiet" in text for text in left) >= 20 - 3


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("vtuber.inbox.inbox.PEOPLE", "vtuber.inbox.inbox.IDS"):
        monkeypatch.setattr(name, 300)
    box = inbox(size=50)
    for n in range(3000):
        box.put(message(f"flood {n}", n / 1000))
    assert len(box) <= 50
    for memory in (box._full_again, box._seen):
        assert 300 <= len(memory) <= 600
    assert all(len(slot.lines) <= LINES for slot in box._crowd._slots)
    assert len(box._waiting._by_copy_key) <= 50
    assert len(box._waiting._of_author) <= 50


# What moderators take away.


def test_a_deleted_message_leaves_at_once_or_never_enters() -> None:
    box = inbox()
    bad, paid = message("bad", ident="b"), message("bad and paid", ident="p", paid="5 USD")
    box.put(bad)
    box.put(paid)
    assert box.revoke(deletion(message_id="b")) == (bad,)
    assert box.revoke(deletion(message_id="p")) == (paid,)
    assert box.revoke(deletion(message_id="later")) == ()
    assert box.put(message("bad", ident="later")) is Drop.REVOKED
    assert box.put(message("elsewhere", ident="later", platform="youtube")) is None
    assert (len(box), box.dropped) == (1, {"revoked": 3})


def test_all_of_an_authors_or_the_whole_chat() -> None:
    box = inbox()
    sub = Subscription("s", "twitch", "show", Author("x", "x"))
    for event in (message("one", author="x"), message("two", author="x"), message("three", author="y"), sub):
        box.put(event)
    assert len(box.revoke(deletion(author_id="x"))) == 3
    assert len(box) == 1
    box.put(Subscription("s2", "twitch", "show", Author("z", "z")))
    box.put(message("four", platform="youtube"))
    assert [event.text for event in box.revoke(deletion())] == ["three"]
    assert len(box) == 2


def known(index: MessageIndex, **what: Any) -> Revocation:
    return index.revocation(Deletion("d", "twitch", "show", **what))


def noted(*events: ChatMessage) -> MessageIndex:
    index = MessageIndex()
    for event in events:
        index.note(event)
    return index


def test_copies_of_a_deleted_line_go_with_it_and_repeats_of_it_are_echoes() -> None:
    box, bad = inbox(), message("buy my followers", 0, author="bot1", ident="b")
    box.put(bad)
    assert box.put(message("BUY my followers!!", 1)) is Drop.COPY
    assert box.revoke(known(noted(bad), message_id="b", at=2.0)) == (bad,)
    assert len(box) == 0
    assert box.put(message("buy my followers", 3)) is Drop.COPY
    assert box.put(message("buy my followers", 3 + ECHO_SECONDS)) is None


def test_a_copy_that_is_revoked_does_not_take_away_the_line_it_was_counted_into() -> None:
    box, copy = inbox(), message("what is stinky tofu?", ident="c")
    box.put(message("what is stinky tofu?"))
    box.put(copy)
    box.revoke(known(noted(copy), message_id="c"))
    assert len(box) == 1


def test_a_deleted_line_is_no_buzz_whoever_repeats_it() -> None:
    box = inbox()
    spam = [message("SPAM SPAM", n, ident=f"s{n}") for n in range(5)]
    fun = [message("haha", n) for n in range(4)]
    for event in (*spam, *fun):
        box.put(event)
    assert box._crowd.buzz(5) == "SPAM SPAM"
    box.revoke(known(noted(*spam), message_id="s3", at=5.0))
    assert box._crowd.buzz(5) == "haha"
    for n in range(50):
        box.put(message("spam spam", 6 + n))
    assert box._crowd.buzz(56) == "haha"
    for n in range(5):
        box.put(message("spam spam", 70 + n))
    assert box._crowd.buzz(75) == "spam spam", "for a minute, not for ever"


@pytest.mark.parametrize("what", [{"author_id": "troll"}, {}])
def test_no_buzz_is_made_of_what_somebody_wrote_who_is_gone(what: dict[str, str]) -> None:
    box = inbox()
    events = [message("my chant", n, author=author) for n, author in enumerate(("troll", "a", "b", "c"))]
    for event in events:
        box.put(event)
    assert box._crowd.buzz(5) == "my chant"
    box.revoke(known(noted(*events), at=5.0, **what))
    assert box._crowd.buzz(5) == ""
    for n in range(4):
        box.put(message("my chant", 11 + n))
    assert box._crowd.buzz(15) == "my chant", "others may say so"


def test_what_is_given_back_after_its_author_is_gone_is_reported_and_dropped() -> None:
    facts, told = Facts(), list[Fact]()
    facts.subscribe(told.append)
    box = inbox(facts=facts)
    box.put(message("please answer", 1, author="x", ident="a", paid="5 USD"))
    box.put(message("and me", 1, author="y", ident="b"))
    batch = box.take(2)
    assert batch
    box.revoke(known(MessageIndex(), author_id="x", at=3.0))
    box.give_back(batch)
    assert [event.id for event in (box.take(4) or batch).events] == ["b"]
    assert [fact.row() for fact in told if isinstance(fact, Dropped)] == [{"id": "a", "reason": Drop.REVOKED}]


def test_what_is_given_back_after_it_came_with_its_money_is_a_duplicate() -> None:
    box = inbox()
    box.put(message("a sub", ident="7"))
    batch = box.take(1.0)
    assert batch
    box.put(message("a sub", ident="7", paid="5 USD"))
    box.give_back(batch)
    assert len(box) == 1
    assert box.dropped[Drop.DUPLICATE] == 1


def test_ignoring_by_login() -> None:
    box = inbox()
    box.ignore("twitch", "Ming")
    who = Author("8", "小明", login="ming")
    assert box.put(ChatMessage("m", "twitch", "show", who, "hello there")) is Drop.IGNORED


def test_ignoring_by_id_or_name_until_then() -> None:
    box = inbox()
    box.put(message("one one", author="Troll"))
    assert [event.text for event in box.ignore("twitch", "troll", until=100)] == ["one one"]
    assert box.put(message("two two", 50, author="Troll")) is Drop.IGNORED
    assert box.put(message("three three", 50, author="Troll", platform="youtube")) is None
    assert box.put(message("four four", 101, author="Troll")) is None
    box.ignore("", "Troll")
    assert box.put(message("five five", 1e9, author="Troll", platform="youtube")) is Drop.IGNORED


def test_ignoring_is_undone_wherever_it_was_said() -> None:
    box = inbox()
    box.ignore("twitch", "troll")
    box.ignore("", "Troll")
    assert not box.unignore("twitch", "nobody")
    assert box.unignore("", "TROLL")
    assert box.put(message("one one", 1, author="Troll")) is None
    assert box.put(message("two two", 2, author="Troll", platform="youtube")) is None
    assert not box.unignore("", "troll"), "there is nothing left to undo"
    box.ignore("twitch", "troll", until=10)
    box.ignore("youtube", "troll", until=10)
    assert box.unignore("youtube", "troll")
    assert box.put(message("three three", 3, author="Troll")) is Drop.IGNORED
    box.put(message("later", 20))
    assert not box.unignore("twitch", "troll"), "it was over by itself"


def test_two_raids_are_two_whatever_they_say() -> None:
    box = inbox()
    for n in range(2):
        raider = Author(f"r{n}", f"raider{n}")
        assert box.put(Raid(f"r{n}", "twitch", "show", raider, "raid raid raid", viewers=50)) is None


def test_what_could_not_be_answered_waits_again_unless_it_was_deleted() -> None:
    box = inbox()
    box.put(message("please answer", ident="a", paid="5 USD"))
    box.put(message("and me", ident="b"))
    box.put(message("and me!"))
    batch = box.take(1)
    assert batch
    box.revoke(deletion(message_id="b"))
    box.give_back(batch)
    assert (len(box), box.paid_waiting, box.dropped) == (1, 1, {"copy": 1, "revoked": 1})
    again = box.take(2)
    assert again
    assert again.lead == batch.lead


# What the room is like.


def test_the_room() -> None:
    box = inbox()
    pog = (Emote("Pog", 0, 3),)
    for n in range(60):
        box.put(message("Pog", n, author=f"fan{n % 6}", emotes=pog))
    for n in range(30):
        box.put(message("LOUD LOUD", 55 + n / 10, author="loud"))
    batch = box.take(59)
    assert batch
    assert batch.room.buzz == "Pog"


def test_what_is_repeated_right_now_is_buzz() -> None:
    box = inbox()
    for _ in range(3):
        box.put(message("haha", 7))
    batch = box.take(7.5)
    assert batch
    assert batch.room.buzz == "haha"


def test_of_two_crowds_the_bigger_makes_the_buzz_however_big() -> None:
    box = inbox(size=1000)
    for _ in range(FANS + 5):
        box.put(message("haha", 1))
    for _ in range(FANS + 20):
        box.put(message("hoho", 1))
    batch = box.take(2)
    assert batch
    assert batch.room.buzz == "hoho"


def test_a_room_forgets() -> None:
    box = inbox()
    for n in range(50):
        box.put(message("哈哈哈", n / 10))
    box.put(message("still here", 100))
    batch = box.take(100)
    assert batch
    assert batch.room.buzz == ""


def test_one_person_is_no_buzz() -> None:
    box = inbox()
    for n in range(50):
        box.put(message("spam", n, author="loud" if n % 2 else "friend"))
    batch = box.take(50)
    assert batch
    assert batch.room.buzz == ""


# Being the same every time.


def test_the_same_seed_gives_the_same_batches_and_another_seed_others() -> None:
    events = [message(f"flood line {n}", n / 100, author=f"a{n % 97}") for n in range(3000)]

    def play(seed: int) -> list[Batch]:
        box, batches = inbox(seed, size=40), []
        for n, event in enumerate(events):
            box.put(event)
            if n % 200 == 199:
                batches.append(box.take(event.at))
        return [batch for batch in batches if batch]

    assert play(1) == play(1)
    assert play(1) != play(2)


def test_recent_keeps_the_latest_and_forgets_the_rest() -> None:
    recent: Recent[int, int] = Recent(10)
    for n in range(100):
        recent.set(n, n)
        assert len(recent) <= 20
        assert all(m in recent for m in range(max(0, n - 9), n + 1))
    assert 50 not in recent


# Whatever happens.

TEXTS = st.one_of(
    st.sampled_from(
        ["hi", "HI!", "板板?", "what now?", "LUL LUL", "", "!!!", "@bob no", "banban 吃什麼", "same old"]
    ),
    st.text(max_size=12),
)


class Books(RuleBasedStateMachine):
    """Every event is taken, waits, or was dropped for a reason: exactly one of them."""

    @initialize(size=st.sampled_from([10, 12]), per_author=st.integers(1, 3), seed=st.integers(0, 3))
    def open(self, size: int, per_author: int, seed: int) -> None:
        self.options = config.Inbox(size=size, per_author=per_author, author_seconds=1.0, forget_after=40)
        self.box = Inbox(self.options, NAMES, seed, Facts())
        self.now = 0.0
        self.put = 0
        self.taken: Counter[tuple[str, str]] = Counter()
        self.owed: set[tuple[str, str]] = set()
        self.last: Batch | None = None

    @rule(
        text=TEXTS,
        author=st.integers(0, 30),
        ident=st.integers(0, 200),
        paid=st.sampled_from(["", "", "", "5 USD", "1 BITS"]),
        after=st.sampled_from([0.0, 0.1, 3.0]),
    )
    def say(self, text: str, author: int, ident: int, paid: str, after: float) -> None:
        self.now += after
        event = message(text, self.now, author=f"a{author}", ident=f"i{ident}", paid=paid)
        self.note(event, self.box.put(event))

    @rule(
        kind=st.sampled_from([Subscription, Gift, Raid]),
        author=st.integers(0, 5),
        ident=st.integers(201, 230),
    )
    def support(self, kind: type[Subscription | Gift | Raid], author: int, ident: int) -> None:
        who = Author(f"a{author}", f"a{author}")
        event = kind(f"i{ident}", "twitch", "show", who, "", self.now)
        self.note(event, self.box.put(event))

    def note(self, event: Answerable, drop: Drop | None) -> None:
        self.put += 1
        if not is_paid(event):
            return
        assert drop in {None, Drop.DUPLICATE, Drop.REVOKED, Drop.IGNORED}
        if drop is None:
            self.owed.add((event.platform, event.id))

    @rule(after=st.sampled_from([0.0, 1.0, 10.0, 50.0]))
    def take(self, after: float) -> None:
        self.now += after
        self.last = self.box.take(self.now)
        if self.last is None:
            assert len(self.box) == 0
            return
        assert len(members(self.last)) <= self.options.batch
        assert self.last.room.waiting == len(self.box)
        for pick in members(self.last):
            key = pick.event.platform, pick.event.id
            self.taken[key] += 1
            self.owed.discard(key)
            assert is_promised(pick.event) or self.now - pick.event.at <= self.options.forget_after
        if self.owed:
            assert is_paid(self.last.lead.event)

    @rule()
    def fail(self) -> None:
        if self.last is None:
            return
        for pick in members(self.last):
            self.taken[pick.event.platform, pick.event.id] -= 1
            if is_paid(pick.event):
                self.owed.add((pick.event.platform, pick.event.id))
        before = Counter(self.box.dropped)
        self.box.give_back(self.last)
        if self.box.dropped[Drop.REVOKED] > before[Drop.REVOKED]:
            self.owed &= self.waiting_paid()
        self.last = None

    @rule(ident=st.integers(0, 230))
    def delete(self, ident: int) -> None:
        gone = self.box.revoke(deletion(message_id=f"i{ident}"))
        self.owed -= {(event.platform, event.id) for event in gone}

    @rule(author=st.integers(0, 30))
    def ban(self, author: int) -> None:
        gone = self.box.revoke(deletion(author_id=f"a{author}"))
        self.owed -= {(event.platform, event.id) for event in gone}

    def waiting_paid(self) -> set[tuple[str, str]]:
        return {entry.key for entry in self.box._waiting.paid}

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "box"):
            return
        waiting = list(self.box._waiting)
        assert len(waiting) == len(self.box)
        assert self.put == sum(self.taken.values()) + len(waiting) + sum(self.box.dropped.values())
        assert all(self.taken[entry.key] <= 1 for entry in waiting)

    @invariant()
    def no_paid_event_is_lost(self) -> None:
        if hasattr(self, "box"):
            assert self.owed == self.waiting_paid()

    @invariant()
    def bounds_hold(self) -> None:
        if not hasattr(self, "box"):
            return
        unpaid = list(self.box._waiting.unpaid())
        assert sum(not is_promised(entry.event) for entry in unpaid) <= self.options.size
        assert set(self.box._waiting._by_copy_key.values()) <= set(unpaid)


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.text(max_size=8)), max_size=60),
    st.integers(1, 5),
    st.floats(0.1, 5),
)
def test_however_somebody_floods_others_lose_no_more_than_the_bucket_allows(
    flood: list[tuple[float, str]], per_author: int, every: float
) -> None:
    box = inbox(size=10, per_author=per_author, author_seconds=every)
    for n in range(10):
        box.put(message(f"quiet {n}", author=f"quiet{n}"))
    now = 0.0
    for after, text in flood:
        now += after
        box.put(message(f"banban {text}?", now, author="loud", roles=(Role.VIP,)))
    # No more of hers can wait at once, and no more can ever have been let in.
    assert box.dropped[Drop.FULL] <= per_author
    assert box.dropped[Drop.FULL] <= per_author + now / every


# What a whole room repeats.


def test_what_a_whole_room_repeats_is_dealt_with_once_and_real_messages_come_first() -> None:
    box = inbox(author_seconds=0.0)
    cries = ("LETSGOOO", "letsgo!!", "LETS GOOOO", "W", "w w w", "hi", "🔥🔥")
    leads: list[str] = []
    buzz: list[str] = []
    for second in range(300):
        for number in range(6):
            box.put(message(cries[(second * 6 + number * 5) % len(cries)], second + number / 10))
        if second % 30 == 7:
            box.put(message(f"what do you eat at {second} o'clock", second))
        if second % 10 == 9 and (batch := box.take(second + 0.9)):
            leads.append(batch.lead.event.text)
            buzz.append(batch.room.buzz)
    asked = [text for text in leads if text.startswith("what")]
    cried = [text for text in leads if not text.startswith("what")]
    assert len(asked) == 10
    assert len(cried) <= 4, "each of them at most once"
    assert len(list(filter(None, buzz))) <= 4, "told once, not with each prompt"


def test_a_question_that_a_room_repeats_is_asked_again_later() -> None:
    box = inbox()
    for at in (0, 60, 120):
        for n in range(4):
            box.put(message("banban sing!", at + n))
        batch = box.take(at + 5)
        assert batch is not None
        assert batch.lead.event.text == "banban sing!"


def test_two_who_greet_minutes_apart_are_both_greeted() -> None:
    box = inbox()
    for at in (0, 50, 100):
        assert box.put(message("hi", at)) is None
        assert box.take(at + 1) is not None
