from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtuber.core import codec
from vtuber.core.errors import ListenerError
from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Gift,
    Money,
    Raid,
    Role,
    StreamStatus,
    Subscription,
    is_paid,
)
from vtuber.core.text import clean
from vtuber.listeners.recordings import recording as recordings
from vtuber.listeners.recordings.recording import Recording

FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # each example may share a folder
DATA = Path(__file__).parents[1] / "data"
TWITCH = DATA / "twitch-vod-chat.json"
YOUTUBE = DATA / "youtube-superchats.json"


Read = Callable[..., Recording]
One = Callable[[Any], Any]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(*values: Any) -> Recording:
        path = tmp_path / "chat.json"
        path.write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
        return recordings.read(path)

    return read


@pytest.fixture
def one(read: Read) -> One:
    def one(value: Any) -> Any:
        ((_, event),) = read(value).rows
        return event

    return one


def vod(**changes: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "body": "hi",
        "fragments": [{"text": "hi"}],
        "user_badges": None,
        "user_notice_params": {},
    }
    row = {"_id": "v1", "content_offset_seconds": 3, "commenter": {"_id": "7", "display_name": "Ann"}}
    return row | {"message": message | changes}


def youtube(**changes: Any) -> dict[str, Any]:
    author = {"id": "UCann", "name": "Ann"}
    row = {"message_id": "y1", "message_type": "text_message", "author": author, "message": "hi"}
    return row | {"time_in_seconds": 1.5, "timestamp": 1_600_000_000_000_000} | changes


def test_the_recorded_twitch_stream() -> None:
    recording = recordings.read(TWITCH)
    events = [event for _, event in recording.rows]
    assert Counter(map(type, events)) == {ChatMessage: 3069, Subscription: 21}
    assert not recording.malformed
    assert recording.seconds == 2922
    assert recording.summary(4) == "3,090 messages over 48:42, at 4×"
    subscriptions = [event for event in events if isinstance(event, Subscription)]
    assert Counter(event.months == 1 for event in subscriptions) == {False: 19, True: 2}
    assert not any("subscribed" in event.text for event in subscriptions)
    assert "any primers in chat" in {event.text for event in subscriptions}
    raw = json.loads(TWITCH.read_text(encoding="utf-8"))["comments"]
    moderators = sum(any(b["_id"] == "moderator" for b in r["message"]["user_badges"] or []) for r in raw)
    assert (
        sum(
            Role.MODERATOR in event.author.roles
            for event in events
            if not isinstance(event, Deletion | StreamStatus)
        )
        == moderators
    )
    emoted = [(event, emote) for event in events if isinstance(event, ChatMessage) for emote in event.emotes]
    assert len(emoted) > 900
    assert all(event.text[emote.begin : emote.end] == emote.name for event, emote in emoted)
    assert [offset for offset, _ in recording.rows] == sorted(offset for offset, _ in recording.rows)


def test_the_recorded_super_chats() -> None:
    recording = recordings.read(YOUTUBE)
    assert len(recording.rows) == 125
    assert recording.different == 68
    assert all(is_paid(event) for _, event in recording.rows)
    unique = {event.id: event for _, event in recording.rows if isinstance(event, ChatMessage)}
    assert all(event.money and event.money.currency and event.money.amount for event in unique.values())
    assert len({event.money.currency for event in unique.values() if event.money}) == 13
    assert {event.platform for event in unique.values()} == {"youtube"}


@pytest.mark.parametrize("keep", [0.3, 0.77, 0.9999])
def test_the_stream_cut_in_the_middle(tmp_path: Path, keep: float) -> None:
    text = TWITCH.read_text(encoding="utf-8")
    cut = tmp_path / "cut.json"
    cut.write_text(text[: int(len(text) * keep)], encoding="utf-8")
    recording = recordings.read(cut)
    whole = text[: int(len(text) * keep)].count(',"user_notice_params":{}}}')
    assert abs(len(recording.rows) - whole) <= 21
    assert recording.malformed == {"cut off": 1}
    assert f"row {len(recording.rows) + 1}, line 1: cut off" in recording.summary()
    assert "1 malformed row:" in recording.summary()


def test_vod_rows(one: One) -> None:
    fragments = [{"text": "a\x1b  "}, {"text": "Kappa", "emoticon": {"emoticon_id": "25"}}, {"text": " b"}]
    badges = [{"_id": "moderator", "version": "1"}, {"_id": "subscriber", "version": "2012"}]
    event = one(vod(fragments=fragments, user_badges=badges, bits_spent=50))
    author = Author("7", "Ann", frozenset({Role.MODERATOR, Role.SUBSCRIBER}), 12)
    money = Money(Decimal(50), "BITS")
    assert event == ChatMessage(
        "v1", "twitch", "chat", author, "a Kappa b", 0.0, (Emote("Kappa", 2, 7),), money=money
    )
    plain = one(vod(fragments=None, body="x Kappa", emoticons=[{"_id": "25", "begin": 2, "end": 6}]))
    assert plain.emotes == (Emote("Kappa", 2, 7),)
    assert one(vod() | {"commenter": None}).author == Author("gone-v1", "someone")


def test_a_bomb_in_a_vod_is_one_gift(read: Read) -> None:
    bomb = {"msg-id": "submysterygift", "msg-param-mass-gift-count": "3", "msg-param-origin-id": "o"}
    gift = {"msg-id": "subgift", "msg-param-origin-id": "o"}
    recording = read(*[vod(user_notice_params=params) for params in (bomb, gift, gift, gift)])
    ((_, event),) = recording.rows
    assert isinstance(event, Gift)
    assert event.count == 3


def test_youtube_rows(one: One) -> None:
    badges = [{"title": "Moderator", "icon_name": "moderator"}, {"title": "Member (2 years)", "icons": []}]
    author = {"id": "UCann", "name": "Ann", "badges": badges}
    paid = {"text": "5,00\xa0€", "amount": 500.0, "currency": "€"}
    emotes = [{"id": "x", "name": ":cat:"}]
    event = one(youtube(author=author, money=paid, message=":cat: hi  :cat:", emotes=emotes))
    known = Author("UCann", "Ann", frozenset({Role.MODERATOR, Role.SUBSCRIBER}), 24)
    found = (Emote(":cat:", 0, 5), Emote(":cat:", 9, 14))
    money = Money(Decimal("5.00"), "EUR")
    assert event == ChatMessage("y1", "youtube", "chat", known, ":cat: hi :cat:", 0.0, found, money=money)
    sticker = one(youtube(message_type="paid_sticker", message=None))
    assert sticker.money == Money(None, "")
    owner = one(
        youtube(author={"id": "UC1", "name": "O", "badges": [{"title": "Owner", "icon_name": "owner"}]})
    )
    assert owner.author.roles == {Role.BROADCASTER}


def test_memberships_and_deletions(one: One) -> None:
    new = one(youtube(message_type="membership_item", message="Welcome to the club!"))
    assert isinstance(new, Subscription)
    assert (new.text, new.months) == ("", 1)
    renewed = one(
        youtube(message_type="membership_item", header_primary_text="Member for 14 months", message="yay")
    )
    assert (renewed.text, renewed.months) == ("yay", 14)
    given_away = one(
        youtube(
            message_type="sponsorships_gift_purchase_announcement", header_primary_text="Gifted 5 memberships"
        )
    )
    assert isinstance(given_away, Gift)
    assert given_away.count == 5
    deleted = {
        "time_in_seconds": 9,
        "message_type": "deleted_message",
        "target_message_id": "y1",
        "message": "[x]",
    }
    assert one(deleted) == Deletion("deleted-y1", "chat", "chat", message_id="y1")
    banned = one(
        {"time_in_seconds": 9, "message_type": "ban_user", "author": {"id": "UCann"}, "message": "[x]"}
    )
    assert (banned.author_id, banned.message_id) == ("UCann", "")


def test_downloaded_twitch_rows(one: One, read: Read) -> None:
    author = {
        "id": "77",
        "name": "ann",
        "display_name": "Ann",
        "badges": [{"name": "vip"}],
        "is_moderator": True,
    }
    emotes = [{"id": "25", "name": "Kappa", "locations": "0-4,6-10"}]
    event = one(youtube(author=author, message="Kappa Kappa", emotes=emotes, bits=100))
    assert event.platform == "twitch"
    assert event.author.roles == {Role.VIP, Role.MODERATOR}
    assert event.emotes == (Emote("Kappa", 0, 5), Emote("Kappa", 6, 11))
    assert event.money == Money(Decimal(100), "BITS")
    again = one(
        youtube(author=author, message_type="resubscription", cumulative_months=7, subscription_type="Tier 2")
    )
    assert (again.months, again.tier) == (7, "2")
    raid = one(youtube(author=author, message_type="raid", number_of_raiders=30, message=None))
    assert isinstance(raid, Raid)
    assert raid.viewers == 30
    bomb = youtube(author=author, message_type="mystery_subscription_gift", mass_gift_count=2, origin_id="o")
    gift = youtube(author=author, message_type="subscription_gift", origin_id="o")
    assert len(read(bomb, gift, gift).rows) == 1


def test_cheermotes_are_no_words(one: One) -> None:
    comment = one(vod(fragments=[{"text": "go cheer50 bananaCheer50 go"}], bits_spent=100))
    row = one(youtube(author={"id": "77", "name": "ann"}, message="go cheer50 bananaCheer50 go", bits=100))
    for event in (comment, row):
        assert event.text == "go go"
        assert event.money == Money(Decimal(100), "BITS")


def test_a_name_or_a_text_is_no_role(one: One) -> None:
    author = {
        "id": "UC1",
        "name": "moderator",
        "display_name": "owner",
        "badges": [{"title": "Moderators' friend"}],
    }
    assert one(youtube(author=author, message="Moderator Owner !hush")).author.roles == frozenset()
    assert one(vod() | {"commenter": {"_id": "1", "display_name": "broadcaster"}}).author.roles == frozenset()
    verified = one(
        youtube(author={"id": "UC1", "name": "x", "badges": [{"title": "Moderator", "name": "fan"}]})
    )
    assert verified.author.roles == frozenset()


def test_times_are_worked_out(read: Read) -> None:
    live = [youtube(message_id=str(number), timestamp=(1000 + number) * 10**6) for number in range(3)]
    for row in live:
        del row["time_in_seconds"]
    assert [offset for offset, _ in read(*reversed(live)).rows] == [-2.0, -1.0, 0.0]
    recording = read(*reversed(live))
    assert (recording.begin, recording.seconds) == (-2.0, 2.0)
    exact = youtube(video_offset_time_msec=2577, time_in_seconds=2)
    early = youtube(video_offset_time_msec=0, time_in_seconds=-30)
    assert [offset for offset, _ in read(exact, early).rows] == [-30.0, 2.577]


def test_our_own_journal(read: Read) -> None:
    author = Author("you", "you", frozenset({Role.BROADCASTER}))
    message = ChatMessage("c1", "console", "console", author, "hello", 5.0)
    recording = read(
        {"t": 0, "kind": "show", "version": "0.1.0"},
        {"t": 2.5, "kind": "heard", "event": codec.dump(message)},
        {"t": 2.6, "kind": "batch"},
        {"t": 3, "kind": "heard", "event": {"what": "message"}},
    )
    assert recording.rows == [(2.5, message)]
    assert recording.skipped == {"show": 1, "batch": 1}
    assert recording.places == ["row 4, line 4: id: Field required"]


def test_malformed_rows_are_counted_and_named(read: Read) -> None:
    recording = read(
        vod(),
        5,
        {"a": 1},
        vod() | {"message": None},
        vod() | {"content_offset_seconds": None},
        youtube(author={}, message=None),
        youtube(message=["x"]),
        youtube(message_type="viewer_engagement_message"),
        vod(fragments=[{"text": "\x00"}]),
    )
    assert len(recording.rows) == 1
    assert recording.malformed == {
        "not a row of chat": 2,
        "no message": 1,
        "no time": 1,
        "it has no author": 1,
        "its text is not text": 1,
    }
    assert recording.skipped == {"viewer_engagement_message": 1, "empty": 1}
    assert "6 malformed rows: row 2, line 2: not a row of chat" in recording.summary()
    assert recording.summary().endswith("and 3 more")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "just a text\nof two lines\n", "[1, 2]", '{"video": {}}', "\x00"]
)
def test_a_file_without_chat_says_so(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ListenerError, match="no chat in this file") as caught:
        recordings.read(path)
    assert caught.value.final
    assert caught.value.hint


@pytest.mark.parametrize("name", ["nothing-here.json", "."])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ListenerError, match="cannot be read") as caught:
        recordings.read(tmp_path / name)
    assert caught.value.final
    assert str(tmp_path) in caught.value.where


KEYS = sorted(
    {
        *vod(),
        *vod()["message"],
        *youtube(),
        "money",
        "amount",
        "emotes",
        "badges",
        "bits",
        "t",
        "kind",
        "event",
    }
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*KEYS, "id", "name", "_id"]), inner)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), min_size=1, max_size=5))
@settings(suppress_health_check=FIXTURES, max_examples=40)
def test_any_rows_are_events_or_malformed(read: Read, values: list[dict[str, Any]]) -> None:
    changed = [vod() | value for value in values] + [youtube(**value) for value in values]
    recording = read(vod(), *values, *changed)
    for _, event in recording.rows:
        assert codec.load(codec.dump(event)) == event
        if isinstance(event, ChatMessage):
            assert clean(event.text) == event.text
    total = len(recording.rows) + recording.malformed.total() + recording.skipped.total()
    assert total == 1 + len(values) + len(changed)


def test_what_has_no_id_has_the_same_one_whenever_it_is_played(read: Read) -> None:
    ban = {"markChatItemsByAuthorAsDeletedAction": {"externalChannelId": "UC1"}, "videoOffsetTimeMsec": "5"}
    first, second = ([event.id for _, event in read(ban, ban).rows] for _ in range(2))
    assert first == second
    assert len(set(first)) == 2
