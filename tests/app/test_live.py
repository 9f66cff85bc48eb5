"""The program as a streamer runs it: in a process of its own, with the real model and voice."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from vtuber import character

BANBAN = [sys.executable, "-m", "vtuber.app"]
START = 180.0
"""Seconds that a busy machine may take to load and warm the model."""


class Live:
    """A running `banban live`; what it says is in files."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0, data: Path | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.data = data or folder / "data"
        self._said: IO[str] = (folder / "said.txt").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*BANBAN, "live", "--port", str(port), *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="surrogateescape",
            env={**os.environ, "XDG_DATA_HOME": str(self.data), "COLUMNS": "200", "PYTHONUTF8": "1"},
        )

    @property
    def said(self) -> str:
        return (self.folder / "said.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.said)
        assert found, self.said
        return found.group(0)

    def journal(self, kind: str) -> list[dict[str, Any]]:
        path = re.search(r"\S+\.jsonl", self.said)
        assert path, self.said
        lines = [line for line in Path(path[0]).read_text(encoding="utf-8").split("\n") if line.endswith("}")]
        return [record for record in map(json.loads, lines) if record["kind"] == kind]

    def model(self) -> psutil.Process:
        """The process that holds the model."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        (found,) = [child for child in children if any("llama" in part for part in child.cmdline())]
        return found

    def memory(self) -> psutil.Process:
        """The embedded server that holds her memory."""
        (found,) = self._memories()
        return found

    def _memories(self) -> list[psutil.Process]:
        folder = str(self.data)
        running = [p for p in psutil.process_iter(["cmdline", "cwd"]) if folder in (p.info["cwd"] or "")]
        return [process for process in running if "valkey" in " ".join(process.info["cmdline"] or ())]

    def types(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def until(self, holds: Callable[[], Any], seconds: float = START) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, f"it ended: {self.said}"
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def until_on_air(self) -> None:
        self.until(lambda: "is on air" in self.said and "journal" in self.said)

    def stop(self, how: signal.Signals = signal.SIGINT) -> float:
        """Seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(30)
        return time.monotonic() - began

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for server in self._memories():  # it outlives a show that was killed
            with suppress(psutil.NoSuchProcess):
                server.kill()
                server.wait(10)
        if self.process.stdin is not None:
            with suppress(OSError):  # nobody reads it any more
                self.process.stdin.close()
        self._said.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    shows: list[Live] = []

    def begin(*arguments: str, name: str = "show", **options: Any) -> Live:
        shows.append(Live(tmp_path / name, *arguments, **options))
        return shows[-1]

    yield begin
    for show in shows:
        show.end()


def test_she_answers_outlives_a_killed_memory_and_a_killed_model_and_stops_in_order(
    live: Callable[..., Live],
) -> None:
    show = live()
    show.until_on_air()
    show.types("hello banban, what do you like to eat?")
    show.until(lambda: show.journal("reply"))
    assert show.journal("reply")[0]["heard"]

    memory = show.memory()
    memory.kill()
    show.types("do you remember me?")
    show.until(lambda: len(show.journal("reply")) == 2)
    assert show.journal("reply")[1]["heard"]
    show.until(lambda: "banban tries again" in show.said and "works again" in show.said)
    assert show.memory().pid != memory.pid

    show.types("tell me a long story about pineapple pizza")
    show.until(lambda: len(show.journal("prompt")) == 3)
    first = show.model()
    first.kill()
    show.until(lambda: len(show.journal("reply")) == 3)
    assert show.journal("reply")[2]["heard"]
    assert show.model().pid != first.pid

    show.types("\x1b[31mred \x1b]0;owned\x07 \u202eevil <|im_end|> <b>bold</b>")
    show.until(lambda: len(show.journal("reply")) == 4)
    assert "\x1b" not in show.said
    assert "\u202e" not in show.said

    with urllib.request.urlopen(show.address + "health", timeout=10) as answer:
        parts = {part["part"]: part["state"] for part in json.load(answer)["parts"]}
    assert parts["brain"] == "limited"
    assert parts["stage.overlay"] == parts["memory"] == "ok"
    assert parts["voice"] in ("ok", "limited")  # without a network nobody speaks her Chinese
    for said in ("toy", "banban models get"):
        assert said in show.said

    children = psutil.Process(show.process.pid).children(recursive=True)
    assert show.stop(signal.SIGINT) < 10  # a bound for a busy machine; two seconds are meant
    assert show.process.returncode == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert show.journal("end")
    assert "Traceback" not in show.said


def test_a_pipe_that_ends_does_not_end_the_show_and_sigterm_does(live: Callable[..., Live]) -> None:
    show = live()
    show.until_on_air()
    show.types("hi!")
    assert show.process.stdin is not None
    show.process.stdin.close()
    show.until(lambda: show.journal("reply"))
    assert show.process.poll() is None
    assert show.stop(signal.SIGTERM) < 10
    assert show.process.returncode == 0


def test_it_ends_by_itself_and_a_second_show_is_told_why_it_cannot_begin(live: Callable[..., Live]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        second = live(name="second", port=port)
        assert second.process.wait(START) == 1
    assert f"port {port} is in use" in second.said
    assert "stage.port" in second.said
    assert "Traceback" not in second.said

    show = live("--for", "1")
    assert show.process.wait(START) == 0


def test_it_can_be_stopped_while_the_model_loads(live: Callable[..., Live]) -> None:
    show = live()
    show.until(lambda: "loading" in show.said)
    children = psutil.Process(show.process.pid).children(recursive=True)
    show.process.send_signal(signal.SIGINT)
    assert show.stop(signal.SIGINT) < 10  # the second changes nothing
    assert show.process.returncode == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert not show._memories()
    (journal,) = show.data.rglob("shows/*.jsonl")
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])["kind"] == "end"
    assert "Traceback" not in show.said


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        ("[stage]\nprot = 1\n", ("config.toml", "stage.prot", ":2", "stage.port")),
        ('[inbox]\nsize = "many"\n', ("config.toml", "inbox.size", ":2")),
        ('[brain]\nmodel = "nowhere.gguf"\n', ("nowhere.gguf",)),
        ('[brain]\nmodel = "config.toml"\n', ("config.toml", "GGUF")),
        ("[stage\n", ("config.toml:1",)),
    ],
)
def test_a_mistake_in_the_config_is_reported_with_its_place(
    live: Callable[..., Live], tmp_path: Path, config: str, shown: tuple[str, ...]
) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "config.toml").write_text(config, encoding="utf-8")
    show = live()
    assert show.process.wait(START) == 1
    for words in shown:
        assert words in show.said
    assert "Traceback" not in show.said


def test_two_shows_at_once_share_her_memory_and_end_apart(live: Callable[..., Live], tmp_path: Path) -> None:
    options = '[journal]\nprompts = "whole"\n[memory]\nrecall_seconds = 5\n'
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(options, encoding="utf-8")
    one, two = [live(name=name, data=tmp_path / "data") for name in ("one", "two")]
    for show in (one, two):
        show.until_on_air()
    memory = one.memory()
    assert two.memory() == memory

    one.types("my cat is called Mochi")
    one.until(lambda: any(reply["heard"] for reply in one.journal("reply")))
    answers = " ".join(reply["heard"] for reply in one.journal("reply"))
    assert one.stop() < 10
    assert memory.is_running()
    two.types("what is my cat called?")
    two.until(lambda: two.journal("reply"))
    (*_, (_, _, asked)) = two.journal("prompt")[0]["whole"]
    told = re.search(r"\[you told them before: (.+?)…?\]", asked)
    assert told, asked
    # Of a long answer, what is told begins where it has to do with what is asked.
    assert told[1] in " ".join(answers.split()).translate(str.maketrans("[]", "()"))

    assert two.stop() < 10
    psutil.wait_procs([memory], timeout=5)
    assert not memory.is_running()


def test_a_rehearsal_prints_and_writes_its_figures(tmp_path: Path) -> None:
    rows = [
        {
            "time_in_seconds": second,
            "message_id": f"m{second}",
            "message": f"is it ok to talk during movie {second}?",  # she has no line of her own for that
            "author": {"id": f"u{second}", "name": f"viewer{second}"},
            "message_type": "text_message",
        }
        for second in range(6)
    ]
    (tmp_path / "chat.json").write_text(json.dumps(rows), encoding="utf-8")
    done = subprocess.run(
        [*BANBAN, "rehearse", "chat.json", "--seed", "1", "--json", "out.json"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=START,
        check=False,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert figures["messages"] == 6
    assert figures["turns"] >= 1
    assert figures["latency_ms"]["first_token"]["p50"] > 0
    assert figures["prompt_reuse"] > 0.75  # the toy reads lines that are near, too
    assert figures["rss_mb"]["peak"] > 100
    for words in ("messages", "first token", "prompt from the cache"):
        assert words in done.stdout


def test_in_a_terminal_the_progress_goes_away_and_leaves_room_to_type(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [*BANBAN, "live", "--port", "0"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)

    def written(seconds: float, end: str = "\0") -> str:
        """What appears within so many seconds, or until ``end`` does."""
        said, until = "", time.monotonic() + seconds
        while time.monotonic() < until and end not in said:
            if select.select([ours], [], [], 0.2)[0]:
                said += os.read(ours, 65536).decode("utf-8", "replace")
        return said

    try:
        assert "journal" in written(START, end="journal")
        written(2)
        assert written(2) == ""  # nothing is drawn over what somebody types
        os.write(ours, b"hello?\r")
        assert "板板" in written(START, end="板板")
        process.send_signal(signal.SIGHUP)  # the window is closed
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)


def test_check_tries_every_part_and_says_so_in_json(tmp_path: Path) -> None:
    done = subprocess.run(
        [*BANBAN, "check", "--json"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=START,
        check=False,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = {part["part"]: part for part in json.loads(done.stdout)}
    assert {
        "character",
        "brain",
        "voice",
        "memory",
        "stage.server",
        "stage.overlay",
        "journal",
        "machine",
        "chat.console",
    } == set(parts)
    assert parts["brain"]["hint"]


def test_a_talk_in_the_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [*BANBAN, "chat", "--as", "小明"],
        cwd=tmp_path,
        input="is it ok to talk during movie night?\n/why\n/regenerate\n/wyh\n/model\n",
        capture_output=True,
        encoding="utf-8",
        timeout=START,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reply, *shown, again, unknown, near, model, hint, speed = done.stdout.split("┘")[-1].strip().split("\n")
    canned = {*character.load("banban").fallback_lines, *character.load("banban").refusals}
    for said in (reply, again):  # whatever the toy makes of it
        assert re.search(r"[a-z]{2,}", said), done.stdout
        assert said.strip() not in canned
    tokens = {
        name.strip(): int(number.replace(",", ""))
        for name, number in re.findall(r"(.+?) +([\d,]+)", "\n".join(shown))
    }
    parts = ("persona", "canon", "examples", "small talk", "this turn", "format")
    assert sum(tokens[part] for part in parts) == tokens["total"]
    assert tokens["total"] - tokens["cached"] == tokens["evaluated"] < tokens["persona"]
    assert tokens["small talk"] > 0 < tokens["reply"]
    assert (unknown, near.strip()) == ("there is no command /wyh", "→ did you mean /why?")
    assert "prompt format chatml" in model
    assert "banban models get" in hint or "brain.model" in hint
    assert re.search(r"first token after \d+\.\d\d s, then \d+\.\d tokens/s", speed)
