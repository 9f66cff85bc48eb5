"""The whole program with a page open: typed chat is answered aloud, read and seen, and hushed at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from test_live import START, Live

LEVEL = """() => {
    const wave = new Float32Array(2048);
    window.tapped.getFloatTimeDomainData(wave);
    return Math.hypot(...wave) / Math.sqrt(wave.length);
}"""
HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script> tell me about <b>pizza</b>"


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Live]:
    rows = [
        {
            "time_in_seconds": 1,
            "message_id": "1",
            "message": HOSTILE,
            "author": {"id": "u1", "name": "<u>mika</u>"},
            "message_type": "text_message",
        }
    ]
    recording = tmp_path / "chat.json"
    recording.write_text(json.dumps(rows), encoding="utf-8")
    running = Live(tmp_path / "show", "--replay", str(recording))
    yield running
    running.end()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        yield browser.new_page(viewport={"width": 1920, "height": 1080})
        browser.close()


def until(holds: Callable[[], Any], seconds: float = START) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_chat_is_heard_read_seen_and_hushed(show: Live, page: Page) -> None:
    show.until_on_air()
    page.goto(show.address)
    until(lambda: page.evaluate("window.banban?.connections > 0"))
    page.evaluate("window.tapped = banban.tap()")

    # Somebody hostile is answered first; all of it stays text.
    until(lambda: page.locator("#bubble").is_visible())
    assert page.locator("#name").inner_text() == "<u>mika</u>"
    assert "<script>" in page.locator("#said").inner_text()
    assert not page.evaluate("Boolean(window.hacked)")
    until(lambda: len(show.journal("reply")) == 1)

    show.types("banban, tell me a very long story about pineapple pizza")
    until(lambda: page.evaluate("banban.state") == "speaking")
    until(lambda: page.evaluate(LEVEL) > 0.01)
    until(lambda: page.evaluate("banban.mouth") > 0.3)
    until(lambda: len(page.evaluate("banban.caption")) > 5)
    until(lambda: show.journal("sentence")[-1]["turn"] == 2)
    first = next(sentence for sentence in show.journal("sentence") if sentence["turn"] == 2)
    assert page.evaluate("banban.caption").startswith(first["text"][:5])

    show.types("!hush")
    until(lambda: page.evaluate("banban.state") == "idle")
    until(lambda: page.evaluate(LEVEL) < 0.001)
    before = page.evaluate("banban.heard")
    time.sleep(1)
    assert page.evaluate("banban.heard") == before
    until(lambda: len(show.journal("reply")) == 2)
    assert not page.evaluate("Boolean(window.hacked)")
