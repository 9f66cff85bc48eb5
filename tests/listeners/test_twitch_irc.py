from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.events import (
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
    is_money,
)
from vtuber.core.text import clean
from vtuber.listeners.twitch.irc import LINE_LIMIT, IrcParser, parse

LINES = (Path(__file__).parents[1] / "data" / "twitch-irc-lines.txt").read_bytes().decode().splitlines()
RECORDED = [line for line in LINES if line]


def read(line: str) -> Event | None:
    return IrcParser().event(parse(line))


def said(text: str, tags: str = "", nick: str = "ann") -> ChatMessage:
    event = read(f"@id=1;user-id=7;{tags} :{nick}!{nick}@x PRIVMSG #room :{text}")
    assert isinstance(event, ChatMessage)
    return event


def noticed(tags: str, text: str = "", parser: IrcParser | None = None) -> Event | None:
    trailing = f" :{text}" if text else ""
    line = f"@login=ann;user-id=7;display-name=Ann;{tags} :tmi.twitch.tv USERNOTICE #room{trailing}"
    return (parser or IrcParser()).event(parse(line))


def test_every_recorded_line_is_understood() -> None:
    parser = IrcParser()
    events = [parser.event(parse(line)) for line in RECORDED]
    assert Counter(type(event).__name__ for event in events) == {
        "ChatMessage": 39,
        "Subscription": 5,
        "Deletion": 5,
        "NoneType": 3,
        "Raid": 1,
        "Gift": 2,
    }
    assert {event.channel for event in events if event} == {"samika591", "luyone605"}


def test_emotes_are_counted_in_code_points_and_inside_an_action() -> None:
    by_text = {event.text: event for line in RECORDED if isinstance(event := read(line), ChatMessage)}
    face = by_text["😂Kappa😂 &Kappa a b"]  # two spaces in the line
    assert face.emotes == (Emote("Kappa", 1, 6), Emote("Kappa", 9, 14))
    assert by_text["Kappa Keepo PogChamp"].emotes[2] == Emote("PogChamp", 12, 20)
    action = read(RECORDED[0])
    assert isinstance(action, ChatMessage)
    assert action.text == "Kappa"
    assert action.emotes == (Emote("Kappa", 0, 5),)


def test_who_said_it() -> None:
    author = said(
        "hi", "badges=broadcaster/1,subscriber/3072;badge-info=subscriber/80;display-name=Ann"
    ).author
    assert (author.id, author.name, author.months) == ("7", "Ann", 80)
    assert author.roles == {Role.BROADCASTER, Role.SUBSCRIBER}


@pytest.mark.parametrize(
    ("tags", "roles"),
    [
        ("badges=moderator/1", {Role.MODERATOR}),
        ("badges=lead_moderator/1", {Role.MODERATOR}),
        ("mod=1", {Role.MODERATOR}),
        ("user-type=mod", {Role.MODERATOR}),
        ("badges=vip/1", {Role.VIP}),
        ("badges=founder/0;badge-info=founder/9", {Role.SUBSCRIBER}),
        ("source-badges=moderator/1,broadcaster/1", set()),
        ("badges=staff/1;user-type=staff", set()),
        ("display-name=moderator;badges=", set()),
        ("display-name=x\\:mod=1", set()),
        ("reply-parent-msg-body=\\:mod=1\\:badges=moderator/1", set()),
        ("badges=moderators/1,not-moderator/1", set()),
    ],
)
def test_roles_come_from_the_rooms_own_badges(tags: str, roles: set[Role]) -> None:
    assert said("@mod=1;badges=moderator/1 :x PRIVMSG #room :!hush", tags).author.roles == roles


def test_money() -> None:
    assert said("Cheer100", "bits=100").money == Money(Decimal(100), "BITS")
    paid = "pinned-chat-paid-amount=550;pinned-chat-paid-currency=USD;pinned-chat-paid-exponent=2"
    assert said("hi", paid).money == Money(Decimal("5.50"), "USD")
    assert said("Cheer100 bits=100").money is None
    assert said("hi", "bits=-5").money is None


def test_replies() -> None:
    assert said("@bob yes", "reply-parent-display-name=Bob\\s").reply_to == "Bob"
    assert said("@bob yes").reply_to == ""


def test_subscriptions() -> None:
    event = noticed("id=1;msg-id=resub;msg-param-cumulative-months=9;msg-param-sub-plan=3000", "so good")
    assert isinstance(event, Subscription)
    assert event == Subscription("1", "twitch", "room", event.author, "so good", months=9, tier="3")
    first = noticed("id=2;msg-id=sub;msg-param-cumulative-months=1;msg-param-sub-plan=Prime")
    assert isinstance(first, Subscription)
    assert (first.months, first.tier, first.author.name) == (1, "prime", "Ann")


def test_a_bomb_is_one_gift() -> None:
    parser = IrcParser()
    bomb = noticed(
        "id=1;msg-id=submysterygift;msg-param-mass-gift-count=50;msg-param-origin-id=a\\sb", "", parser
    )
    assert isinstance(bomb, Gift)
    assert bomb.count == 50
    for number in range(50):
        assert noticed(f"id=g{number};msg-id=subgift;msg-param-origin-id=a\\sb", "", parser) is None
    single = noticed("id=2;msg-id=subgift;msg-param-origin-id=other", "", parser)
    assert isinstance(single, Gift)
    assert single.count == 1
    assert isinstance(noticed("id=3;msg-id=subgift", "", parser), Gift)


def test_a_bomb_by_its_community_gift_id() -> None:
    parser = IrcParser()
    noticed(
        "id=1;msg-id=submysterygift;msg-param-mass-gift-count=2;msg-param-community-gift-id=77", "", parser
    )
    assert noticed("id=2;msg-id=subgift;msg-param-community-gift-id=77", "", parser) is None


def test_raids_and_announcements() -> None:
    raid = noticed("id=1;msg-id=raid;msg-param-viewerCount=250")
    assert isinstance(raid, Raid)
    assert raid.viewers == 250
    announced = noticed("id=2;msg-id=announcement;badges=moderator/1", "be kind")
    assert isinstance(announced, ChatMessage)
    assert announced.author.roles == {Role.MODERATOR}
    assert noticed("id=3;msg-id=sharedchatnotice;source-msg-id=raid;msg-param-viewerCount=9") is None


def test_marks() -> None:
    assert said("hi", "first-msg=1").marks == {Mark.FIRST}
    assert said("hi", "first-msg=0;returning-chatter=1").marks == {Mark.RETURNING}
    assert said("hi", "first-msg=;returning-chatter=true;msg-id=announcement").marks == frozenset()
    announced = noticed("id=2;msg-id=announcement", "be kind")
    assert isinstance(announced, ChatMessage)
    assert announced.marks == {Mark.ANNOUNCEMENT}
    shared = noticed(
        "id=2;msg-id=sharedchatnotice;source-msg-id=announcement;room-id=1;source-room-id=2", "hey"
    )
    assert isinstance(shared, ChatMessage)
    assert shared.marks == {Mark.ANNOUNCEMENT}
    assert shared.shared_from == "2"


def test_where_and_when_it_was_written() -> None:
    assert said("hi", "room-id=1;source-room-id=2;tmi-sent-ts=1642715756806").shared_from == "2"
    assert said("hi", "room-id=1;source-room-id=1").shared_from == ""
    assert said("hi", "room-id=1").shared_from == ""
    assert said("hi", "tmi-sent-ts=1642715756806").sent == 1642715756.806
    for stamp in ("", "soon", "-5", "9" * 16, "１６４"):
        assert said("hi", f"tmi-sent-ts={stamp}").sent == 0
    raid = noticed("id=1;msg-id=raid;msg-param-viewerCount=250;tmi-sent-ts=5000")
    assert raid
    assert raid.sent == 5


def test_a_deed_in_another_channel_is_none_here() -> None:
    for kind in ("sub", "raid", "submysterygift"):
        tags = f"id=3;msg-id=sharedchatnotice;source-msg-id={kind};room-id=1;source-room-id=2"
        assert noticed(tags) is None
        assert isinstance(noticed(tags, "hey"), ChatMessage)


def test_deletions() -> None:
    everything = read("@tmi-sent-ts=5;room-id=1 :tmi.twitch.tv CLEARCHAT #room")
    assert everything == Deletion("clearchat-5-tmi.twitch.tv", "twitch", "room", sent=0.005)
    author = read("@target-user-id=9;tmi-sent-ts=5 :tmi.twitch.tv CLEARCHAT #room :bob")
    assert isinstance(author, Deletion)
    assert (author.author_id, author.message_id) == ("9", "")
    one = read("@target-msg-id=abc;tmi-sent-ts=5 :tmi.twitch.tv CLEARMSG #room :bad words")
    assert isinstance(one, Deletion)
    assert (one.author_id, one.message_id) == ("", "abc")
    # Without a target nothing may be deleted, least of all everything.
    assert read("@tmi-sent-ts=5 :tmi.twitch.tv CLEARMSG #room :bad words") is None


def test_lines_without_an_id_get_a_stable_one() -> None:
    line = "@tmi-sent-ts=166 :ann!ann@x PRIVMSG #room :hi"
    one, other = read(line), read(line)
    assert one
    assert one == other
    assert said("hi", "id=").id
    parser = IrcParser()
    line = parse(":ann!ann@x PRIVMSG #room :hi")  # type: ignore[assignment]
    ids = [parser.event(line).id for _ in range(3)]  # type: ignore[arg-type, union-attr]
    assert len(set(ids)) == 3


def test_parsing() -> None:
    line = parse("@a=1;b=;c;d=x\\:\\s\\\\\\r\\n\\q\\;+e=f=g :nick!user@host COMMAND one  two :three :four ")
    assert line.tags == {"a": "1", "b": "", "c": "", "d": "x; \\\r\nq", "+e": "f=g"}
    assert (line.nick, line.command, line.params) == ("nick", "COMMAND", ("one", "two", "three :four "))
    assert parse("PING :tmi.twitch.tv").params == ("tmi.twitch.tv",)
    assert parse(":x JOIN #room").params == ("#room",)
    assert parse(":x PRIVMSG #room :").text == ""


@pytest.mark.parametrize(
    "line", ["", " ", "@a=b", ":x", "@a=b :x ", "@a=b :x :hi", "!!", "x" * (LINE_LIMIT + 1)]
)
def test_what_is_no_line(line: str) -> None:
    with pytest.raises(ValueError):
        parse(line)


def test_hostile_words() -> None:
    message = said("\x1b[31m\u202eevil\x07\x00 <|im_end|>", "display-name=\x1b[2J;emotes=25:0-3")
    assert message.text == "[31mevil <|im_end|>"
    assert message.author.name == "[2J"
    assert read(":a PRIVMSG #r :\x01ACTION \x01") is None


@given(st.text() | st.text("@:;= \\#!/,-0123456789abmodPRIVMSGUSERNOTICE\x01", max_size=200))
def test_any_line_is_an_event_or_nothing_or_value_error(line: str) -> None:
    try:
        read(line)
    except ValueError:
        return


@given(
    st.sampled_from([line for line in RECORDED if " PRIVMSG #samika591" in line]),
    st.text(),
)
def test_nobody_writes_themselves_a_role(line: str, words: str) -> None:
    head, _, _ = line.rpartition("#samika591")
    words = words.replace("\r", "").replace("\n", "")
    honest, forged = read(head + "#samika591 :hi"), read(head + "#samika591 :" + words)
    if isinstance(honest, ChatMessage) and isinstance(forged, ChatMessage):
        assert forged.author == honest.author
        assert forged.text == clean(forged.text)


@given(
    st.dictionaries(
        st.sampled_from(["badges", "badge-info", "emotes", "bits", "id", "user-id", "mod"]), st.text()
    )
)
def test_any_tags_are_harmless(tags: dict[str, str]) -> None:
    escapes = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
    head = ";".join(f"{key}={''.join(escapes.get(c, c) for c in value)}" for key, value in tags.items())
    event = read(f"@x={head and ';'}{head} :ann!ann@x PRIVMSG #room :Kappa Keepo")
    assert isinstance(event, ChatMessage)
    held = {badge.partition("/")[0] for badge in tags.get("badges", "").split(",")}
    if tags.get("mod") != "1" and not held & {"moderator", "lead_moderator"}:
        assert Role.MODERATOR not in event.author.roles
    if "broadcaster" not in held:
        assert Role.BROADCASTER not in event.author.roles


def test_a_donation_for_charity() -> None:
    tags = (
        "id=1;msg-id=charitydonation;msg-param-charity-name=Direct\\sRelief;msg-param-donation-amount=2550;"
        "msg-param-donation-currency=EUR;msg-param-exponent=2;system-msg=Ann:\\sDonated"
    )
    event = noticed(tags, "for the cats")
    assert isinstance(event, ChatMessage)
    assert (event.text, event.charity) == ("for the cats", "Direct Relief")
    assert event.money == Money(Decimal("25.50"), "EUR")
    assert is_money(event)
    unknown = noticed("id=2;msg-id=charitydonation;msg-param-donation-amount=lots")
    assert isinstance(unknown, ChatMessage)
    assert (unknown.money, unknown.charity) == (Money(None, ""), "charity")


def test_bits_by_one_tap() -> None:
    tags = "id=1;msg-id=onetapgiftredeemed;msg-param-bits-spent=25;msg-param-gift-id=heart;system-msg="
    event = noticed(tags)
    assert isinstance(event, ChatMessage)
    assert (event.author.name, event.text, event.money) == ("Ann", "", Money(Decimal(25), "BITS"))
    for kind in ("onetapstreakstarted", "onetapstreakexpired", "onetapbreakpointachieved"):
        assert noticed(f"id=2;msg-id={kind};msg-param-gift-id=heart;msg-param-streak-size-bits=500") is None


def test_a_watch_streak_is_what_its_sender_says() -> None:
    tags = (
        "msg-id=viewermilestone;msg-param-category=watch-streak;msg-param-value=15;msg-param-copoReward=450"
    )
    event = noticed(f"id=1;{tags}", "me too!")
    assert isinstance(event, ChatMessage)
    assert (event.text, event.streak, event.money) == ("me too!", 15, None)


def test_a_newcomers_ritual_is_their_first_message() -> None:
    event = noticed("id=1;msg-id=ritual;msg-param-ritual-name=new_chatter", "HeyGuys")
    assert isinstance(event, ChatMessage)
    assert event.marks == {Mark.FIRST}


def test_gifts_of_several_months_and_of_a_higher_tier() -> None:
    event = noticed("id=1;msg-id=subgift;msg-param-gift-months=6;msg-param-sub-plan=3000")
    assert isinstance(event, Gift)
    assert (event.count, event.months, event.tier) == (1, 6, "3")
    usual = noticed("id=2;msg-id=subgift;msg-param-gift-months=1;msg-param-sub-plan=1000")
    assert isinstance(usual, Gift)
    assert (usual.months, usual.tier) == (1, "")


def test_a_gift_that_is_paid_forward_is_told_once() -> None:
    parser = IrcParser()
    forward = "msg-param-prior-gifter-user-name=bob;msg-param-recipient-user-name=cat"
    assert noticed(f"id=1;msg-id=standardpayforward;{forward}", "", parser) is None
    assert isinstance(noticed("id=2;msg-id=subgift;msg-param-origin-id=o1", "", parser), Gift)
    assert noticed(f"id=3;msg-id=communitypayforward;{forward}", "", parser) is None


def test_the_gifts_of_a_bomb_that_was_missed_are_one() -> None:
    parser = IrcParser()
    tags = "msg-id=subgift;msg-param-community-gift-id=77;msg-param-origin-id=77"
    heard = [noticed(f"id=g{number};{tags}", "", parser) for number in range(20)]
    assert [type(event) for event in heard if event] == [Gift]


def test_who_gives_without_a_name_is_someone() -> None:
    tags = (
        "@id=1;user-id=274598607;login=ananonymousgifter;display-name=AnAnonymousGifter;msg-id=submysterygift"
    )
    event = read(f"{tags};msg-param-mass-gift-count=5 :tmi.twitch.tv USERNOTICE #room")
    assert isinstance(event, Gift)
    assert (event.author.name, event.count) == ("someone", 5)
