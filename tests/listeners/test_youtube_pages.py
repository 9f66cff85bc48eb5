from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import youtube_items as items
from aiohttp import web
from youtube_server import NOW, Action, Video, YouTube, cut, refusal, sent, silence, sound

from vtuber.config import Chat, Settings, YouTubeChat
from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import ChatMessage, Deletion, Event
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners import money
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.youtube import browser, deduplication, pages
from vtuber.listeners.youtube.pages import PageReader
from vtuber.listeners.youtube.renderers import ActionParser

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SHORTEST_PAUSE", 0.01)


def way(youtube: YouTube, video: str = "aaaaaaaaaaa") -> PageReader:
    return PageReader(Settings(chat=Chat(youtube=YouTubeChat(base_url=youtube.url))), video, "Pizza")


async def first(count: int, pages: PageReader) -> list[Event]:
    """The first events, without the time at which they came."""
    events: list[Event] = []
    async with asyncio.timeout(10), aclosing(pages.events()) as heard:
        while len(events) < count:
            events.append(replace(await anext(heard), at=0.0))
    return events


async def whole(pages: PageReader) -> list[Event]:
    async with asyncio.timeout(10):
        return [event async for event in pages.events()]


def words(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatMessage)]


async def loss(youtube: YouTube) -> ConnectionLost:
    with pytest.raises(ConnectionLost) as lost:
        await whole(way(youtube))
    return lost.value


async def refused(state: Any) -> ListenerError:
    async with YouTube(Video(state=state)) as youtube:
        with pytest.raises(ListenerError) as error:
            await whole(way(youtube))
    assert error.value.final
    assert error.value.where == "chat.youtube.streams"
    return error.value


# What is told.


async def test_every_kind_of_event_arrives_whole_and_in_order() -> None:
    actions: list[Action] = [
        items.text(1, "hello ", items.emote("DDD"), by=items.head(1, "Mod", items.icon("MODERATOR"))),
        items.super_chat(2, "5,00 €", "take it"),
        items.sticker(3, "NT$75.00", "Cat"),
        items.jewels(4, "sent Heart for 5 Jewels"),
        items.new_member(5, "Welcome to ", "Club", "!"),
        items.milestone(6, items.runs("Member for ", "8", " months"), "Club", "yay"),
        items.gifts(7, "Sent ", "5", " gift memberships"),
        items.deleted(1),
        items.text(9, "the end"),
    ]
    reader = ActionParser("Pizza")
    expected = [reader.event(action) for action in actions]
    noise = [{"danceAction": {}}, items.gift_received(8)]
    async with YouTube(Video(actions=[*noise, *actions])) as youtube:
        listener = way(youtube)
        assert await first(len(actions), listener) == expected
        assert listener.malformed == 1
        assert listener.answered is not None


async def test_events_are_stamped_as_they_come_and_delivered_once_while_it_lasts() -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube, asyncio.timeout(10), aclosing(way(youtube).events()) as heard:
        before = clock.now()
        assert before <= (await anext(heard)).at <= clock.now()
        for number in (2, 3):
            video.actions.append(items.text(number))
            assert (await anext(heard)).id == f"m{number}"


async def test_a_recorded_page_goes_through() -> None:
    page = json.loads((DATA / "youtube-innertube-page.json").read_text("utf-8"))
    recorded = page["continuationContents"]["liveChatContinuation"]["actions"]
    actions = [action for replayed in recorded for action in replayed["replayChatItemAction"]["actions"]]
    async with YouTube(Video(actions=actions)) as youtube:
        youtube.now = min(map(sent, actions))
        events = await first(48, listener := way(youtube))
    assert listener.malformed == 0
    assert all(isinstance(event, ChatMessage) for event in events)
    assert words(events)[:2] == ["や", "こんにちは"]
    assert len({event.id for event in events}) == 48


async def test_recorded_super_chats_in_every_currency_and_their_ticker() -> None:
    rows = json.loads((DATA / "youtube-superchats.json").read_text("utf-8"))
    actions = []
    for row in rows:
        when = row["timestamp"] / 1_000_000
        by = {
            **items.head(row["timestamp"], row["author"], sent=when),
            "authorExternalChannelId": row["author_id"],
        }
        action = items.super_chat(0, row["amount"], *filter(None, [row["message"]]), by=by)
        again = "ticker_duration" in row
        actions.append(items.ticker("liveChatTickerPaidMessageItemRenderer", action) if again else action)
    async with YouTube(Video(actions=actions)) as youtube:
        youtube.now = min(row["timestamp"] for row in rows) / 1_000_000
        events = await first(len(rows), listener := way(youtube))
    assert listener.malformed == 0
    assert len({event.id for event in events}) == 68
    for event, row in zip(events, rows, strict=True):
        assert isinstance(event, ChatMessage)
        assert event.money == money.read(row["amount"])
        assert event.money
        assert isinstance(event.money.amount, Decimal)
        assert event.money.currency
        assert (event.author.id, event.author.name) == (row["author_id"], row["author"])
        assert event.sent == row["timestamp"] / 1_000_000
    once = {
        event.id: event.money.currency for event in events if isinstance(event, ChatMessage) and event.money
    }
    assert Counter(once.values()) == {
        "USD": 38, "CAD": 9, "JPY": 6, "GBP": 4, "CLP": 2, "PHP": 2,
        "ARS": 1, "AUD": 1, "CZK": 1, "EUR": 1, "NZD": 1, "PLN": 1, "RUB": 1,
    }  # fmt: skip


async def test_what_was_said_before_the_show_is_not_delivered() -> None:
    old, new = NOW - deduplication.HISTORY_SECONDS - 60, NOW - deduplication.HISTORY_SECONDS + 5
    actions = [
        items.text(1, by=items.head(1, sent=old)),
        items.ticker("x", items.super_chat(2, "$500.00", by=items.head(2, sent=old - 3600))),
        items.text(3, by=items.head(3, sent=new)),
        items.banned("UCbob"),
        items.ticker("x", items.super_chat(4, "$5.00", by=items.head(4, sent=new))),
    ]
    async with YouTube(Video(actions=actions)) as youtube:
        three, ban, four = await first(3, way(youtube))
    assert [three.id, four.id] == ["m3", "m4"]
    assert isinstance(ban, Deletion)


async def test_a_youtube_whose_clock_cannot_be_read_is_asked_by_ours() -> None:
    class Timeless(YouTube):
        async def watch_page(self, request: web.Request) -> web.Response:
            answer = await super().watch_page(request)
            answer.headers["Date"] = "soon"
            return answer

    now = time.time()
    actions = [items.text(n, by=items.head(n, sent=now + when)) for n, when in enumerate((-90, -5))]
    async with Timeless(Video(actions=actions)) as youtube:
        assert [event.id for event in await first(1, way(youtube))] == ["m1"]


async def test_a_way_that_broke_goes_on_where_it_was() -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube:
        listener = way(youtube)
        async with asyncio.timeout(10), aclosing(listener.events()) as heard:
            assert (await anext(heard)).id == "m1"
            youtube.faults.append(refusal(500))
            with pytest.raises(ConnectionLost):
                await anext(heard)
        # Five minutes later. What it knew already it may tell again, and what it missed it does.
        assert listener.answered
        listener.answered -= 300
        youtube.now += 300
        video.actions.append(items.text(2, by=items.head(2, sent=NOW + 10)))
        assert [event.id for event in await first(2, listener)] == ["m1", "m2"]
        # A new one does not know that it missed something.
        video.actions.append(items.text(3, by=items.head(3, sent=NOW + 290)))
        assert [event.id for event in await first(1, way(youtube))] == ["m3"]


async def test_youtube_is_asked_in_english_and_as_the_same_visitor() -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube, asyncio.timeout(10), aclosing(way(youtube).events()) as heard:
        await anext(heard)
        video.actions.append(items.text(2))
        await anext(heard)
    clients = [body["context"]["client"] for body in youtube.bodies]
    assert {(client["hl"], client["gl"]) for client in clients} == {("en", "US")}
    assert [client["visitorData"] for client in clients[:2]] == ["", "Cgt2aXNpdG9y"]


@pytest.mark.parametrize(
    ("wish", "pause"),
    [
        (7000, 7.0),
        (0, 0.01),
        (-5, 0.01),
        (86_400_000, 20.0),
        (10**400, 20.0),
        ("soon", 5.0),
        (None, 5.0),
        (2.5, 5.0),
    ],
)
def test_youtube_says_how_often_it_is_asked(wish: Any, pause: float) -> None:
    asked: list[float] = []

    class Watched(YouTube):
        async def live_chat(self, request: web.Request) -> web.Response:
            asked.append(clock.now())
            return await super().live_chat(request)

    async def listen() -> None:
        video = Video(actions=[items.text(1)])
        async with Watched(video) as youtube, aclosing(way(youtube).events()) as heard:
            youtube.timeout_ms = wish
            await anext(heard)
            video.actions.append(items.text(2))
            await anext(heard)

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(listen())
    assert asked[1] - asked[0] == pytest.approx(pause, abs=0.02)


def test_simulated_time_waits_for_youtube() -> None:
    async def think(request: web.Request) -> None:
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.1)

    async def listen() -> float:
        async with (
            YouTube(Video(actions=[items.text(1)])) as youtube,
            aclosing(way(youtube).events()) as heard,
        ):
            youtube.faults.extend([think, think])
            await anext(heard)
            return clock.now()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        assert runner.run(listen()) == 0.0


# How it ends.


async def test_the_chat_of_a_stream_that_ends_is_read_to_its_end() -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube, asyncio.timeout(10), aclosing(way(youtube).events()) as heard:
        await anext(heard)
        video.state = "ended"
        video.actions.append(items.text(2, "bye"))
        assert words([event async for event in heard]) == ["bye"]


@pytest.mark.parametrize("after", ["private", "members", "never"])
async def test_a_stream_that_is_hidden_when_it_is_over_has_just_ended(after: Any) -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube, asyncio.timeout(10), aclosing(way(youtube).events()) as heard:
        await anext(heard)
        video.state = after
        assert [event async for event in heard] == []


async def test_a_stream_that_has_ended_is_not_read_from_its_recording() -> None:
    async with YouTube(Video(state="ended", actions=[items.text(1)])) as youtube:
        assert await whole(way(youtube)) == []
        assert youtube.asked == ["/watch"]


async def test_a_chat_that_closes_while_the_stream_goes_on_is_tried_again() -> None:
    class Shut(YouTube):
        def chat_answer(self, video: Video, begin: int) -> Any:
            return {"responseContext": {}}

    async with Shut(Video()) as youtube:
        assert (await loss(youtube)).why == "YouTube closed the chat, but the stream is still live"


async def test_a_chat_that_is_switched_off_in_the_middle() -> None:
    video = Video(actions=[items.text(1)])
    async with YouTube(video) as youtube, asyncio.timeout(10), aclosing(way(youtube).events()) as heard:
        await anext(heard)
        video.state = "chatless"
        with pytest.raises(ListenerError, match="has no chat"):
            await anext(heard)


async def test_what_cannot_be_read_at_all_says_what_to_do() -> None:
    private = await refused("private")
    assert private.what == (
        "the YouTube video 'aaaaaaaaaaa' is not public. YouTube says: "
        "This is a private video. Please sign in to verify that you may see it."
    )
    assert private.hint == "make the video public or unlisted, or choose another one"
    assert "Join this channel" in (await refused("members")).what
    chatless = await refused("chatless")
    assert chatless.what.endswith("has no chat. YouTube says: Chat is disabled for this live stream.")
    assert chatless.hint == "turn the live chat on in the stream's settings"
    assert (await refused("never")).what.endswith("is not a live stream")


async def test_a_video_that_does_not_exist() -> None:
    async with YouTube() as youtube:
        with pytest.raises(ListenerError, match="Video unavailable") as error:
            await whole(way(youtube, "zzzzzzzzzzz"))
    assert error.value.final


# What goes wrong.


@pytest.mark.parametrize("stage", ["page", "chat"])
@pytest.mark.parametrize(
    ("fault", "why", "hint"),
    [
        (refusal(429), "this network has sent YouTube too many requests (429)", "way"),
        (refusal(500), "YouTube answers 500", ""),
        (refusal(503), "YouTube answers 503", ""),
        (refusal(403, '{"error": {"code": 403}}'), "YouTube answers 403", ""),
        (refusal(404), "YouTube has no such page", ""),
        (refusal(302, location="https://consent.youtube.com/m"), "YouTube asks for consent", "way"),
        (refusal(302, location="https://www.google.com/sorry/index"), "YouTube redirects to", "way"),
        (refusal(302, location="http://[::1"), "cannot reach YouTube", "network"),
        (refusal(200, "\xff\xfe{"), "YouTube", ""),
    ],
)  # fmt: skip
async def test_answers_that_are_none(stage: str, fault: Any, why: str, hint: str) -> None:
    async with YouTube(Video()) as youtube:
        youtube.faults.extend([sound, fault] if stage == "chat" else [fault])
        lost = await loss(youtube)
        assert len(youtube.asked) == (2 if stage == "chat" else 1)  # it is not tried again behind our back
    assert lost.why.startswith(why)
    assert hint in lost.hint
    assert bool(hint) == bool(lost.hint)


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "null", "[]", "5", '"x"', "{}", '{"continuationContents": null}', "[" * 100_000, "NaN",
        '{"responseContext": null}',
        '{"responseContext": {"errors": {"error": [{}]}}}',
        '{"continuationContents": {"liveChatContinuation": {"continuations": [null]}}}',
        '{"continuationContents": {"liveChatContinuation": {"continuations": [{}]}}}',
        '{"continuationContents": {"liveChatContinuation": {"continuations": [{"danceData": {}}]}}}',
        '{"continuationContents":{"liveChatContinuation":{"continuations":[{"timedContinuationData":1}]}}}',
        "<form action='https://consent.youtube.com/save'>",
    ],
)  # fmt: skip
async def test_answers_that_are_nonsense(body: str) -> None:
    async with YouTube(Video()) as youtube:
        youtube.faults.extend([sound, refusal(200, body)])
        lost = await loss(youtube)
    assert lost.why.startswith("YouTube")


async def test_pages_that_are_none() -> None:
    async with YouTube(Video()) as youtube:
        for page, why in {
            "<form action='https://consent.youtube.com/save'>": "YouTube asks for consent to cookies",
            "<html>sorry</html>": "YouTube sent a page that banban does not understand",
            "<script>var ytInitialPlayerResponse = {": "YouTube sent only a part of the page",
        }.items():
            youtube.faults.append(refusal(200, page))
            assert (await loss(youtube)).why.startswith(why)
        robot = {
            "playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you’re not a bot"}
        }
        youtube.faults.append(refusal(200, f"var ytInitialPlayerResponse = {json.dumps(robot)};"))
        lost = await loss(youtube)
        assert lost.why == "YouTube says: Sign in to confirm you’re not a bot"
        assert lost.hint


async def test_the_connection_is_cut_at_any_byte() -> None:
    async with YouTube(Video()) as youtube:
        answer = youtube.chat_answer(Video(actions=[items.text(1)]), 0)
        length = len(json.dumps(answer)) + 80
        for at in range(0, length, 61):
            youtube.faults.extend([sound, cut(answer, at)])
            assert (await loss(youtube)).why.startswith("cannot reach YouTube: "), at
        youtube.faults.extend([sound, cut(answer, length + 100)])
        assert words(await first(1, way(youtube))) == ["hi 1"]


async def test_a_video_without_a_channel() -> None:
    async with YouTube(Video(channel_id="")) as youtube:
        assert (await loss(youtube)).why == "YouTube does not say which channel the video belongs to"


async def test_a_server_that_is_not_there() -> None:
    async with YouTube(Video()) as youtube:
        pass
    lost = await loss(youtube)
    assert lost.why.startswith("cannot reach YouTube: ")
    assert lost.hint == "check the network"


@pytest.mark.parametrize("faults", [[silence], [sound, silence]])
async def test_a_server_that_never_answers(faults: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "REQUEST_SECONDS", 0.1)
    async with YouTube(Video()) as youtube:
        youtube.faults.extend(faults)
        assert (await loss(youtube)).why == "YouTube does not answer"


async def test_an_answer_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "SIZE_LIMIT", 10_000)
    async with YouTube(Video()) as youtube:
        youtube.faults.append(refusal(200, "x" * 20_000))
        assert (await loss(youtube)).why == "YouTube's answer is too long"
        youtube.faults.append(refusal(200, "x" * 20_000))
        async with browser.Browser(youtube.url) as asking:
            with pytest.raises(ConnectionLost):
                await asking.page("/watch")
            await eventually(lambda: youtube.connections == 0)


async def test_a_redirect_at_home_is_followed_and_one_for_ever_is_not() -> None:
    async with YouTube(Video(actions=[items.text(1)])) as youtube:
        youtube.faults.append(refusal(301, location="/watch?v=aaaaaaaaaaa&hl=en"))
        assert words(await first(1, way(youtube))) == ["hi 1"]
        youtube.faults.extend([refusal(302, location="/watch?v=a")] * 9)
        assert (await loss(youtube)).why == "YouTube redirects too often"


# What is left behind: nothing.


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("moment", ["asking", "pausing", "between"])
async def test_cancelled_it_closes_its_connection(moment: str) -> None:
    async with YouTube(Video(actions=[items.text(1)])) as youtube:
        mine = asyncio.all_tasks()
        youtube.timeout_ms = 20_000 if moment == "pausing" else 10
        youtube.faults.extend([sound, silence] if moment == "asking" else [])

        async def listen() -> None:
            async with aclosing(way(youtube).events()) as heard:
                async for _ in heard:
                    if moment == "between":
                        await asyncio.sleep(60)

        task = asyncio.create_task(listen())
        await eventually(lambda: len(youtube.asked) == 2 and youtube.connections > 0)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(lambda: youtube.connections == 0)
        await eventually(lambda: asyncio.all_tasks() <= mine)


async def test_it_touches_neither_signals_nor_logging_nor_the_terminal(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [*map(signal.getsignal, kinds)], logging.root.level, [*logging.root.handlers]
    async with YouTube(Video(actions=[items.text(1)])) as youtube:
        await first(1, way(youtube))
        youtube.faults.append(refusal(500))
        await loss(youtube)
    assert before == ([*map(signal.getsignal, kinds)], logging.root.level, [*logging.root.handlers])
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


async def test_two_videos_are_read_side_by_side() -> None:
    one, two = Video(actions=[items.text(1)]), Video(id="bbbbbbbbbbb", actions=[items.text(2)])
    async with YouTube(one, two) as youtube:
        heard: list[Coroutine[Any, Any, list[Event]]] = [
            first(1, way(youtube, video.id)) for video in (one, two)
        ]
        assert [events[0].id for events in await asyncio.gather(*heard)] == ["m1", "m2"]
