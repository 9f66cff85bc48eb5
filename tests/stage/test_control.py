"""The control panel's API in a whole show: what it tells, what it takes, and from whom."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import TypeAdapter
from rehearsal_room import Room

from benchmarks.scripted import ScriptedBrain
from vtuber.app.desk.status import Status
from vtuber.app.live import desk_of
from vtuber.core.text import MESSAGE_LIMIT
from vtuber.moderation.command_table import COMMANDS
from vtuber.moderation.trust import Trust
from vtuber.stage.access import Role
from vtuber.stage.control import streams
from vtuber.stage.control.backstage import BASE
from vtuber.stage.control.shapes import Answer, Me, Snapshot, Viewers
from vtuber.stage.cues import ClipBegins, ClipSound, ClipWord, Heard, Hushed

TOKENS = {Role.STREAMER: "the-streamers-own-token", Role.MODERATOR: "a-token-for-moderators"}


class Panel:
    """Somebody with a token, or without."""

    def __init__(self, room: Room, session: aiohttp.ClientSession, role: Role | None) -> None:
        self._room = room
        self._session = session
        self.headers = {"Authorization": f"Bearer {TOKENS[role]}"} if role else {}
        self.open: list[aiohttp.ClientResponse] = []

    def address(self, path: str, base: str = BASE) -> str:
        return self._room.show.server.url.rstrip("/") + base + path

    async def asks(self, path: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
        headers = {**self.headers, **more.pop("headers", {})}
        address = self.address(path, more.pop("base", BASE))
        async with self._session.request(method, address, headers=headers, **more) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def gets(self, path: str) -> Any:
        status, value = await self.asks(path)
        assert status == 200, value
        return value

    async def commands(self, name: str, argument: str = "") -> dict[str, Any]:
        status, value = await self.asks(f"/commands/{name}", "POST", json={"argument": argument})
        assert status == 200, value
        TypeAdapter(Answer).validate_python(value, strict=True)
        return dict(value)

    async def listens(self, kinds: str = "") -> Listening:
        query = {"kinds": kinds} if kinds else {}
        answer = await self._session.get(self.address("/events"), headers=self.headers, params=query)
        self.open.append(answer)
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        return Listening(answer)


class Listening:
    """An open stream of events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self, kind: str) -> Any:
        """The next event of that kind; what comes before it is passed over."""
        async with asyncio.timeout(10):
            while True:
                name, value = await self.event()
                if name == kind:
                    return value

    async def event(self) -> tuple[str, Any]:
        name = ""
        while line := (await self.answer.content.readline()).decode():
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise EOFError


Seat = Callable[[Role | None], Panel]


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANBAN_CONTROL_TOKEN", TOKENS[Role.STREAMER])
    monkeypatch.setenv("BANBAN_MODERATOR_TOKEN", TOKENS[Role.MODERATOR])


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A show on air, in real time."""
    made, ready = Room(tmp_path), asyncio.Event()
    running = asyncio.create_task(made.show.run(progress=lambda _share, _words: None, on_air=ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    yield made
    made.show.over.set()
    await running


@pytest.fixture
async def seat(room: Room) -> AsyncIterator[Seat]:
    panels: list[Panel] = []

    def sits_down(role: Role | None) -> Panel:
        panels.append(Panel(room, session, role))
        return panels[-1]

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session:
        yield sits_down
        for panel in panels:
            for answer in panel.open:
                answer.close()


@pytest.fixture
def streamer(seat: Seat) -> Panel:
    return seat(Role.STREAMER)


@pytest.fixture
def moderator(seat: Seat) -> Panel:
    return seat(Role.MODERATOR)


# The description.


async def test_every_request_is_described_and_every_one_described_is_answered(
    room: Room, streamer: Panel
) -> None:
    described = await streamer.gets("/openapi.json")
    listed = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    answered = {
        (route.method, route.path) for route in room.show.control.routes() if isinstance(route, web.RouteDef)
    }
    assert listed == {(method, path) for method, path in answered if not path.startswith("/control")}
    for method, path in listed:
        query = {"name": "mika"} if path.endswith("/viewers") else {}
        filled = path.format(name="status", number="1")
        status = 200
        if path.endswith("/events"):
            (await streamer.listens()).answer.close()
        else:
            status, _ = await streamer.asks(filled, method, params=query, base="")
        away = {"/api/v1/air/{number}/sound": 404, "/api/v1/frame": 503}  # nothing waits; no OBS
        assert status == away.get(path, 200), path
    named = json.dumps(described)
    for reference in set(named.split('"$ref": "')[1:]):
        name = reference.partition('"')[0].removeprefix("#/components/schemas/")
        assert name in described["components"]["schemas"]


async def test_what_it_sends_is_what_it_describes(room: Room, streamer: Panel, moderator: Panel) -> None:
    room.types("is the pizza good?")
    await room.until_speaking()
    room.types("and the soup?", name="ann")
    TypeAdapter(Snapshot).validate_python(await streamer.gets("/state"), strict=True)
    TypeAdapter(Viewers).validate_python(await streamer.gets("/viewers?name=@mika"), strict=True)
    for panel in (streamer, moderator):
        TypeAdapter(Me).validate_python(await panel.gets("/me"), strict=True)


# The kill switch.

WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "the panel's button": ("/api/v1/commands/hush", {"json": {"argument": ""}}),
    "nothing said": ("/hush", {}),
    "a Stream Deck": ("/hush", {"json": {}}),
    "nonsense": ("/hush", {"data": b"\xff{"}),
}


@pytest.mark.parametrize("way", [*WAYS, "chat", "the terminal's key"])
async def test_a_hush_ends_in_silence_whichever_way_it_comes(
    room: Room, moderator: Panel, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(ScriptedBrain, "reply", "And then there was more to say of it. " * 40)
    room.types("is the pizza good?")
    await room.until_speaking()
    if way in WAYS:
        path, more = WAYS[way]
        status, value = await moderator.asks(path, "POST", base="", **more)
        assert (status, value["done"]) == (200, True)
    elif way == "chat":
        assert "silent" in room.commands("!hush")
    else:
        silence = desk_of(room.show, Status(room.show))._hands.silence  # the editor calls it
        assert silence is not None
        silence()
        await room.until(lambda: room.journal("command"))
    cues = [cue for _, cue in room.screen.cues]
    hush = next(number for number, cue in enumerate(cues) if isinstance(cue, Hushed))
    assert not [cue for cue in cues[hush:] if isinstance(cue, ClipBegins | ClipSound | ClipWord | Heard)]
    await room.until_idle()
    assert ScriptedBrain.streaming == 0
    assert room.show.stage.remaining() == 0
    (told,) = room.journal("command")
    assert told["order"] == "hush"


# Who may do what.


async def test_a_moderators_token_gives_no_words_and_no_settings(
    room: Room, streamer: Panel, moderator: Panel
) -> None:
    mine = {row["name"] for row in (await streamer.gets("/me"))["commands"]}
    theirs = {row["name"] for row in (await moderator.gets("/me"))["commands"]}
    assert mine == {*COMMANDS} - {"forgetme"}
    assert mine - theirs >= {"say", "voice", "loudness", "air", "edit"}
    assert theirs >= {"hush", "skip", "pause", "resume", "next", "drop", "ignore", "ask", "yes", "no"}
    for name in mine - theirs:
        status, answer = await moderator.asks(f"/commands/{name}", "POST", json={"argument": "on"})
        assert (status, "only for the streamer" in answer["error"]) == (403, True), name
    assert room.journal("command") == []


async def test_a_hush_is_only_for_those_whom_config_allows_it(
    room: Room, streamer: Panel, moderator: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room.show.commands.table._who, "hush", Trust.BROADCASTER)
    for path, base in (("/hush", ""), ("/commands/hush", BASE)):
        assert (await moderator.asks(path, "POST", base=base))[0] == 403
        assert (await streamer.asks(path, "POST", base=base))[0] == 200


async def test_a_command_is_the_same_as_in_chat_and_is_one_line_of_the_journal(
    room: Room, streamer: Panel
) -> None:
    assert await streamer.commands("pause") == {"reply": "she answers nobody until !resume", "done": True}
    assert room.show.performer.agenda.paused
    assert await streamer.commands("slow", "soon") == {
        "reply": "'soon' is not a number of seconds; write !slow SECONDS",
        "done": False,
    }
    lines = room.journal("command")
    assert [(line["order"], line["platform"], line["who"], line["text"]) for line in lines] == [
        ("pause", "panel", "streamer", "!pause"),
        ("slow", "panel", "streamer", "!slow soon"),
    ]
    assert room.journal("written") == [], "its reply is in the answer"


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=nonsense"])
async def test_a_body_that_is_no_text_is_refused(streamer: Panel, kind: str) -> None:
    for body, expected in ((b"\xff\xfe{}", 400), (b"{}", 200)):
        status, _ = await streamer.asks("/commands/status", "POST", data=body, headers={"Content-Type": kind})
        assert status == expected


async def test_two_panels_that_press_opposite_buttons_see_one_state(
    room: Room, streamer: Panel, moderator: Panel
) -> None:
    both = [await streamer.listens("now"), await moderator.listens("now")]
    for listening in both:
        assert (await listening.next("state"))["now"]["paused"] is False
    await asyncio.gather(streamer.commands("pause"), moderator.commands("resume"))
    await streamer.commands("pause")
    for listening in both:
        now = await listening.next("now")
        while not now["paused"]:
            now = await listening.next("now")
        assert now["state"] == "paused"
    assert room.show.performer.agenda.paused
    await moderator.commands("resume")
    for listening in both:
        assert (await listening.next("now"))["paused"] is False
        listening.answer.close()


@pytest.mark.parametrize("path", ["/openapi.json", "/me", "/state", "/events", "/viewers?name=x"])
async def test_nothing_is_told_without_a_token_or_with_an_old_one(seat: Seat, path: str) -> None:
    stranger = seat(None)
    assert (await stranger.asks(path))[0] == 401
    assert (await stranger.asks(path, headers={"Authorization": "Bearer an-old-token-of-last-week"}))[
        0
    ] == 401
    assert (await stranger.asks(f"{path}{'&' if '?' in path else '?'}token=an-old-token"))[0] == 401


async def test_nothing_is_done_without_a_token_or_for_another_site(
    room: Room, seat: Seat, streamer: Panel
) -> None:
    assert (await seat(None).asks("/commands/pause", "POST"))[0] == 401
    foreign = {"Origin": "https://example.org"}
    assert (await streamer.asks("/commands/pause", "POST", headers=foreign))[0] == 403
    assert (await streamer.asks("/commands/pause", "GET"))[0] == 405
    assert not room.show.performer.agenda.paused


# What is no request of ours.

TOO_LONG = "a" * (MESSAGE_LIMIT + 1)


BODIES = (
    *(b"pause", b"[]", b'"text"', b"5", b"{", b"[" * 3000, b"\xff\xfe\xfd"),
    *(b'{"argument": 5}', b'{"argument": null}', b'{"argument": "a", "more": 1}', b'{"text": "a"}'),
    json.dumps({"argument": TOO_LONG}).encode(),
)


async def test_a_body_of_another_shape_is_refused_in_words(room: Room, streamer: Panel) -> None:
    for body in BODIES:
        status, answer = await streamer.asks("/commands/pause", "POST", data=body)
        assert (status, bool(answer["error"])) == (400, True), body
    assert not room.show.performer.agenda.paused


async def test_what_is_too_large_or_too_much_is_refused(room: Room, streamer: Panel) -> None:
    paths = (await streamer.gets("/openapi.json"))["paths"]
    described = paths["/api/v1/commands/{name}"]["post"]["responses"]
    statuses = {(await streamer.asks("/commands/topic", "POST", data=b" " * 100_000))[0]}
    assert statuses == {413}
    while 429 not in statuses:
        statuses.add((await streamer.asks("/commands/nonsense", "POST"))[0])
    assert {str(status) for status in statuses} <= {*described}
    assert room.journal("command") == []


async def test_there_are_no_other_commands(room: Room, streamer: Panel) -> None:
    for name in ["nonsense", "forgetme", "_hush", "__init__", "obey", "%2e%2e", "n" * 300, "🦊"]:
        assert (await streamer.asks(f"/commands/{name}", "POST"))[0] == 404, name
    assert room.journal("command") == []


ADDRESSES = {
    400: (
        *("/state?part=now", "/me?role=streamer", "/openapi.json?x=1", "/events?kinds=now,nonsense"),
        *("/events?kind=now", "/viewers", "/viewers?name=", "/viewers?name=%40"),
        *(f"/viewers?name={'n' * 51}", "/viewers?name=a&name2=b"),
    ),
    404: (
        *("/air/one/sound", "/air/-1/sound", f"/air/{'9' * 40}/sound", "/air/1/sound", "/air/１/sound"),
        *("/commands", "/nonsense", "/state/now"),
    ),
}


async def test_an_address_of_another_shape_is_refused(streamer: Panel) -> None:
    for expected, paths in ADDRESSES.items():
        for path in paths:
            assert (await streamer.asks(path))[0] == expected, path


async def test_an_argument_is_one_clean_line(room: Room, streamer: Panel) -> None:
    await streamer.commands("topic", "soup\r\n\x1bfor\u202e all\ud800")
    assert room.journal("command")[0]["text"] == "!topic soup for all"
    assert (await streamer.gets("/state"))["settings"]["topic"] == "soup for all"


# Whoever listens.


async def test_the_state_comes_first_and_then_what_changes(room: Room, streamer: Panel) -> None:
    listening = await streamer.listens()
    snapshot = await listening.next("state")
    TypeAdapter(Snapshot).validate_python(snapshot, strict=True)
    assert snapshot["chat"] == []
    room.types("<b>hi</b>\ndata: x")
    line = await listening.next("chat")
    assert (line["name"], line["text"], line["fate"]) == ("mika", "<b>hi</b>\ndata: x", "waiting")
    assert (await listening.next("fact"))["kind"] == "heard"
    assert (await listening.next("fate")) == {"id": line["id"], "platform": "twitch", "fate": "answering"}
    now = await listening.next("now")
    while now["state"] != "speaking":
        now = await listening.next("now")
    assert now["whom"]["text"] == "<b>hi</b>\ndata: x"
    assert now["sentences"]


async def test_only_what_was_asked_for_is_sent(room: Room, streamer: Panel) -> None:
    listening = await streamer.listens("settings")
    await listening.next("state")
    room.types("hello?")
    await streamer.commands("slow", "7")
    name, value = await listening.event()
    while name == "settings" and value["slow"] == 0:  # as they were when it came
        name, value = await listening.event()
    assert (name, value["slow"]) == ("settings", 7)


async def test_one_that_never_reads_is_dropped_and_holds_up_nobody(
    room: Room, streamer: Panel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listening = await streamer.listens("chat")
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.settimeout(0)
    loop = asyncio.get_running_loop()
    port = int(room.show.server.url.rsplit(":", 1)[1].strip("/"))
    await loop.sock_connect(lazy, ("127.0.0.1", port))
    head = f"GET {BASE}/events?token={TOKENS[Role.STREAMER]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    await loop.sock_sendall(lazy, head.encode())
    waiting = room.show.control._streams
    await room.until(lambda: len(waiting) == 2)
    for _ in range(200):
        waiting.tell("fact", "x" * 100_000)
        waiting.flush()
        await asyncio.sleep(0)
    await room.until(lambda: len(waiting) == 1)
    lazy.close()
    assert [record.message for record in caplog.records if "stopped reading" in record.message] != []
    room.types("still here?")
    assert (await listening.next("chat"))["text"] == "still here?"


async def test_so_many_may_listen_and_no_more(
    room: Room, streamer: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS", 2)
    for _ in range(2):
        await (await streamer.listens("now")).next("state")
    assert (await streamer.asks("/events"))[0] == 503


async def test_moderators_programs_leave_room_for_the_streamers_panel(
    streamer: Panel, moderator: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS", streams.FOR_STREAMER + 1)
    await (await moderator.listens("now")).next("state")
    assert (await moderator.asks("/events"))[0] == 503
    await (await streamer.listens("now")).next("state")


async def test_a_stream_ends_with_the_show(room: Room, streamer: Panel) -> None:
    listening = await streamer.listens("alert")
    await listening.next("state")
    await room.show.control.stop()
    with pytest.raises(EOFError):
        await listening.next("alert")
    assert listening.answer.content.at_eof()


async def test_a_sign_of_life_comes_though_nothing_happens(
    streamer: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SIGN_OF_LIFE", 0.05)
    listening = await streamer.listens("alert")
    await listening.next("state")
    async with asyncio.timeout(10):
        while not (await listening.answer.content.readline()).startswith(b": "):
            pass


# What is known of a viewer.


async def test_what_is_known_of_a_viewer(room: Room, streamer: Panel) -> None:
    assert (await streamer.gets("/viewers?name=mika"))["viewers"] == []
    room.types("is the pizza good?")
    await room.until(lambda: room.journal("reply"))
    (viewer,) = (await streamer.gets("/viewers?name=@Mika"))["viewers"]
    assert (viewer["platform"], viewer["id"], viewer["ignored"]) == ("twitch", "id-mika", False)
    await streamer.commands("ignore", "@mika")
    (viewer,) = (await streamer.gets("/viewers?name=mika"))["viewers"]
    assert viewer["ignored"] is True


async def test_there_is_no_frame_without_obs(moderator: Panel) -> None:
    why = "OBS is not used here; set stage.obs.enabled = true"
    assert await moderator.asks("/frame") == (503, {"error": why})


# A sentence that waits.


async def test_the_sound_of_a_sentence_that_waits(room: Room, streamer: Panel, moderator: Panel) -> None:
    await streamer.commands("air", "on")
    room.types("is the pizza good?")
    await room.until(lambda: room.show.performer.air.waiting)
    (row, *_) = (await moderator.gets("/state"))["air"]["waiting"]
    path = row["voice"].removeprefix(BASE)
    async with moderator._session.get(moderator.address(path), headers=moderator.headers) as answer:
        assert answer.content_type == "audio/wav"
        with wave.open(io.BytesIO(await answer.read())) as sound:
            assert sound.getnframes() > 0
    assert (await moderator.commands("no", str(row["number"])))["done"] is True
    assert (await moderator.asks(path))[0] == 404
