"""A real server that is no show's own, and a memory on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from memory_room import made, settings

from vtuber.memory.stored import StoredMemory
from vtuber.memory.valkey import EmbeddedValkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """Nobody brings it back but the test."""
    valkey = EmbeddedValkey(tmp_path / "server")
    valkey.ensure()
    yield valkey
    valkey.ensure()
    valkey.leave("")


@pytest.fixture
async def elsewhere(valkey: EmbeddedValkey) -> AsyncIterator[StoredMemory]:
    memory = made(settings(url=f"unix://{valkey.address}"))
    await memory.start()
    yield memory
    await memory.stop()
