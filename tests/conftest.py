"""What all tests share: simulated time, and the recorded chats."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from rehearsal_room import Room, perform

from benchmarks.scripted import ScriptedBrain
from vtuber.brain.openai.discovery import PORTS
from vtuber.listeners import Listener
from vtuber.stage import Screen

pytest_plugins = ["browsers", "obs_fixtures", "real_parts", "valkey_apart"]

# Tests start the program a hundred times: what it imports is compiled once, also where the environment says
# that nothing compiled is to be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is no failure.
settings.register_profile("banban", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("banban")


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's own cache, models and model servers are left alone."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("caches")
        for variable in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
            patch.setenv(variable, str(folder))
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv(PORTS, "")
        patch.setenv("BANBAN_OFFER", "no")
        yield folder


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """A command that runs inside a test sets how much is logged; the next test begins as before."""
    loggers = [logging.getLogger(), logging.getLogger("vtuber")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Plays a scene in a whole show; ``reply`` is what she says to everything."""

    def play(
        scene: Callable[[Room], Awaitable[None]],
        *,
        reply: str = "Yes, it is. I like it very much!",
        listeners: Sequence[Listener] = (),
        screens: Sequence[Screen] = (),
        **settings: Any,
    ) -> None:
        monkeypatch.setattr(ScriptedBrain, "reply", reply)
        perform(lambda: Room(tmp_path, listeners, screens=screens, **settings), scene)

    return play
