"""The first start in a terminal, when there is only the toy: a better brain is offered once."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hub_server import HubServer, Stored

from vtuber.models import machine
from vtuber.models.choices import GB, Choice, recommended
from vtuber.models.machine import Card, Machine
from vtuber.models.store import locate

LANGUAGES = ("Chinese", "English")
START = 180.0


class Terminal:
    """`banban live` in a terminal of its own."""

    def __init__(self, folder: Path, hub: HubServer, **more: str) -> None:
        self.data = folder / "data"
        self._master, slave = pty.openpty()
        environment = {"XDG_DATA_HOME": str(self.data), "HF_ENDPOINT": hub.url, "BANBAN_OFFER": "", **more}
        environment |= {"HF_TOKEN_PATH": str(folder / "none"), "COLUMNS": "300", "TERM": "dumb"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vtuber.app", "live", "--port", "0"],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        os.close(slave)
        self._seen = bytearray()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # its other end was closed
                return
            if not data:
                return
            self._seen += data

    @property
    def seen(self) -> str:
        return self._seen.decode("utf-8", "replace").replace("\r\n", "\n")

    def until(self, words: str) -> None:
        end = time.monotonic() + START
        while words not in self.seen:
            assert self.process.poll() is None, self.seen
            assert time.monotonic() < end, self.seen
            time.sleep(0.05)

    def types(self, line: str) -> None:
        os.write(self._master, line.encode())

    def end(self) -> None:
        """Once, or again after that."""
        if not self._reading.is_alive():
            return
        alive = self.process.poll() is None
        below = psutil.Process(self.process.pid).children(recursive=True) if alive else []
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        for left in below:
            if left.is_running():
                left.kill()
        self._reading.join(10)
        os.close(self._master)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    server = HubServer()
    yield server
    server.close()


@pytest.fixture
def live(tmp_path: Path, hub: HubServer) -> Iterator[Callable[..., Terminal]]:
    shows: list[Terminal] = []

    def live(**more: str) -> Terminal:
        shows.append(Terminal(tmp_path, hub, **more))
        return shows[-1]

    yield live
    for show in shows:
        show.end()


def offered() -> Choice:
    choice = recommended(LANGUAGES, machine.memory())
    assert choice is not None
    return choice


def test_a_model_is_offered_fetched_and_used(live: Callable[..., Terminal], hub: HubServer) -> None:
    choice = offered()
    hub.repos[choice.repo] = {"better-Q4_K_M.gguf": Stored(locate("").read_bytes())}
    show = live()
    show.until("Download it now? [Y/n]")
    assert f"{choice.name}, {choice.size} to download, speaks {choice.languages}" in show.seen
    show.types("y\n")
    show.until("is on air")
    show.until("better-Q4_K_M (")
    assert "toy" not in show.seen.partition("is on air")[2]


def test_no_is_remembered(live: Callable[..., Terminal], hub: HubServer) -> None:
    show = live()
    show.until("[Y/n]")
    show.types("what?\n")
    show.types("n\n")
    show.until("is on air")
    assert show.seen.count("[Y/n]") == 2
    assert f"banban models get {offered().name}" in show.seen
    show.end()
    again = live()
    again.until("is on air")
    assert "[Y/n]" not in again.seen
    assert not hub.tokens["hub"]  # the hub was not even asked


def test_ctrl_c_means_not_now(live: Callable[..., Terminal]) -> None:
    show = live()
    show.until("[Y/n]")
    show.process.send_signal(signal.SIGINT)
    show.until("is on air")
    assert not (show.data / "banban/offered-a-model").exists()


def test_a_disk_that_is_full_is_one_message_and_the_toy(
    live: Callable[..., Terminal], hub: HubServer
) -> None:
    hub.repos[offered().repo] = {"better-Q4_K_M.gguf": Stored(b"x", size=10**15)}
    show = live()
    show.until("[Y/n]")
    show.types("\n")
    show.until("is on air")
    assert "are left to download, but only" in show.seen
    assert "a toy model" in show.seen
    assert "Traceback" not in show.seen


def test_a_download_cut_at_the_end_goes_on_later(live: Callable[..., Terminal], hub: HubServer) -> None:
    content = locate("").read_bytes()
    most = len(content) * 99 // 100
    hub.repos[offered().repo] = {"better-Q4_K_M.gguf": Stored(content)}
    hub.drops = [most, *[0] * 20]
    show = live()
    show.until("[Y/n]")
    show.types("y\n")
    show.until("is on air")
    command = re.search(r"To go on with the download: banban (models get \S+)", show.seen)
    assert command
    hub.drops = []
    environment = {"XDG_DATA_HOME": str(show.data), "HF_ENDPOINT": hub.url}
    subprocess.run(
        [sys.executable, "-m", "vtuber.app", *command[1].split()],
        env={**os.environ, **environment},
        timeout=120,
        check=True,
    )
    assert hub.ranges[-1] == f"bytes={most}-"
    (fetched,) = (show.data / "banban").rglob("*.gguf")
    assert fetched.stat().st_size == len(content)


# Which one


@pytest.mark.parametrize(
    ("languages", "here", "name"),
    [
        (LANGUAGES, Machine(16 * GB), "qwen3-4b"),
        (["English"], Machine(16 * GB), "qwen3-4b"),
        (LANGUAGES, Machine(4 * GB), "qwen2.5-1.5b"),
        (LANGUAGES, Machine(16 * GB, (Card("card", 24 * GB),)), "qwen2.5-7b"),
        (["English"], Machine(16 * GB, (Card("card", 24 * GB),)), "nemo-12b"),
        (["Japanese"], Machine(16 * GB), "qwen3-4b"),
        (LANGUAGES, Machine(2 * GB), None),
    ],
)
def test_what_is_recommended(languages: list[str], here: Machine, name: str | None) -> None:
    choice = recommended(languages, here)
    assert (choice.name if choice else None) == name
