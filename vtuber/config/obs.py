"""The options of OBS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vtuber.config.section import Seconds, Section
from vtuber.config.voice import Names

ViewerEvent = Literal[
    "super_chat",
    "cheer",
    "sticker",
    "charity",
    "subscription",
    "gift",
    "raid",
    "follow",
    "redemption",
    "streak",
    "announcement",
]
"""What viewers do (``vtuber.core.deeds.Kind``)."""

ObsEvent = Literal["speaking", "thinking", "resting", "paused", ViewerEvent]
"""What she does, for as long as she does it; and what viewers do."""


class ObsChange(Section):
    """What is changed in OBS, and changed back when its time is over."""

    scene: str = ""
    """The scene that is on program. Empty: whichever is."""
    show: Names = ()
    """Sources that are visible, in every scene that has them."""
    hide: Names = ()
    """Sources that are not."""
    filter: Names = ()
    """Filters that are switched on: "Source/Filter"."""
    hotkey: str = ""
    """A hotkey that is pressed once, by the name that OBS has for it."""
    seconds: Seconds = 8.0
    """How long it lasts after an event or a command; 0: until something else changes it."""


class Obs(Section):
    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 4455
    scene: Annotated[str, Field(min_length=1)] = "Banban"
    """The scene that `banban obs setup` makes."""
    overlay_source: Annotated[str, Field(min_length=1)] = "Banban overlay"
    """The browser source that it makes there."""
    caption_source: str = "Banban captions"
    """A text source that shows what she says. Empty: none."""
    speaking_scene: str = ""
    """A scene to show while she speaks. Empty: none."""
    idle_scene: str = ""
    """The scene to return to. Empty: the one that was shown before."""
    scenes: tuple[str, ...] = ()
    """The scenes that moderators may choose."""
    stream_commands: bool = False
    """Whether the stream may be started and stopped by a command."""
    frame_seconds: Seconds = 0.0
    """How often a picture of the program is taken; 0: only when something asks for it."""
    frame_width: Annotated[int, Field(ge=8, le=4096)] = 640
    """Of these pictures, in pixels."""
    events: dict[ObsEvent, ObsChange] = Field(default_factory=dict)
    moods: dict[str, ObsChange] = Field(default_factory=dict)
    """By mood, as the character has them; each lasts as long as the mood."""
    commands: dict[str, ObsChange] = Field(default_factory=dict)
    """By command (``gate.commands``)."""
