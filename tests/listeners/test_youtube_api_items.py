from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import youtube_items as items
from hypothesis import given
from hypothesis import strategies as st
from youtube_api_server import api_id, item, page_id
from youtube_server import NOW

from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Gift,
    Mark,
    Money,
    Role,
    Subscription,
)
from vtuber.listeners.youtube.api_items import ItemParser
from vtuber.listeners.youtube.deduplication import message_id
from vtuber.listeners.youtube.renderers import ActionParser

ANN = Author("UCAnnvvvvvvvvvvvvvvvvvvv", "Ann")
ID = "CI000000000000000000000001"
REPORTS = Path(__file__).parents[1] / "data" / "reports"
HEAD = (ID, "youtube", "@banban")


def read(thing: object) -> Event | None:
    return ItemParser("@banban").event(thing)


def test_words() -> None:
    words = "hi :face-blue-smiling: at 10:30:45 :_どんっ: ok"
    assert read(item("textMessageEvent", {"messageText": words}, at=NOW + 0.25)) == ChatMessage(
        *HEAD,
        ANN,
        words,
        emotes=(Emote(":face-blue-smiling:", 3, 22), Emote(":_どんっ:", 35, 41)),
        sent=NOW + 0.25,
    )


def test_words_are_cleaned_and_empty_ones_are_nothing() -> None:
    dirty = read(
        item("textMessageEvent", {"messageText": "a\u202e\x1b[2J  b" + "x" * 9000}, name="\u202e\x00")
    )
    assert isinstance(dirty, ChatMessage)
    assert dirty.text.startswith("a[2J bxxx")
    assert len(dirty.text) == 500
    assert dirty.author.name == "someone"
    assert read(item("textMessageEvent", {"messageText": " \u200b "})) is None
    blank = item("textMessageEvent", {"messageText": ""})
    blank["snippet"]["displayMessage"] = "\u2800"
    assert read(blank) is None


def test_a_message_of_emotes_only() -> None:
    event = read(item("textMessageEvent", {"messageText": ":a-b: :a-b:"}))
    assert isinstance(event, ChatMessage)
    assert event.emotes == (Emote(":a-b:", 0, 5), Emote(":a-b:", 6, 11))


@pytest.mark.parametrize(
    ("details", "money"),
    [
        ({"amountMicros": "5000000", "currency": "USD"}, Money(Decimal(5), "USD")),
        ({"amountMicros": 1_230_000, "currency": "EUR"}, Money(Decimal("1.23"), "EUR")),
        ({"amountMicros": "75000000", "currency": "TWD"}, Money(Decimal(75), "TWD")),
        ({"amountMicros": "10000000000000001", "currency": "JPY"}, Money(None, "")),
        ({"amountMicros": "5000000", "currency": "$"}, Money(Decimal(5), "")),
        (
            {"amountMicros": -1, "currency": "USD", "amountDisplayString": "NT$75.00"},
            Money(Decimal(75), "TWD"),
        ),
        ({"amountMicros": None, "amountDisplayString": "5,00 €"}, Money(Decimal("5.00"), "EUR")),
        ({"amountMicros": True, "amountDisplayString": "lots"}, Money(None, "")),
        ({}, Money(None, "")),
    ],
)
def test_a_super_chat_is_exact(details: dict[str, Any], money: Money) -> None:
    event = read(item("superChatEvent", {**details, "userComment": "for :pizza:"}))
    assert event == ChatMessage(
        *HEAD, ANN, "for :pizza:", emotes=(Emote(":pizza:", 4, 11),), money=money, sent=NOW
    )


@pytest.mark.parametrize(("tier", "colour"), [(1, "#1e88e5"), ("4", "#ffca28"), (11, "#e62117"), (None, "")])
def test_a_super_chats_colour_is_that_of_its_tier(tier: object, colour: str) -> None:
    paid = {"amountMicros": "5000000", "currency": "USD", "tier": tier}
    for kind in ("superChatEvent", "superStickerEvent"):
        event = read(item(kind, paid))
        assert isinstance(event, ChatMessage)
        assert event.colour == colour


def test_a_handle_is_the_same_name_as_on_the_pages() -> None:
    event = read(json.loads((REPORTS / "youtube-api-handle-item.json").read_text(encoding="utf-8")))
    assert isinstance(event, ChatMessage)
    shown = items.text(1, "hello", by=items.head(1, "kai-handle"))
    on_page = ActionParser("@banban").event(shown)
    assert isinstance(on_page, ChatMessage)
    assert event.author.name == on_page.author.name == "kai-handle"


def test_a_super_chat_without_words() -> None:
    event = read(item("superChatEvent", {"amountMicros": "5000000", "currency": "USD"}))
    assert event == ChatMessage(*HEAD, ANN, "", money=Money(Decimal(5), "USD"), sent=NOW)


def test_a_sticker() -> None:
    details = {
        "superStickerMetadata": {"stickerId": "pear", "altText": "A dancing pear", "language": "en"},
        "amountMicros": "199000000",
        "currency": "INR",
    }
    assert read(item("superStickerEvent", details)) == ChatMessage(
        *HEAD,
        ANN,
        "A dancing pear",
        money=Money(Decimal(199), "INR"),
        marks=frozenset((Mark.STICKER,)),
        sent=NOW,
    )


def test_a_gift_bought_with_jewels_is_paid() -> None:
    thing = item("giftEvent")
    thing["snippet"]["giftEventDetails"] = {"giftMetadata": {"giftName": "Rose", "jewelsAmount": 30}}
    assert read(thing) == ChatMessage(
        *HEAD, ANN, "Rose", money=Money(None, ""), marks=frozenset((Mark.STICKER,)), sent=NOW
    )


def test_memberships() -> None:
    assert read(
        item("newSponsorEvent", {"memberLevelName": "Pizza", "isUpgrade": False}, isChatSponsor=True)
    ) == Subscription(
        *HEAD, Author(ANN.id, "Ann", frozenset((Role.SUBSCRIBER,))), months=1, tier="Pizza", sent=NOW
    )
    details = {"userComment": "a year!", "memberMonth": 12, "memberLevelName": "Pizza"}
    assert read(item("memberMilestoneChatEvent", details)) == Subscription(
        *HEAD, Author(ANN.id, "Ann", months=12), "a year!", months=12, tier="Pizza", sent=NOW
    )
    details = {"giftMembershipsCount": 50, "giftMembershipsLevelName": "Pizza"}
    assert read(item("membershipGiftingEvent", details)) == Gift(*HEAD, ANN, count=50, sent=NOW)


@pytest.mark.parametrize(
    "kind",
    [
        "giftMembershipReceivedEvent",
        "chatEndedEvent",
        "pollEvent",
        "sponsorOnlyModeStartedEvent",
        "sponsorOnlyModeEndedEvent",
    ],
)
def test_what_is_nothing_to_answer(kind: str) -> None:
    parser = ItemParser("@banban")
    assert parser.event(item(kind)) is None
    assert parser.malformed == 0


def test_removals() -> None:
    gone = "CI000000000000000000000009"
    details = {"deletedMessageId": api_id(gone)}
    assert read(item("messageDeletedEvent", details)) == Deletion(*HEAD, message_id=gone, sent=NOW)
    details = {"retractedMessageId": api_id(gone)}
    assert read(item("messageRetractedEvent", details)) == Deletion(*HEAD, message_id=gone, sent=NOW)
    tombstone = read(item("tombstone"))
    assert tombstone == Deletion(f"tombstone-{ID}", *HEAD[1:], message_id=ID, sent=NOW)
    for more in ({"banType": "permanent"}, {"banType": "temporary", "banDurationSeconds": "300"}):
        banned = {"bannedUserDetails": {"channelId": "UCbad", "displayName": "Bad"}, **more}
        assert read(item("userBannedEvent", banned)) == Deletion(*HEAD, author_id="UCbad", sent=NOW)


@pytest.mark.parametrize("kind", ["messageDeletedEvent", "messageRetractedEvent", "userBannedEvent"])
def test_a_removal_of_nothing_does_not_clear_the_chat(kind: str) -> None:
    assert read(item(kind, {})) is None


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("isChatOwner", Role.BROADCASTER),
        ("isChatModerator", Role.MODERATOR),
        ("isChatSponsor", Role.SUBSCRIBER),
    ],
)
def test_roles_are_the_platforms_own(said: str, role: Role) -> None:
    def roles(**author: Any) -> frozenset[Role]:
        event = read(item("textMessageEvent", {"messageText": "x"}, **author))
        assert isinstance(event, ChatMessage)
        return event.author.roles

    assert roles(**{said: True}) == {role}
    for other in (False, "true", 1, [True], None):
        assert roles(**{said: other}) == frozenset()
    assert roles(isVerified=True, displayName=f"{said}: true [MOD]") == frozenset()


def test_times() -> None:
    def sent(published: object) -> float:
        thing = item("textMessageEvent", {"messageText": "x"})
        thing["snippet"]["publishedAt"] = published
        event = read(thing)
        assert isinstance(event, ChatMessage)
        return event.sent

    assert sent("2020-09-18T03:33:20Z") == 1_600_400_000
    assert sent("2020-09-18T03:33:20.5+00:00") == 1_600_400_000.5
    assert sent("2020-09-18T05:33:20.123456789+02:00") == pytest.approx(1_600_400_000.123456)
    for malformed in ("", "yesterday", "0001-01-01T00:00:00Z", None, 5, "2020-09-18T03:33:20+99:99"):
        assert sent(malformed) == 0


def test_both_ways_give_a_message_the_same_id() -> None:
    # As a public project tells, which deletes through one what it hears through the other.
    on_page, in_api = (
        "ChwKGkNJN0ZpT09ybnBjREZhVEhQd1FkOGtFenRR",
        "LCC.EhwKGkNJN0ZpT09ybnBjREZhVEhQd1FkOGtFenRR",
    )
    assert message_id(on_page) == message_id(in_api) == "CI7FiOOrnpcDFaTHPwQd8kEztQ"
    assert message_id(page_id(ID)) == message_id(api_id(ID)) == ID


def test_the_older_ids_of_the_api_name_the_chat_as_well() -> None:
    older = (
        "LCC.CjgKDQoLUnRwWXJwWEdFakEqJwoYVUNJWi1KbUdURkZEZy01WGxmMlNmaVZBEgtSdHBZcnBYR0VqQRIcChpDTDduNi03"
        "bDBPc0NGV05EN1FvZFk2QU1WUQ"
    )
    assert message_id(older) == "CL7n6-7l0OsCFWND7QodY6AMVQ"


def test_long_ids_of_a_make_that_is_not_known_stay_different() -> None:
    one, other = (message_id("?" * 150 + end) for end in "ab")
    assert one != other
    assert len(one) <= 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
WHOLE = (
    item("textMessageEvent", {"messageText": "hi :a-b:"}),
    item("superChatEvent", {"amountMicros": "5000000", "currency": "USD", "userComment": "hi"}),
    item("superStickerEvent", {"superStickerMetadata": {"altText": "pear"}, "amountMicros": 1}),
    item("newSponsorEvent", {"memberLevelName": "Pizza"}),
    item("memberMilestoneChatEvent", {"userComment": "a", "memberMonth": 12}),
    item("membershipGiftingEvent", {"giftMembershipsCount": 50}),
    item("messageDeletedEvent", {"deletedMessageId": api_id(ID)}),
    item("userBannedEvent", {"bannedUserDetails": {"channelId": "UCbad"}}),
    item("giftEvent", {"giftMetadata": {"giftName": "Rose"}}),
    item("tombstone"),
)


@st.composite
def mutilated(draw: st.DrawFn) -> Any:
    """An item in which one or two things are something else."""
    thing: Any = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 2))):
        node = thing
        while True:
            key = draw(st.sampled_from(sorted(node)))
            if isinstance(node[key], dict) and node[key] and draw(st.booleans()):
                node = node[key]
            else:
                break
        if draw(st.booleans()):
            node[key] = draw(JSON)
        else:
            del node[key]
        if not thing:
            break
    return thing


@given(JSON | mutilated())
def test_no_json_whatever_breaks_it_or_gives_a_role(thing: Any) -> None:
    event = read(thing)
    if isinstance(event, Deletion):
        assert event.message_id or event.author_id
    elif event is not None:
        assert isinstance(event, ChatMessage | Subscription | Gift)
        assert event.author.id
        given = thing.get("authorDetails")
        given = given if isinstance(given, dict) else {}
        allowed = {
            role
            for key, role in (
                ("isChatOwner", Role.BROADCASTER),
                ("isChatModerator", Role.MODERATOR),
                ("isChatSponsor", Role.SUBSCRIBER),
            )
            if given.get(key) is True
        }
        assert event.author.roles == allowed
