"""One Chromium for all tests of pages, and how they wait for a page.

A plugin of pytest, named in tests/conftest.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from engines import TODAY, launched
from playwright.async_api import Browser, Page

PATIENCE = 20.0
"""Seconds after which a test gives up; nothing in them should take even a quarter of it."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Started once; each test opens contexts of its own in it."""
    async with launched(TODAY) as started:
        yield started


async def until(page: Page, condition: str) -> None:
    """Waits for a JavaScript expression to hold in the page."""
    # Not `wait_for_function`: it evaluates text inside the page, which the page's policy forbids.
    async with asyncio.timeout(PATIENCE):
        while not await page.evaluate(f"Boolean({condition})"):
            await asyncio.sleep(0.01)
