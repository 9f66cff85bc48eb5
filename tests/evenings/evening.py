"""An evening as its streamer lives it: `banban live` in a terminal that can be read, and the page."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pyte
from playwright.async_api import Page

BANBAN = (sys.executable, "-m", "vtuber.app")
START = 180.0
"""Seconds that a busy machine may take to load and warm the model."""
LOUD = 0.01
"""RMS of what counts as sound."""
LONG = 60.0
"""Seconds that it may take for anything else."""


class Terminal:
    """A program in a terminal of its own, and what stands on its screen."""

    def __init__(
        self,
        folder: Path,
        *command: str,
        environment: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=5000)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.data = folder / "data"
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1", "XDG_DATA_HOME": str(self.data)}
            | dict(environment),
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # the program has ended
            while data := os.read(self._ours, 65536):
                with self._lock:
                    self._stream.feed(data)
                if b"\x1b[6n" in data:  # where the cursor is, as a terminal answers
                    os.write(self._ours, b"\x1b[1;1R")

    @property
    def text(self) -> str:
        """All lines, also those that were scrolled away."""
        with self._lock:
            gone = [
                "".join(line[column].data for column in range(self.screen.columns)).rstrip()
                for line in self.screen.history.top
            ]
            return "\n".join([*gone, *(line.rstrip() for line in self.screen.display)])

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def type(self, line: str) -> None:
        self.press(line + "\r")

    async def until(self, holds: Callable[[], Any] | str, seconds: float = LONG) -> None:
        """Waits until something holds, or these words stand in the terminal."""
        seen = (lambda: str(holds) in self.text) if isinstance(holds, str) else holds
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not seen():
                    assert self.process.poll() is None, f"it ended:\n{self.text}"
                    await asyncio.sleep(0.05)
                return
        raise AssertionError(f"{holds}: not in {seconds} s:\n{self.text}")

    async def until_over(self, seconds: float = 30.0) -> int:
        """The program's exit status."""
        async with asyncio.timeout(seconds):
            while (status := self.process.poll()) is None:
                await asyncio.sleep(0.05)
        return status

    def close(self) -> None:
        """Nothing of it is left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait(10)
        for process in psutil.process_iter(["cmdline"]):  # its memory, where it was killed
            if str(self.data) in " ".join(process.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._reader.join(5)
        os.close(self._ours)


class Evening:
    """One streamer's evening: a folder of their own, a terminal, a page."""

    def __init__(self, folder: Path, page: Page) -> None:
        self.folder = folder
        self.page = page
        self._terminals: list[Terminal] = []

    def run(self, *arguments: str, **environment: str) -> Terminal:
        """`banban` with these arguments, in a terminal."""
        made = Terminal(self.folder, *BANBAN, *arguments, environment=environment)
        self._terminals.append(made)
        return made

    async def live(self, *arguments: str, **environment: str) -> Terminal:
        """On air, with the page open beside it."""
        shown = self.run("live", "--port", "0", *arguments, **environment)
        await shown.until(lambda: "is on air" in shown.text and "journal" in shown.text, START)
        await self.page.goto(self.address(shown))
        await self.page_until("window.banban?.audible")  # a busy browser's sound begins late
        await self.page.evaluate("window.tapped = banban.tap()")
        return shown

    def address(self, shown: Terminal) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+/", shown.text)
        assert found, shown.text
        return found[0]

    async def journal(self, shown: Terminal, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """What is in the show's journal of one kind, once it is so much."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            paths = list(shown.data.rglob("*.jsonl"))
            lines = paths[0].read_text(encoding="utf-8").split("\n") if paths else []
            records = [json.loads(line) for line in lines if line.endswith("}")]
            found[:] = [record for record in records if record["kind"] == kind]
            return len(found) >= count

        await shown.until(enough)
        return found

    async def page_until(self, condition: str, seconds: float = LONG) -> None:
        """Waits until a JavaScript expression holds in the page."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self.page.evaluate(f"Boolean({condition})"):
                    await asyncio.sleep(0.02)
                return
        raise AssertionError(f"{condition}: {await self.page.inner_text('body')!r}")

    async def loudness(self) -> float:
        """RMS of the last 20 ms that the page really played; 0 to 1."""
        level = await self.page.evaluate(
            """() => {
                const wave = new Float32Array(window.tapped.fftSize);
                window.tapped.getFloatTimeDomainData(wave);
                return Math.hypot(...wave.slice(-480)) / Math.sqrt(480);
            }"""
        )
        return float(level)

    async def until_sounding(self, seconds: float = LONG) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.loudness() < LOUD:
                    await asyncio.sleep(0.02)
                return
        terminals = "\n".join(terminal.text for terminal in self._terminals)
        raise AssertionError(f"not heard: {await self.page.inner_text('body')!r}\n{terminals}")

    async def until_silent(self, seconds: float = LONG) -> None:
        async with asyncio.timeout(seconds):
            while await self.loudness() >= LOUD:
                await asyncio.sleep(0.02)

    def close(self) -> None:
        for terminal in self._terminals:
            terminal.close()
