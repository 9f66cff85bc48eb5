"""`banban obs setup` makes OBS ready for a show; `banban obs check` tells what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil

from vtuber import character
from vtuber.app import terminal
from vtuber.app.running import Flags, settings_of
from vtuber.config import Settings
from vtuber.core.errors import ConfigError, StageError
from vtuber.core.health import Health, State
from vtuber.stage.obs.client import BROKEN, PASSWORD, SWITCH_ON, ObsClient
from vtuber.stage.obs.diagnosis import diagnose
from vtuber.stage.obs.setup import set_up
from vtuber.stage.server import Server

PROGRAMS = ("obs", "obs64", "obs-studio")
"""What OBS's process is called."""

Work = Callable[[ObsClient, Settings, str], list[Health]]


def setup(config: Path | None, flags: Flags) -> bool:
    """Makes the scene and the sources, and shows what was done. Gives whether all of it is there."""

    def work(client: ObsClient, settings: Settings, address: str) -> list[Health]:
        rows = set_up(client, settings.stage.obs, address)
        if not settings.stage.obs.enabled:
            hint = "write into config.toml: [stage.obs] and below it: enabled = true"
            rows.append(Health("config", State.OFF, "the show leaves OBS alone so far", hint))
        return rows

    return _run("banban obs setup", config, flags, work)


def check(config: Path | None, flags: Flags) -> bool:
    """Shows what is wrong and what to click. Gives whether she is seen and heard."""

    def work(client: ObsClient, settings: Settings, address: str) -> list[Health]:
        moods = character.load(settings.show.character).moods
        return diagnose(client, settings.stage.obs, address, moods)

    return _run("banban obs check", config, flags, work)


def _run(title: str, config: Path | None, flags: Flags, work: Work) -> bool:
    with settings_of(config, flags) as settings:
        address = _address(settings)
        client = ObsClient(settings.stage.obs, os.environ.get(PASSWORD, ""))
        try:
            with client:
                rows = work(client, settings, address)
        except StageError as error:
            rows = [_explained(error, settings)]
        except BROKEN as error:
            trouble = client.explained(error)
            rows = [Health("obs", State.DOWN, trouble.what, trouble.hint)]
    terminal.show_health(title, rows)
    return not any(row.state is State.DOWN for row in rows)


def _address(settings: Settings) -> str:
    """The overlay's. Raises ConfigError when it is another one at every start."""
    if settings.stage.port == 0:
        raise ConfigError(
            "the overlay has another address at every start, which no source in OBS can have",
            where="stage.port",
            hint="set a port, such as 8930",
        )
    return Server(settings.stage).url


def _explained(error: StageError, settings: Settings) -> Health:
    """Why nothing answers: OBS does not run, or its server is off."""
    if error.hint != SWITCH_ON or settings.stage.obs.host not in ("127.0.0.1", "localhost", "::1"):
        return Health("obs", State.DOWN, error.what, error.hint)
    if _is_running():
        hint = (
            "in OBS: Tools → WebSocket Server Settings → tick Enable WebSocket server → OK; Server Port there"
            f" must be stage.obs.port ({settings.stage.obs.port})"
        )
        return Health("obs", State.DOWN, f"OBS runs, and its WebSocket server is off: {error.what}", hint)
    return Health("obs", State.DOWN, f"OBS is not running: {error.what}", "start OBS")


def _is_running() -> bool:
    for process in psutil.process_iter(["name"]):
        name = str(process.info["name"] or "").lower().removesuffix(".exe")
        if name in PROGRAMS:
            return True
    return False
