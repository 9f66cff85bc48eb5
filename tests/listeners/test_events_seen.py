"""Every kind of event, from the wire through a real listener to what she is told and what a page is sent."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
import twitch_events as sent
import youtube_items as items
from twitch_events import Json, cheermote, notice, said
from twitch_irc_server import Caller, server
from twitch_listeners import hearing, make_listener, words
from twitch_server import Twitch
from youtube_server import Action, Video, YouTube

from vtuber.brain.question import question
from vtuber.config import Chat, Settings, TwitchChat, YouTubeChat
from vtuber.core.deeds import deed, written
from vtuber.core.events import Answerable, Batch, Event, Pick, is_paid
from vtuber.listeners import Listener
from vtuber.listeners.twitch.anonymous import AnonymousTwitchListener
from vtuber.listeners.youtube import pages
from vtuber.listeners.youtube.pages import PageReader
from vtuber.memory import NOTHING
from vtuber.stage.cues import Thinking
from vtuber.stage.overlay.frames import TextFrame
from vtuber.stage.overlay.state import PageState

pytest_plugins = ["twitch_fixtures"]

PURPLE, MEMBER = "#9146ff", "#0f9d58"
Seen = tuple[str, str, str, str, bool]
"""What she is told; what is in the bubble, in English and in Chinese; its colour; whether it was paid."""


def usernotice(number: int, kind: str, text: str = "", **params: object) -> str:
    tags = ";".join(f"{key.replace('_', '-')}={value}" for key, value in params.items())
    head = f"@id=n{number};msg-id={kind};user-id=7;login=ann;display-name=Ann;{tags}"
    return f"{head} :tmi.twitch.tv USERNOTICE #room" + (f" :{text}" if text else "")


def privmsg(number: int, text: str, tags: str = "") -> str:
    return f"@id=m{number};user-id=7;display-name=Ann;{tags} :ann!ann@x PRIVMSG #room :{text}"


IRC: list[tuple[str, Seen | None]] = [
    (privmsg(1, "hello", "first-msg=1"), ("hello [new here]", "", "", "", False)),
    (privmsg(2, "hi again", "returning-chatter=1"), ("hi again [came back]", "", "", "", False)),
    (
        privmsg(3, "cheer1 TriHard cheer1", "bits=2"),
        ("[paid 2 bits] TriHard", "2 bits", "2 小奇點", "#979797", True),
    ),
    (
        privmsg(4, "kaiHype5000", "bits=5000"),
        ("[paid 5,000 bits]", "5,000 bits", "5,000 小奇點", "#0099fe", True),
    ),
    (
        usernotice(5, "onetapgiftredeemed", msg_param_bits_spent=150, msg_param_gift_id="heart"),
        ("[paid 150 bits]", "150 bits", "150 小奇點", "#9c3ee8", True),
    ),
    (
        usernotice(
            6,
            "charitydonation",
            "meow",
            msg_param_charity_name=r"Direct\sRelief",
            msg_param_donation_amount=2550,
            msg_param_donation_currency="EUR",
            msg_param_exponent=2,
        ),
        (
            "[gave €25.50 to Direct Relief] meow",
            "€25.50 for Direct Relief",
            "捐款給Direct Relief：€25.50",
            PURPLE,
            True,
        ),
    ),
    (
        usernotice(7, "sub", msg_param_cumulative_months=1, msg_param_sub_plan="Prime"),
        ("[subscribed, Prime]", "subscribed · Prime", "訂閱 · Prime", PURPLE, True),
    ),
    (
        usernotice(8, "resub", "so good", msg_param_cumulative_months=9, msg_param_sub_plan=3000),
        ("[subscribed, month 9, Tier 3] so good", "month 9 · Tier 3", "第 9 個月 · 層級 3", PURPLE, True),
    ),
    (
        usernotice(9, "primepaidupgrade", msg_param_sub_plan=1000),
        ("[subscribed]", "subscribed", "訂閱", PURPLE, True),
    ),
    (
        usernotice(10, "submysterygift", msg_param_mass_gift_count=5, msg_param_community_gift_id="b"),
        ("[gave away 5 subscriptions]", "gave away 5 subscriptions", "送出 5 份訂閱", PURPLE, True),
    ),
    *[(usernotice(number, "subgift", msg_param_community_gift_id="b"), None) for number in range(11, 16)],
    (usernotice(16, "communitypayforward", msg_param_prior_gifter_user_name="bob"), None),
    (
        usernotice(17, "subgift", msg_param_gift_months=6, msg_param_sub_plan=2000, msg_param_origin_id="o"),
        (
            "[gave away a subscription of 6 months]",
            "gave away a subscription of 6 months · Tier 2",
            "送出 1 份6 個月的訂閱 · 層級 2",
            PURPLE,
            True,
        ),
    ),
    (
        usernotice(18, "raid", msg_param_viewerCount=312),
        ("[raid: 312 viewers arrive]", "raid: 312 viewers", "揪團：312 位觀眾", PURPLE, False),
    ),
    (
        usernotice(19, "viewermilestone", "me too!", msg_param_category="watch-streak", msg_param_value=15),
        (
            "[watched 15 streams in a row] me too!",
            "watched 15 streams in a row",
            "連續收看 15 場直播",
            PURPLE,
            False,
        ),
    ),
    (usernotice(20, "announcement", "be kind"), ("be kind", "announcement", "公告", PURPLE, False)),
    (usernotice(21, "onetapstreakexpired", msg_param_streak_size_bits=500), None),
    (privmsg(99, "the end"), ("the end", "", "", "", False)),
]

EVENTSUB: list[tuple[str, Json, Seen | None]] = [
    (
        "channel.chat.message",
        said(cheermote(100), " wow ", cheermote(100), cheer={"bits": 200}),
        ("[paid 200 bits] wow", "200 bits", "200 小奇點", "#9c3ee8", True),
    ),
    (
        "channel.chat.message",
        said("hello", message_id="m2", message_type="user_intro"),
        ("hello [new here]", "", "", "", False),
    ),
    (
        "channel.chat.notification",
        notice(
            "charity_donation",
            {"charity_name": "Cats", "amount": {"value": 1000, "decimal_place": 0, "currency": "JPY"}},
        ),
        ("[gave ¥1,000 to Cats]", "¥1,000 for Cats", "捐款給Cats：¥1,000", PURPLE, True),
    ),
    (
        "channel.chat.notification",
        sent.bombed(50, message_id="n2"),
        ("[gave away 50 subscriptions]", "gave away 50 subscriptions", "送出 50 份訂閱", PURPLE, True),
    ),
    ("channel.chat.notification", sent.gifted("b1", message_id="n3"), None),
    (
        "channel.chat.notification",
        notice("watch_streak", {"streak_count": 5}, "me too!", message_id="n4"),
        (
            "[watched 5 streams in a row] me too!",
            "watched 5 streams in a row",
            "連續收看 5 場直播",
            PURPLE,
            False,
        ),
    ),
]


def coloured(action: Action, **colours: int) -> Action:
    for renderer in action["addChatItemAction"]["item"].values():
        renderer.update(colours)
    return action


KIKI = items.redirected(8, {"text": "@Kiki", "bold": True}, " and their viewers just joined. Say hello!")
YOUTUBE: list[tuple[Action, Seen | None]] = [
    (
        coloured(items.super_chat(1, "$50.00", "love"), bodyBackgroundColor=0xFFE91E63),
        ("[paid US$50.00] love", "US$50.00 Super Chat", "US$50.00 超級留言", "#e91e63", True),
    ),
    (
        coloured(items.sticker(2, "NT$75.00", "貓咪"), backgroundColor=0xFF00E5FF),
        (
            "[sent a sticker for NT$75: 貓咪]",
            "NT$75 Super Sticker: 貓咪",
            "NT$75 超級貼圖：貓咪",
            "#00e5ff",
            True,
        ),
    ),
    (
        items.jewels(3, "sent Heart for 5 Jewels"),
        ("[sent a gift: Heart]", "gift: Heart", "禮物：Heart", "#1e88e5", True),
    ),
    (
        items.new_member(4, "Welcome to ", "Gold", "!"),
        ("[became a member, Gold]", "new member · Gold", "新會員 · Gold", MEMBER, True),
    ),
    (
        items.milestone(5, items.runs("Member for ", "8", " months"), "Gold", "still here"),
        ("[member for 8 months, Gold] still here", "month 8 · Gold", "第 8 個月 · Gold", MEMBER, True),
    ),
    (
        items.gifts(6, "Sent ", "5", " Club gift memberships"),
        ("[gave away 5 memberships]", "gave away 5 memberships", "送出 5 份會員", MEMBER, True),
    ),
    (items.gift_received(7), None),
    (KIKI, ("[raid: many viewers arrive]", "raid", "帶觀眾來了", "#ff0033", False)),
    (KIKI, None),
    (items.redirected(9, "Go and watch ", {"text": "@Kiki", "bold": True}, to="aaaaaaaaaaa"), None),
    (items.text(99, "the end"), ("the end", "", "", "", False)),
]  # fmt: skip


def seen(event: Event) -> Seen:
    """What she is told of it, and what a page is sent."""
    assert isinstance(event, Answerable)
    told = question(Batch(Pick(event)), NOTHING, "", ()).asked.text
    cue = Thinking(event.author.name, written(event), event.platform, deed=deed(event))
    frame = PageState("Banban").take(cue)
    assert isinstance(frame, TextFrame)
    shown = frame.fields.get("deed", {"en": "", "zh": "", "colour": ""})
    return told, shown["en"], shown["zh"], shown["colour"], is_paid(event)


async def all_of(listener: Listener | PageReader, last: str) -> list[Event]:
    heard: list[Event] = []
    async with asyncio.timeout(20), aclosing(listener.events()) as events:
        async for event in events:
            heard.append(event)
            if words([event]) == [last]:
                break
    return heard


async def test_twitch_without_an_account() -> None:
    async def script(caller: Caller) -> None:
        await caller.welcome()
        await caller.send(*(line for line, _ in IRC))
        await caller.socket.receive()

    async with server(script) as url:
        listener = AnonymousTwitchListener(Settings(chat=Chat(twitch=TwitchChat(irc_url=url))), "room")
        heard = await all_of(listener, "the end")
    assert list(map(seen, heard)) == [expected for _, expected in IRC if expected]


async def test_twitch_with_an_account(twitch: Twitch) -> None:
    listener = make_listener(twitch)
    async with hearing(listener) as heard:
        await twitch.subscribed("channel.chat.message", "channel.chat.notification")
        for number, (kind, event, _) in enumerate(EVENTSUB):
            await twitch.notify(kind, event, f"e{number}")
        await twitch.notify("channel.chat.message", said("the end", message_id="last"), "last")
        await twitch.until(lambda: words(heard)[-1:] == ["the end"])
    assert list(map(seen, heard[:-1])) == [expected for *_, expected in EVENTSUB if expected]


async def test_youtube(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SHORTEST_PAUSE", 0.01)
    async with YouTube(Video(actions=[action for action, _ in YOUTUBE])) as youtube:
        settings = Settings(chat=Chat(youtube=YouTubeChat(base_url=youtube.url)))
        heard = await all_of(PageReader(settings, "aaaaaaaaaaa", "Pizza"), "the end")
    once = list({event.id: event for event in heard}.values())  # as the listener that owns it lets through
    assert list(map(seen, once)) == [expected for _, expected in YOUTUBE if expected]
