"""What the audience sees and hears: one stage, any number of screens."""

from __future__ import annotations

from typing import Protocol

from vtuber.core.health import Health
from vtuber.stage.cues import Cue

SCREENS = {
    "overlay": "vtuber.stage.overlay:Overlay",
    "obs": "vtuber.stage.obs:Obs",
}


class Screen(Protocol):
    """Made with the whole Settings and the Character."""

    async def start(self) -> None:
        """Raises StageError when it can never work as configured (a port in use…)."""
        ...

    def show(self, cue: Cue) -> None: ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...
