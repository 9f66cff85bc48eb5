"""What OBS should show after each cue."""

from __future__ import annotations

from dataclasses import dataclass

from vtuber.stage.cues import Cue, Heard, Hushed, Rested, Withdrawn


@dataclass(frozen=True, slots=True)
class Picture:
    """What OBS should show."""

    caption: str = ""
    """The sentence that is heard, so far. It stays until the first word of the next one."""
    speaking: bool = False
    """From the first sample of a reply until the reply is over."""
    turn: int | None = None
    """Of the last words that were heard."""
    speaker: str = ""

    def after(self, cue: Cue) -> Picture:
        """What it should show from now on."""
        match cue:
            case Heard(turn=turn, text=text, speaker=speaker):
                return Picture(text or self.caption, True, turn, speaker)  # noqa: FBT003  # its fields
            case Hushed() | Withdrawn(turn=self.turn, finish=False) | Rested(speaker=self.speaker):
                return Picture()
            case _:
                return self
