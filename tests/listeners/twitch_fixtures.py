"""Where the tests of Twitch with an account begin: ``pytest_plugins = ["twitch_fixtures"]``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from twitch_server import Twitch

from vtuber.listeners.connection import Connection
from vtuber.listeners.twitch import tokens


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Twitch's tokens are kept: in no streamer's own folder."""
    monkeypatch.setattr(tokens, "user_config_path", lambda *_, **__: tmp_path / "config")
    return tmp_path / "config" / "twitch.json"


@pytest.fixture
async def twitch(stored: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Twitch]:
    """Twitch, and listeners that come back to it at once."""
    monkeypatch.setattr(Connection, "pause", lambda self: 0.01)
    async with Twitch() as server:
        yield server
