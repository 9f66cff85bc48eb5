"""What the audience sees and hears: one stage, any number of screens.

The stage keeps the time of everything that is heard, with or without a screen. Screens are told in cues,
ahead of time where possible; they must take a cue at once and never raise or block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vtuber.core.events import Sentence, Word
from vtuber.core.health import Health

SCREENS = {
    "overlay": "vtuber.stage.overlay:Overlay",
    "obs": "vtuber.stage.obs:Obs",
}


@dataclass(frozen=True, slots=True)
class Thinking:
    """She has chosen whom to answer and has nothing to say yet."""

    name: str
    text: str
    platform: str
    turn: int = 0


@dataclass(frozen=True, slots=True)
class ClipBegins:
    """A sentence will be heard from ``at`` on (show clock; it may still be in the making)."""

    clip: int
    sentence: Sentence
    at: float


@dataclass(frozen=True, slots=True)
class ClipSound:
    """The clip's next samples, heard from ``at`` on, straight after those before."""

    clip: int
    pcm: bytes
    mouth: list[float]
    """One value 0..1 for each ``sound.MOUTH_STEP`` seconds."""
    at: float


@dataclass(frozen=True, slots=True)
class ClipWord:
    """A word of the clip's caption; ``word.start`` counts from the clip's beginning."""

    clip: int
    word: Word


@dataclass(frozen=True, slots=True)
class ClipEnds:
    """All of the clip was sent; its last sample is heard at ``at``."""

    clip: int
    at: float


@dataclass(frozen=True, slots=True)
class Hushed:
    """Silence now: everything sent and not yet heard is void."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Whom that turn answers was taken away by a moderator: their name and words vanish at once.

    So do her own words in it, unless she may ``finish``.
    """

    turn: int
    finish: bool = False


@dataclass(frozen=True, slots=True)
class Rested:
    """She has nothing more to say and thinks of nothing: the last sample was heard, or a hush came."""


@dataclass(frozen=True, slots=True)
class Feels:
    """Her face from now on, whenever she says nothing; "" for the everyday one."""

    mood: str


Cue = Thinking | ClipBegins | ClipSound | ClipWord | ClipEnds | Hushed | Withdrawn | Rested | Feels


class Screen(Protocol):
    """Made with the whole Settings and the Character."""

    async def start(self) -> None:
        """Raises StageError when it can never work as configured (a port in use…)."""
        ...

    def show(self, cue: Cue) -> None: ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...
