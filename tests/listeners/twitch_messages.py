"""What Twitch sends over EventSub, and what each of it means."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import twitch_events as sent
from hypothesis import strategies as st
from twitch_events import Json, badge, cheermote, emote, mention, notice, reply_to, said

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

SENT = 1795600800.5
ANN = Author("7", "Ann", login="ann")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
REWARD = "channel.channel_points_custom_reward_redemption.add"


def message(text: str, **more: Any) -> ChatMessage:
    return ChatMessage("m1", "twitch", "room", ANN, text, sent=SENT, **more)


MESSAGES: list[tuple[str, Json, Event | None]] = [
    ("channel.chat.message", said("hi there"), message("hi there")),
    (
        "channel.chat.message",
        said("no 😂 ", emote("Kappa"), " ", emote("Kappa")),
        message("no 😂 Kappa Kappa", emotes=(Emote("Kappa", 5, 10), Emote("Kappa", 11, 16))),
    ),
    ("channel.chat.message", said(emote("LUL")), message("LUL", emotes=(Emote("LUL", 0, 3),))),
    (
        "channel.chat.message",
        said(mention("Bob"), " yes", reply=reply_to("Bob")),
        message("@Bob yes", mentions=("Bob",), reply_to="Bob"),
    ),
    (
        "channel.chat.message",
        said("wow ", cheermote(100), cheer={"bits": 100}),
        message("wow", money=Money(Decimal(100), "BITS")),
    ),
    (
        "channel.chat.message",
        said("hello everyone", message_type="user_intro"),
        message("hello everyone", marks=frozenset((Mark.FIRST,))),
    ),
    ("channel.chat.message", said("from afar", **sent.SHARED), message("from afar", shared_from="other")),
    ("channel.chat.message", said(), None),
    (
        "channel.chat.notification",
        sent.subbed(prime=True),
        Subscription("n1", "twitch", "room", ANN, months=1, tier="prime", sent=SENT),
    ),
    (
        "channel.chat.notification",
        sent.resubbed(9, "so good", "3000", badges=[badge("subscriber", "8")]),
        Subscription(
            "n1",
            "twitch",
            "room",
            replace(ANN, roles=frozenset((Role.SUBSCRIBER,)), months=8),
            "so good",
            months=9,
            tier="3",
            sent=SENT,
        ),
    ),
    (
        "channel.chat.notification",
        notice("prime_paid_upgrade", {"sub_tier": "2000"}),
        Subscription("n1", "twitch", "room", ANN, months=1, tier="2", sent=SENT),
    ),
    (
        "channel.chat.notification",
        notice("gift_paid_upgrade", sent.NO_GIFTER),
        Subscription("n1", "twitch", "room", ANN, months=1, tier="", sent=SENT),
    ),
    ("channel.chat.notification", sent.gifted(), Gift("n1", "twitch", "room", ANN, count=1, sent=SENT)),
    ("channel.chat.notification", sent.gifted("b1"), None),
    ("channel.chat.notification", sent.bombed(50), Gift("n1", "twitch", "room", ANN, count=50, sent=SENT)),
    (
        "channel.chat.notification",
        sent.bombed(
            5, chatter_is_anonymous=True, chatter_user_id="", chatter_user_login="", chatter_user_name=""
        ),
        Gift("n1", "twitch", "room", Author("@ananonymousgifter", "someone"), count=5, sent=SENT),
    ),
    (
        "channel.chat.notification",
        sent.raided(250),
        Raid("n1", "twitch", "room", ANN, viewers=250, sent=SENT),
    ),
    ("channel.chat.notification", notice("unraid", {}), None),
    (
        "channel.chat.notification",
        sent.announced("be kind", badges=[badge("moderator")]),
        ChatMessage(
            "n1",
            "twitch",
            "room",
            replace(ANN, roles=frozenset((Role.MODERATOR,))),
            "be kind",
            marks=frozenset((Mark.ANNOUNCEMENT,)),
            sent=SENT,
        ),
    ),
    (
        "channel.chat.notification",
        notice("watch_streak", {"streak_count": 5, "channel_points_awarded": 450}, "five!"),
        ChatMessage("n1", "twitch", "room", ANN, "five!", sent=SENT),
    ),
    (
        "channel.chat.notification",
        notice(
            "charity_donation",
            {"charity_name": "Cats", "amount": {"value": 550, "decimal_place": 2, "currency": "USD"}},
            "meow",
        ),
        ChatMessage(
            "n1",
            "twitch",
            "room",
            ANN,
            "meow",
            money=Money(Decimal("5.5"), "USD"),
            charity="Cats",
            sent=SENT,
        ),
    ),
    (
        "channel.chat.notification",
        sent.gifted(months=6, tier="2000"),
        Gift("n1", "twitch", "room", ANN, months=6, tier="2", sent=SENT),
    ),
    (
        "channel.chat.notification",
        notice("shared_chat_charity_donation", {"charity_name": "Cats"}, **sent.SHARED),
        None,
    ),
    (
        "channel.chat.notification",
        notice("pay_it_forward", {"gifter_is_anonymous": True}),
        None,
    ),
    (
        "channel.chat.notification",
        notice("shared_chat_announcement", {"color": "BLUE"}, "hey", **sent.SHARED),
        ChatMessage(
            "n1",
            "twitch",
            "room",
            ANN,
            "hey",
            marks=frozenset((Mark.ANNOUNCEMENT,)),
            shared_from="other",
            sent=SENT,
        ),
    ),
    # Money and viewers that another channel got are none of hers.
    (
        "channel.chat.notification",
        sent.bombed(50, notice_type="shared_chat_community_sub_gift", **sent.SHARED),
        None,
    ),
    (
        "channel.chat.message_delete",
        sent.deleted("m9"),
        Deletion("e1", "twitch", "room", message_id="m9", sent=SENT),
    ),
    (
        "channel.chat.clear_user_messages",
        sent.silenced(),
        Deletion("e1", "twitch", "room", author_id="7", sent=SENT),
    ),
    ("channel.chat.clear", sent.cleared(), Deletion("e1", "twitch", "room", sent=SENT)),
    (
        "channel.bits.use",
        sent.powered_up(50, "celebration", "wow"),
        ChatMessage("e1", "twitch", "room", ANN, "wow", money=Money(Decimal(50), "BITS"), sent=SENT),
    ),
    (  # its words are a chat message
        "channel.bits.use",
        sent.powered_up(30, "gigantify_an_emote", emote("Kappa")),
        ChatMessage("e1", "twitch", "room", ANN, "", money=Money(Decimal(30), "BITS"), sent=SENT),
    ),
    ("channel.bits.use", sent.powered_up(100, "", "Cheer100", type="cheer", power_up=None), None),
    ("channel.follow", sent.followed(), Follow("e1", "twitch", "room", ANN, sent=SENT)),
    (
        REWARD,
        sent.redeemed(),
        Redemption(
            "r1",
            "twitch",
            "room",
            ANN,
            "why?",
            reward="Ask Banban",
            reward_id="reward-1",
            cost=500,
            sent=SENT,
        ),
    ),
    (REWARD, sent.redeemed("Hydrate!"), None),
    ("stream.online", sent.began(), StreamStatus("e1", "twitch", "room", live=True, sent=SENT)),
    ("stream.online", sent.began("rerun"), None),
    ("stream.offline", sent.ended(), StreamStatus("e1", "twitch", "room", live=False, sent=SENT)),
]
