"""The show's HTTP server: which requests it answers, for which parts, and how many connections it bears."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import psutil
import pytest
from aiohttp import web
from rehearsal_room import Room, Screen

from benchmarks import scripted
from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber import voice
from vtuber.config import Stage as StageSettings
from vtuber.core import clock
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.stage import doorman
from vtuber.stage import server as server_module
from vtuber.stage.access import HEADERS, Role, public
from vtuber.stage.cues import ClipBegins
from vtuber.stage.server import Server


class Greeter:
    """A part of somebody else's, with routes of its own."""

    def __init__(self) -> None:
        self.greeted: list[str] = []
        self.leave = asyncio.Event()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.get("/hello", self._hello),
            web.post("/hello", self._greet),
            web.get("/open", self._open),
            web.get("/wait", self._wait),
        ]

    async def _hello(self, _: web.Request) -> web.Response:
        return web.Response(text="Hello, stranger!")

    async def _greet(self, request: web.Request) -> web.Response:
        self.greeted.append(await request.text())
        return web.Response(text="Hello!")

    @public
    async def _open(self, _: web.Request) -> web.Response:
        return web.Response(text="no secret")

    async def _wait(self, _: web.Request) -> web.Response:
        await self.leave.wait()
        return web.Response(text="at last")


def a_server(*parts: Greeter, **options: Any) -> Server:
    made = Server(StageSettings(**{"port": 0, **options}), lambda: [Health("brain", State.OK, "thinks")])
    for part in parts:
        made.add_routes(part.routes())
    return made


@pytest.fixture
def greeter() -> Greeter:
    return Greeter()


@pytest.fixture
async def server(greeter: Greeter) -> AsyncIterator[Server]:
    made = a_server(greeter)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        yield session


def port_of(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1].split("/")[0])


class Caller:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> Caller:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def sends(self, text: str) -> None:
        self._writer.write(text.encode())

    async def status(self) -> str:
        """The answer's; "" when the connection was closed instead."""
        with suppress(ConnectionError, EOFError):
            head = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)).decode()
            await self._reader.readexactly(int(head.partition("Content-Length: ")[2].partition("\r")[0]))
            return head.split()[1]
        return ""

    async def is_closed(self) -> bool:
        """Waits until it is, or until something comes instead."""
        with suppress(ConnectionError):
            return await asyncio.wait_for(self._reader.read(1), 10) == b""
        return True

    def leaves(self) -> None:
        self._writer.close()


def request(port: int, path: str, *, head: str = "") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n"


# Parts and their routes.


class SilentVoice(ScriptedVoice):
    """A second voice, without routes."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return []


class OutsidersScreen(Screen):
    """Counts the sentences of a show, and tells the number to whoever asks."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.get("/sentences", self._count)]

    async def _count(self, _: web.Request) -> web.Response:
        sentences = [cue for _, cue in self.cues if isinstance(cue, ClipBegins)]
        return web.Response(text=str(len(sentences)))


def test_a_show_answers_the_routes_of_its_parts(play: Callable[..., None]) -> None:
    answers: list[tuple[str, str]] = []

    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until_speaking()
        await room.until_idle()
        port = port_of(room.show.server)
        own = f"127.0.0.1:{port}"
        for path, host in (("/sentences", own), ("/sentences", "evil.example"), ("/health", own)):
            with clock.outside():
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
                writer.close()
            answers.append((head.split()[1], body))

    play(scene, reply="One sentence. And another one.", screens=[OutsidersScreen()])
    assert answers[0] == ("200", "2")
    assert answers[1][0] == "403"
    assert {"brain", "stage.server", "stage.screen"} <= {
        row["part"] for row in json.loads(answers[2][1])["parts"]
    }


def test_a_brain_and_a_voice_are_asked_for_their_routes_also_behind_a_fallback(
    play: Callable[..., None], greeter: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedBrain, "routes", lambda _: greeter.routes()[:1], raising=False)
    monkeypatch.setattr(ScriptedVoice, "routes", lambda _: greeter.routes()[1:], raising=False)
    monkeypatch.setitem(voice.PARTS, "second", "benchmarks.scripted:SecondVoice")
    monkeypatch.setattr(scripted, "SecondVoice", SilentVoice, raising=False)
    statuses: list[str] = []

    async def scene(room: Room) -> None:
        port = port_of(room.show.server)
        for path in ("/hello", "/open"):
            with clock.outside():
                caller = await Caller.connect(port)
                caller.sends(request(port, path))
                statuses.append(await caller.status())
                caller.leaves()

    play(scene, voice={"use": ["scripted", "second"]})
    assert statuses == ["200", "200"]


async def test_health_tells_of_all_parts(server: Server, client: aiohttp.ClientSession) -> None:
    async with client.get(server.url + "health") as answer:
        assert [row["what"] for row in (await answer.json())["parts"]] == ["thinks"]


def test_no_two_parts_answer_the_same(greeter: Greeter) -> None:
    made = a_server(greeter)
    with pytest.raises(StageError, match="two parts want the same web address: GET /hello"):
        made.add_routes(Greeter().routes())


async def test_it_is_available_while_it_runs(greeter: Greeter) -> None:
    made = a_server(greeter)
    seen = [(made.availability.is_ready, made.health().what)]
    await made.start()
    seen.append((made.availability.is_ready, made.health().what))
    await made.stop()
    seen.append((made.availability.is_ready, made.health().what))
    await made.stop()  # once more does no harm
    assert seen == [(False, "not started"), (True, made.url), (False, "not started")]


# Access.


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("[::1]:{port}", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:{port}", 403),
        ("localhost.:{port}", 403),
        ("", 403),
        ("[", 403),
        ("studio.local", 403),
    ],
)
@pytest.mark.parametrize("path", ["hello", "open", "health"])
async def test_other_names_are_refused(
    server: Server, client: aiohttp.ClientSession, path: str, host: str, status: int
) -> None:
    named = {"Host": host.format(port=port_of(server))}
    async with client.get(server.url + path, headers=named) as answer:
        assert answer.status == status
        assert answer.headers.items() >= HEADERS.items()


async def test_a_name_can_be_allowed_and_needs_the_token(
    greeter: Greeter, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANBAN_STAGE_TOKEN", "sesame street")
    made = a_server(greeter, allowed_hosts=("Studio.local", "https://tunnel.example"))
    await made.start()
    for host, origin, token, status in [
        ("studio.LOCAL:80", "http://studio.local:80", "sesame street", 200),
        ("studio.local", "https://studio.local", "sesame street", 403),
        ("studio.local", "http://studio.local", "", 401),
        ("tunnel.example", "https://tunnel.example", "sesame street", 200),
        ("tunnel.example", "http://tunnel.example", "sesame street", 403),
        ("127.0.0.1", "http://127.0.0.1", "", 200),
    ]:
        named = {"Host": host, "Origin": origin}
        async with client.get(made.url + "hello", headers=named, params={"token": token}) as answer:
            assert answer.status == status, (host, origin, token)
    await made.stop()


@pytest.mark.parametrize(
    "case",
    [
        (None, 200),
        ("http://127.0.0.1:{port}", 200),
        ("https://127.0.0.1:{port}", 403),
        ("http://127.0.0.1", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_pages_of_other_sites_get_and_change_nothing(
    server: Server, greeter: Greeter, client: aiohttp.ClientSession, case: tuple[str | None, int], method: str
) -> None:
    origin, status = case
    headers = {} if origin is None else {"Origin": origin.format(port=port_of(server))}
    async with client.request(method, server.url + "hello", data="me", headers=headers) as answer:
        assert answer.status == status
    assert greeter.greeted == (["me"] if (method, status) == ("POST", 200) else [])


@pytest.mark.parametrize(
    "case",
    [
        ("none", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
        ("cross-site", "navigate", "document", 200),  # a link to the page
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "no-cors", "script", 403),  # another server on this machine
        ("nonsense", "navigate", "", 403),
    ],
)
async def test_what_a_browser_fetches_for_another_site_is_refused(
    server: Server, client: aiohttp.ClientSession, case: tuple[str, str, str, int]
) -> None:
    site, mode, dest, status = case
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    async with client.get(server.url + "hello", headers=headers) as answer:
        assert answer.status == status
    async with client.post(server.url + "hello", headers=headers) as answer:
        assert answer.status == (200 if site in ("none", "same-origin") else 403)


async def test_a_redirect_does_not_carry_the_token(client: aiohttp.ClientSession) -> None:
    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/hello?a=1&token=secret&b=2#here")

    made = a_server()
    made.add_routes([web.get("/moved", moved)])
    await made.start()
    async with client.get(made.url + "moved", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/hello?a=1&b=2#here"
    await made.stop()


async def test_other_machines_need_the_token(
    greeter: Greeter, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANBAN_STAGE_TOKEN", "sesame street")
    made = a_server(greeter, host="0.0.0.0")
    await made.start()
    plain, token = made.url.split("?")
    assert token == "token=sesame%20street"
    for path, status in [
        (f"hello?{token}", 200),
        (f"health?{token}", 200),
        ("hello", 401),
        ("hello?token=sesam", 401),
        ("hello?token=%ff", 401),
        ("health", 401),
        ("nothing", 401),
        ("open", 200),
    ]:
        async with client.get(plain + path) as answer:
            assert answer.status == status, path
    await made.stop()


def test_the_address_that_obs_was_given_is_that_of_the_next_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BANBAN_STAGE_TOKEN", raising=False)
    first, second = (a_server(host="0.0.0.0").url for _ in range(2))
    assert first == second
    assert "?token=" in first
    assert "token" not in a_server(host="127.0.0.1").url


# The port.


async def test_a_port_in_use_is_reported_with_a_hint(server: Server) -> None:
    port = port_of(server)
    second = a_server(port=port)
    with pytest.raises(StageError) as error:
        await second.start()
    assert f"port {port} is in use" in error.value.what
    assert "stop the other show" in error.value.hint
    assert second.health().state is State.OFF
    await second.stop()


async def test_a_foreign_address_cannot_be_listened_on() -> None:
    with pytest.raises(StageError, match=r"cannot listen on 192\.0\.2\.1"):
        await a_server(host="192.0.2.1").start()


async def test_a_start_that_is_cancelled_leaves_no_port_open() -> None:
    """At every step of it: until a try needs none of them, being done before it is cancelled."""
    ours = psutil.Process()
    for steps in range(50):
        made = a_server()
        starting = asyncio.create_task(made.start())
        for _ in range(steps):
            await asyncio.sleep(0)
        if starting.done():
            await made.stop()
            assert steps > 3
            return
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        open_ports = [link for link in ours.net_connections("tcp") if link.status == psutil.CONN_LISTEN]
        assert not open_ports, f"after {steps} steps"
    raise AssertionError("it never starts")


# Connections.


async def test_a_new_connection_takes_the_place_of_the_oldest_idle_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorman, "CONNECTIONS", 3)
    port = port_of(server)
    callers: list[Caller] = []
    for _ in range(3):
        callers.append(await Caller.connect(port))
        callers[-1].sends(request(port, "/hello"))
        assert await callers[-1].status() == "200"
    newest = await Caller.connect(port)
    newest.sends(request(port, "/health", head="Connection: close\r\n"))
    assert await newest.status() == "200"
    assert await callers[0].is_closed()
    callers[1].sends(request(port, "/hello"))
    assert await callers[1].status() == "200"
    for caller in (*callers, newest):
        caller.leaves()


async def test_a_request_that_is_dealt_with_keeps_its_connection(
    server: Server, greeter: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorman, "CONNECTIONS", 2)
    port = port_of(server)
    busy = [await Caller.connect(port) for _ in range(2)]
    for caller in busy:
        caller.sends(request(port, "/wait"))
    async with asyncio.timeout(10):
        while server._doorman.busy < 2:
            await asyncio.sleep(0.01)
    refused = await Caller.connect(port)
    refused.sends(request(port, "/hello"))
    assert await refused.is_closed()
    greeter.leave.set()
    for caller in busy:
        assert await caller.status() == "200"
    welcome = await Caller.connect(port)
    welcome.sends(request(port, "/hello"))
    assert await welcome.status() == "200"
    for caller in (*busy, refused, welcome):
        caller.leaves()


@pytest.mark.parametrize("said", ["", "G", "GET /hello HTTP/1.1\r\nHost: 127"])
async def test_a_request_that_never_comes_is_not_waited_for(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "IDLE_SECONDS", 0.05)
    made = a_server()
    await made.start()
    caller = await Caller.connect(port_of(made))
    caller.sends(said)
    assert await caller.is_closed()
    caller.leaves()
    await made.stop()


@pytest.mark.parametrize(
    ("length", "sent", "status"), [(4000, 10, "408"), (5000, 5000, "413"), (5, 5, "200")]
)
async def test_a_body_comes_soon_and_is_short(
    server: Server, monkeypatch: pytest.MonkeyPatch, length: int, sent: int, status: str
) -> None:
    monkeypatch.setattr(server_module, "BODY_SECONDS", 0.05)
    port = port_of(server)
    caller = await Caller.connect(port)
    caller.sends(f"POST /hello HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n")
    caller.sends("x" * sent)
    assert await caller.status() == status
    caller.leaves()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("GET /hello HTTP/1.1\r\n\r\n", "400"),
        ("GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "x" * 10_000 + "\r\n\r\n", "400"),
        ("\x16\x03\x01\x02", "400"),
        ("POST /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
        ("POST /hello HTTP/1.0\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "400"),
    ],
)
async def test_nonsense_is_refused_and_tells_the_streamer_nothing(
    server: Server, caplog: pytest.LogCaptureFixture, said: str, status: str
) -> None:
    caller = await Caller.connect(port_of(server))
    caller.sends(said)
    assert await caller.status() == status
    caller.leaves()
    assert not caplog.records


async def test_an_answer_that_fails_is_reported_in_a_line(
    client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("no idea")

    made = a_server()
    made.add_routes([web.get("/fail", fail)])
    await made.start()
    async with client.get(f"{made.url}fail") as response:
        assert response.status == 500
        assert response.headers["Cache-Control"] == "no-store"
    await made.stop()
    (record,) = caplog.records
    assert record.getMessage() == "GET /fail failed: RuntimeError('no idea')"
    assert record.exc_info is None


async def test_another_machine_may_have_only_so_many_connections(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorman, "FROM_ONE_MACHINE", 2)
    monkeypatch.setattr(doorman, "_is_loopback", lambda _: False)
    port = port_of(server)
    callers = [await Caller.connect(port) for _ in range(2)]
    for caller in callers:
        caller.sends(request(port, "/wait"))
    async with asyncio.timeout(10):
        while server._doorman.busy < 2:
            await asyncio.sleep(0.01)
    third = await Caller.connect(port)
    assert await third.is_closed()
    monkeypatch.setattr(doorman, "_address", lambda _: "192.0.2.1")  # from where nobody came before
    monkeypatch.setattr(doorman, "FROM_ONE_MACHINE", 9)
    fourth = await Caller.connect(port)
    fourth.sends(request(port, "/hello"))
    assert await fourth.status() == "200"
    for caller in (*callers, third, fourth):
        caller.leaves()


async def test_the_api_is_asked_only_so_often_and_silence_always(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "RATE", 0.0)
    monkeypatch.setattr(server_module, "BURST", 3.0)

    async def done(_: web.Request) -> web.Response:
        return web.Response()

    made = a_server()
    made.add_routes([web.post("/api/v1/commands/{name}", done)])
    await made.start()
    address, _, token = made.control_address(Role.MODERATOR).partition("control#token=")
    statuses = []
    for name in ("status", "status", "hush", "status", "hush"):
        header = {"Authorization": f"Bearer {token}"}
        async with client.post(f"{address}api/v1/commands/{name}", headers=header) as answer:
            statuses.append(answer.status)
    header = {"Authorization": f"Bearer {made.control_address(Role.STREAMER).partition('=')[2]}"}
    async with client.post(f"{address}api/v1/commands/status", headers=header) as answer:
        statuses.append(answer.status)
    assert statuses == [200, 200, 200, 429, 200, 200]
    await made.stop()


CROWDED = """
import asyncio, resource, sys
from vtuber.config import Stage
from vtuber.stage import server

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
    server.IDLE_SECONDS = float(sys.argv[2])
    made = server.Server(Stage(port=0))
    await made.start()
    print(made.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await made.stop()
    print("the end", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("files", "idle_seconds", "callers"),
    [(256, 60.0, 1000), (48, 0.2, 200)],
    ids=["fewer connections than files", "no files left"],
)
async def test_a_thousand_idle_connections_leave_room_for_a_page(
    client: aiohttp.ClientSession, files: int, idle_seconds: float, callers: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CROWDED, str(files), str(idle_seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = await asyncio.to_thread(process.stdout.readline)
        port = int(url.rsplit(":", 1)[1].strip().strip("/"))
        crowd = await asyncio.gather(*(Caller.connect(port) for _ in range(callers)), return_exceptions=True)
        try:
            for _ in range(3):
                how: dict[str, Any] = {
                    "headers": {"Connection": "close"},
                    "timeout": aiohttp.ClientTimeout(60),
                }
                async with client.get(f"{url.strip()}health", **how) as answer:
                    assert answer.status == 200
        finally:
            for caller in crowd:
                if isinstance(caller, Caller):
                    caller.leaves()
        said, complaints = await asyncio.to_thread(process.communicate, "")
    assert said == "the end\n", complaints
    assert process.returncode == 0
