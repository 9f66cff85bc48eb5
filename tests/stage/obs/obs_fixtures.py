"""A real OBS for the tests of this folder, and screens that drive it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from obs_props import CHARACTER, Screens
from real_obs import PASSWORD, RealObs

from vtuber import config
from vtuber.stage.obs import Obs
from vtuber.stage.obs import client as obs_client
from vtuber.stage.obs import link as obs_link


@pytest.fixture(scope="session")
def running_obs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealObs]:
    real = RealObs(tmp_path_factory.mktemp("obs"))
    try:
        real.start()
        yield real
    finally:
        real.close()


@pytest.fixture
def real(running_obs: RealObs) -> RealObs:
    if not running_obs.is_up:  # a test that failed left it so
        running_obs.start()
    running_obs.choose("Idle")
    running_obs.ask("SetInputSettings", inputName="Caption", inputSettings={"text": "left over"})
    return running_obs


@pytest.fixture
async def screen(running_obs: RealObs, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Screens]:
    """Makes and starts screens; stops them, and sees that they leave no thread behind."""
    monkeypatch.setenv(obs_client.PASSWORD, PASSWORD)
    monkeypatch.setattr(obs_link, "LOOK_SECONDS", 0.3)
    made: list[Obs] = []

    async def make(*, looks_on: bool = False, **options: Any) -> Obs:
        options = {"enabled": True, "port": running_obs.port, "caption_source": "Caption", **options}
        settings = config.Settings(stage=config.Stage(obs=config.Obs(**options)))
        made.append(Obs(settings, CHARACTER))
        if looks_on:
            made[-1].look_on()
        await made[-1].start()
        return made[-1]

    yield make
    for one in made:
        await one.stop()
    assert "obs" not in [thread.name for thread in threading.enumerate()]
