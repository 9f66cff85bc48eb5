from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace

import pytest

from vtuber.config import Settings
from vtuber.core.events import ChatMessage, Role
from vtuber.core.health import State
from vtuber.listeners import console
from vtuber.listeners.console import Console

SHOW = """
import asyncio, sys
from vtuber.config import Settings
from vtuber.listeners.console import Console

async def main():
    listener = Console(Settings())
    async def hear():
        async for event in listener.events():
            print("heard", event.text, flush=True)
        print("ended:", listener.health().what, flush=True)
    task = asyncio.create_task(hear())
    await asyncio.sleep(float(sys.argv[1]))
    task.cancel()
    print("the show ends", flush=True)

asyncio.run(main())
"""


class Pipe:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reading, self.writing = os.pipe()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: self.reading))

    def write(self, data: bytes) -> None:
        os.write(self.writing, data)

    def end(self) -> None:
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    pipe = Pipe(monkeypatch)
    yield pipe
    pipe.end()
    for thread in threading.enumerate():
        if thread.name == "console":
            thread.join(5)
    os.close(pipe.reading)


async def heard(listener: Console) -> list[ChatMessage]:
    async with asyncio.timeout(10):
        return [event async for event in listener.events()]


async def test_lines_are_the_broadcasters_chat(pipe: Pipe) -> None:
    pipe.write("hello\r\n\n  \nnǐ hǎo 板板\n".encode() + b"bad \xff\x1b[31m bytes\nno line break")
    pipe.end()
    listener = Console(Settings())
    await listener.availability.until_ready()  # at once
    events = await heard(listener)
    assert [event.text for event in events] == [
        "hello",
        "nǐ hǎo 板板",
        "bad \ufffd bytes",
        "no line break",
    ]
    assert {event.platform for event in events} == {"console"}
    assert {(event.author.id, event.author.name) for event in events} == {("you", "you")}
    assert all(Role.BROADCASTER in event.author.roles for event in events)
    assert len({event.id for event in events}) == 4
    assert listener.health().state is State.OFF
    assert listener.health().what == "no more lines can be typed: the input was closed"
    assert not listener.availability.is_ready
    assert await heard(listener) == []


async def test_a_giant_line_is_one_short_message(pipe: Pipe) -> None:
    def write() -> None:
        for _ in range(64):
            pipe.write(b"x" * (1 << 16))
        pipe.write(b"\nnext\n")
        pipe.end()

    writer = threading.Thread(target=write)
    writer.start()
    events = await heard(Console(Settings()))
    writer.join()
    assert [len(event.text) for event in events] == [500, 4]


async def test_whoever_writes_too_much_waits(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LINES_WAITING", 8)
    listener = Console(Settings())
    written = 0

    def write() -> None:
        nonlocal written
        for number in range(20_000):
            pipe.write(b"line %d\n" % number)
            written = number + 1
        pipe.end()

    writer = threading.Thread(target=write)
    async with asyncio.timeout(30), aclosing(listener.events()) as events:
        writer.start()
        first = await anext(events)
        before = -1
        while written > before:  # until the pipe (64 KiB), the file's buffer and eight lines are full
            before = written
            await asyncio.sleep(0.1)
        assert written < 20_000
        assert listener._lines.qsize() <= 9
        rest = [event.text async for event in events]
    writer.join()
    assert first.text == "line 0"
    assert len(rest) == 19_999
    assert rest[-1] == "line 19999"


async def test_what_is_typed_between_two_readings_waits(pipe: Pipe) -> None:
    listener = Console(Settings())
    pipe.write(b"one\n")
    async with asyncio.timeout(10), aclosing(listener.events()) as events:
        assert (await anext(events)).text == "one"
    pipe.write(b"two\n")
    pipe.end()
    assert [event.text for event in await heard(listener)] == ["two"]


async def test_an_editor_may_feed_it_and_leave_it_to_the_input_again(pipe: Pipe) -> None:
    listener = Console(Settings())
    take = listener.feed()
    pipe.write(b"left for others\n")
    async with asyncio.timeout(10), aclosing(listener.events()) as events:
        taken = [take(f"line {number}") for number in range(console.LINES_WAITING + 2)]
        assert taken == [True] * console.LINES_WAITING + [False] * 2
        assert [(await anext(events)).text for _ in range(console.LINES_WAITING)][-1] == "line 63"
        assert take("more")
        assert (await anext(events)).text == "more"
        listener.read_input()
        assert (await anext(events)).text == "left for others"
    pipe.end()


@pytest.mark.parametrize(
    ("typed", "heard_as"),
    [
        (b"helo\x1b[Dl\n", "helol"),
        (b"\x1bOA\x1b[1;5Chi\x1b[3~\n", "hi"),
        (b"\x1b[200~pasted\x1b[201~\n", "pasted"),
        (b"\x1b]0;title\x07red \x1b[31mwords\x1b[0m\n", "red words"),
        (b"[D is a face\n", "[D is a face"),
    ],
)
async def test_what_keys_send_is_no_text(pipe: Pipe, typed: bytes, heard_as: str) -> None:
    pipe.write(typed)
    pipe.end()
    assert [event.text for event in await heard(Console(Settings()))] == [heard_as]


@pytest.mark.parametrize("stdin", [None, SimpleNamespace(fileno=lambda: 9999)])
async def test_no_terminal_is_no_chat_and_no_crash(monkeypatch: pytest.MonkeyPatch, stdin: object) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    listener = Console(Settings())
    assert await heard(listener) == []
    assert listener.health().state is State.OFF
    assert listener.health().what == "not running in a terminal"


def run_show(tmp_path: Path, stdin: int | None, seconds: float) -> subprocess.Popen[str]:
    script = tmp_path / "show.py"
    script.write_text(SHOW, encoding="utf-8")
    command = [sys.executable, str(script), str(seconds)]
    root = str(Path(console.__file__).parents[2])
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )


def test_an_open_terminal_does_not_hold_up_the_exit(tmp_path: Path) -> None:
    with run_show(tmp_path, subprocess.PIPE, 0.5) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("hi\n")
        process.stdin.flush()
        assert process.wait(20) == 0  # its stdin is still open, its thread still waits
        assert process.stdout.read() == "heard hi\nthe show ends\n"
        assert process.stderr
        assert process.stderr.read() == ""


def test_the_end_of_the_pipe_does_not_end_the_show(tmp_path: Path) -> None:
    with run_show(tmp_path, subprocess.DEVNULL, 0.3) as process:
        out, err = process.communicate(timeout=20)
    assert out == "ended: no more lines can be typed: the input was closed\nthe show ends\n"
    assert err == ""
