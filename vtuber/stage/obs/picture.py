"""What OBS should show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from vtuber.stage.cues import Cue, Heard, Hushed, Rested, Withdrawn
from vtuber.stage.obs.targets import Target


@dataclass(frozen=True, slots=True)
class Picture:
    """The caption, and what is changed."""

    caption: str = ""
    """The sentence that is heard, so far. It stays until the first word of the next one."""
    turn: int | None = None
    """Of the last words that were heard."""
    speaker: str = ""
    changed: Mapping[Target, str | bool] = field(default_factory=lambda: MappingProxyType({}))

    def after(self, cue: Cue) -> Picture:
        """What it should show from now on."""
        match cue:
            case Heard(turn=turn, text=text, speaker=speaker):
                return replace(self, caption=text or self.caption, turn=turn, speaker=speaker)
            case Hushed() | Withdrawn(turn=self.turn, finish=False) | Rested(speaker=self.speaker):
                return Picture(changed=self.changed)
            case _:
                return self
