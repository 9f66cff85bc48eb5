"""Two real browsers that show her page: the one that sounds is killed, the other goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from engines import FLAGS, TODAY, program
from playwright.async_api import Browser, BrowserType, Error, Page, async_playwright

from benchmarks.kills.child import Scene
from benchmarks.kills.victims import AGAIN, LOOK_EVERY, Stage, Victim, said_in

LOUD = 0.02
"""Of full scale, RMS; the scripted tones have 0.14."""
SHORT = 0.5
"""Seconds: what is left of a sentence has to last so long that a page can show it."""

LOOK = """() => {
    const wave = new Float32Array(window.tapped.fftSize);
    window.tapped.getFloatTimeDomainData(wave);
    return {
        loud: Math.hypot(...wave.slice(-480)) / Math.sqrt(480),
        audible: banban.audible,
        caption: banban.caption,
    };
}"""
"""What a page sounds like, as it leaves its mixer, and shows at this moment."""


@dataclass(frozen=True, slots=True)
class Window:
    """A browser with her page."""

    browser: Browser
    pid: int
    page: Page

    async def look(self) -> dict[str, Any]:
        return dict(await self.page.evaluate(LOOK))


class Browsers(Victim):
    """The one that is left has to sound, and the one that is opened to show her in mid-sentence."""

    scene = Scene(letters=8.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with async_playwright() as driver:
            self._driver: BrowserType = driver.chromium
            yield

    @asynccontextmanager
    async def beside(self, stage: Stage) -> AsyncIterator[None]:
        self._windows = [await self._open(stage.url), await self._open(stage.url)]
        try:
            yield
        finally:
            for window in self._windows:
                with suppress(Error):
                    await window.browser.close()

    async def kill(self, stage: Stage) -> int:
        looks = [await window.look() for window in self._windows]
        sounds = next((index for index, look in enumerate(looks) if look["audible"]), None)
        if sounds is None:
            return 0
        if looks[0]["audible"] and looks[1]["audible"]:
            self.note("both pages sounded", 0.0)
        os.kill(self._windows[sounds].pid, signal.SIGKILL)
        killed = time.monotonic()
        other = self._windows[1 - sounds]

        async def sounds_again() -> bool:
            return float((await other.look())["loud"]) > LOUD

        if await stage.until(sounds_again):
            self.note("the other page sounds", time.monotonic() - killed)
        with suppress(Error):
            await self._windows[sounds].browser.close()
        self._windows[sounds] = await self._open(stage.url)
        await self._catch_up(self._windows[sounds], stage)
        return 1

    async def _catch_up(self, window: Window, stage: Stage) -> None:
        """It has just connected, mostly in the middle of a sentence."""
        connected = time.monotonic()
        sentence, until = stage.sounding(connected)
        if until - connected < SHORT:
            return

        async def shows() -> bool:
            return said_in(str((await window.look())["caption"]), stage)

        if await stage.until(shows):
            shown = time.monotonic()
            is_same = stage.sounding(shown)[0] == sentence
            self.note("a new page shows the sentence" if is_same else "…only the next one", shown - connected)

    async def _open(self, url: str) -> Window:
        browser = await self._driver.launch(executable_path=program(TODAY), args=list(FLAGS))
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        page = await browser.new_page()
        await page.goto(url)
        async with asyncio.timeout(AGAIN):
            while not await page.evaluate("window.banban?.connections === 1"):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
        await page.evaluate("window.tapped = banban.tap()")
        return Window(browser, next(one["id"] for one in processes if one["type"] == "browser"), page)
