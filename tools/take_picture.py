"""Takes the README's picture anew: a whole show on air, as viewers see it, while she answers somebody.

    uv run --group dev python -m tools.take_picture [docs/banban.png] [--seed 1] [--engine /usr/bin/chromium]

Her brain, her voice and the page are the real ones; chat is written here, and so is the backdrop, which
stands in the place of the game. Look at what comes out: which of her lines she says depends on ``--seed``.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage, Money, Role
from vtuber.show.show import Show

SIZE: Any = {"width": 1280, "height": 720}
PATIENCE = 300.0
"""Seconds until her model is loaded, and until she speaks."""
CHAT = (
    ("twitch", "mochi_owo", "boba run before stream?", Role.SUBSCRIBER),
    ("youtube", "夜市小張", "今天也有鳳梨披薩嗎", None),
    ("twitch", "PixelFox", "that pizza again lol", None),
    ("youtube", "lumi", "team pineapple!", Role.SUBSCRIBER),
    ("twitch", "Orla", "be nice to her, Kai", Role.MODERATOR),
)
QUESTION = ChatMessage(
    "question",
    "twitch",
    "banban",
    Author("kai", "Kai"),
    "Banban, pineapple on pizza is a crime!",
)
GIFT = ChatMessage(
    "gift",
    "youtube",
    "banban",
    Author("yun", "阿雲"),
    "for the pizza fund",
    money=Money(Decimal(150), "TWD", Decimal(5)),
)
BACKDROP = """() => {
    document.documentElement.style.background = [
        "radial-gradient(circle at 47% 36%, #ffe9b0 0 7%, #ffd27a55 7.2%, transparent 26%)",
        "radial-gradient(120% 60% at 10% 118%, #1c2f4a 60%, transparent 60.4%)",
        "radial-gradient(110% 70% at 85% 122%, #27506b 60%, transparent 60.4%)",
        "radial-gradient(150% 60% at 50% 112%, #3f7f86 60%, transparent 60.4%)",
        "linear-gradient(#31386b, #6b5a96 38%, #e08f8c 66%, #f7c98b)",
    ].join(",");
}"""
GOOD = (
    "banban.caption.length > 84 && banban.mouth > 0.5 && banban.mouthShape !== 'X'"
    " && banban.pose.lids > 0.95 && Math.abs(banban.pose.gaze.x) < 0.3"
)
"""She is in the middle of what she says, with an open mouth and open eyes, and looks at whoever watches."""


async def main(seed: int, engine: str) -> bytes:
    """A PNG."""
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "chat": {"console": False},
            "voice": {"use": ["hibari"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0, "overlay": {"lang": "en"}},
            "journal": {"folder": folder},
        }
        show, ready = Show(Settings.model_validate(options), seed=seed, listeners=[]), asyncio.Event()
        running = asyncio.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        try:
            async with asyncio.timeout(PATIENCE), async_playwright() as driver:
                await ready.wait()
                flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
                browser = await driver.chromium.launch(executable_path=engine, args=flags)
                page = await browser.new_page(viewport=SIZE)
                await page.goto(show.server.url)
                await until(page, "window.banban?.audible && banban.painted > 0")
                await page.evaluate(BACKDROP)
                picture = await taken(show, page)
                await browser.close()
        finally:
            show.over.set()
            await running
    return picture


async def taken(show: Show, page: Page) -> bytes:
    """The picture. Chat is only shown; the question alone is answered."""
    for number, (platform, name, text, role) in enumerate(CHAT):
        if number == len(CHAT) - 2:
            show.feed.take_in(GIFT)
        if number == len(CHAT) - 1:
            show.receive(QUESTION)
        roles = frozenset((role,)) if role else frozenset[Role]()
        show.feed.take_in(ChatMessage(f"c{number}", platform, "banban", Author(name, name, roles), text))
        await asyncio.sleep(0.7)
    await until(page, GOOD)
    return await page.screenshot()


async def until(page: Page, condition: str) -> None:
    # Not `wait_for_function`: it evaluates text inside the page, which the page's policy forbids.
    while True:
        if await page.evaluate(f"Boolean({condition})"):
            return
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    arguments: Any = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("place", type=Path, nargs="?", default=Path("docs/banban.png"))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--engine", default="/usr/bin/chromium")
    given = arguments.parse_args()
    given.place.write_bytes(asyncio.run(main(given.seed, given.engine)))
