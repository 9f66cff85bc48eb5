from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from youtube_api_server import (
    SECRET,
    Wire,
    YouTubeWithApi,
    error,
    hear,
    in_simulated_time,
    text,
    until,
    vanish,
    words,
)
from youtube_server import NOW, Video, YouTube

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError, ListenerError
from vtuber.core.events import ChatMessage, Deletion, Event, StreamStatus
from vtuber.core.health import State
from vtuber.listeners import build as build_listeners
from vtuber.listeners.youtube.api_client import KEY
from vtuber.listeners.youtube.listener import YouTubeListener, build

ID = "aaaaaaaaaaa"
PAGES = ("/watch", "/youtubei", "/@")
API = "/youtube/v3"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)


@pytest.fixture
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, SECRET)


with_key = pytest.mark.usefixtures("_key")


@asynccontextmanager
async def hearing(listener: YouTubeListener) -> AsyncIterator[list[Event]]:
    """What it receives, until the body ends."""
    events: list[Event] = []
    task = asyncio.create_task(hear(listener, events))
    try:
        yield events
    finally:
        if task.done():
            await task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def statuses(events: list[Event]) -> list[tuple[str, bool]]:
    return [(event.id, event.live) for event in events if isinstance(event, StreamStatus)]


# From the beginning of a stream to its end.


@in_simulated_time
async def test_a_stream_is_waited_for_read_and_said_to_have_ended() -> None:
    async with YouTubeWithApi(Video(state="upcoming", starts=NOW + 600)) as youtube:
        listener = youtube.stream("https://youtu.be/" + ID)
        events: list[Event] = []
        task = asyncio.create_task(hear(listener, events))
        assert not listener.availability.is_ready
        await until(lambda: listener.health().state is State.OK)
        assert listener.health().what.startswith("waiting for the stream, planned for 2020-09-1")
        await listener.availability.until_ready()  # the show need not wait for the stream
        youtube.say("when does it begin?")
        await asyncio.sleep(600)
        assert 600 / 25 < len(youtube.asked) < 600 / 15  # gently
        youtube.videos[ID].state = "live"
        youtube.say("finally!")
        await until(lambda: len(events) == 2)
        assert listener.health().what == "connected for 0:00, last message 0:00 ago, through YouTube's pages"
        await asyncio.sleep(10)
        youtube.videos[ID].state = "ended"
        youtube.say("bye")
        await until(task.done)
        assert listener.health().state is State.OFF
        assert listener.health().what == "the stream has ended"
        assert not listener.availability.is_ready
        assert words(events) == ["finally!", "bye"]
        assert events[0] == StreamStatus(
            f"{ID}-live", "youtube", ID, at=events[0].at, live=True, title="Pizza, live"
        )
        assert events[-1] == StreamStatus(
            f"{ID}-ended", "youtube", ID, at=events[-1].at, live=False, title="Pizza, live"
        )
        assert all(0 < event.at <= clock.now() for event in events)
        await until(lambda: youtube.connections == 0, 5)


@pytest.mark.parametrize("way", ["pages", "api"])
@with_key
def test_a_channel_has_one_stream_after_the_other(way: str) -> None:
    @in_simulated_time
    async def run() -> None:
        second = "b" * 11
        async with YouTubeWithApi(Video(), Video(id=second, title="More pizza")) as youtube:
            youtube.channels["@banban"] = ""
            uploads = youtube.uploads["UU" + "c" * 22] = []
            if way == "api":  # which knows the channel before it streams
                youtube.channels["@banban"] = ID
            listener = youtube.stream("@banban", way=way)
            assert listener.health().part == "chat.youtube @banban"
            async with hearing(listener) as events:
                await until(lambda: listener.health().state is State.OK)
                assert listener.health().what.startswith("waiting for the next stream")
                assert ("of 10,000 units" in listener.health().what) == (way == "api")
                for video in (ID, second):
                    youtube.channels["@banban"] = video
                    uploads.insert(0, video)
                    await until(lambda video=video: (f"{video}-live", True) in statuses(events))  # type: ignore[misc]
                    youtube.say(f"hello {video}", video=video)
                    await until(lambda video=video: f"hello {video}" in words(events))  # type: ignore[misc]
                    youtube.videos[video].state = "ended"
                    await until(lambda video=video: (f"{video}-ended", False) in statuses(events))  # type: ignore[misc]
                    await asyncio.sleep(120)
                assert listener.health().what.startswith("waiting for the next stream")
                assert {event.channel for event in events} == {"@banban"}
                assert [status for _, status in statuses(events)] == [True, False, True, False]

    run()


@in_simulated_time
async def test_a_stream_that_falters_has_not_ended() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            youtube.say("one")
            await until(lambda: words(events) == ["one"])
            youtube.videos[ID].state = "upcoming"  # what YouTube says while nothing reaches it
            await asyncio.sleep(100)
            assert listener.health().what.startswith("waiting for the stream")
            youtube.videos[ID].state = "live"
            youtube.say("two")
            await until(lambda: words(events) == ["one", "two"])
            assert statuses(events) == [(f"{ID}-live", True)]


@in_simulated_time
async def test_a_stream_that_ends_while_its_chat_does_not_is_noticed() -> None:
    async with YouTubeWithApi(Video()) as youtube:

        async def ended(request: web.Request) -> web.StreamResponse:
            return await YouTube(Video(state="ended")).watch_page(request)

        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            await until(lambda: listener.health().state is State.OK)
            youtube.down["/watch"] = ended
            await asyncio.sleep(250)
            assert len(events) == 1
            await until(lambda: statuses(events) == [(f"{ID}-live", True), (f"{ID}-ended", False)], 120)
            assert listener.health().state is State.OFF


@in_simulated_time
async def test_a_quiet_chat_is_not_left() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.timeout_ms = 15_000
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            await asyncio.sleep(3601)
            assert listener.health().state is State.OK
            assert listener.health().what == "connected for 1:00:00, through YouTube's pages"
            youtube.say("anybody here?")
            await until(lambda: words(events) == ["anybody here?"], 30)


# What cannot be heard.


BLOCKED = [
    ("private", "private", "public or unlisted"),
    ("members", "members", "open the stream to everyone"),
    ("chatless", "chat", "turn the live chat on in YouTube Studio"),
    ("never", "is not a live stream", "check chat.youtube.streams[0]"),
]


@pytest.mark.parametrize(
    ("way", "state", "what", "hint"),
    # The API says that a chat is for members when it is asked for: see below.
    [(way, *case) for way in ("pages", "api") for case in BLOCKED if (way, case[0]) != ("api", "members")],
)
@with_key
def test_what_cannot_be_read_is_reported_and_read_once_it_can_be(
    way: str, state: str, what: str, hint: str
) -> None:
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video(state=state)) as youtube:  # type: ignore[arg-type]  # mypy sees a string
            listener = youtube.stream(ID, way=way)
            async with hearing(listener) as events:
                await until(lambda: listener.health().what != "not connected yet")
                assert listener.health().state is State.DOWN
                assert what in listener.health().what
                assert hint in listener.health().hint
                assert not listener.availability.is_ready
                await asyncio.sleep(600)
                assert 7 < len(youtube.asked) < 20
                assert events == []
                youtube.videos[ID].state = "live"
                await until(lambda: statuses(events) == [(f"{ID}-live", True)])
                youtube.say("now I see")
                await until(lambda: words(events) == ["now I see"])
                assert listener.health().state is State.OK
                assert listener.availability.is_ready

    run()


@in_simulated_time
async def test_the_same_trouble_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    async with YouTubeWithApi() as youtube:
        (listener,) = build(youtube.settings("@nobody"))
        async with hearing(listener):
            await until(lambda: youtube.asked.count("/@nobody/live") >= 5)
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


@in_simulated_time
async def test_a_video_and_a_channel_that_do_not_exist() -> None:
    async with YouTubeWithApi() as youtube:
        one, other = build(youtube.settings("b" * 11, "@nobody"))
        async with hearing(one), hearing(other):
            await until(lambda: "Video unavailable" in one.health().what)
            assert one.health().state is State.DOWN
            assert "check chat.youtube.streams[0]" in one.health().hint
            await until(lambda: "YouTube has no channel '@nobody'" in other.health().what)
            assert other.health().state is State.DOWN
            assert "check chat.youtube.streams" in other.health().hint


@in_simulated_time
async def test_a_channel_goes_on_waiting_after_a_stream_without_chat() -> None:
    names = {"@banban": ID}
    async with YouTubeWithApi(Video(state="chatless"), Video(id="b" * 11), channels=names) as youtube:
        listener = youtube.stream("@banban")
        async with hearing(listener) as events:
            await until(lambda: "Chat is disabled" in listener.health().what)
            youtube.channels["@banban"] = "b" * 11
            await until(lambda: statuses(events) == [("b" * 11 + "-live", True)])
            youtube.say("hello", video="b" * 11)
            await until(lambda: words(events) == ["hello"])


@with_key
@in_simulated_time
async def test_an_api_that_is_none_is_not_waited_for_as_a_stream() -> None:
    async with YouTubeWithApi() as youtube:
        youtube.down[f"{API}/channels"] = error(404, "notFound", "Not here.")
        listener = youtube.stream("@banban", way="api")
        async with hearing(listener):
            await until(lambda: listener.health().what != "not connected yet")
            assert (listener.health().state, listener.health().what) == (
                State.DOWN,
                "YouTube's API says: Not here.",
            )


@with_key
@in_simulated_time
async def test_members_only_by_the_api() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.down[f"{API}/liveChat"] = error(403, "forbidden", "Members only.")
        listener = youtube.stream(ID, way="api")
        async with hearing(listener) as events:
            await until(lambda: listener.health().what == "YouTube's API says: Members only.")
            assert listener.health().state is State.DOWN
            assert "open the chat to everyone" in listener.health().hint
            youtube.down.clear()
            await asyncio.sleep(70)
            youtube.say("open!")
            await until(lambda: words(events) == ["open!"])


# What was said before.


@pytest.mark.parametrize("way", ["pages", "api"])
@with_key
def test_what_was_said_before_the_show_is_not_delivered(way: str) -> None:
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video()) as youtube:
            youtube.say("long ago")
            await asyncio.sleep(3600)
            youtube.say("a minute ago")
            await asyncio.sleep(35)
            youtube.say("just now")
            await asyncio.sleep(5)
            listener = youtube.stream(ID, way=way)
            async with hearing(listener) as events:
                youtube.say("now")
                await until(lambda: "now" in words(events))
                assert words(events) == ["just now", "now"]
                # What is said while nothing can be read is told afterwards.
                youtube.down["/"] = vanish
                await until(lambda: listener.health().state is State.DOWN)
                youtube.say("can you hear me?")
                await asyncio.sleep(300)
                youtube.down.clear()
                await until(lambda: "can you hear me?" in words(events))
                youtube.say("good")
                await until(lambda: "good" in words(events))
                assert words(events) == ["just now", "now", "can you hear me?", "good"]
                assert listener.health().contact
                assert "1 reconnect" in listener.health().what

    run()


# One way for the other.


def break_pages(youtube: YouTubeWithApi) -> None:
    for begin in PAGES:
        youtube.down[begin] = text("<html>We have been receiving a large volume of requests", 429)


def mend_pages(youtube: YouTubeWithApi) -> None:
    for begin in PAGES:
        del youtube.down[begin]


@pytest.mark.parametrize("alike", [True, False])
@with_key
def test_the_api_takes_over_and_gives_back(alike: bool) -> None:  # noqa: FBT001  # a parameter
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video()) as youtube:
            listener = youtube.stream(ID)
            async with hearing(listener) as events:
                first = youtube.say("one", alike=alike)
                await until(lambda: words(events) == ["one"])
                assert listener.health().what.endswith("through YouTube's pages")
                assert youtube.moments == []
                break_pages(youtube)
                youtube.say("two", alike=alike)
                await until(lambda: words(events) == ["one", "two"], 30)
                health = listener.health()
                assert health.state is State.LIMITED
                assert "through the API, 8 of 10,000 units of the API's daily quota used" in health.what
                assert "this network has sent YouTube too many requests (429)" in health.what
                youtube.say("three", alike=alike)
                youtube.delete(first)
                await until(lambda: any(isinstance(event, Deletion) for event in events), 30)
                assert words(events) == ["one", "two", "three"]
                await asyncio.sleep(1000)
                assert listener.health().state is State.LIMITED
                assert listener.health().what.startswith("connected for 16:")  # though the pages were tried
                mend_pages(youtube)
                youtube.say("four", alike=alike)
                await until(lambda: listener.health().what.endswith("through YouTube's pages"), 330)
                assert listener.health().state is State.OK
                youtube.say("five", alike=alike)
                await until(lambda: "five" in words(events), 30)
                polls = len(youtube.moments)
                await asyncio.sleep(60)
                assert len(youtube.moments) == polls
                assert words(events) == ["one", "two", "three", "four", "five"]
                deletions = [event for event in events if isinstance(event, Deletion)]
                assert [deletion.message_id for deletion in deletions] == [first]
                assert statuses(events) == [(f"{ID}-live", True)]

    run()


@with_key
@in_simulated_time
async def test_a_deletion_by_one_transport_names_what_the_other_delivered() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            first = youtube.say("one", alike=False)  # the API will call it otherwise
            await until(lambda: words(events) == ["one"])
            break_pages(youtube)
            await until(lambda: listener.health().state is State.LIMITED)
            youtube.delete(first.replace("CI", "XX"))
            await until(lambda: isinstance(events[-1], Deletion))
            deleted, heard = events[-1], events[1]
            assert isinstance(deleted, Deletion)
            assert deleted.message_id == heard.id == first


@with_key
@in_simulated_time
async def test_both_ways_are_tried_when_neither_works() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        break_pages(youtube)
        youtube.down[API] = error(500, "backendError", "Backend Error")
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            await asyncio.sleep(600)
            health = listener.health()
            assert health.state is State.DOWN
            assert "YouTube's pages: this network has sent YouTube too many requests" in health.what
            assert "the API: YouTube's API says: Backend Error" in health.what
            assert health.hint
            asked = len(youtube.asked)
            await asyncio.sleep(600)
            assert 600 / 60 <= len(youtube.asked) - asked <= 600 / 28  # with pauses of 30 to 60 s
            del youtube.down[API]
            await until(lambda: listener.health().state is State.LIMITED, 200)
            youtube.say("one")
            await until(lambda: words(events) == ["one"], 200)
            assert "through the API" in listener.health().what
            youtube.down[API] = vanish
            mend_pages(youtube)
            youtube.say("two")
            await until(lambda: words(events) == ["one", "two"], 200)
            assert listener.health().what.endswith("through YouTube's pages")


@with_key
@in_simulated_time
async def test_when_the_quota_runs_out_the_pages_are_read_again_and_the_api_the_next_day() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        break_pages(youtube)
        listener = youtube.stream(ID, daily_units=50)
        async with hearing(listener) as events:
            youtube.say("one")
            await until(lambda: words(events) == ["one"])
            await until(lambda: listener.health().state is State.DOWN, 6000)
            assert "the 50 units of YouTube's API for today are used up" in listener.health().what
            assert "chat.youtube.daily_units" in listener.health().hint
            polls = len(youtube.moments)
            await asyncio.sleep(3600)
            assert len(youtube.moments) == polls
            youtube.say("two")
            await until(lambda: words(events) == ["one", "two"], 12_400)
            assert clock.now() == pytest.approx(12_400, abs=100)  # when it was midnight in California


@in_simulated_time
async def test_without_a_key_the_streamer_is_told_about_it() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.down["/youtubei"] = text("<html>", 429)
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            await asyncio.sleep(300)
            health = listener.health()
            assert health.state is State.DOWN
            assert "(429)" in health.what
            assert f"put an API key into {KEY}" in health.hint
            assert statuses(events) == [(f"{ID}-live", True)]
            assert not [path for path in youtube.asked if path.startswith(API)]


@with_key
@in_simulated_time
async def test_with_a_wrong_key_the_pages_go_on_and_it_is_reported() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.key = "another"
        listener = youtube.stream(ID)
        async with hearing(listener) as events:
            youtube.say("one")
            await until(lambda: words(events) == ["one"])
            health = listener.health()
            assert health.state is State.LIMITED
            assert "through YouTube's pages" in health.what
            assert "YouTube does not accept the API key" in health.what
            assert KEY in health.hint
            break_pages(youtube)
            await asyncio.sleep(120)
            assert listener.health().state is State.DOWN
            assert sum(path.startswith(API) for path in youtube.asked) == 1
            mend_pages(youtube)
            youtube.say("two")
            await until(lambda: words(events) == ["one", "two"])

        youtube.videos[ID].state = "upcoming"
        listener = youtube.stream(ID)
        async with hearing(listener):
            await until(lambda: listener.health().what.startswith("waiting for the stream"))
            assert listener.health().state is State.LIMITED
            assert "YouTube does not accept the API key" in listener.health().what
            assert KEY in listener.health().hint

        with pytest.raises(ListenerError) as caught:
            async with hearing(youtube.stream(ID, way="api")):
                await asyncio.sleep(10)
        assert caught.value.final
        assert caught.value.where == "chat.youtube.streams[0]"
        assert KEY in caught.value.hint
        assert SECRET not in str(caught.value)


# Faults.


async def talk(youtube: YouTubeWithApi, said: list[str], dice: random.Random) -> None:
    while True:
        said.append(youtube.say(f"words {len(said)}"))
        await asyncio.sleep(dice.uniform(1, 8))


async def cut(wire: Wire, dice: random.Random) -> None:
    while True:
        await asyncio.sleep(dice.uniform(8, 24))
        wire.cut_in = dice.choice([0, 1, dice.randrange(200), dice.randrange(3000)])


async def forbid_pages(youtube: YouTubeWithApi, dice: random.Random) -> None:
    while True:
        await asyncio.sleep(dice.uniform(200, 600))
        break_pages(youtube)
        await asyncio.sleep(dice.uniform(20, 200))
        mend_pages(youtube)


@pytest.mark.parametrize("ways", [1, 2])
def test_two_hundred_cuts_in_an_hour(ways: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if ways == 2:
        monkeypatch.setenv(KEY, SECRET)

    @in_simulated_time
    async def run() -> None:
        dice = random.Random(3)
        said: list[str] = []
        async with YouTubeWithApi(Video()) as youtube, Wire(youtube.url) as wire:
            youtube.timeout_ms = 8000
            (listener,) = build(youtube.settings(ID, url=wire.url, daily_units=1_000_000))
            troubles = [talk(youtube, said, dice), cut(wire, dice)]
            if ways == 2:
                troubles.append(forbid_pages(youtube, dice))
            async with hearing(listener) as events:
                tasks = [asyncio.create_task(trouble) for trouble in troubles]
                await until(lambda: wire.cuts == 200, 5400)
                assert clock.now() > 3000
                for task in tasks:
                    task.cancel()
                wire.cut_in = None
                youtube.down.clear()
                await asyncio.sleep(120)
            heard = [event.id for event in events if isinstance(event, ChatMessage)]
            assert heard == said  # all, in order, and once
            assert statuses(events) == [(f"{ID}-live", True)]
            assert bool(youtube.moments) == (ways == 2)

    run()


@with_key
@in_simulated_time
async def test_cancelling_leaves_nothing_behind() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        before = asyncio.all_tasks()
        for broken in (False, True):
            if broken:
                break_pages(youtube)
            listener = youtube.stream(ID)
            async with hearing(listener):
                await until(lambda listener=listener: listener.health().contact.connected is not None)  # type: ignore[misc]
            assert listener.health().state is State.DOWN
            await until(lambda: youtube.connections == 0, 5)
            assert {
                task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)
            } == set()


# How it is built.


async def test_one_listener_for_each_entry() -> None:
    youtube = YouTubeWithApi()
    made = build(
        youtube.settings("@banban", ID, f"https://youtu.be/{ID}", "https://www.youtube.com/c/BanBan")
    )
    assert [listener.health().part for listener in made] == [
        "chat.youtube @banban",
        f"chat.youtube {ID}",
        "chat.youtube c/BanBan",
    ]
    assert len({listener._quota for listener in made}) == 1
    assert build(Settings()) == []
    assert len(build_listeners(youtube.settings("@banban", ID))) == 3  # and the console


def test_what_cannot_be_a_stream_is_reported_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        build(YouTubeWithApi().settings("@banban", "https://twitch.tv/banban"))
    assert caught.value.where == "chat.youtube.streams[1]"
    with pytest.raises(ConfigError) as caught:
        build(YouTubeWithApi().settings("@banban", way="api"))
    assert caught.value.where == "chat.youtube.way"
    assert KEY in caught.value.hint
