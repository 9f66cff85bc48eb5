"""Requests that mean harm: nothing is logged, nothing fails, and the server still answers."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from rehearsal_room import Room
from stage_props import ServedOverlay, an_overlay

from vtuber.stage import server

SEED = 14
REQUESTS = 300
AT_ONCE = 60

TOKEN = "the-streamers-own-token"
HOST = "127.0.0.1:{port}"
SOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Origin: http://" + HOST,
)

METHODS = [
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "get",
    "G\x00T",
    "PRI",
    "X" * 300,
]
PATHS = [
    "/",
    "/ws",
    "/health",
    "/hush",
    "/control",
    "/api/v1/state",
    "/api/v1/commands/" + "x" * 300,
    "/api/v1/commands/status",
    "/api/v1/commands/say",
    "/api/v1/commands/edit",
    "/api/v1/commands/next",
    "/api/v1/commands/%00",
    "/api/v1/commands/..%2fme",
    "/api/v1/me",
    "/api/v1/openapi.json?x=%ff",
    "/api/v1/events?kinds=now",
    "/api/v1/events?kinds=" + "now," * 1500,
    "/api/v1/viewers?name=%00%f0%9f%92%a9",
    "/api/v1/viewers?name=" + "n" * 3000,
    "/api/v1/air/1/sound",
    "/api/v1/air/%d9%a1/sound",
    "/api/v1/air/99999999999999999999/sound",
    "/api/v1/state?token=",
    "/control/main.js",
    "/control/..%2f..%2fconfig.toml",
    "/" + "a" * 300,
    "/" + "a" * 300 + ".html",
    "/face/" + "b" * 5000 + ".png",
    "/" + "a/" * 2000,
    "/%00",
    "/main.js%00.html",
    "/%",
    "/%zz",
    "/%ff%fe%fd",
    "/%e2%80%ae%f0%9f%92%a9",
    "/%ed%a0%80",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/config.toml",
    "//evil.example/x",
    "/\\..\\..\\config.toml",
    "/con",
    "/nul.js",
    "/aux/prn.css",
    "/main.js:stream",
    "/.env",
    "/main.js.",
    "/{0}",
    "/%s%n%d",
    "/?token=" + "t" * 4000,
    "/?token=%00%ff",
    "/?" + "&".join(f"a{number}=b" for number in range(500)),
    "/x\x1b[31m",
    "/caf\u00e9",
    "*",
    "http://evil.example/",
    "https://127.0.0.1/../..",
    "http://[::1",
    "evil",
    "",
]
HOSTS = [
    HOST,
    HOST,
    HOST,
    HOST,
    "evil.example",
    "[",
    "[::1",
    "127.0.0.1:99999999",
    "a@127.0.0.1",
    "127.0.0.1\x00",
    "",
    "::1",
]
HEADERS = [
    "Origin: http://evil.example",
    "Origin: null",
    "Origin: https://" + HOST,
    "Origin: http://" + HOST,
    "Origin: http://[",
    "Origin: \u00e9",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Referer: http://evil.example/\x1b[0m",
    "Authorization: Bearer \u00ff\u00fe",
    "Authorization: Basic " + "A" * 2000,
    "Authorization: Bearer",
    "Authorization: Bearer " + TOKEN,
    "Authorization: Bearer " + TOKEN + " and more",
    "Cookie: a=\x01; =; b",
    "Cookie: " + "c=d; " * 500,
    "X: " + "x" * 9000,
    "X\x00Y: z",
    "no colon here",
    ": no name",
    " folded",
    "Expect: 100-continue",
    "Expect: nonsense",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: nonsense",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 5",
    "Content-Length: 0x10",
    "Content-Encoding: gzip",
    "Content-Encoding: br",
    "Content-Type: application/json",
    "Content-Type: multipart/form-data; boundary=" + "b" * 200,
    "Content-Type: \u00e9/\u00e9; charset=nonsense",
    "Range: bytes=-1,9999-0,a",
    "If-Modified-Since: yesterday",
    'If-None-Match: "',
    "Accept-Encoding: nonsense;q=9",
    "Connection: close",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
]
SOCKET_HEADERS = [
    "Sec-WebSocket-Key: \u00e9\u00e9\u00e9",
    "Sec-WebSocket-Key: short",
    "Sec-WebSocket-Key: ",
    "Sec-WebSocket-Version: 99",
    "Sec-WebSocket-Version: \u00e9",
    "Sec-WebSocket-Protocol: \x1b[31mchat, \u00e9",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99999999999999999999",
    "Upgrade: websocket, nonsense",
    "Connection: close",
    "Origin: null",
]
BODIES = [
    "",
    "",
    "{",
    "[" * 5000,
    '{"argument": "\\ud800"}',
    '{"argument": ["a"]}',
    '{"argument": "' + "\u202e" * 400 + '"}',
    '{"argument": 1e999}',
    "{}",
    "\x00" * 100,
    "5\r\nhello\r\nzz\r\n",
    "x" * 20_000,
]
FRAMES = [
    b"\x81\x05hello",  # not masked
    b"\x81\x80\x00\x00\x00\x00",
    b"\xf1\x80\x00\x00\x00\x00",  # reserved bits
    b"\x83\x80\x00\x00\x00\x00",  # a kind that is none
    b"\x89\xfe\xff\xff\x00\x00\x00\x00" + b"p" * 200,  # a ping that is too long
    b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",  # a size that nobody has
    b"\x81\x82\x00\x00\x00\x00\xff\xfe",  # no UTF-8
    b"\x88\x83\x00\x00\x00\x00\x03\xe8\xff",  # a reason that is no UTF-8
    b"\x88\x82\x00\x00\x00\x00\x00\x01",  # a code that is none
    b"\x01\x81\x00\x00\x00\x00a\x81\x81\x00\x00\x00\x00b",  # a message inside another one
    b"\x80\x81\x00\x00\x00\x00c",  # the end of no message
    b"\x82\x84\x00\x00\x00\x00\x00\x01\x02\x03",
    b"\x81\xfe\x10\x00\x00\x00\x00\x00" + b"[" * 4096,
    b"\x81\xfe\x01\xf4\x00\x00\x00\x00" + b"[" * 500,
    b'\x81\x8f\x00\x00\x00\x00{"late": 1e999}',
    b'\x81\x90\x00\x00\x00\x00{"sounds": null}',
    b"\x8a\x80\x00\x00\x00\x00" * 300,
    b"\x89\x80\x00\x00\x00\x00" * 300,
]


def hostile_requests(dice: random.Random, port: int) -> Iterator[bytes]:
    """Each path from another site as a page would ask for it, and then all kinds of nonsense."""
    for path in PATHS:
        for method in ("GET", "POST"):
            yield written(method, path, [f"Host: {HOST}", "Origin: http://evil.example"], "", port)
        for method, body in (("POST", '{"argument": "hi"}'), ("POST", "{"), ("GET", "[")):  # by whoever may
            headers = [f"Host: {HOST}", f"Authorization: Bearer {TOKEN}", "Connection: close"]
            yield written(method, path, [*headers, f"Content-Length: {len(body.encode())}"], body, port)
    for name in SOCKET_HEADERS:
        kept = [line for line in SOCKET if not line.startswith(name.split(":")[0])]
        yield written("GET", "/ws", [f"Host: {HOST}", *kept, name], "", port)
    for frame in FRAMES:
        yield written("GET", "/ws", [f"Host: {HOST}", *SOCKET], "", port) + frame
    for _ in range(REQUESTS):
        headers = [f"Host: {dice.choice(HOSTS)}"] * dice.choice((0, 1, 1, 1, 1, 2))
        headers += dice.sample(HEADERS, dice.randrange(5))
        headers += dice.choice(((), (), SOCKET))
        request = written(dice.choice(METHODS), dice.choice(PATHS), headers, dice.choice(BODIES), port)
        yield request[: dice.choice((len(request), len(request), dice.randrange(1, 60)))]


def written(method: str, path: str, headers: Sequence[str], body: str, port: int) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *headers, "", body]
    return "\r\n".join(lines).replace("{port}", str(port)).encode("utf-8", "surrogatepass")


async def send(port: int, request: bytes, turns: asyncio.Semaphore) -> bytes:
    """What comes back, as far as it comes soon."""
    async with turns:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = b""
        with suppress(ConnectionError, TimeoutError):
            writer.write(request)
            async with asyncio.timeout(1):
                answer = await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return answer


@pytest.fixture
async def overlay(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServedOverlay]:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    made = an_overlay()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    """A whole one on air, with the panel and its API, as OBS and a Stream Deck find it."""
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(server, "BURST", 10_000.0)
    monkeypatch.setenv("BANBAN_CONTROL_TOKEN", TOKEN)
    made, ready = Room(tmp_path), asyncio.Event()
    running = asyncio.create_task(made.show.run(progress=lambda _share, _words: None, on_air=ready.set))
    await asyncio.wait_for(ready.wait(), 60)
    yield made
    made.show.over.set()
    await running


async def harm(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Sends all of it. Fails where that fails, is logged, or leaves the server without an answer."""
    port = int(address.rsplit(":", 1)[1].strip("/"))
    turns = asyncio.Semaphore(AT_ONCE)
    requests = list(hostile_requests(random.Random(SEED), port))
    answers = await asyncio.gather(*(send(port, request, turns) for request in requests))
    failed = [
        (request[:200], answer[:100])
        for request, answer in zip(requests, answers, strict=True)
        if answer.startswith(b"HTTP/1.1 5") or b"Traceback" in answer
    ]
    assert not failed
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    good = written("GET", "/health", [f"Host: {HOST}", "Connection: close"], "", port)
    assert (await send(port, good, turns)).startswith(b"HTTP/1.1 200")


async def test_nothing_that_is_sent_is_logged_or_fails(
    overlay: ServedOverlay, caplog: pytest.LogCaptureFixture
) -> None:
    await harm(overlay.url, caplog)
    assert overlay.open_pages == 0


async def test_nothing_that_is_sent_to_a_whole_show_is_logged_or_fails(
    show: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await harm(show.show.server.url, caplog)
    given = {line["order"] for line in show.journal("command")}
    assert {"status", "say"} <= given, "what the token gives was reached"
