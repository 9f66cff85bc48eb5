"""The recordings people have, from the file through Replay to what she is told of them."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import logging
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtuber.brain.question import question
from vtuber.config import Chat, ReplayChat, Settings
from vtuber.core import codec
from vtuber.core.errors import ListenerError
from vtuber.core.events import Answerable, Batch, Deletion, Event, Gift, Pick, Raid, is_paid
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.recordings import json_rows, recording
from vtuber.listeners.recordings.twitch_notices import told
from vtuber.listeners.replay import Replay
from vtuber.memory import NOTHING

DATA = Path(__file__).parents[1] / "data"
REPORTS = DATA / "reports"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*values: Any, name: str = "chat") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
        return path

    return write


def replayed(path: Path) -> list[Event]:
    async def main() -> list[Event]:
        listener = Replay(Settings(chat=Chat(replay=ReplayChat(file=str(path)))))
        return [event async for event in listener.events()]

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())


def asked(event: Event) -> str:
    """What she is told of it, with its author's name."""
    assert isinstance(event, Answerable)
    prompt = question(Batch(Pick(event)), NOTHING, "", ()).asked.text
    return f"{event.author.name}: {prompt}"


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        (
            "twitchdownloader-notices.json",
            [
                "viewer8: [subscribed, month 3] Hello",
                "viewer10: [subscribed, month 3]",
                "viewer11: [gave away a subscription]",
                "AnAnonymousGifter: [gave away a subscription]",
                "viewer16: [watched 3 streams in a row] me too!",
                "viewer20: hello there",
            ],
        ),
        (
            "twitchdownloader-null-commenters.json",
            [f"someone: what do you think of idea number {number} ?" for number in range(20)],
        ),
        ("chatdownloader-2020-twitch.json", ["jum4N: guthenGG", "vie5R: which game is next?"]),
        (
            "yt-dlp.live_chat.json",
            [
                "kai: hello from the replay",
                "kai: [paid NT$75] 加油",
                "kai: [member for 8 months, Gold] still here",
                "kai: live line",
            ],
        ),
        ("youtube-api-handle-item.json", ["kai-handle: hello"]),
    ],
)
def test_reported_recordings(name: str, heard: list[str]) -> None:
    assert [asked(event) for event in replayed(REPORTS / name)] == heard


@pytest.mark.parametrize("name", ["twitchdownloader-null-commenters.json", "chatdownloader-2020-twitch.json"])
def test_who_has_no_id_is_somebody_else(name: str) -> None:
    events = replayed(REPORTS / name)
    authors = {event.author.id for event in events if isinstance(event, Answerable)}
    assert len(authors) == len(events)
    assert "" not in authors


@pytest.mark.parametrize(
    ("commenter", "identity"),
    [
        (None, "gone-v1"),
        ({}, "gone-v1"),
        ({"_id": None, "display_name": None, "name": None}, "gone-v1"),
        ({"display_name": "Ann"}, "@ann"),
        ({"display_name": "安", "name": "an_1"}, "@an_1"),
        ({"_id": "7"}, "7"),
    ],
)
def test_who_wrote_a_comment(write: Write, commenter: Any, identity: str) -> None:
    (event,) = replayed(write(vod("hi") | {"commenter": commenter}))
    assert isinstance(event, Answerable)
    assert event.author.id == identity


def vod(body: str, *, name: str = "Ann", login: str = "", number: int = 1, **message: Any) -> dict[str, Any]:
    fragments = [{"text": body, "emoticon": None}]
    return {
        "_id": f"v{number}",
        "content_offset_seconds": number,
        "commenter": {"_id": f"id-{name}", "display_name": name, "name": login or name.lower()},
        "message": {"body": body, "bits_spent": 0, "fragments": fragments, "user_badges": []} | message,
    }


NOTICES = [
    ("Ann subscribed with Prime. ", "[subscribed, Prime]"),
    (
        "Ann subscribed at Tier 2. They've subscribed for 14 months, currently on a 9 month streak! yo Ann",
        "[subscribed, month 14, Tier 2] yo Ann",
    ),
    ("Ann is continuing the Gift Sub they got from an anonymous user! ", "[subscribed]"),
    ("Ann is continuing the Gift Sub they got from Bob! ", "[subscribed]"),
    ("Ann converted from a Prime sub to a Tier 3 sub! ", "[subscribed, Tier 3]"),
    (
        "Ann is gifting 5 Tier 1 Subs to bo's community! They've gifted a total of 349 in the channel! ",
        "[gave away 5 subscriptions]",
    ),
    (
        "Ann gifted a Tier 2 sub to Bob! It's their first Gift Sub in the channel! ",
        "[gave away a subscription]",
    ),
    ("Ann gifted 6 months of Tier 1 to Bob! ", "[gave away a subscription of 6 months]"),
    ("5180 raiders from Ann have joined! ", "[raid: 5180 viewers arrive]"),
    ("Ann: Donated USD 20 to support Guide Dogs, Inc. ", "[gave US$20.00 to Guide Dogs, Inc.]"),
    ("Ann: Donated EUR 7.50 to support Alveus Sanctuary", "[gave €7.50 to Alveus Sanctuary]"),
    ("Ann watched 12 consecutive streams and sparked a watch streak! hi", "[watched 12 streams in a row] hi"),
    ("ann subscribed with Prime. ", "[subscribed, Prime]"),
]


@pytest.mark.parametrize(("body", "prompt"), NOTICES)
def test_a_notice_with_its_authors_name(write: Write, body: str, prompt: str) -> None:
    (event,) = replayed(write(vod(body)))
    assert asked(event) == f"Ann: {prompt}"
    row = {"message_id": "1", "time_in_seconds": 3, "message_type": "text_message", "message": body}
    author = {"id": "7", "name": "ann", "display_name": "Ann"}
    (event,) = replayed(write(row | {"author": author}))
    assert asked(event) == f"Ann: {prompt}", "chat-downloader tells them as comments, too"


@pytest.mark.parametrize("body", [body for body, _ in NOTICES])
def test_anybody_could_type_the_rest(write: Write, body: str) -> None:
    (event,) = replayed(write(vod(body, name="Mallory")))
    assert asked(event) == f"Mallory: {' '.join(body.split())}"
    assert not is_paid(event)


@pytest.mark.parametrize(
    "body",
    [
        "Ann who subscribed at Tier 1. lol",
        "Anna subscribed with Prime. ",
        "AnAnonymousGifter gifted a Tier 1 sub to me! ",
        "An anonymous user gifted a Tier 1 sub to Ann! ",
        "I am Ann subscribed with Prime. ",
        "Ann subscribed at Tier 1 to me",
        "9 raiders from Ann have joined! and me",
        "Ann",
        "Ann gifted me a hat!",
    ],
)
def test_what_only_looks_like_a_notice(write: Write, body: str) -> None:
    (event,) = replayed(write(vod(body)))
    assert asked(event) == f"Ann: {body.strip()}"
    assert not is_paid(event)


@pytest.mark.parametrize(
    "body",
    [
        "bits badge tier notification ",
        "Ann watched 3 consecutive streams this month and sparked a watch streak! ",
        "Ann is paying forward the Gift they got from Bob to the community! ",
    ],
)
def test_a_notice_that_is_nothing_to_answer(write: Write, body: str) -> None:
    assert [asked(event) for event in replayed(write(vod(body), vod("hi", number=2)))] == ["Ann: hi"]


def test_the_gifts_of_a_bomb_that_is_told_in_words_are_told_once(write: Write) -> None:
    bomb = "Ann is gifting 2 Tier 1 Subs to streamer8's community! "
    single = "Ann gifted a Tier 1 sub to {}! "
    other = "Bob gifted a Tier 1 sub to Cat! "
    bodies = [bomb, single.format("X"), single.format("Y"), single.format("Z")]
    rows = [vod(body, number=number) for number, body in enumerate(bodies)]
    gifts = replayed(write(*rows, vod(other, name="Bob", number=9)))
    assert [(asked(gift), isinstance(gift, Gift)) for gift in gifts] == [
        ("Ann: [gave away 2 subscriptions]", True),
        ("Ann: [gave away a subscription]", True),
        ("Bob: [gave away a subscription]", True),
    ]


def test_a_renamed_account_in_a_notice_that_the_recording_marks_as_one() -> None:
    body = "OldName subscribed with Prime. hi"
    assert told(body, ("NewName",)) is None
    notice = told(body, ("NewName",), is_notice=True)
    assert notice is not None
    assert body[notice.end :] == "hi"


@given(body=st.text("Ann subcrited atTPrm1.!:'0\n", max_size=80))
@pytest.mark.parametrize("is_notice", [True, False])
def test_any_text_is_a_notice_or_none(body: str, *, is_notice: bool) -> None:
    notice = told(body, ("Ann", ""), is_notice=is_notice)
    assert notice is None or 0 < notice.end <= len(body)


# The pages of APIs.


def graphql(number: int, text: str) -> dict[str, Any]:
    node = {
        "id": f"g{number}",
        "commenter": {"id": "7", "login": "ann", "displayName": "Ann"} if number else None,
        "contentOffsetSeconds": number,
        "createdAt": "2026-01-01T00:00:00Z",
        "message": {
            "fragments": [{"text": text, "emote": None}, {"text": "Kappa", "emote": {"emoteID": "25"}}],
            "userBadges": [{"setID": "vip", "version": "1"}],
        },
    }
    return {"cursor": "x", "node": node}


def item(number: int, kind: str = "textMessageEvent", **details: Any) -> dict[str, Any]:
    return {
        "kind": "youtube#liveChatMessage",
        "id": f"i{number}",
        "snippet": {"type": kind, "publishedAt": f"2026-01-01T00:00:{number:02}Z", "liveChatId": "x"}
        | (
            {f"{kind.removesuffix('Event')}Details": details} if details else {"displayMessage": f"n{number}"}
        ),
        "authorDetails": {"channelId": "UC1", "displayName": "@kai"},
    }


def text_action(number: int) -> dict[str, Any]:
    renderer = {
        "id": f"t{number}",
        "timestampUsec": f"{1_700_000_000 + number}000000",
        "authorExternalChannelId": "UC1",
        "authorName": {"simpleText": "@kai"},
        "message": {"runs": [{"text": f"n{number}"}]},
    }
    return {"addChatItemAction": {"item": {"liveChatTextMessageRenderer": renderer}}}


PAGES: dict[str, tuple[list[Any], Callable[[list[Any]], Any]]] = {
    "Twitch's old API": (
        [vod(f"n{number}", number=number) for number in range(5)],
        lambda rows: {"comments": rows, "_next": "abc"},
    ),
    "Twitch's pages": (
        [graphql(number, f"n{number} ") for number in range(5)],
        lambda rows: [{"data": {"video": {"id": "1", "comments": {"edges": rows, "pageInfo": {"x": [1]}}}}}],
    ),
    "YouTube's API": (
        [item(number) for number in range(5)],
        lambda rows: {
            "kind": "youtube#liveChatMessageListResponse",
            "pageInfo": {},
            "items": rows,
            "x": "]}",
        },
    ),
    "YouTube's pages": (
        [text_action(number) for number in range(5)],
        lambda rows: {"continuationContents": {"liveChatContinuation": {"actions": rows, "more": [{}]}}},
    ),
}


@pytest.mark.parametrize("piece", [1, 50, 1 << 20])
@pytest.mark.parametrize("shape", ["lines", "list", "one"])
@pytest.mark.parametrize("api", PAGES)
def test_pages_of_apis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, shape: str, piece: int
) -> None:
    indent = {1: 0, 50: 1}.get(piece)
    monkeypatch.setattr(json_rows, "PIECE", piece)
    rows, wrapped = PAGES[api]
    pages = [wrapped(rows[:2]), wrapped(rows[2:])]
    content = {
        "lines": "\n".join(json.dumps(page, indent=indent) for page in pages),
        "list": json.dumps(pages, indent=indent),
        "one": json.dumps(wrapped(rows), indent=indent),
    }[shape]
    path = tmp_path / "pages"
    path.write_text(content, encoding="utf-8")
    found = recording.read(path)
    assert [offset for offset, _ in found.rows] == [0.0, 1.0, 2.0, 3.0, 4.0]
    texts = [event.text for _, event in found.rows if isinstance(event, Answerable)]
    assert [text.split()[0] for text in texts] == [f"n{number}" for number in range(5)]
    assert not found.malformed


def test_twitchs_pages_tell_as_much_as_its_old_api(write: Write) -> None:
    gone, here = replayed(write(graphql(0, "hi "), graphql(1, "hi ")))
    assert isinstance(gone, Answerable)
    assert isinstance(here, Answerable)
    assert (here.author.id, here.author.name, here.author.login, here.text) == ("7", "Ann", "ann", "hi Kappa")
    assert [role.value for role in here.author.roles] == ["vip"]
    assert gone.author.id == "gone-g0"


def test_a_recorded_page_of_youtubes() -> None:
    found = recording.read(DATA / "youtube-innertube-page.json")
    assert found.different > 40
    assert not found.malformed
    assert [offset for offset, _ in found.rows] == sorted(offset for offset, _ in found.rows)


def test_events_of_youtubes_api(write: Write) -> None:
    paid = item(2, "superChatEvent", amountMicros="75000000", currency="TWD", userComment="加油", tier=2)
    gone = item(3, "messageDeletedEvent", deletedMessageId="i1")
    strange = item(4, "holidayEvent", a=1)
    path = write({"items": [item(1), paid, gone, strange, item(5)]})
    found = recording.read(path)
    assert [offset for offset, _ in found.rows] == [0.0, 1.0, 2.0, 4.0]
    events = [event for _, event in found.rows]
    assert asked(events[1]) == "kai: [paid NT$75] 加油"
    assert isinstance(events[2], Deletion)
    assert found.places == ["row 4, line 1: an unknown type"]


def test_what_yt_dlp_writes_beside_messages(write: Write) -> None:
    def line(offset: object, *actions: Any, **more: Any) -> dict[str, Any]:
        return {"replayChatItemAction": {"actions": list(actions), "videoOffsetTimeMsec": offset}} | more

    deleted = {"markChatItemAsDeletedAction": {"targetItemId": "t1"}}
    found = recording.read(
        write(
            line("-1500", text_action(1)),
            line("3000", text_action(2), deleted),
            line("3000", {"addChatItemAction": {"item": {"liveChatViewerEngagementMessageRenderer": {}}}}),
            line("4000", {"addChatItemAction": {"item": {"liveChatFutureRenderer": {}}}}),
            line("5000"),
            line("soon", text_action(3)),
            text_action(30) | {"clickTrackingParams": "x"},
            line("9" * 40, text_action(9)),
        )
    )
    offsets = [(offset, event.text if isinstance(event, Answerable) else "") for offset, event in found.rows]
    assert offsets == [(-1.5, "n1"), (0.5, "n3"), (3.0, "n2"), (3.0, ""), (6.5, "n9"), (27.5, "n30")]
    assert found.skipped == {"empty": 1}
    assert found.places == ["row 4, line 4: an unknown kind of action", "row 5, line 5: no action"]


# CSV, as chat-downloader writes it.


def flat(value: Any, way: str = "") -> dict[str, Any]:
    if not isinstance(value, dict | list):
        return {way: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return {key: one for name, inner in pairs for key, one in flat(inner, f"{way}.{name}".strip(".")).items()}


def csv_of(rows: list[Any], path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    flattened = [flat(row) for row in rows]
    columns = sorted({name for row in flattened for name in row})
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(flattened)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_json_made_flat(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = json.loads((DATA / "youtube-superchats.json").read_text(encoding="utf-8"))
    found = recording.read(csv_of(rows, tmp_path / "chat.txt", delimiter=delimiter, encoding=encoding))
    assert [(at, codec.dump(event) | {"channel": ""}) for at, event in found.rows] == [
        (at, codec.dump(event) | {"channel": ""})
        for at, event in recording.read(DATA / "youtube-superchats.json").rows
    ]
    assert not found.malformed


def test_csv_of_twitch(tmp_path: Path) -> None:
    badges = [{"name": "moderator", "version": 1}, {"name": "subscriber", "version": 3}]
    author = {"id": "7", "name": "ann", "display_name": "Ann", "badges": badges}
    emotes = [{"id": "25", "name": "Kappa", "locations": ["3-7"]}]
    rows = [
        {
            "message_id": "a",
            "time_in_seconds": 1.5,
            "author": author,
            "message": 'hi Kappa,\n"you"',
            "emotes": emotes,
        },
        {
            "message_id": "b",
            "time_in_seconds": 3,
            "author": author,
            "message_type": "raid",
            "number_of_raiders": 30,
        },
        {
            "message_id": "c",
            "time_in_seconds": 4,
            "author": {"name": "old"},
            "message": "x",
            "is_moderator": False,
        },
    ]
    found = recording.read(csv_of(rows, tmp_path / "chat.csv"))
    first, second, third = (event for _, event in found.rows)
    assert isinstance(first, Answerable)
    assert asked(first) == 'Ann: hi Kappa, "you"'
    assert sorted(first.author.roles) == ["moderator", "subscriber"]
    assert isinstance(second, Raid)
    assert second.viewers == 30
    assert isinstance(third, Answerable)
    assert third.author.id == "@old"
    assert [offset for offset, _ in found.rows] == [1.5, 3.0, 4.0]


def test_odd_rows_of_csv_are_named_and_the_others_are_used(tmp_path: Path) -> None:
    head = "author.id,author.name,message,message_id,time_in_seconds\n"
    lines = [
        "UC1,a,one,1,1",
        'UC1,a,"two "half,2,2',
        "UC1,a,three,3",
        "UC1,a,four,4,4",
        'UC1,a,"five,5,5',
        "UC1,a,six,6,6",
        "",
        "UC1,a,seven,7,soon",
        'UC1,a,"eight\nlines",8,8',
        "UC1,a,nine,9,9",
        'UC1,a,"te',
    ]
    path = tmp_path / "chat.csv"
    path.write_text(head + "\n".join(lines), encoding="utf-8")
    found = recording.read(path)
    texts = [event.text for _, event in found.rows if isinstance(event, Answerable)]
    assert texts[:2] == ["one", "four"]
    assert {"six", "eight lines", "nine"} <= set(texts)
    assert [place.partition(":")[0] for place in found.places] == [
        "row 2, line 3",
        "row 3, line 4",
        "row 5, line 6",
        "row 10, line 13",
    ]


# Compressed, cut, broken.


def test_gzip(tmp_path: Path) -> None:
    path = tmp_path / "no-name-says-so"
    path.write_bytes(gzip.compress((DATA / "twitch-vod-chat.json").read_bytes()))
    assert recording.read(path).different == 3090
    csv_file = csv_of([{"message": "hi", "time_in_seconds": 1, "author": "a"}], tmp_path / "x")
    csv_file.write_bytes(gzip.compress(csv_file.read_bytes()))
    assert recording.read(csv_file).different == 1


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_gzip_that_is_cut_plays_up_to_there_and_says_so(tmp_path: Path, part: float) -> None:
    whole = gzip.compress((DATA / "twitch-vod-chat.json").read_bytes())
    path = tmp_path / "cut.json.gz"
    path.write_bytes(whole[: int(len(whole) * part)])
    found = recording.read(path)
    assert part * 3090 * 0.8 < found.different < 3090
    assert found.malformed.total() == 1
    assert "cut off" in found.places[0]


def test_a_damaged_gzip_plays_up_to_there_and_says_so(tmp_path: Path) -> None:
    rows = "\n".join(json.dumps(vod(f"hi {number}", number=number)) for number in range(5000))
    whole = bytearray(gzip.compress(rows.encode()))
    middle = len(whole) // 2
    whole[middle : middle + 50] = bytes(50)
    path = tmp_path / "damaged.gz"
    path.write_bytes(whole)
    found = recording.read(path)
    assert 500 < found.different < 5000
    assert "the file is damaged behind it" in found.malformed


def test_odd_rows_cost_a_line_in_the_log_and_a_count(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    odd = [{"no": "chat\x1b[31m"}] * 30
    path = write(vod("hi"), *odd, vod("ho", number=2), name="odd.json")
    with caplog.at_level(logging.WARNING):
        assert [asked(event) for event in replayed(path)] == ["Ann: hi", "Ann: ho"]
    assert caplog.messages[0] == "odd.json, row 2, line 2: not a row of chat"
    assert len(caplog.messages) == recording.PLACES_KEPT + 1
    assert caplog.messages[-1] == "odd.json: 30 rows were left out, the others are played"


@pytest.mark.parametrize("broken", [{2}, {0}, {1, 3}])
@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("api", ["Twitch's old API", "Twitch's pages", "YouTube's API"])
def test_a_broken_row_inside_a_list_costs_no_other(
    tmp_path: Path, api: str, indent: int | None, broken: set[int]
) -> None:
    rows, wrapped = PAGES[api]
    content = json.dumps(wrapped(rows), indent=indent)
    for number in broken:
        content = content.replace(f'"body": "n{number}', f'"body": n{number}"').replace(
            f'"n{number}', f'"n"{number}'
        )
    path = tmp_path / "broken.json"
    path.write_text(content, encoding="utf-8")
    found = recording.read(path)
    texts = [event.text.split()[0] for _, event in found.rows if isinstance(event, Answerable)]
    assert texts == [f"n{number}" for number in range(5) if number not in broken]
    assert found.malformed.total() == len(broken) or 0 in broken, (
        "before the first, nobody knows how rows begin"
    )
    assert found.places[0].startswith(f"row {min(broken) + 1}, line ")


# Long ones.


def test_rows_out_of_order_are_put_in_order(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WINDOW", 10)
    order = [1, 0, 2, 9, 3, 4, 8, 5, 7, 6, *range(10, 40), 12]
    found = recording.Recording(write(*(vod(f"n{number}", number=number) for number in order)))
    offsets = [offset for offset, _ in found]
    assert offsets[:12] == [*range(12)]
    assert len(offsets) == 41, "what is far behind its place is late, and not lost"


def test_a_long_recording_is_read_as_it_is_played(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WINDOW", 100)
    path = write(*(vod(f"n{number}", number=number) for number in range(3000)))

    async def main() -> None:
        listener = Replay(Settings(chat=Chat(replay=ReplayChat(file=str(path)))))
        found = await listener.load()
        assert found.different < 500
        assert "and more" in listener.health().what
        events = listener.events()
        for _ in range(1000):
            await anext(events)
        assert 1000 < found.different < 1500
        assert [event async for event in events]
        assert listener.health().what == "3,000 messages over 49:59; finished"

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


@pytest.mark.parametrize("shape", ["list", "lines", "comments", "gzip"])
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """Five times as long a file takes no more of it."""
    monkeypatch.setattr(recording, "WINDOW", 100)
    monkeypatch.setattr(recording, "IDS_KEPT", 100)
    monkeypatch.setattr(json_rows, "PIECE", 1 << 14)
    peaks = []
    for count in (1_000, 5_000):
        path = tmp_path / f"{shape}-{count}"
        opener = gzip.open if shape == "gzip" else open
        with opener(path, "wt", encoding="utf-8") as file:
            file.write({"list": "[", "comments": '{"comments":['}.get(shape, ""))
            between = "\n" if shape in ("lines", "gzip") else ","
            for number in range(count):
                file.write((between if number else "") + json.dumps(vod(f"n{number}", number=number)))
            file.write(
                {"list": "]", "comments": '],"embeddedData":"' + "x" * 3_000_000 + '"}'}.get(shape, "")
            )
        tracemalloc.start()
        assert sum(1 for _ in recording.Recording(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3 + 500_000


def test_a_long_file_without_chat_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "HOPELESS", 100)
    path = tmp_path / "numbers"
    path.write_text("1\n" * 500, encoding="utf-8")
    found = recording.Recording(path)
    with pytest.raises(ListenerError, match="no chat in this file"):
        list(found)
    assert found.malformed.total() == 100


FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(
    st.binary(max_size=300)
    | st.text('author.name,message;"\n1time_in_seconds\r', max_size=120).map(str.encode)
)
@settings(suppress_health_check=FIXTURES, max_examples=60)
def test_any_file_is_chat_or_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    for data in (content, b"message,time_in_seconds,author\n" + content, b"\x1f\x8b" + content):
        path.write_bytes(data)
        with suppress(ListenerError):
            recording.read(path)
