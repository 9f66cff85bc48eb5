"""The overlay's server: who may come in, what it gives out, and what becomes of pages that misbehave."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pictures import character_in, portrait
from stage_props import Maker, ServedOverlay, an_overlay, simulated
from vrm_model import model

from vtuber import character as characters
from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.events import Sentence, Word
from vtuber.core.health import State
from vtuber.stage.access import POLICY
from vtuber.stage.cues import ClipBegins, ClipEnds, ClipSound, ClipWord, Hushed, Rested, Thinking, Withdrawn
from vtuber.stage.overlay.frames import SoundFrame
from vtuber.stage.overlay.page import QUEUE_BYTES
from vtuber.stage.stage import Stage

PAGES = 16  # of a server for fewer than ours

PIZZA = ("Pineapple", "belongs", "on", "pizza.")


@pytest.fixture
async def overlay() -> AsyncIterator[ServedOverlay]:
    made = an_overlay()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        yield session


class Visitor:
    """A page, as the server sees it."""

    def __init__(self, link: aiohttp.ClientWebSocketResponse) -> None:
        self.link = link
        self.notes: list[dict[str, Any]] = []
        self.sounds: list[tuple[int, float, float, bytes]] = []

    async def hear(self, wanted: str) -> dict[str, Any]:
        """Takes frames until one is called ``wanted``."""
        while True:
            message = await self.link.receive(5)
            if message.type is aiohttp.WSMsgType.BINARY:
                clip, steps, at, offset, _ = struct.unpack_from("<IIddd", message.data)
                pcm = message.data[32 + 2 * steps :]
                self.sounds.append((clip, at, offset, pcm))
                if wanted == "sound":
                    return {}
                continue
            assert message.type is aiohttp.WSMsgType.TEXT, message
            note = json.loads(message.data)
            self.notes.append(note)
            if note["t"] == wanted:
                return dict(note)


async def visit(
    client: aiohttp.ClientSession, overlay: ServedOverlay, headers: dict[str, str] | None = None
) -> Visitor:
    url = overlay.url
    address, origin = url.replace("http", "ws") + "ws", url.rstrip("/")
    visitor = Visitor(await client.ws_connect(address, origin=origin, headers=headers))
    await visitor.hear("hello")
    return visitor


async def sent_late(client: aiohttp.ClientSession, overlay: ServedOverlay) -> list[str]:
    """The kinds of frames that a page gets which comes now."""
    visitor = await visit(client, overlay)
    overlay.show(Withdrawn(-1))  # changes nothing; comes after all that it gets
    await visitor.hear("withdrawn")
    return [note["t"] for note in visitor.notes[:-1]]


async def test_the_page_and_its_files_come_with_strict_headers(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    kinds = {
        "": "text/html",
        "main.js": "text/javascript",
        "style.css": "text/css",
        "face.svg": "image/svg+xml",
    }
    for name, kind in kinds.items():
        async with client.get(overlay.url + name) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert answer.headers["Content-Security-Policy"] == "; ".join(POLICY)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in POLICY


async def test_pictures_are_given_out_as_what_they_are(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.jpg").rename(folder / "face.png")  # by what is in it, not by its name
    for name in ("face-open.webp", "face-happy.png"):
        portrait(folder / name)
    overlay = an_overlay(characters.load(str(folder)).face)
    await overlay.start()
    try:
        async with client.get(overlay.url + "face.json") as answer:
            looks = (await answer.json())["looks"]
        assert list(looks) == ["", "happy"]
        assert looks["happy"]["open"] is None
        for name, kind in (
            (looks[""]["shut"], "image/jpeg"),
            (looks[""]["open"], "image/webp"),
            (looks["happy"]["shut"], "image/png"),
        ):
            async with client.get(overlay.url + name) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for name in ("face.svg", "face.png", "face/3.png", "face/character.toml", "character.toml"):
            async with client.get(overlay.url + name) as answer:
                assert answer.status == 404
    finally:
        await overlay.stop()


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "../pyproject.toml",
        "..%2fpyproject.toml",
        "%2e%2e/pyproject.toml",
        "..%5cpyproject.toml",
        "%2fetc%2fpasswd",
        "C:%5cwindows%5cwin.ini",
        ".gitkeep",
        "main.js%00.svg",
        "vtuber/app/cli.py",
    ],
)
async def test_nothing_else_is_given_out(overlay: ServedOverlay, path: str) -> None:
    port = int(overlay.url.rsplit(":", 1)[1].strip("/"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)  # clients tidy up paths; this does not
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert status.split()[1] in (b"404", b"400")


async def test_a_streamers_own_file_wins(
    overlay: ServedOverlay, client: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "style.css").write_text("/* mine */", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with client.get(overlay.url + "style.css") as answer:
        assert await answer.text() == "/* mine */"
    async with client.get(overlay.url + "main.js") as answer:
        assert answer.status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_in_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "face.svg")
    code = (
        "from pathlib import Path\n"
        "from aiohttp.web import HTTPNotFound\n"
        "from vtuber.stage.overlay.files import file\n"
        f"try: file(Path({str(tmp_path / 'face.svg')!r}))\n"
        "except HTTPNotFound as error: print(error.status)\n"
    )
    command = [sys.executable, "-c", code]  # a process of its own, which ends also if it hangs
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "404\n"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1", "file://"])
async def test_another_pages_script_is_refused(
    overlay: ServedOverlay, client: aiohttp.ClientSession, origin: str
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect(overlay.url.replace("http", "ws") + "ws", headers={"Origin": origin})
    assert refusal.value.status == 403


async def test_a_widgets_own_page_takes_the_token_along(
    monkeypatch: pytest.MonkeyPatch, client: aiohttp.ClientSession
) -> None:
    monkeypatch.setenv("BANBAN_STAGE_TOKEN", "sesame street")
    overlay = an_overlay(host="0.0.0.0")
    await overlay.start()
    address = overlay.url.replace("/?", "/overlay/chat?") + "&side=left"
    async with client.get(address) as answer:
        assert answer.status == 200
        assert dict(answer.url.query) == {"token": "sesame street", "side": "left", "show": "chat"}
    async with client.get(address.replace("sesame", "open")) as answer:
        assert answer.status == 401
    await overlay.stop()


async def test_her_model_is_for_pages_with_the_token(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANBAN_STAGE_TOKEN", "sesame street")
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.png")
    (folder / "face.vrm").write_bytes(model())
    overlay = an_overlay(characters.load(str(folder)).face, host="0.0.0.0")
    await overlay.start()
    plain, token = overlay.url.split("?")
    for name, status in (
        (f"face.vrm?{token}", 200),
        ("face.vrm", 401),
        ("//face.vrm", 404),
        ("face/0.png", 200),
    ):
        async with client.get(plain + name) as answer:
            assert answer.status == status, name
            assert (await answer.read() == model()) is (status == 200 and "vrm" in name)
    await overlay.stop()


async def test_other_machines_need_the_token(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANBAN_STAGE_TOKEN", "sesame street")
    overlay = an_overlay(host="0.0.0.0")
    await overlay.start()
    assert overlay.url.endswith("/?token=sesame%20street")
    plain = overlay.url.split("?")[0]
    for url, status in [
        (overlay.url, 200),
        (plain, 401),
        (plain + "?token=sesam", 401),
        (plain + "?token=%ff", 401),
        (plain + "health", 401),
        (plain + "main.js", 200),
        (plain + "face.svg", 200),
    ]:
        async with client.get(url) as answer:
            assert answer.status == status, url
    origin = plain.rstrip("/")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect(plain.replace("http", "ws") + "ws", origin=origin)
    link = await client.ws_connect(plain.replace("http", "ws") + "ws?token=sesame street", origin=origin)
    await link.close()
    await overlay.stop()


async def test_a_page_hears_a_clip_as_it_was_made(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    visitor = await visit(client, overlay)
    maker = Maker(PIZZA, each=0.1)
    stage = Stage([overlay])
    stage.thinking("a\x00\u202eb", " hi\nthere ", "twitch")
    await stage.play(maker.clip(mood="happy"))
    stage.rest()
    await visitor.hear("rest")
    kinds = [note["t"] for note in visitor.notes]
    assert kinds == ["hello", "thinking", "begin", "word", "word", "word", "word", "end", "rest"]
    assert visitor.notes[1].items() >= {"name": "ab", "text": "hi there"}.items()
    assert visitor.notes[2]["mood"] == "happy"
    assert (
        "".join(note["text"] for note in visitor.notes if note["t"] == "word").strip()
        == "Pineapple belongs on pizza."
    )
    assert [offset for _, _, offset, _ in visitor.sounds] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert sound.seconds(b"".join(pcm for *_, pcm in visitor.sounds)) == pytest.approx(0.4)


async def test_a_hush_empties_what_waits(overlay: ServedOverlay, client: aiohttp.ClientSession) -> None:
    visitor = await visit(client, overlay)
    second = ClipSound(1, bytes(48_000), [0.5] * 50, "A" * 50, 0.0, 0.0)
    overlay.show(Thinking("viewer", "hi", "twitch"))
    overlay.show(ClipBegins(1, Sentence(1, 0, "Hi."), 0.0))
    for _ in range(10):
        overlay.show(second)
    overlay.show(Hushed())
    overlay.show(second)  # a straggler
    overlay.show(ClipWord(1, Word("Hi.", 0, 1), "Hi."))
    overlay.show(ClipEnds(1, 0.0))
    overlay.show(Rested())
    await visitor.hear("rest")
    assert [note["t"] for note in visitor.notes] == ["hello", "hush", "thinking", "rest"]  # not behind others
    assert visitor.sounds == []


async def test_whom_she_answers_is_taken_back(overlay: ServedOverlay, client: aiohttp.ClientSession) -> None:
    early = await visit(client, overlay)
    overlay.show(Thinking("troll", "bad words", "twitch", 1))
    await early.hear("thinking")
    overlay.show(ClipBegins(1, Sentence(1, 0, "Hi."), 0.0))
    overlay.show(Thinking("other", "good words", "twitch", 2))
    overlay.show(Withdrawn(1))
    overlay.show(Withdrawn(2, finish=True))
    for turn, finish in ((1, False), (2, True)):
        note = await early.hear("withdrawn")
        assert (note["turn"], note["finish"]) == (turn, finish)
    assert "other" not in str(early.notes), "it was not sent yet, and never is"
    overlay.show(Rested())
    await early.hear("rest")
    assert await sent_late(client, overlay) == ["hello"]


@pytest.mark.parametrize("finish", [True, False])
async def test_a_late_page_never_learns_what_was_taken_back(
    overlay: ServedOverlay, client: aiohttp.ClientSession, *, finish: bool
) -> None:
    stage = Stage([overlay])
    stage.thinking("troll", "bad words", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(PIZZA, each=0.2).clip()))
    await asyncio.sleep(0.3)
    stage.withdraw(1, finish=finish)
    late = await visit(client, overlay)
    await play
    stage.rest()
    await late.hear("rest")
    assert "troll" not in str(late.notes)
    assert ("Pineapple" in str(late.notes)) == finish


async def test_a_hush_leaves_what_was_taken_back_taken_back(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    visitor = await visit(client, overlay)
    overlay.show(Thinking("troll", "bad words", "twitch", 1))
    overlay.show(Withdrawn(1))
    overlay.show(Hushed())
    await visitor.hear("withdrawn")
    assert [note["t"] for note in visitor.notes] == ["hello", "hush", "withdrawn"]


async def test_a_late_page_gets_only_what_is_still_to_come(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    stage = Stage([overlay])
    play = asyncio.create_task(stage.play(Maker(PIZZA, each=0.5).clip(mood="sad")))
    await asyncio.sleep(0.9)
    visitor = await visit(client, overlay)
    begin = await visitor.hear("begin")
    assert begin["mood"] == "sad"
    assert 0.8 < begin["heard"] < 2
    await visitor.hear("end")
    assert [note["text"] for note in visitor.notes if note["t"] == "word"] == [
        " Pineapple",
        " belongs",
        " on",
        " pizza.",
    ]
    clip, at, offset, _ = visitor.sounds[0]
    assert clip == 1
    assert [later[1] - later[2] for later in visitor.sounds] == pytest.approx(
        [at - offset] * len(visitor.sounds)
    )
    assert begin["heard"] - 0.04 <= offset <= begin["heard"] + 1e-6
    stage.hush()
    await play
    stage.rest()
    assert await sent_late(client, overlay) == ["hello"]


async def test_pages_know_her_mood_whenever_they_come(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    early = await visit(client, overlay)
    stage = Stage([overlay])
    stage.feel("sad")
    assert (await early.hear("mood"))["mood"] == "sad"
    late = await visit(client, overlay)
    assert (await late.hear("mood"))["mood"] == "sad"
    await stage.play(Maker(PIZZA, each=0.05).clip())
    await stage.play(Maker(PIZZA, each=0.05).clip(index=1, mood="happy"))
    begun = [(await late.hear("begin"))["mood"] for _ in range(2)]
    assert begun == ["sad", "happy"]


async def test_a_late_page_sees_nobody_think_after_a_rest(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    stage = Stage([overlay])
    stage.thinking("viewer", "hi", "twitch", 1, speaker="ann")
    assert await sent_late(client, overlay) == ["hello", "thinking"]
    stage.thinking("other", "hello", "twitch", 2, speaker="bob")
    assert await sent_late(client, overlay) == ["hello", "thinking", "thinking"]
    stage.rest(speaker="ann")
    assert await sent_late(client, overlay) == ["hello", "thinking"]
    stage.rest(speaker="bob")
    assert await sent_late(client, overlay) == ["hello"]


async def test_a_rest_leaves_what_is_still_to_be_heard(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    stage = Stage([overlay])
    await stage.play(Maker(["Old."], each=0.05).clip())
    play = asyncio.create_task(stage.play(Maker(["New."], each=5.0).clip(turn=2)))
    await asyncio.sleep(0.2)
    stage.rest()
    assert await sent_late(client, overlay) == ["hello", "begin", "word", "end"]
    stage.hush()
    await play


async def test_a_page_learns_who_speaks(overlay: ServedOverlay, client: aiohttp.ClientSession) -> None:
    visitor = await visit(client, overlay)
    assert visitor.notes[0]["speaker"] == "banban"
    stage = Stage([overlay])
    stage.feel("sad", speaker="ann")
    stage.thinking("viewer", "hi", "twitch", 1, speaker="ann")
    await stage.play(Maker(["Hi."], each=0.05).clip(speaker="ann"))
    stage.rest(speaker="ann")
    await visitor.hear("rest")
    sent = {note["t"]: note["speaker"] for note in visitor.notes if "speaker" in note}
    assert sent == {"hello": "banban", "mood": "ann", "thinking": "ann", "begin": "ann", "rest": "ann"}
    assert next(note for note in visitor.notes if note["t"] == "begin")["mood"] == "sad"


async def test_a_page_stays_longer_than_an_idle_connection(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.stage.server.IDLE_SECONDS", 0.05)
    overlay = an_overlay()
    await overlay.start()
    visitor = await visit(client, overlay)
    idle = await asyncio.open_connection("127.0.0.1", int(overlay.url.rsplit(":", 1)[1].strip("/")))
    assert await asyncio.wait_for(idle[0].read(), 10) == b"", "it was closed"
    idle[1].close()
    overlay.show(Rested())
    await visitor.hear("rest")
    await overlay.stop()


async def test_no_more_pages_than_it_bears(
    overlay: ServedOverlay, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.stage.overlay.PAGES", 1)
    first = await visit(client, overlay)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await visit(client, overlay)
    assert refusal.value.status == 503
    await first.link.close()
    async with asyncio.timeout(5):
        while overlay.health().what != "no page is open":
            await asyncio.sleep(0.01)
    await visit(client, overlay)


def test_sound_is_cut_where_the_mouth_is() -> None:
    frame = SoundFrame(
        1, 10.0, 2.0, bytes(range(256)) * 75 * 2, [index / 40 for index in range(40)], "XAIUEOXA" * 5
    )
    later = frame.since(10.11)
    assert later.at == pytest.approx(10.1)
    assert later.offset == pytest.approx(2.1)
    assert later.pcm == frame.pcm[5 * 960 :]
    assert (later.mouth, later.shapes) == (frame.mouth[5:], frame.shapes[5:])
    assert later.end == pytest.approx(frame.end)
    assert frame.since(9.0) is frame


async def a_deaf_page(overlay: ServedOverlay, agent: str = "") -> socket.socket:
    """A page that never reads."""
    port = int(overlay.url.rsplit(":", 1)[1].strip("/"))
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)  # noqa: FBT003  # the standard library's own shape
    await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", port))
    lines = (
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        f"User-Agent: {agent}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    await asyncio.get_running_loop().sock_sendall(deaf, ("\r\n".join(lines) + "\r\n\r\n").encode())
    return deaf


async def until_open(overlay: ServedOverlay, pages: int) -> None:
    async with asyncio.timeout(10):
        while overlay.open_pages != pages:
            await asyncio.sleep(0.01)


def floods(overlay: ServedOverlay, seconds: int) -> None:
    """More than the system's buffers hold for pages that do not read."""
    for _ in range(seconds):
        overlay.show(ClipSound(1, bytes(48_000), [], "", 0.0, 0.0))


async def test_a_page_that_does_not_listen_is_dropped(
    overlay: ServedOverlay,
    client: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vtuber.stage.overlay.page.WRITE_SECONDS", 1000.0)
    caplog.set_level(logging.DEBUG, "vtuber.stage")
    deaf = await a_deaf_page(overlay)
    visitor = await visit(client, overlay)
    overlay.show(ClipBegins(1, Sentence(1, 0, "Aaa."), 0.0))
    for _ in range(QUEUE_BYTES // 48_000 * 6):
        floods(overlay, 1)
        await visitor.hear("sound")
    await until_open(overlay, 1)
    (record,) = [record for record in caplog.records if "too slow" in record.getMessage()]
    assert record.levelno == logging.DEBUG  # it never said that it sounds, and could be anybody's
    deaf.close()


async def test_a_page_that_takes_nothing_for_long_is_dropped(
    overlay: ServedOverlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.stage.overlay.page.QUEUE_BYTES", 10**9)
    monkeypatch.setattr("vtuber.stage.overlay.page.WRITE_SECONDS", 0.1)
    deaf = await a_deaf_page(overlay)
    await until_open(overlay, 1)
    overlay.show(ClipBegins(1, Sentence(1, 0, "Aaa."), 0.0))
    floods(overlay, 200)
    await until_open(overlay, 0)
    deaf.close()


async def test_however_many_pages_are_open_obs_gets_in(
    overlay: ServedOverlay, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.stage.overlay.page.QUEUE_BYTES", 10**9)
    monkeypatch.setattr("vtuber.stage.overlay.PAGES", PAGES)
    visitor = await visit(client, overlay)
    deaf = [await a_deaf_page(overlay) for _ in range(PAGES - 1)]
    await until_open(overlay, PAGES)
    overlay.show(ClipBegins(1, Sentence(1, 0, "Aaa."), 0.0))
    floods(overlay, 100)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await visit(client, overlay)
    obs = {"User-Agent": "Mozilla/5.0 Chrome/127.0.0.0 Safari/537.36 OBS/31.0.3"}
    sources = [await visit(client, overlay, headers=obs) for _ in range(PAGES - 1)]
    await until_open(overlay, PAGES)
    for source in sources:
        await source.hear("begin")
    await visitor.hear("begin")  # it reads, and stays
    last = await visit(client, overlay, headers=obs)  # and makes room before any of OBS's does
    await last.hear("begin")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await visit(client, overlay, headers=obs)
    for one in deaf:
        one.close()


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "[]",
        "null",
        '{"late": null}',
        '{"late": "x"}',
        '{"late": 1e999}',
        '{"late": NaN}',
        "[" * 900,
        "1",
    ],
)
async def test_what_a_page_says_does_no_harm(
    overlay: ServedOverlay, client: aiohttp.ClientSession, said: str
) -> None:
    visitor = await visit(client, overlay)
    await say_sound(visitor)
    await visitor.link.send_str(said)
    await visitor.link.send_str('{"late": 0.05}')
    overlay.show(Rested())
    await visitor.hear("rest")
    async with asyncio.timeout(5):
        while "late" not in overlay.health().what:
            await asyncio.sleep(0.01)
    assert overlay.health().what == "1 page is open; sound from a browser at 127.0.0.1, 50 ms late"


async def say_sound(visitor: Visitor, *, can: bool = True, **more: Any) -> None:
    """What a page says of its sound."""
    said = {"sounds": can, "forced": False, "obs": False, "active": True, **more}
    await visitor.link.send_str(json.dumps(said))


async def hears(visitor: Visitor, where: str) -> None:
    """The page is told that sound comes from there, and from no other place meanwhile."""
    note = await visitor.hear("sounds")
    assert note["where"] == where
    assert note["on"] == (where == "here")


async def test_one_page_sounds_and_another_takes_over(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    first, second = await visit(client, overlay), await visit(client, overlay)
    assert overlay.health().what == "2 pages are open; none sounds"
    assert "click" in overlay.health().hint
    await say_sound(first)
    await hears(first, "here")
    await hears(second, "a browser")
    await say_sound(second)
    assert (await first.hear("sounds"))["others"]
    assert overlay.health().what == "2 pages are open; sound from a browser at 127.0.0.1"
    await first.link.close()
    await hears(second, "here")


@pytest.mark.parametrize(
    ("said", "told"), [(0.1234, 0.12), (5, 0.5), (-1, 0.0), ("far", 0.0), (None, 0.0), (math.inf, 0.0)]
)
async def test_silent_pages_know_how_long_the_sound_takes_to_the_loudspeaker(
    overlay: ServedOverlay, client: aiohttp.ClientSession, said: object, told: float
) -> None:
    loud, silent = await visit(client, overlay), await visit(client, overlay)
    await say_sound(loud, way=said)
    assert (await loud.hear("sounds"))["on"]
    assert (await silent.hear("sounds"))["way"] == told


async def test_a_new_page_knows_that_another_sounds(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    first = await visit(client, overlay)
    await say_sound(first, obs=True)
    await hears(first, "here")
    await hears(await visit(client, overlay), "OBS")


async def test_obs_sounds_rather_than_a_browser_unless_it_is_not_on_stream(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    browser, obs = await visit(client, overlay), await visit(client, overlay)
    await say_sound(browser)
    await hears(browser, "here")
    await hears(obs, "a browser")
    await say_sound(obs, obs=True)
    await hears(browser, "OBS")
    await hears(obs, "here")
    assert overlay.health().what == "2 pages are open; sound from OBS at 127.0.0.1"
    await say_sound(obs, obs=True, active=False)
    await hears(browser, "here")
    await hears(obs, "a browser")


async def test_a_page_that_insists_sounds_beside_the_others(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    first, stubborn = await visit(client, overlay), await visit(client, overlay)
    await say_sound(stubborn, forced=True)
    await say_sound(first, obs=True)
    await hears(first, "here")
    what = "2 pages are open; sound from OBS at 127.0.0.1, a browser at 127.0.0.1"
    assert overlay.health().what == what


async def test_every_page_knows_that_she_is_paused_or_silent(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    early = await visit(client, overlay)
    stage = Stage([overlay])
    stage.hold(paused=True, silent_until=0.0)
    assert (await early.hear("held"))["paused"]
    late = await visit(client, overlay)
    assert (await late.hear("held"))["paused"]
    stage.hold(paused=False, silent_until=now() + 60)
    assert 50 < (await late.hear("held"))["until"] - now() <= 60
    later = await visit(client, overlay)
    assert not (await later.hear("held"))["paused"]
    stage.hold(paused=False, silent_until=0.0)
    assert await sent_late(client, overlay) == ["hello"]


async def test_a_late_page_knows_whom_each_clip_answers(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    stage = Stage([overlay])
    stage.thinking("first", "one?", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(["One."], each=5.0).clip(turn=1)))
    await asyncio.sleep(0.1)
    stage.thinking("second", "two?", "twitch", 2)
    late = await visit(client, overlay)
    await late.hear("begin")
    named = [(note["name"], note["busy"]) for note in late.notes if note["t"] == "thinking"]
    assert named == [("first", False), ("second", True)]
    stage.hush()
    await play
    assert await sent_late(client, overlay) == ["hello", "thinking"], "the second is still thought of"


async def test_a_clip_carries_the_name_of_whoever_speaks(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    visitor = await visit(client, overlay)
    await Stage([overlay], {"ann": "Ann of the Sea"}).play(Maker(["Hi."], each=0.05).clip(speaker="ann"))
    assert (await visitor.hear("begin"))["name"] == "Ann of the Sea"


@pytest.mark.parametrize("flood", [["x" * 5000], ["{}"] * 100])
async def test_a_page_that_says_too_much_is_closed(
    overlay: ServedOverlay, client: aiohttp.ClientSession, flood: list[str]
) -> None:
    visitor = await visit(client, overlay)
    for line in flood:
        await visitor.link.send_str(line)
    async with asyncio.timeout(5):
        while (message := await visitor.link.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert message.data in (1008, 1009)


async def test_pages_learn_that_the_show_is_over(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    visitor = await visit(client, overlay)
    assert overlay.health().state is State.OK
    stopping = asyncio.create_task(overlay.stop())
    message = await visitor.link.receive(5)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    async with asyncio.timeout(2):
        await stopping
    assert overlay.health().state is State.OFF


def test_it_can_be_a_screen_of_a_simulated_show() -> None:
    async def main() -> None:
        overlay = an_overlay()
        await overlay.start()
        assert (await Stage([overlay]).play(Maker(PIZZA).clip())).complete
        await overlay.stop()

    simulated(main)
