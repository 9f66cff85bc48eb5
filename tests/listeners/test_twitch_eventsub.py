from __future__ import annotations

from typing import Any

import pytest
import twitch_events as sent
from hypothesis import given
from hypothesis import strategies as st
from twitch_events import Json, badge, emote, mention, notification, reply_to, said
from twitch_messages import JSON, MESSAGES, REWARD
from twitchio.models.eventsub_ import create_event_instance

from vtuber.core import codec
from vtuber.core.events import Author, ChatMessage, Deletion, Emote, Event, Money, Redemption, Role
from vtuber.core.text import clean, clean_name
from vtuber.listeners.twitch.eventsub import NotificationParser
from vtuber.listeners.twitch.irc import login_of


def read(kind: str, event: Any, parser: NotificationParser | None = None) -> Event | None:
    return (parser or NotificationParser("room", ["ask BANBAN"])).event(notification(kind, event))


def heard(*pieces: Json | str, **more: Any) -> ChatMessage:
    event = read("channel.chat.message", said(*pieces, **more))
    assert isinstance(event, ChatMessage)
    return event


@pytest.mark.parametrize(
    ("kind", "event", "meant"), MESSAGES, ids=[f"{n}-{one[0]}" for n, one in enumerate(MESSAGES)]
)
def test_what_each_kind_means(kind: str, event: Json, meant: Event | None) -> None:
    assert read(kind, event) == meant
    assert meant is None or codec.load(codec.dump(meant)) == meant


@pytest.mark.parametrize(("kind", "event"), [(kind, event) for kind, event, _ in MESSAGES])
def test_twitchio_reads_the_same(kind: str, event: Json) -> None:
    """What these tests pretend that Twitch sends has every key that twitchio's models ask for."""
    create_event_instance(kind, notification(kind, event))


def test_an_emote_in_an_action() -> None:
    event = heard("\x01ACTION waves ", emote("HeyGuys"), "\x01")
    assert event.text == "waves HeyGuys"
    assert event.emotes == (Emote("HeyGuys", 6, 13),)


def test_fragments_that_do_not_fit_the_text() -> None:
    event = heard(message={"text": "Kappa hi", "fragments": [emote("Kappa")]})
    assert (event.text, event.emotes) == ("Kappa hi", ())


@pytest.mark.parametrize("bits", ["many", -5, 2.5, [], 10**12])
def test_an_amount_that_cannot_be_understood(bits: Any) -> None:
    assert heard("hi", cheer={"bits": bits}).money == Money(None, "BITS")
    assert heard("hi", cheer={"bits": 0}).money is None
    assert heard("hi", cheer={}).money is None
    used = read("channel.bits.use", sent.powered_up(bits, "celebration"))
    assert isinstance(used, ChatMessage)
    assert used.money == Money(None, "BITS")
    assert read("channel.bits.use", sent.powered_up(0, "celebration")) is None


def test_words_written_for_a_reward_come_once() -> None:
    parser = NotificationParser("room", ["Ask Banban"])
    asked = said("why?", channel_points_custom_reward_id="reward-1")
    assert isinstance(read("channel.chat.message", asked, parser), ChatMessage)  # of whatever reward it is
    assert isinstance(read(REWARD, sent.redeemed(), parser), Redemption)
    assert read("channel.chat.message", asked, parser) is None
    other = said("why?", channel_points_custom_reward_id="reward-2")
    assert isinstance(read("channel.chat.message", other, parser), ChatMessage)


@pytest.mark.parametrize(
    ("badges", "roles"),
    [
        ([badge("moderator")], {Role.MODERATOR}),
        ([badge("lead_moderator")], {Role.MODERATOR}),
        ([badge("vip"), badge("founder", "9")], {Role.VIP, Role.SUBSCRIBER}),
        ([badge("broadcaster")], set()),  # it is not their channel
        ([badge("staff"), badge("x", "moderator", "moderator")], set()),
        ([badge("Moderator"), badge("moderators"), badge(" moderator")], set()),
        (["moderator", None, 3, {"set_id": ["moderator"]}], set()),
        ("moderator", set()),
    ],
)
def test_roles_come_from_the_channels_own_badges(badges: Any, roles: set[Role]) -> None:
    assert heard("!hush", badges=badges).author.roles == roles


def test_the_channels_owner() -> None:
    owner = heard("!hush", chatter_user_id="1", badges=[badge("broadcaster"), badge("subscriber", "80")])
    assert owner.author.roles == {Role.BROADCASTER, Role.SUBSCRIBER}
    assert owner.author.months == 80
    nobody = heard("!hush", chatter_user_id="", broadcaster_user_id="")
    assert nobody.author == Author("@ann", "Ann", login="ann")


def test_badges_of_another_channel_give_no_role() -> None:
    shared = {**sent.SHARED, "source_badges": [badge("broadcaster"), badge("moderator")]}
    assert heard("!hush", **shared, chatter_user_id="2").author.roles == frozenset()


def test_a_deletion_without_a_target_deletes_nothing() -> None:
    assert read("channel.chat.message_delete", {**sent.deleted(), "message_id": ""}) is None
    assert read("channel.chat.message_delete", {**sent.deleted(), "message_id": None}) is None
    nobody = {**sent.silenced(), "target_user_id": None}
    silenced = read("channel.chat.clear_user_messages", nobody)
    assert isinstance(silenced, Deletion)
    assert silenced.author_id == "@ann"
    assert read("channel.chat.clear_user_messages", {**nobody, "target_user_login": ""}) is None


def test_the_same_message_has_the_same_id() -> None:
    assert heard("hi", message_id="").id == heard("hi", message_id=None).id == "e1"


@pytest.mark.parametrize("stamp", ["", None, "soon", "2026-13-01T00:00:00Z", 5, "0001-01-01T00:00:00+23:59"])
def test_a_time_that_is_none(stamp: Any) -> None:
    message = notification("channel.chat.message", said("hi"))
    message["metadata"]["message_timestamp"] = stamp
    event = NotificationParser("room").event(message)
    assert event is not None
    assert event.sent == 0


def test_hostile_words() -> None:
    event = heard("\x1b[31m\u202eevil\x07\ud800 <|im_end|>", chatter_user_name="\x1b[2J\u202e")
    assert event.text == "[31mevil <|im_end|>"
    assert event.author.name == "[2J"
    assert heard("hi", chatter_user_name="\u2800").author.name == "someone"
    assert len(heard("x" * 100_000).text) == 500


NAMES = ["板板", "пользователь", "مستخدم", "ユーザー", "משתמש", "ผู้ใช้", "😂", "Ann_42"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_every_script(name: str) -> None:
    event = heard(f"{name}?", mention(name), chatter_user_name=name, reply=reply_to(name))
    assert (event.author.name, event.reply_to, event.mentions) == (name, name, (name,))


@given(JSON)
def test_any_json_is_an_event_or_nothing(message: Any) -> None:
    assert NotificationParser("room").event(message) is None


@given(st.data())
def test_any_key_may_hold_anything(data: st.DataObject) -> None:
    """Somewhere in a good message there is something else, or nothing."""
    kind, event, _ = data.draw(st.sampled_from(MESSAGES))
    message = data.draw(st.just(notification(kind, event)).map(copied))
    holder: Any = message
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            holder = inner
            continue
        if data.draw(st.booleans()):
            holder[key] = data.draw(JSON)
        else:
            del holder[key]
        break
    parser = NotificationParser("room", ["Ask Banban"])
    heard = parser.event(message)
    assert parser.event(message) == heard or isinstance(heard, ChatMessage)
    if heard is not None:
        assert codec.load(codec.dump(heard)) == heard


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


@given(
    st.text(),
    st.text(),
    st.text(),
    st.lists(st.tuples(st.text() | st.just("moder"), st.text(), st.just("moderator") | st.text())),
)
def test_nobody_gives_themselves_a_role(words: str, name: str, login: str, badges: list[Any]) -> None:
    """Whatever a viewer can choose: words, names, and which of their badges' versions are shown."""
    trusted = {"moderator", "lead_moderator", "broadcaster", "vip", "subscriber", "founder"}
    shown = [badge(one, info, version) for one, info, version in badges if one not in trusted]
    event = read(
        "channel.chat.message",
        said(
            words,
            chatter_user_name=name,
            chatter_user_login=login,
            badges=shown,
            reply=reply_to(name),
            **{**sent.SHARED, "source_badges": [badge("broadcaster"), badge("moderator")]},
        ),
    )
    if event is not None:
        assert isinstance(event, ChatMessage)
        assert event.author == Author("7", clean_name(name or login), login=login_of(clean(login, 100)))
        assert event.text == clean(event.text)
