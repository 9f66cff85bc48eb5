"""`banban live` in a real terminal: what a streamer types, sees and presses, and how it is left."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo terminals are Unix's", allow_module_level=True)

from vtuber.app import terminal

PATIENCE = 60.0
"""Seconds that a busy machine may take."""
ROOT = Path(__file__).parents[2]
PROGRAM = """
from benchmarks.scripted import ScriptedBrain
ScriptedBrain.reply = "Hello there, my friend. I could talk about pineapple pizza all night long, really."
from vtuber.app.__main__ import main
main()
"""
CONFIG = """
brain.use = "scripted"
voice.use = ["scripted", "silent"]
stage.port = 0
memory.use = "forgetful"
guard.spam.use = false  # some lines here are walls of pineapples
"""
LEFT, F9, CTRL_C, CTRL_D = "\x1b[D", "\x1b[20~", "\x03", "\x04"
EMOJI = "🍍" * 200


class Show:
    """A show in a terminal of its own, or (``terminal=False``) with pipes."""

    def __init__(
        self, folder: Path, *arguments: str, columns: int = 100, terminal: bool = True, **environment: str
    ) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        self.ours, self.theirs = pty.openpty() if terminal else (-1, -1)
        self.said = b""
        if terminal:
            fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
            self.before = termios.tcgetattr(self.theirs)
        end = self.theirs if terminal else subprocess.PIPE
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        own = {"XDG_DATA_HOME": str(folder / "data"), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=folder,
            stdin=end,
            stdout=end,
            stderr=end if terminal else subprocess.STDOUT,
            env={**clean, **own, **environment},
            start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if terminal else None,  # noqa: PLW1509
        )
        if self.process.stdout is not None:
            self.ours = os.dup(self.process.stdout.fileno())
        self.encoding = environment.get("PYTHONIOENCODING", "utf-8")

    def read(self, seconds: float = 0.1) -> None:
        """Reads what is there, or what comes within that time."""
        while select.select([self.ours], [], [], seconds)[0]:
            try:
                came = os.read(self.ours, 65536)
            except OSError:  # nobody has it open any more
                return
            if not came:
                return
            self.said += came
            seconds = 0

    @property
    def text(self) -> str:
        """All that was said, without what moves and colours."""
        return re.sub(r"\x1b\[[0-?]*[@-~]", "", self.said.decode(self.encoding, "replace"))

    def until(self, holds: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            self.read()
            assert time.monotonic() < end, self.text

    def until_on_air(self) -> None:
        self.until(lambda: "Ctrl-X" in self.text)

    def types(self, *keys: str) -> None:
        """Types on, and reads meanwhile."""
        waiting = "".join(keys).encode(self.encoding)
        while waiting:
            if select.select([], [self.ours], [], 0.01)[1]:
                waiting = waiting[os.write(self.ours, waiting[:512]) :]
            self.read(0)

    def journal(self, kind: str) -> list[dict[str, Any]]:
        files = list((self.folder / "data").rglob("*.jsonl"))
        lines = files[0].read_text(encoding="utf-8").split("\n") if files else []
        records = [json.loads(line) for line in lines if line.endswith("}")]
        return [record for record in records if record["kind"] == kind]

    def typed(self) -> list[str]:
        """What arrived of the console."""
        return [record["event"]["text"] for record in self.journal("heard")]

    def ends(self) -> int:
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read()
            assert time.monotonic() < end, self.text
        self.read()
        return self.process.returncode

    @property
    def is_as_found(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        for end in (self.ours, self.theirs):
            if end >= 0:
                os.close(end)


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Callable[..., Show]]:
    shows: list[Show] = []

    def begin(*arguments: str, **options: Any) -> Show:
        shows.append(Show(tmp_path, *arguments, **options))
        return shows[-1]

    yield begin
    for one in shows:
        one.close()


def recorded(folder: Path, count: int, **fields: Any) -> Path:
    """Chat of so many messages, a hundred a second."""
    rows = [
        {
            "time_in_seconds": 1 + number / 100,
            "message_id": f"m{number}",
            "message": f"message {number} \x1b]0;owned\x07 {EMOJI}",
            "author": {"id": f"u{number % 50}", "name": f"viewer {number % 50} {EMOJI}"},
            "message_type": "text_message",
            **fields,
        }
        for number in range(count)
    ]
    path = folder / "chat.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_an_evening_at_the_desk(show: Callable[..., Show], tmp_path: Path) -> None:
    on_air = show("live")
    on_air.until_on_air()
    on_air.until(lambda: not on_air.is_as_found)
    on_air.types("你好板", LEFT, LEFT, "您 ", "\r")
    on_air.until(lambda: "Hello there" in on_air.text)  # while it is heard
    assert not on_air.journal("reply")
    assert "you: 你您 好板" in on_air.text
    on_air.until(lambda: "板板 → you: Hello there, my friend." in on_air.text)
    on_air.types("half a line")
    on_air.types(F9)
    on_air.until(lambda: on_air.journal("command"))
    assert on_air.journal("command")[0]["order"] == "hush"
    on_air.until(lambda: "silent for" in on_air.text)
    on_air.types(CTRL_C, CTRL_D, "still here\r")
    on_air.until(lambda: len(on_air.typed()) == 3)
    assert on_air.typed() == ["你您 好板", "!hush", "still here"]
    assert "press Ctrl-C twice" in on_air.text

    on_air.types(CTRL_C)
    on_air.until(lambda: "Ctrl-C again ends the show" in on_air.text)
    assert on_air.process.poll() is None
    on_air.types(CTRL_C)
    assert on_air.ends() == 0
    assert on_air.is_as_found
    assert re.search(r"the show is over: .*, \d repl.*, nothing paid; journal: \S+\.jsonl", on_air.text)
    assert on_air.said.rstrip().endswith(b"l")  # the goodbye is the last of all
    assert "Traceback" not in on_air.text


def test_a_flood_does_not_break_a_paste_and_sigterm_leaves_the_terminal_as_it_was(
    show: Callable[..., Show], tmp_path: Path
) -> None:
    chat = recorded(tmp_path, 3000)
    on_air = show("live", "--replay", str(chat), columns=20)
    on_air.until(lambda: "message 9" in on_air.text)
    lines = "\n".join(f"line {number}" for number in range(6))
    for _ in range(5):
        on_air.types(f"\x1b[200~{lines}\x1b[201~", "\r")
        on_air.read(0.2)
    on_air.types("\x1b[200~" + "what a line\n" * 10_000 + "\x1b[201~", "after\r")
    on_air.until(lambda: on_air.typed().count("after") == 1)
    assert on_air.typed().count(lines.replace("\n", " ")) == 5
    assert not [text for text in on_air.typed() if text.startswith(("line 1", "what a line", "[200~"))]
    on_air.types("unmarked\r" * 300)  # a terminal that does not say what is pasted

    def still_reads() -> bool:
        """A line that comes while too many others wait is refused, with a notice; then it is typed again."""
        on_air.types("the last\r")
        on_air.read(0.5)
        return "the last" in on_air.typed()

    on_air.until(still_reads)
    assert b"\x1b]0;" not in on_air.said
    os.kill(on_air.process.pid, signal.SIGTERM)
    assert on_air.ends() == 0
    assert on_air.is_as_found
    assert "the show is over" in on_air.text
    assert "Traceback" not in on_air.text


def test_a_window_that_is_closed_ends_the_show_in_order(show: Callable[..., Show], tmp_path: Path) -> None:
    on_air = show("live", XDG_STATE_HOME=str(tmp_path / "state"))
    on_air.until_on_air()
    os.close(on_air.theirs)
    os.close(on_air.ours)
    on_air.ours = on_air.theirs = -1
    assert on_air.process.wait(PATIENCE) == 0
    assert on_air.journal("end")
    assert not list(tmp_path.rglob("defect-*"))


def test_a_terminal_of_few_characters_and_no_colours(show: Callable[..., Show], tmp_path: Path) -> None:
    chat = recorded(tmp_path, 3)
    few = {"PYTHONIOENCODING": "cp950", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    on_air = show("live", "--replay", str(chat), **few)
    on_air.until(lambda: on_air.journal("reply"))
    on_air.types("你好 板板\r")
    on_air.until(lambda: "你好 板板" in on_air.typed())
    on_air.until(lambda: "板板 → viewer 0 ??" in on_air.text)
    os.kill(on_air.process.pid, signal.SIGTERM)
    assert on_air.ends() == 0
    assert "Error" not in on_air.text
    styles = b";".join(re.findall(rb"\x1b\[([\d;]*)m", on_air.said))
    assert not re.search(rb"\b[349]\d\b", styles)


def test_plain_is_one_line_per_thing_without_colours(show: Callable[..., Show], tmp_path: Path) -> None:
    chat = recorded(tmp_path, 1)
    on_air = show("live", "--replay", str(chat), "--plain", columns=300)
    on_air.until(lambda: on_air.journal("reply"))
    on_air.types(f"typed {LEFT}on\r")
    on_air.until(lambda: "typed on" in on_air.typed())
    on_air.until(lambda: "板板: Hello there" in on_air.text)
    os.kill(on_air.process.pid, signal.SIGINT)  # ends it at once
    assert on_air.ends() == 0
    assert b"\x1b" not in on_air.said
    assert "the show is over" in on_air.text
    assert re.search(r"\d\d:\d\d:\d\d INFO    viewer 0", on_air.text)


def test_a_pipe_of_few_characters_gets_marks_in_the_place_of_others(
    show: Callable[..., Show], tmp_path: Path
) -> None:
    chat = recorded(tmp_path, 3)
    few = {"PYTHONIOENCODING": "cp950", "PYTHONUTF8": "0"}
    on_air = show("live", "--replay", str(chat), terminal=False, **few)
    on_air.until(lambda: "板板: Hello there" in on_air.text)
    assert "viewer 0 ??" in on_air.text
    os.kill(on_air.process.pid, signal.SIGINT)
    assert on_air.ends() == 0
    assert "Error" not in on_air.text
    assert b"\x1b" not in on_air.said


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_is_plain(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    for name in ("out", "err", "_log_handler"):
        monkeypatch.setattr(terminal, name, getattr(terminal, name))
    handlers = list(logging.getLogger().handlers)
    terminal.set_up_logging(verbose=False)
    logging.getLogger().handlers[:] = handlers
    assert not terminal.can_edit()
    assert not terminal.err.is_terminal
