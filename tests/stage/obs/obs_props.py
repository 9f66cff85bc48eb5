"""What the tests of OBS have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vtuber.character import Character
from vtuber.stage.obs import Obs

PATIENCE = 20.0
"""Seconds after which a test gives up; nothing in them should take even a quarter of it."""

CHARACTER = Character("", "板板", (), "", (), (), (), {}, (), Path())  # type: ignore[arg-type]

Screens = Callable[..., Awaitable[Obs]]


async def until(what: Callable[[], object], expected: object) -> None:
    """Waits for ``what()`` to be ``expected``. Asks again and again: it lies in another process or thread."""
    seen: object = None
    try:
        async with asyncio.timeout(PATIENCE):
            while (seen := await asyncio.to_thread(what)) != expected:
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{expected!r} expected, still {seen!r}")
