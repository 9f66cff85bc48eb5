"""What the audience sees and hears: one stage, any number of screens."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability
from vtuber.core.health import Health
from vtuber.record.facts import Facts
from vtuber.stage.cues import Cue

PARTS = {
    "overlay": "vtuber.stage.overlay:Overlay",
    "obs": "vtuber.stage.obs:Obs",
    "audio": "vtuber.stage.audio:AudioDevice",
    "vts": "vtuber.stage.vts:VTubeStudio",
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


@runtime_checkable
class Sounding(Protocol):
    """A screen that sounds, unless another does."""

    def leave_sound_to(self, device: Availability) -> None:
        """It is silent while that device can sound."""
        ...


@runtime_checkable
class Studio(Protocol):
    """A screen that is a broadcasting program: it has scenes, and puts the stream on air."""

    def look_on(self) -> None:
        """For a dry run, told before ``start``: it changes nothing in the program."""
        ...

    def follow(self, facts: Facts) -> None:
        """It is told what happens in the show, and tells what happens in the program."""
        ...

    def choose_scene(self, name: str) -> str:
        """Shows a scene, if anybody may choose it. Says what it does; raises StageError."""
        ...

    def set_streaming(self, *, live: bool) -> str:
        """Starts or ends the stream, where config allows it. Says what it does; raises StageError."""
        ...

    async def frame(self, width: int | None = None) -> bytes:
        """What viewers see now, as a JPEG of this width in pixels. Raises StageError."""
        ...


def build(settings: Settings, character: Character) -> list[Screen]:
    """The screens that config asks for. Raises ConfigError."""
    names = [("overlay", "")]
    names += [("obs", "")] if settings.stage.obs.enabled else []
    names += [("vts", "")] if settings.stage.vts.enabled else []
    names += [("audio", "")] if settings.stage.audio.device else []
    names += [(name, f"stage.also[{index}]") for index, name in enumerate(settings.stage.also)]
    made: list[tuple[str, Screen]] = [
        (name, registry.make("screens", PARTS, name, settings, character, where=where))
        for name, where in names
    ]
    overlay, device = dict(made)["overlay"], dict(made).get("audio")
    if isinstance(overlay, Sounding) and device is not None:
        overlay.leave_sound_to(device.availability)
    return [screen for _, screen in made]
