"""What the audience sees and hears: one stage, any number of screens."""

from __future__ import annotations

from typing import Protocol

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability
from vtuber.core.health import Health
from vtuber.stage.cues import Cue

PARTS = {
    "overlay": "vtuber.stage.overlay:Overlay",
    "obs": "vtuber.stage.obs:Obs",
}


class Screen(Protocol):
    """Made with the whole Settings and the Character.

    It takes cues at once; it never blocks or raises. One with a method ``routes`` is ``server.Routed``, too.
    """

    availability: Availability

    async def start(self) -> None:
        """Raises StageError when it can never work as configured (a port in use…)."""
        ...

    def show(self, cue: Cue) -> None:
        """Shows what the stage sends."""
        ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...


def build(settings: Settings, character: Character) -> list[Screen]:
    """The screens that config asks for. Raises ConfigError."""
    names = [("overlay", "")] + ([("obs", "")] if settings.stage.obs.enabled else [])
    names += [(name, f"stage.also[{index}]") for index, name in enumerate(settings.stage.also)]
    return [registry.make("screens", PARTS, name, settings, character, where=where) for name, where in names]
