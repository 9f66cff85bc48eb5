from __future__ import annotations

import copy
import json
import logging
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import youtube_items as items
from hypothesis import given
from hypothesis import strategies as st
from youtube_server import NOW, Action

from vtuber.core import codec
from vtuber.core.deeds import described
from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Gift,
    Mark,
    Money,
    Raid,
    Role,
    Subscription,
)
from vtuber.core.text import clean
from vtuber.listeners.youtube.deduplication import message_id
from vtuber.listeners.youtube.renderers import ActionParser

PAGE = json.loads((Path(__file__).parents[1] / "data" / "youtube-innertube-page.json").read_text("utf-8"))
RECORDED: list[Action] = [
    action
    for replayed in PAGE["continuationContents"]["liveChatContinuation"]["actions"]
    for action in replayed["replayChatItemAction"]["actions"]
]
ANN = Author("UCann", "Ann")
MEMBER = Author("UCann", "Ann", frozenset((Role.SUBSCRIBER,)))


def read(action: object) -> Event | None:
    parser = ActionParser("Pizza")
    event = parser.event(action)
    assert parser.malformed == 0
    return event


def message(action: object) -> ChatMessage:
    event = read(action)
    assert isinstance(event, ChatMessage)
    return event


def who(*badges: Any) -> Author:
    return message(items.text(1, by=items.head(1, "Ann", *badges))).author


def malformed(action: object) -> bool:
    parser = ActionParser("Pizza")
    assert parser.event(action) is None
    return parser.malformed == 1


# Each kind of event, with every field.


def test_a_message() -> None:
    assert read(items.text(1, "hello")) == ChatMessage("m1", "youtube", "Pizza", ANN, "hello", sent=NOW)


def test_a_super_chat_and_one_without_words() -> None:
    paid = Money(Decimal("5.00"), "USD")
    assert read(items.super_chat(1, "$5.00", "take", " it")) == ChatMessage(
        "m1", "youtube", "Pizza", ANN, "take it", money=paid, sent=NOW
    )
    assert read(items.super_chat(2, "$5.00")) == ChatMessage(
        "m2", "youtube", "Pizza", ANN, "", money=paid, sent=NOW
    )


def test_a_super_sticker() -> None:
    assert read(items.sticker(1, "NT$75.00", "Cat waves a flag")) == ChatMessage(
        "m1",
        "youtube",
        "Pizza",
        ANN,
        "Cat waves a flag",
        money=Money(Decimal("75.00"), "TWD"),
        marks=frozenset((Mark.STICKER,)),
        sent=NOW,
    )


def test_the_colour_in_which_a_paid_message_is_shown() -> None:
    action = items.super_chat(1, "$50.00", "hi")
    action["addChatItemAction"]["item"]["liveChatPaidMessageRenderer"]["bodyBackgroundColor"] = 4_293_467_747
    assert message(action).colour == "#e91e63"
    pear = items.sticker(1, "$1.00", "Pear")
    pear["addChatItemAction"]["item"]["liveChatPaidStickerRenderer"]["backgroundColor"] = 0xFF1E88E5
    assert message(pear).colour == "#1e88e5"
    for wrong in (None, "4293467747", -1, 2**40, 1.5, True):
        action["addChatItemAction"]["item"]["liveChatPaidMessageRenderer"]["bodyBackgroundColor"] = wrong
        assert message(action).colour == ""


def test_somebodys_first_paid_message() -> None:
    said = {"text": {"content": "Let's celebrate their 1st Super on a live stream"}}
    bumper = {"liveChatItemBumperViewModel": {"content": {"bumperUserEduContentViewModel": said}}}
    action = items.super_chat(1, "$2.00", "hi")
    action["addChatItemAction"]["item"]["liveChatPaidMessageRenderer"]["lowerBumper"] = bumper
    first = message(action)
    assert first.text == "hi"
    assert first.marks == {Mark.FIRST_PAID}
    assert described(first) == "US$2.00 Super Chat (their first)"
    assert described(first, "zh") == "US$2.00 超級留言（首次）"
    pear = items.sticker(1, "$1.00", "Pear")
    pear["addChatItemAction"]["item"]["liveChatPaidStickerRenderer"]["lowerBumper"] = bumper
    assert message(pear).marks == {Mark.STICKER, Mark.FIRST_PAID}


def test_another_channels_viewers_are_sent_here() -> None:
    here = items.redirected(1, {"text": "@Kiki ", "bold": True}, " and their viewers just joined. Say hello!")
    assert read(here) == Raid("m1", "youtube", "Pizza", Author("@Kiki", "Kiki"))
    chinese = items.redirected(1, {"text": "小雨", "bold": True}, " 和觀眾剛剛加入")
    assert read(chinese) == Raid("m1", "youtube", "Pizza", Author("@小雨", "小雨"))


def test_our_viewers_are_sent_elsewhere() -> None:
    words = "Don't miss out! People are going to watch something from "
    assert read(items.redirected(1, words, {"text": "@Kiki", "bold": True}, to="aaaaaaaaaaa")) is None
    assert read(items.redirected(1, {"text": "@Kiki", "bold": True}, " is live", to="aaaaaaaaaaa")) is None
    assert read(items.redirected(1, words, {"text": "@Kiki", "bold": True})) is None
    assert read(items.redirected(1)) is None


def test_what_is_pinned_is_in_the_chat_as_well() -> None:
    pinned = {"contents": items.text(1)["addChatItemAction"]["item"], "actionId": "x"}
    banner = {"bannerRenderer": {"liveChatBannerRenderer": pinned}}
    parser = ActionParser("Pizza")
    assert parser.event({"addBannerToLiveChatCommand": banner}) is None
    assert parser.malformed == 0


def test_a_gift_of_jewels_is_paid_though_its_price_is_unknown() -> None:
    assert read(items.jewels(1, "sent Girl power for 1,050 Jewels")) == ChatMessage(
        "m1",
        "youtube",
        "Pizza",
        Author("@Ann", "Ann"),
        "Girl power",
        money=Money(None, ""),
        marks=frozenset((Mark.STICKER,)),
    )
    assert message(items.jewels(1, "sent France")).text == "France"
    assert message(items.jewels(1, "hat etwas geschickt")).text == "hat etwas geschickt"


def test_a_new_member_and_one_who_moved_up() -> None:
    assert read(items.new_member(1, "New member")) == Subscription(
        "m1", "youtube", "Pizza", MEMBER, "", months=1, sent=NOW
    )
    assert read(items.new_member(2, "Welcome to ", "Pizza club", "!")) == Subscription(
        "m2", "youtube", "Pizza", MEMBER, "", months=1, tier="Pizza club", sent=NOW
    )
    upgraded = read(items.new_member(3, "Upgraded membership to ", "Oven", "!"))
    assert isinstance(upgraded, Subscription)
    assert upgraded.tier == "Oven"


def test_a_milestone_has_its_own_months_and_its_authors_words() -> None:
    told = items.runs("Member for ", "8", " months")
    since = Author("UCann", "Ann", frozenset((Role.SUBSCRIBER,)), 6)
    assert read(items.milestone(1, told, "Pizza club", "good evening ", items.emote("DDD"))) == Subscription(
        "m1", "youtube", "Pizza", since, "good evening :_DDD:", months=8, tier="Pizza club", sent=NOW
    )
    silent = read(items.milestone(2, told, "Pizza club"))
    assert isinstance(silent, Subscription)
    assert (silent.text, silent.months) == ("", 8)


@pytest.mark.parametrize(
    ("told", "badge", "months"),
    [
        ({"simpleText": "Member for 1 year"}, "New member", 12),
        ({"simpleText": "Member for 2 years"}, "Member (1 year)", 24),
        (items.runs("已加入會員 ", "8", " 個月"), "會員 (6 個月)", 8),
        ({"simpleText": "a member, for long"}, "Member (2 years)", 24),
        ({"simpleText": "?"}, "New member", 1),
        (None, "Member (1 month)", 1),
    ],
)
def test_months_of_a_milestone(told: Any, badge: str, months: int) -> None:
    event = read(items.milestone(1, told, "", badge=badge))
    assert isinstance(event, Subscription)
    assert event.months == months


def test_gifted_memberships_are_one_event_and_who_got_one_is_none() -> None:
    assert read(items.gifts(1, "Sent ", "20", " ", "Pizza 24", " gift memberships")) == Gift(
        "m1", "youtube", "Pizza", MEMBER, "", count=20, sent=NOW
    )
    counts = [("Sent ", "0", "x"), ("Sent ", "99999999", "x"), ("Sent ", "9" * 5000), ("Sent some",), ("²",)]
    events = [read(items.gifts(2, *told)) for told in counts]
    assert [event.count for event in events if isinstance(event, Gift)] == [1, 10_000, 1, 1, 1]
    assert read(items.gift_received(3)) is None


def test_the_ticker_shows_the_same_again_with_the_same_id() -> None:
    chat, cat = items.super_chat(1, "$5.00", "hi"), items.sticker(2, "$2.00", "Cat")
    sub, gift = items.new_member(3, "New member"), items.gifts(4, "Sent ", "5")
    for kind, action in {
        "liveChatTickerPaidMessageItemRenderer": chat,
        "liveChatTickerPaidStickerItemRenderer": cat,
        "liveChatTickerSponsorItemRenderer": sub,
    }.items():
        assert read(items.ticker(kind, action)) == read(action)
    # As it is recorded: of gifts there is no more than a picture.
    shown = items.ticker("liveChatTickerSponsorItemRenderer", copy.deepcopy(gift))
    inner = shown["addLiveChatTickerItemAction"]["item"]["liveChatTickerSponsorItemRenderer"]
    renderer = inner["showItemEndpoint"]["showLiveChatItemEndpoint"]["renderer"]
    for it in renderer.values():
        del it["id"], it["timestampUsec"]
    assert read(shown) is None


@pytest.mark.parametrize("how", ["markChatItemAsDeletedAction", "removeChatItemAction"])
def test_a_message_is_deleted(how: str) -> None:
    assert read(items.deleted(1, how)) == Deletion("deleted-m1", "youtube", "Pizza", message_id="m1")
    assert message(items.text(1)).id == "m1"


@pytest.mark.parametrize("how", ["markChatItemsByAuthorAsDeletedAction", "removeChatItemByAuthorAction"])
def test_an_author_is_banned_and_banned_again(how: str) -> None:
    first, second = read(items.banned("UCann", how)), read(items.banned("UCann", how))
    assert isinstance(first, Deletion)
    assert isinstance(second, Deletion)
    assert first == Deletion(first.id, "youtube", "Pizza", author_id="UCann")
    assert first.id != second.id  # else the second would be taken for the first, told twice


def test_a_deletion_of_nothing_would_clear_the_whole_chat() -> None:
    for target in ("", " ", "\u200b", None, ["m1"], {"m1": 1}):
        assert malformed({"removeChatItemAction": {"targetItemId": target}})
        assert malformed({"removeChatItemByAuthorAction": {"externalChannelId": target}})


def test_what_takes_the_place_of_a_message() -> None:
    def replaced(renderer: Action) -> Event | None:
        action = {"targetItemId": items.coded("m1"), "replacementItem": renderer["addChatItemAction"]["item"]}
        return read({"replaceChatItemAction": action})

    held_back = items.item("liveChatPlaceholderItemRenderer", id=items.coded("m1"), timestampUsec="1")
    assert replaced(held_back) == Deletion("deleted-m1", "youtube", "Pizza", message_id="m1")
    assert replaced(items.text(1, "let through")) == message(items.text(1, "let through"))


def test_decoration_is_no_event() -> None:
    pinned = items.text(1)["addChatItemAction"]["item"]
    banner = {"bannerRenderer": {"liveChatBannerRenderer": {"contents": pinned}}}
    assert read({"clickTrackingParams": "C", "addBannerToLiveChatCommand": banner}) is None
    assert read({"updateLiveChatPollAction": {"pollToUpdate": {"pollRenderer": {}}}}) is None
    assert read({"showLiveChatActionPanelAction": {"panelToShow": {}}}) is None
    for kind in ("Placeholder", "ViewerEngagement", "ModeChange"):
        suffix = "ItemRenderer" if kind == "Placeholder" else "MessageRenderer"
        assert read(items.item(f"liveChat{kind}{suffix}", **items.head(1), message=items.runs("x"))) is None


# Words.


def test_emoji_are_words_and_a_channels_own_are_emotes() -> None:
    told = items.text(1, "so ", items.emoji("😂"), items.emote("DDD"), items.emote("板"), " ok")
    event = message(told)
    assert event.text == "so 😂:_DDD::_板: ok"
    assert event.emotes == (Emote(":_DDD:", 4, 10), Emote(":_板:", 10, 14))
    only = message(items.text(1, items.emote("DDD")))
    assert (only.text, only.emotes) == (":_DDD:", (Emote(":_DDD:", 0, 6),))
    unnamed = {"emoji": {"emojiId": "UC/x", "image": items.emote("DDD")["emoji"]["image"]}}
    assert message(items.text(1, unnamed)).emotes == (Emote("DDD", 0, 3),)


def test_nothing_said_is_no_event_unless_it_is_paid() -> None:
    nothing: list[tuple[Any, ...]] = [("",), ("  \n",), ("\u202e\u3164",), ({"emoji": {}},), (5,), ({},)]
    for pieces in nothing:
        assert read(items.text(1, *pieces)) is None
        assert message(items.super_chat(1, "$1.00", *pieces)).money == Money(Decimal("1.00"), "USD")


def test_two_thousand_characters_are_cut() -> None:
    event = message(items.text(1, "板" * 1000, "x" * 1000))
    assert event.text == "板" * 500
    many = message(items.text(1, *[items.emote("D")] * 2000))
    assert len(many.text) <= 500
    assert all(many.text[emote.begin : emote.end] == emote.name for emote in many.emotes)


@pytest.mark.parametrize("name", ["板板", "Наталья", "محمد", "שרה", "สมชาย", "José", "ゆき🍕", "अमित"])
def test_names_in_every_script(name: str) -> None:
    author = message(items.text(1, by=items.head(1, name))).author
    assert (author.id, author.name) == (f"UC{name.lower()}", name)


def test_names_that_are_none() -> None:
    for name in ({"simpleText": "\u202e\u3164"}, {}, None, 7, {"runs": [5]}):
        by = {**items.head(1), "authorName": name}
        assert message(items.text(1, by=by)).author == Author("UCann", "someone")
        del by["authorExternalChannelId"]
        assert message(items.text(1, by=by)).author == Author("@someone", "someone")


def test_a_reply_to_a_super_chat_and_a_mention() -> None:
    def chip(title: str, panel: str = "PAreply_thread") -> Any:
        opened = {"showEngagementPanelEndpoint": {"identifier": {"tag": panel}}}
        return {"buttonViewModel": {"title": title, "onTap": {"innertubeCommand": opened}}}

    rank = chip("#1", "PAleaderboard")
    assert message(items.text(1, beforeContentButtons=[rank, chip("@Bob")])).reply_to == "Bob"
    assert message(items.text(1, beforeContentButtons=[rank, chip("@Bob", "else")])).reply_to == ""
    channel = {"browseEndpoint": {"browseId": "UCbob"}}
    bob = {"text": "@Bob", "navigationEndpoint": channel}
    assert message(items.text(1, bob, " and ", "@Eve")).mentions == ("Bob",)


@pytest.mark.parametrize(
    ("printed", "money"),
    [
        ("5,00 €", Money(Decimal("5.00"), "EUR")),
        ("€5.00", Money(Decimal("5.00"), "EUR")),
        ("¥1,220", Money(Decimal(1220), "JPY")),
        ("CLP\xa02,500", Money(Decimal(2500), "CLP")),
        ("MX$100.00", Money(Decimal("100.00"), "MXN")),
        ("₹1,00,000.00", Money(Decimal("100000.00"), "INR")),
        ("a pizza", Money(None, "")),
        ("", Money(None, "")),
    ],
)
def test_amounts(printed: str, money: Money) -> None:
    assert message(items.super_chat(1, printed, "hi")).money == money
    assert message(items.sticker(1, printed, "Cat")).money == money


def test_an_item_without_an_id_has_a_stable_one() -> None:
    by = items.head(1)
    del by["id"]
    action = items.text(1, by=by)
    assert message(action).id == message(action).id == f"unnamed-UCann-{NOW * 1_000_000:.0f}"


def test_both_ways_call_a_message_the_same() -> None:
    # As recorded: of the API with and without the video, and of the pages with the writer's own id beside it.
    assert (
        message_id(
            "LCC.CjgKDQoLRDlmcUZkdjVFTm8qJwoYVUNQc2ZNNHZ1dV9GbWpRWGZXQ0hkaDRnEgtEOWZxRmR2NUVObxIcChpDSzdtNC02"
            "aWtmOENGYkFJMWdBZFBNVURSZw"
        )
        == message_id(items.coded("CK7m4-6ikf8CFbAI1gAdPMUDRg"))
        == "CK7m4-6ikf8CFbAI1gAdPMUDRg"
    )
    assert message_id("LCC.EhwKGkNJLURtc0RXMFljREZRZ0kxZ0FkX0pBT2RB") == "CI-DmsDW0YcDFQgI1gAd_JAOdA"
    assert (
        message_id(
            "CkUKGkNLbTNndXJwdHVVQ0ZSVGh3UW9kNXA0QmRBEidDTmp5dHVEcHR1VUNGZEZ0S2dvZC1Cc0dpZzE1NzE5ODY0MzY5OTU%3D"
        )
        == "CKm3gurptuUCFRThwQod5p4BdA"
    )
    assert message_id("of another make") == "of another make"


# Roles.


def test_roles_are_what_youtube_draws() -> None:
    assert who().roles == frozenset()
    assert who(items.icon("VERIFIED")).roles == frozenset()
    drawn_by_youtube = {
        **items.icon("VERIFIED")["liveChatAuthorBadgeRenderer"],
        "customThumbnail": items.PHOTO,
    }
    assert who({"liveChatAuthorBadgeRenderer": drawn_by_youtube}).roles == frozenset()
    assert who(items.icon("OWNER")).roles == {Role.BROADCASTER}
    assert who(items.icon("MODERATOR"), items.member("Member (2 months)")) == Author(
        "UCann", "Ann", frozenset((Role.MODERATOR, Role.SUBSCRIBER)), 2
    )
    assert who(items.member("Member (1 year)")).months == 12
    assert who(items.member()) == MEMBER


def test_roles_are_not_what_anybody_writes() -> None:
    lies = ["OWNER", "MODERATOR", '{"iconType": "OWNER"}', "Moderator", "✔ Owner (5 years)"]
    for lie in lies:
        by = {**items.head(1, lie), "icon": {"iconType": lie}, "customThumbnail": items.PHOTO}
        told = items.text(1, lie, items.emote(lie), by=by, tooltip=lie)
        assert message(told).author.roles == frozenset()
        assert message(items.super_chat(1, lie, lie, by=by)).author.roles == frozenset()
        tooltip = {"liveChatAuthorBadgeRenderer": {"tooltip": lie, "accessibility": {"label": lie}}}
        assert who(tooltip, {"icon": {"iconType": lie}}, lie).roles == frozenset()
        assert who(items.icon(lie.lower())).roles == frozenset()


# Recorded, and hostile.


def test_every_recorded_action_is_understood() -> None:
    events = [read(action) for action in RECORDED]
    kinds = Counter(type(event).__name__ for event in events)
    assert kinds == {"ChatMessage": 48, "NoneType": 1}  # one holds a place
    (paid,) = [event for event in events if isinstance(event, ChatMessage) and event.money]
    assert paid == ChatMessage(
        "CIe9y83ztuUCFUpdFQodOFcGMQ",
        "youtube",
        "Pizza",
        Author("UC6bc9300d64f9c04a", "Koyoka529"),
        "Hello from Czech Republic",
        money=Money(Decimal("20.00"), "CZK"),
        sent=1571989077.775669,
    )


def test_what_is_unknown_is_counted_and_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert malformed({"dance\x1b[31mAction": {"secret": "words"}})
    assert malformed(items.item("liveChatDanceRenderer", message="words"))
    assert malformed({})
    assert malformed(None)
    assert malformed({"addChatItemAction": {"item": {"liveChatTextMessageRenderer": None}}})
    assert "dance\\x1b[31mAction" in caplog.text
    assert "words" not in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KNOWN: list[Action] = [
    items.text(1, "hi ", items.emoji("😂"), items.emote("DDD"), beforeContentButtons=[{}]),
    items.text(2, by=items.head(2, "Mod", items.icon("MODERATOR"), items.icon("OWNER"))),
    items.super_chat(3, "5,00 €", "hi", by=items.head(3, "Bob", items.member("Member (2 years)"))),
    items.sticker(4, "$1.00", "Cat"),
    items.redirected(12, {"text": "@Kiki", "bold": True}, " and their viewers just joined."),
    items.jewels(5, "sent Heart for 5 Jewels"),
    items.new_member(6, "Welcome to ", "Club", "!"),
    items.milestone(7, items.runs("Member for ", "8", " months"), "Club", "yay"),
    items.gifts(8, "Sent ", "5", " gift memberships"),
    items.gift_received(9),
    items.ticker("liveChatTickerPaidMessageItemRenderer", items.super_chat(10, "$5.00", "hi")),
    items.deleted(11),
    items.banned("UCbob"),
    {
        "replaceChatItemAction": {
            "targetItemId": "x",
            "replacementItem": {"liveChatPlaceholderItemRenderer": {}},
        }
    },
    *RECORDED[:3],
]


@st.composite
def mutated(draw: st.DrawFn) -> Action:
    """A known action in which something, somewhere, is something else, or missing, or there twice."""
    action = copy.deepcopy(draw(st.sampled_from(KNOWN)))
    for _ in range(draw(st.integers(1, 3))):
        node: Any = action
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = draw(st.sampled_from(keys))
            if draw(st.integers(0, 4)) == 0 or not isinstance(node[key], dict | list):
                if draw(st.booleans()):
                    node[key] = draw(JSON)
                else:
                    del node[key]
                break
            node = node[key]
    return action


def drawn(node: Any) -> set[Role]:
    """The roles that any badge anywhere in it stands for."""
    if isinstance(node, list):
        return set().union(*map(drawn, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(drawn, node.values()))
    for badge in node["authorBadges"] if isinstance(node.get("authorBadges"), list) else ():
        text = json.dumps(badge)
        found |= {Role.BROADCASTER} if '"iconType": "OWNER"' in text else set()
        found |= {Role.MODERATOR} if '"iconType": "MODERATOR"' in text else set()
        found |= {Role.SUBSCRIBER} if '"customThumbnail"' in text else set()
    return found


@given(JSON | mutated())
def test_whatever_comes_is_safe_and_gives_nobody_a_role(action: Any) -> None:
    parser = ActionParser("Pizza")
    event = parser.event(action)
    if event is None:
        return
    assert (event.platform, event.channel) == ("youtube", "Pizza")
    assert event.id
    assert codec.load(codec.dump(event)) == event
    if isinstance(event, Deletion):
        assert event.message_id or event.author_id
        return
    assert isinstance(event, ChatMessage | Subscription | Gift | Raid)
    assert event.author.id
    assert event.author.name
    assert event.text == clean(event.text)
    assert event.author.roles <= drawn(action)
    if isinstance(event, ChatMessage):
        assert event.text or event.money
        assert all(event.text[emote.begin : emote.end] == emote.name for emote in event.emotes)


@given(st.text(max_size=60))
def test_any_text_as_an_id_an_amount_or_a_number_of_months(text: str) -> None:
    assert len(message_id(text)) <= 100
    assert message_id(text) == message_id(text)
    assert message(items.super_chat(1, text)).money is not None
    event = read(items.milestone(1, {"simpleText": text}, text, badge=text))
    assert isinstance(event, Subscription)
    assert event.months >= 1
