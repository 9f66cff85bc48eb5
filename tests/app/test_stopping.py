"""Real processes that are stopped at bad moments, or given files that never end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from vtuber.core import files

if sys.platform == "win32":
    pytest.skip("signals and named pipes are Unix's", allow_module_level=True)

PATIENCE = 60.0
"""Seconds that a busy machine may take; none of these hangs ended by itself."""
OFFLINE = """
[brain]
use = "openai"
[brain.openai]
url = "http://127.0.0.1:9/v1"
[stage]
port = 0
"""
"""A show that starts quickly: nothing answers at its model server's address."""


class Program:
    """`banban live` in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, said: str = "said.txt") -> None:
        self.folder = folder
        self.said = folder / said
        own = {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder), "COLUMNS": "200"}
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vtuber.app", "live", *(arguments or ("--config", "config.toml"))],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **own},
                start_new_session=True,
            )

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.said.read_text()
            time.sleep(0.01)

    def ctrl_c(self) -> None:
        """As a terminal does: to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)

    def servers(self) -> list[psutil.Process]:
        """The embedded servers that keep their data in this folder."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "cwd"])
            if str(self.folder) in (process.info["cwd"] or "")
            and "valkey" in " ".join(process.info["cmdline"] or ())
        ]

    def end(self) -> None:
        for process in [self.process, *self.servers()]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(PATIENCE)


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], Program]:
    def begin() -> Program:
        begun = Program(tmp_path)
        request.addfinalizer(begun.end)
        return begun

    for name in ("config.toml", "other.toml"):
        (tmp_path / name).write_text(OFFLINE, encoding="utf-8")
    return begin


def replace_by_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path, 0o600)


def test_a_pipe_as_config_file_is_refused(tmp_path: Path, program: Callable[[], Program]) -> None:
    replace_by_pipe(tmp_path / "config.toml")
    show = program()
    assert show.process.wait(PATIENCE) == 1
    assert (
        "config.toml: this file cannot be read (this is a pipe or a device, not a file)"
        in show.said.read_text()
    )


@pytest.mark.parametrize("name", ["character.toml", "examples.toml", "persona.md", "face.svg"])
def test_a_pipe_in_the_character_folder_is_refused(
    tmp_path: Path, program: Callable[[], Program], name: str
) -> None:
    shutil.copytree(files.SHIPPED / "characters" / "banban", tmp_path / "characters" / "mia")
    replace_by_pipe(tmp_path / "characters" / "mia" / name)
    config = tmp_path / "config.toml"
    config.write_text(f'{config.read_text()}\n[show]\ncharacter = "mia"\n')
    show = program()
    assert show.process.wait(PATIENCE) == 1
    assert name in show.said.read_text()


def test_a_pipe_as_token_file_is_refused(tmp_path: Path, program: Callable[[], Program]) -> None:
    replace_by_pipe(tmp_path / "banban" / "twitch.json")
    config = tmp_path / "config.toml"
    config.write_text(f'{config.read_text()}\n[chat.twitch]\nchannels = ["banban"]\n')
    show = program()
    assert show.process.wait(PATIENCE) == 1
    assert "pipe" in show.said.read_text()


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.1, 0.2])
def test_more_ctrl_cs_do_not_disturb_the_end(program: Callable[[], Program], pause: float) -> None:
    show = program()
    show.until(lambda: "is on air" in show.said.read_text())
    assert show.servers()
    for _ in range(3):
        show.ctrl_c()
        time.sleep(pause)
    assert show.process.wait(PATIENCE) in (0, -signal.SIGINT)
    assert not [process for process in show.servers() if process.is_running()]
    assert "Traceback" not in show.said.read_text()


@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2, 0.35, 0.5, 0.8])
def test_an_early_ctrl_c_ends_it_without_a_traceback(program: Callable[[], Program], delay: float) -> None:
    for _ in range(20):
        show = program()
        time.sleep(delay)
        show.ctrl_c()
        status, said = show.process.wait(PATIENCE), show.said.read_text()
        if "init_import_site" not in said and "<frozen runpy>" not in said:
            break  # else Python itself had not begun to run the program
    assert status in (0, -signal.SIGINT)
    assert "Traceback" not in said
    assert not show.servers()


INTERRUPTED = """
import _signal, os, sys

class Interrupting:
    def find_spec(name, *_):
        if name.partition(".")[0] != "vtuber":
            os.kill(os.getpid(), _signal.SIGINT)

sys.meta_path.insert(0, Interrupting)
from vtuber.app.__main__ import main
main()
"""


def test_a_ctrl_c_at_the_first_import_of_the_program_ends_it_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


# Two processes for one show.


def test_a_second_process_for_the_same_show_is_refused(program: Callable[[], Program]) -> None:
    first = program()
    first.until(lambda: "is on air" in first.said.read_text())
    second = Program(first.folder, said="second.txt")
    assert second.process.wait(PATIENCE) == 1
    said = second.said.read_text()
    assert f"this show is on air already: process {first.process.pid}, since " in said
    assert f"started in {first.folder}" in said
    assert "show.name" in said
    assert "Traceback" not in said
    assert len(list(first.folder.rglob("shows/*.jsonl"))) == 1  # nothing of the second show was begun

    other = Program(first.folder, "--config", "other.toml", said="other.txt")  # is another show
    try:
        other.until(lambda: "is on air" in other.said.read_text())
    finally:
        other.end()
    assert first.process.poll() is None


def test_a_killed_process_leaves_no_lock_behind(program: Callable[[], Program]) -> None:
    first = program()
    first.until(lambda: "is on air" in first.said.read_text())
    first.process.kill()
    first.process.wait(PATIENCE)
    second = program()
    second.until(lambda: "is on air" in second.said.read_text())


def test_a_data_folder_that_cannot_be_written_is_said_once_and_the_show_goes_on(
    program: Callable[[], Program], tmp_path: Path
) -> None:
    (tmp_path / "banban").write_text("a file is in the way, so that not even root can write there")
    show = program()
    show.until(lambda: "is on air" in show.said.read_text())
    show.ctrl_c()
    assert show.process.wait(PATIENCE) == 0
    said = show.said.read_text()
    assert said.count("nothing can be kept in") == 1
    assert "let your user write there" in said
    assert "Traceback" not in said
