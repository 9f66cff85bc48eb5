from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from vtuber.core.deeds import amount, bracketed, deed, described, written
from vtuber.core.events import (
    Answerable,
    Author,
    ChatMessage,
    Follow,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Subscription,
)

KAI = Author("k", "Kai")
STICKER = frozenset((Mark.STICKER,))


def paid(worth: str, currency: str, platform: str = "youtube", **more: Any) -> ChatMessage:
    message = ChatMessage("1", platform, "c", KAI, "hello", money=Money(Decimal(worth), currency))
    return replace(message, **more)


@pytest.mark.parametrize(
    ("worth", "currency", "printed"),
    [
        ("50", "USD", "US$50.00"),
        ("75.00", "TWD", "NT$75"),
        ("1000", "JPY", "¥1,000"),
        ("4.99", "EUR", "€4.99"),
        ("1234567.5", "CHF", "1,234,567.50 CHF"),
        ("1500", "BITS", "1,500 bits"),
        ("1", "BITS", "1 bit"),
        ("1E+3", "BITS", "1,000 bits"),
        ("100", "JEWELS", "100 Jewels"),
        ("5", "", "5"),
        ("0.5", "KRW", "₩0.50"),
    ],
)
def test_an_amount_as_a_price_is_printed(worth: str, currency: str, printed: str) -> None:
    assert amount(Money(Decimal(worth), currency)) == printed


@pytest.mark.parametrize(
    ("event", "english", "chinese"),
    [
        (ChatMessage("1", "twitch", "c", KAI, "hi"), "", ""),
        (paid("50", "USD"), "US$50.00 Super Chat", "US$50.00 超級留言"),
        (paid("200", "BITS", "twitch"), "200 bits", "200 小奇點"),
        (paid("75", "TWD", text="河馬", marks=STICKER), "NT$75 Super Sticker: 河馬", "NT$75 超級貼圖：河馬"),
        (paid("20", "USD", "twitch", charity="Cats"), "US$20.00 for Cats", "捐款給Cats：US$20.00"),
        (ChatMessage("1", "youtube", "c", KAI, "", money=Money(None, "")), "Super Chat", "超級留言"),
        (
            ChatMessage("1", "twitch", "c", KAI, "me too!", streak=3),
            "watched 3 streams in a row",
            "連續收看 3 場直播",
        ),
        (Subscription("1", "youtube", "c", KAI, months=8, tier="Gold"), "month 8 · Gold", "第 8 個月 · Gold"),
        (Subscription("1", "youtube", "c", KAI, tier="Gold"), "new member · Gold", "新會員 · Gold"),
        (Subscription("1", "twitch", "c", KAI, tier="2"), "subscribed · Tier 2", "訂閱 · 層級 2"),
        (Subscription("1", "twitch", "c", KAI, tier="prime"), "subscribed · Prime", "訂閱 · Prime"),
        (Gift("1", "twitch", "c", KAI, count=5), "gave away 5 subscriptions", "送出 5 份訂閱"),
        (
            Gift("1", "twitch", "c", KAI, tier="3"),
            "gave away a subscription · Tier 3",
            "送出 1 份訂閱 · 層級 3",
        ),
        (Subscription("1", "twitch", "c", KAI, months=2, tier="1"), "month 2", "第 2 個月"),
        (
            Gift("1", "twitch", "c", KAI, count=2, months=6),
            "gave away 2 subscriptions of 6 months each",
            "送出 2 份6 個月的訂閱",
        ),
        (Gift("1", "youtube", "c", KAI, count=50), "gave away 50 memberships", "送出 50 份會員"),
        (Raid("1", "twitch", "c", KAI, viewers=1312), "raid: 1,312 viewers", "揪團：1,312 位觀眾"),
        (Raid("1", "youtube", "c", KAI), "raid", "帶觀眾來了"),
        (Follow("1", "twitch", "c", KAI), "follows now", "開始追隨"),
        (Redemption("1", "twitch", "c", KAI, reward="Ask", cost=5), "Ask · 5 points", "Ask · 5 點"),
    ],

)  # fmt: skip
def test_in_words_for_people(event: Answerable, english: str, chinese: str) -> None:
    assert (described(event), described(event, "zh")) == (english, chinese)
    assert bracketed(event) == (f"[{english}]" if english else "")


@pytest.mark.parametrize(
    ("event", "colour"),
    [
        (paid("1", "USD", colour="#abcdef"), "#abcdef"),
        (paid("1", "BITS", "twitch"), "#979797"),
        (paid("100", "BITS", "twitch"), "#9c3ee8"),
        (paid("25000", "BITS", "twitch"), "#f43021"),
        (paid("1", "USD"), "#1e88e5"),
        (Subscription("1", "youtube", "c", KAI), "#0f9d58"),
        (Subscription("1", "twitch", "c", KAI), "#9146ff"),
    ],
)
def test_in_the_platforms_colours(event: Answerable, colour: str) -> None:
    shown = deed(event)
    assert shown is not None
    assert shown.colour == colour


def test_a_super_chat_of_known_worth_has_the_colour_of_its_tier() -> None:
    colours = []
    for dollars in (1, 2, 5, 10, 20, 50, 100, 500):
        money = Money(Decimal(1), "XTS", Decimal(dollars))
        shown = deed(ChatMessage("1", "youtube", "c", KAI, "", money=money))
        assert shown is not None
        colours.append(shown.colour)
    assert len(set(colours[:7])) == 7
    assert colours[6] == colours[7]


def test_a_stickers_name_was_not_written_by_its_sender() -> None:
    assert written(paid("75", "TWD", text="a hippo", marks=STICKER)) == ""
    assert written(paid("75", "TWD")) == "hello"
