"""What tests of memory share: chat to remember, a memory on each kind of store, and all that it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from vtuber import config
from vtuber.config import Settings
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.memory import build
from vtuber.memory.profile import Answer
from vtuber.memory.redis_store import RedisStore
from vtuber.memory.store import Known, Record
from vtuber.memory.stored import StoredMemory

SLOW = 5.0
"""A deadline that a busy machine does not miss."""
STORES = ["embedded", "sqlite"]
"""The kinds of store that need nothing but a folder; each keeps the same promises."""


def said(text: str, who: str = "7", name: str = "Ann", platform: str = "twitch") -> ChatMessage:
    return ChatMessage(f"m-{who}-{text}", platform, "channel", Author(who, name), text)


def batch(lead: ChatMessage, *others: ChatMessage, speaker: str = "banban") -> Batch:
    return Batch(Pick(lead), tuple(Pick(other) for other in others), speaker=speaker)


def settings(**memory: object) -> Settings:
    return Settings(memory=config.Memory.model_validate({"recall_seconds": SLOW, **memory}))


def made(wanted: Settings) -> StoredMemory:
    memory = build(wanted)
    assert isinstance(memory, StoredMemory)
    return memory


def stored_in(folder: Path, use: str, **more: object) -> StoredMemory:
    """A memory of a kind in ``STORES``."""
    return made(settings(use=use, folder=folder, **more))


def server_of(memory: StoredMemory) -> Any:
    """redis-py's client, of a memory that was started."""
    assert isinstance(memory.store, RedisStore)
    return memory.store._client


async def records(memory: StoredMemory) -> list[Record]:
    """All that is stored."""
    found: list[Record] = []
    cursor = ""
    while True:
        cursor, some = await memory.store.records(cursor)
        found += some
        if not cursor:
            return found


async def everything(memory: StoredMemory) -> str:
    """The same as one text."""
    return "\n".join(map(str, await records(memory)))


def known(found: Iterable[Record]) -> dict[str, Known]:
    """The viewers among them, by WHO."""
    return {one.who: one for one in found if isinstance(one, Known)}


def heard(found: Iterable[Record]) -> list[str]:
    """What was heard, of them, oldest first."""
    return [one.heard for one in found if isinstance(one, Answer)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.02)
