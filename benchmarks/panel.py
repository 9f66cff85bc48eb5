"""What a busy chat does to the control panel in a real Chromium: its memory, its size, its processor time.

A whole show with a scripted brain and voice is given chat at a steady rate while a panel is open. After each
tenth of it, garbage is collected and what the page holds is read.

    python -m benchmarks.panel [--rate 100] [--messages 20000] [--hidden]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright

import benchmarks.scripted
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.events import Author, ChatMessage
from vtuber.show.show import Show
from vtuber.stage.access import Role

assert benchmarks.scripted  # it registers the scripted parts

CHROMIUM = "/usr/bin/chromium"
TALK = (
    "banban what do you think of the cat on this pizza when we play again LUL Kappa 你 喜歡 吃 什麼 今天 好"
)
WORDS = TALK.split()
PEOPLE = 500
TENTHS = 10
LOOK_AWAY = """() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A page in a browser without windows is never hidden; it believes that it is."""


@asynccontextmanager
async def on_air() -> AsyncIterator[Show]:
    """A show that answers whatever it is sent."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {
                "brain": {"use": "scripted"},
                "chat": {"console": False},
                "guard": {"repeats": {"use": False}},  # its reply is always the same
                "voice": {"use": ["scripted", "silent"]},
                "memory": {"use": "forgetful"},
                "stage": {"port": 0},
                "journal": {"folder": Path(folder) / "shows"},
            }
        )
        show, ready = Show(settings, seed=1, listeners=[]), asyncio.Event()
        running = asyncio.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        try:
            yield show
        finally:
            show.over.set()
            await running


async def chat(show: Show, count: int, rate: float, dice: random.Random) -> None:
    """So many messages, at that rate (a second)."""
    began = time.monotonic()
    for number in range(count):
        who = f"viewer {dice.randrange(PEOPLE)}"
        text = " ".join(dice.choices(WORDS, k=dice.randint(1, 12))) + dice.choice(("", "?"))
        ident = f"{began}-{number}"
        show.receive(ChatMessage(ident, "twitch", "banban", Author(who, who), text, at=clock.now()))
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))


async def held(page: Page, devtools: CDPSession) -> dict[str, float]:
    """What the page holds without garbage (MiB, elements …), and for how many seconds it worked."""
    await devtools.send("HeapProfiler.collectGarbage")
    heap = await devtools.send("Runtime.getHeapUsage")
    counters: dict[str, Any] = await devtools.send("Memory.getDOMCounters")
    metrics = {
        one["name"]: one["value"] for one in (await devtools.send("Performance.getMetrics"))["metrics"]
    }
    return {
        "MiB": heap["usedSize"] / 2**20,
        "elements": await page.evaluate("document.querySelectorAll('*').length"),
        "nodes": counters["nodes"],
        "listeners": counters["jsEventListeners"],
        "busy": metrics["TaskDuration"],
    }


async def report(rate: float, messages: int, *, hidden: bool) -> None:
    async with on_air() as show, async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        await page.goto(show.server.control_address(Role.STREAMER))
        await page.wait_for_selector("body:not(.waiting)")
        dice = random.Random(1)
        await chat(show, 3000, rate, dice)  # until every list is as long as it gets
        if hidden:
            await page.evaluate(LOOK_AWAY)
        before, began = await held(page, devtools), time.monotonic()
        for tenth in range(1, TENTHS + 1):
            await chat(show, messages // TENTHS, rate, dice)
            now = await held(page, devtools)
            busy = (now["busy"] - before["busy"]) / (time.monotonic() - began)
            grown = now["MiB"] - before["MiB"], now["elements"] - before["elements"]
            sys.stdout.write(
                f"{messages * tenth // TENTHS:7} messages: {now['MiB']:5.1f} MiB ({grown[0]:+.1f}), "
                f"{now['elements']:.0f} elements ({grown[1]:+.0f}), {now['nodes']:.0f} nodes, "
                f"{now['listeners']:.0f} listeners; busy {busy:.1%} of the time\n"
            )
        await browser.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=100.0, help="messages a second")
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--hidden", action="store_true", help="as in a tab at which nobody looks")
    given = options.parse_args()
    asyncio.run(report(given.rate, given.messages, hidden=given.hidden))


if __name__ == "__main__":
    main()
