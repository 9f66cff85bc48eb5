"""The browsers that the overlay has to run in: today's Chromium, and those that older versions of OBS carry.

``launched(engine)`` starts one. OBS's come in packages of npm's, which are fetched and unpacked once into the
user's cache: tests/run does so beforehand. In the oldest, playwright's ``wait_for`` and ``is_visible`` fail,
since it has no ``checkVisibility``: ask the page with ``evaluate`` instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs
from playwright.async_api import Browser, async_playwright

TODAY = "today"
OBS_31 = "127.0.0"
OBS_29 = "103.0.0"
ENGINES = (TODAY, OBS_31, OBS_29)

FOLDER = platformdirs.user_cache_path("banban-tests") / "engines"
"""Found before the tests turn the user's cache away."""
CHROMIUM = Path("/usr/bin/chromium")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
)

_UNPACK = """
import("@sparticuz/chromium").then(async ({ default: given }) => {
  const { executablePath } = given.default ?? given; // a promise at first, a function later
  await (typeof executablePath === "function" ? given.executablePath() : executablePath);
});
"""


def program(engine: str) -> Path:
    """The browser's program. Fetches what is not there yet; another process may do the same meanwhile."""
    if engine == TODAY:
        return CHROMIUM
    unpacked = FOLDER / engine / "chromium"
    if not unpacked.is_file():
        _fetch(engine, unpacked.parent)
    return unpacked


def _fetch(version: str, place: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    assert npm, "npm is not installed, which brings the engines of older versions of OBS: run tests/run"
    assert node
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as aside:
        out = Path(aside, "out")
        out.mkdir()
        Path(aside, "package.json").write_text('{"private": true}', encoding="utf-8")
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--silent")
        subprocess.run(
            [npm, "install", *options, f"@sparticuz/chromium@{version}"],
            cwd=aside, check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        subprocess.run(
            [node, "-e", _UNPACK],
            cwd=aside, check=True, capture_output=True, timeout=120, env={**os.environ, "TMPDIR": str(out)},
        )  # fmt: skip
        assert (out / "chromium").is_file()
        if not place.exists():
            out.replace(place)


@asynccontextmanager
async def launched(engine: str, *flags: str) -> AsyncIterator[Browser]:
    """The browser, started without a window; it is closed again whatever happens."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(program(engine)), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()


if __name__ == "__main__":
    for one in ENGINES[1:]:
        sys.stdout.write(f"{program(one)}\n")
