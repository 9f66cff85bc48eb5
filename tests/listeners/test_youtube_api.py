from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web
from youtube_api_server import (
    HALF,
    SECRET,
    Refusal,
    Wire,
    YouTubeWithApi,
    error,
    in_simulated_time,
    item,
    text,
    until,
    vanish,
    words,
)
from youtube_server import NOW, Video

from vtuber.core import clock
from vtuber.core.errors import ListenerError
from vtuber.core.events import Event
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.youtube import api_client
from vtuber.listeners.youtube.address import parse
from vtuber.listeners.youtube.api import ApiFinder, ApiReader
from vtuber.listeners.youtube.api_client import KEY, ApiClient, Quota
from vtuber.listeners.youtube.transports import TransportUnavailable
from vtuber.listeners.youtube.video import Airing

CHAT = "/youtube/v3/liveChat"


@pytest.fixture(autouse=True)
def api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, SECRET)


async def first(count: int, api: ApiReader) -> list[Event]:
    events: list[Event] = []
    async with aclosing(api.events()) as heard:
        async for event in heard:
            events.append(event)
            if len(events) == count:
                break
    return events


def made(youtube: YouTubeWithApi, quota: Quota | None = None, **options: Any) -> ApiReader:
    return ApiReader(youtube.settings(**options), "aaaaaaaaaaa", "@banban", quota)


@in_simulated_time
async def test_chat_is_read_as_often_as_youtube_and_the_quota_allow() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        quota = Quota(1_000_000)
        youtube.polling = 3000
        youtube.say("one")
        youtube.say("two")
        api = made(youtube, quota)
        async with aclosing(api.events()) as heard:
            events = [await anext(heard), await anext(heard)]
            assert api.answered == events[0].at == clock.now()
            youtube.say("three")
            events.append(await anext(heard))
            youtube.polling = "soon"  # nobody knows
            youtube.say("four")
            events.append(await anext(heard))
            youtube.say("five")
            events.append(await anext(heard))
        assert words(events) == ["one", "two", "three", "four", "five"]
        assert {event.channel for event in events} == {"@banban"}
        moments = [
            later - earlier for earlier, later in zip(youtube.moments, youtube.moments[1:], strict=False)
        ]
        assert moments == pytest.approx([3.0, 3.0, 5.0])
        assert youtube.tokens == ["", "2", "3", "4"]
        assert quota.used == 1 + 4 * 5
        assert made(youtube)._pause(3000) == pytest.approx(7.2)  # so that 10,000 units last for a show
        for malformed in (True, -5, 10**400, None, [1], 1e300):
            assert 1 <= made(youtube)._pause(malformed) <= 600


@pytest.mark.parametrize("how", ["offlineAt", "chatEndedEvent", "liveChatEnded", "no chat", "404"])
def test_the_end_of_the_stream_is_the_end(how: str) -> None:
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video()) as youtube:
            youtube.say("bye")
            video = youtube.videos["aaaaaaaaaaa"]

            async def last(request: web.Request) -> web.StreamResponse:
                return web.json_response({"items": youtube.items[video.id], "offlineAt": "2020-09-18T04:00Z"})

            if how == "offlineAt":
                youtube.down[CHAT] = last
            elif how == "chatEndedEvent":
                youtube.items[video.id].append(item("chatEndedEvent", inner="CI000000000000000000000099"))
            else:
                video.state = "ended" if how == "no chat" else "live"

            async def ends(request: web.Request) -> web.StreamResponse | None:
                video.state = "ended"
                return await error(404, "liveChatNotFound")(request) if how == "404" else None

            if how in ("liveChatEnded", "404"):
                youtube.down[CHAT] = ends
            events = [event async for event in made(youtube).events()]
            assert words(events) == (["bye"] if how in ("offlineAt", "chatEndedEvent") else [])

    run()


@in_simulated_time
async def test_a_chat_that_is_closed_while_the_stream_goes_on_is_lost() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.down[CHAT] = error(404, "liveChatNotFound")
        with pytest.raises(ConnectionLost, match="but the stream is still live"):
            await first(1, made(youtube))


SPENT = error(403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota.")
FAULTS: list[tuple[str, Refusal, str]] = [
    ("half a JSON", HALF, "does not understand"),
    ("HTML", text("<html>Sign in to the hotel's network</html>"), "does not understand"),
    ("a list", text("[1, 2]"), "does not understand"),
    ("deep JSON", text("[" * 100_000), "does not understand"),
    ("500", error(500, "backendError", "Backend Error"), "Backend Error"),
    ("503 in HTML", text("<html>", 503), "answers 503"),
    ("302", text("", 302), "answers 302"),
    ("a bad token", error(400, "pageTokenInvalid"), "It did not work."),
    ("404", error(404, "notFound"), "but the stream is still live"),
    ("no answer", vanish, "the connection to YouTube's API was lost"),
]


@pytest.mark.parametrize(("fault", "why"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_after_every_fault_it_goes_on_where_it_was(fault: Refusal, why: str) -> None:
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video()) as youtube:
            youtube.say("one")
            api = made(youtube)
            assert words(await first(1, api)) == ["one"]
            youtube.down[CHAT] = fault
            with pytest.raises(ConnectionLost) as lost:
                await first(1, api)
            assert why in lost.value.why
            assert not isinstance(lost.value, TransportUnavailable)
            youtube.down.clear()
            youtube.say("two")
            assert words(await first(1, api)) == ["one" if "did not work" in why else "two"]
            assert youtube.tokens[-1] == ("" if "did not work" in why else "1")
            await until(lambda: youtube.connections == 0, 5)

    run()


@pytest.mark.parametrize(
    ("fault", "why", "hint", "after"),
    [
        (SPENT, "today's API units are used up", "midnight", 12_400.0),
        (error(429, "rateLimitExceeded", "Slow down", Retry_After="17"), "Slow down", "try again", 17.0),
        (error(429, "x", Retry_After="999999"), "It did not work", "try again", 3600.0),
        (error(403, "rateLimitExceeded", "Too quickly"), "Too quickly", "try again", 30.0),
        (error(503, "x", Retry_After="Fri, 31 Dec 2099"), "It did not work", "try again", 30.0),
        (error(401, "authError", "Login Required."), "Login Required.", KEY, math.inf),
        (error(403, "accessNotConfigured", "It is disabled"), "It is disabled", "is enabled", math.inf),
        (error(403, "ipRefererBlocked", f"no {SECRET}"), "no ***", KEY, math.inf),
    ],
)
def test_what_is_of_no_use_for_a_while(fault: Refusal, why: str, hint: str, after: float) -> None:
    @in_simulated_time
    async def run() -> None:
        async with YouTubeWithApi(Video()) as youtube:
            youtube.down[CHAT] = fault
            with pytest.raises(TransportUnavailable) as refused:
                await first(1, made(youtube))
            assert why in refused.value.why
            assert hint in refused.value.hint
            assert refused.value.after == pytest.approx(after, abs=1)

    run()


@in_simulated_time
async def test_a_chat_that_cannot_be_read_is_reported() -> None:
    async with YouTubeWithApi(Video()) as youtube:

        async def told(api: ApiReader) -> ListenerError:
            with pytest.raises(ListenerError) as caught:
                await first(1, api)
            assert caught.value.final
            assert caught.value.hint
            return caught.value

        youtube.down[CHAT] = error(403, "liveChatDisabled")
        assert "no chat" in (await told(made(youtube))).what
        youtube.down[CHAT] = error(403, "forbidden", "You may not.")
        assert "You may not." in (await told(made(youtube))).what
        youtube.down.clear()
        youtube.videos["aaaaaaaaaaa"].state = "chatless"
        assert "has no chat" in (await told(made(youtube))).what
        youtube.videos["aaaaaaaaaaa"].state = "private"
        assert "is private, or does not exist" in (await told(made(youtube))).what


@in_simulated_time
async def test_a_wrong_key_and_none() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        youtube.key = "another"
        with pytest.raises(TransportUnavailable, match="does not accept the API key: API key not valid"):
            await first(1, made(youtube))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY)
        async with YouTubeWithApi(Video()) as youtube:
            with pytest.raises(TransportUnavailable, match="needs a key"):
                await first(1, made(youtube))
            assert youtube.asked == []


@in_simulated_time
async def test_the_quota_runs_out() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        with pytest.raises(TransportUnavailable, match="the 13 units") as refused:
            await first(100, made(youtube, daily_units=13))
        assert len(youtube.moments) == 2
        assert 0 < refused.value.after < 86_400


@in_simulated_time
async def test_the_connection_is_cut_at_any_byte() -> None:
    async with YouTubeWithApi(Video()) as youtube, Wire(youtube.url) as wire:
        for number in range(30):
            youtube.say(f"words {number}")
        settings = youtube.settings(url=wire.url)
        lost = 0
        for cut in range(0, 12_000, 397):
            wire.cut_in = cut
            api = ApiReader(settings, "aaaaaaaaaaa", "@banban", Quota(10**6))
            try:
                heard = words(await first(30, api))
            except ConnectionLost:
                lost += 1
                heard = words(await first(30, api))
            assert heard == [f"words {number}" for number in range(30)]
        assert lost > 20
        wire.cut_in = None


async def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "REQUEST_SECONDS", 0.1)

    async def sleeps(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with YouTubeWithApi(Video()) as youtube:
        youtube.down[CHAT] = sleeps
        with pytest.raises(ConnectionLost, match="does not answer"):
            await first(1, made(youtube))


async def test_no_server_and_an_endless_answer(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setattr(api_client, "SIZE_LIMIT", 1000)
    async with YouTubeWithApi(Video()) as youtube:
        youtube.down[CHAT] = text("x" * 100_000)
        with pytest.raises(ConnectionLost, match="is too long"):
            await first(1, made(youtube))
        settings = youtube.settings(url=f"http://127.0.0.1:{unused_tcp_port}")
        with pytest.raises(ConnectionLost, match="cannot be reached"):
            await first(1, ApiReader(settings, "aaaaaaaaaaa", "@banban"))


@in_simulated_time
async def test_cancelling_leaves_nothing_behind() -> None:
    async with YouTubeWithApi(Video()) as youtube:
        task = asyncio.create_task(first(1, made(youtube)))
        while not youtube.moments:
            await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: youtube.connections == 0, 5)
        assert asyncio.all_tasks() - {asyncio.current_task()} == _servers()


def _servers() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "RequestHandler" in repr(task.get_coro())}


async def test_the_key_is_never_shown(caplog: pytest.LogCaptureFixture, unused_tcp_port: int) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def tried(attempt: Callable[[], Coroutine[Any, Any, object]]) -> None:
        try:
            await attempt()
        except (ConnectionLost, ListenerError) as raised:
            whole: BaseException | None = raised
            while whole is not None:
                shown.extend((str(whole), repr(whole), getattr(whole, "hint", "")))
                whole = None if whole.__suppress_context__ else whole.__context__

    async with YouTubeWithApi(Video()) as youtube:
        for fault in [row[1] for row in FAULTS] + [SPENT, error(403, "forbidden", SECRET)]:
            youtube.down[CHAT] = fault
            await tried(lambda: first(1, made(youtube)))
        async with ApiClient(youtube.settings(), Quota(100)) as asking:
            shown.extend((repr(asking), str(asking.__class__)))
        shown.append(repr(made(youtube)))
        for url in (
            f"http://127.0.0.1:{unused_tcp_port}",
            "http://[",
            "http://no host",
            "http://127.0.0.1:1:1",
        ):
            settings = youtube.settings(url=url)
            await tried(lambda settings=settings: first(1, ApiReader(settings, "a", "b")))  # type: ignore[misc]
    told = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert len(shown) > 20
    assert not [line for line in shown + told if SECRET in line]


# Finding.


@in_simulated_time
async def test_a_video_is_found() -> None:
    async with YouTubeWithApi(Video(starts=NOW + 60)) as youtube:
        video = youtube.videos["aaaaaaaaaaa"]
        quota = Quota(1000)
        async with ApiClient(youtube.settings(), quota) as asking:
            finder = ApiFinder(asking, quota)
            airings = {}
            for video.state in ("upcoming", "live", "chatless", "ended", "never", "private"):
                found = await finder.find(parse("aaaaaaaaaaa"))
                assert found
                airings[video.state] = (found.airing, bool(found.chatless), bool(found.refusal))
                if video.state == "upcoming":
                    assert (found.id, found.title, found.starts) == (video.id, video.title, NOW + 60)
            assert airings == {
                "upcoming": (Airing.UPCOMING, False, False),
                "live": (Airing.LIVE, False, False),
                "chatless": (Airing.LIVE, True, False),
                "ended": (Airing.ENDED, False, False),
                "never": (Airing.NEVER, False, False),
                "private": (Airing.NEVER, False, True),
            }
            assert finder.now == pytest.approx(NOW, abs=2)


@in_simulated_time
async def test_a_channel_is_found_without_a_search() -> None:
    channel = "UC" + "c" * 22
    old, soon, later, live = (
        Video(letter * 11, state=state, starts=NOW + starts)  # type: ignore[arg-type]  # mypy sees strings
        for letter, state, starts in (
            ("o", "ended", 0),
            ("s", "upcoming", 60),
            ("l", "upcoming", 600),
            ("v", "live", 0),
        )
    )
    names = {"@banban": live.id, "user/banban": live.id}
    async with YouTubeWithApi(old, soon, later, live, channels=names) as youtube:
        quota = Quota(1000)
        uploads = youtube.uploads["UU" + "c" * 22] = [later.id, old.id]
        async with ApiClient(youtube.settings(), quota) as asking:
            finder = ApiFinder(asking, quota)

            async def found(name: str) -> str:
                video = await finder.find(parse(name))
                return video.id if video else ""

            assert await found("@banban") == later.id
            assert quota.used == 3
            uploads.append(soon.id)
            assert await found("@banban") == soon.id
            assert quota.used == 5  # the channel's id is known now
            uploads.append(live.id)
            assert await found(channel) == live.id
            assert await found("youtube.com/user/banban") == live.id
            uploads[:] = [old.id]
            assert await found("@banban") == ""
            youtube.uploads.clear()
            assert await found("@banban") == ""  # it never showed anything
            with pytest.raises(ConnectionLost, match="has no channel '@nobody'"):
                await found("@nobody")
            with pytest.raises(TransportUnavailable, match="cannot look up channel addresses such as /c/B"):
                await found("youtube.com/c/BanBan")
