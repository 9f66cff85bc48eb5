"""What viewers see when banban is killed (kill -9) and started again: a real show, in a real Chromium."""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from browsers import until
from playwright.async_api import Browser
from real_obs import free_port

from benchmarks.kills.child import Scene, play

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = 60.0
"""Seconds that a show may take to be on air, on a busy machine."""
SHOWN = "document.querySelector('#back').offsetWidth > 0"


class Shows:
    """Shows on the same data and at the same address, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._scene = Scene(settings={"stage": {"port": self.port}, "memory": {"use": "forgetful"}})
        self._on_air = asyncio.Event()
        self._process: BaseProcess | None = None

    async def start(self) -> None:
        """Returns when it is on air."""
        self._on_air.clear()
        async with await asyncio.start_server(self._listen, "127.0.0.1", 0) as wire:
            port = wire.sockets[0].getsockname()[1]
            context = multiprocessing.get_context("spawn")
            self._process = context.Process(target=play, args=(port, self._folder, self._scene), daemon=True)
            self._process.start()
            async with asyncio.timeout(START):
                await self._on_air.wait()

    async def kill(self) -> None:
        """SIGKILL: it has no time for a last word."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.join)
            self._process.close()
            self._process = None

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if b'"url"' in line:
                self._on_air.set()
        writer.close()


async def test_viewers_see_that_she_will_be_back(chromium: Browser, tmp_path: Path) -> None:
    shows = Shows(tmp_path)
    context = await chromium.new_context(viewport={"width": 960, "height": 540})
    page = await context.new_page()
    try:
        await shows.start()
        await page.goto(f"http://127.0.0.1:{shows.port}/")
        await until(page, "window.banban?.connections === 1")
        await until(page, f"!({SHOWN})")
        await shows.kill()
        await until(page, SHOWN)
        assert await page.evaluate("document.querySelector('#back-words').textContent") == "Back in a moment"
        await shows.start()
        await until(page, f"window.banban.connections === 2 && !({SHOWN})")
    finally:
        await context.close()
        await shows.kill()
