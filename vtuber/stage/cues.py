"""What the stage sends to its screens: one class for each thing that an audience can see or hear."""

from __future__ import annotations

from dataclasses import dataclass

from vtuber.core.deeds import Deed
from vtuber.core.events import Emote, Sentence, Word


@dataclass(frozen=True, slots=True)
class Thinking:
    """A speaker has chosen whom to answer and has nothing to say yet."""

    name: str
    """Whom the speaker answers."""
    text: str
    """What they wrote."""
    platform: str
    turn: int = 0
    speaker: str = ""
    deed: Deed | None = None
    """What they did beside writing."""


@dataclass(frozen=True, slots=True)
class ClipBegins:
    """A sentence will be heard from ``at`` on (show clock; it may still be in the making)."""

    clip: int
    sentence: Sentence
    at: float
    name: str = ""
    """What the audience calls whoever speaks."""


@dataclass(frozen=True, slots=True)
class ClipSound:
    """The clip's next samples, heard from ``at`` on, straight after those before."""

    clip: int
    pcm: bytes
    mouth: list[float]
    """How far it is open, 0..1, for each ``mouth.STEP`` seconds."""
    shapes: str
    """What it forms: one of ``mouth.SHAPES`` for each."""
    at: float
    offset: float
    """How many seconds of the clip come before them."""


@dataclass(frozen=True, slots=True)
class ClipWord:
    """A word of the clip's caption; ``word.start`` counts from the clip's beginning."""

    clip: int
    word: Word
    text: str
    """Its piece of the reply's text: the white space before it included."""


@dataclass(frozen=True, slots=True)
class Heard:
    """By now so much was heard of a clip; sent at its first sample, and as each word begins to sound."""

    clip: int
    turn: int
    text: str
    """Its sentence up to the word that sounds now; "" before the first."""
    speaker: str = ""


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
    """A moderator removed what that turn answers: the name and words of its author vanish at once.

    So do the words of the reply, unless it may ``finish``.
    """

    turn: int
    finish: bool = False


@dataclass(frozen=True, slots=True)
class Rested:
    """A speaker has nothing to say and thinks of nothing: the last sample was heard, or a hush came."""

    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Feels:
    """A speaker's face from now on, outside of sentences that have a mood; "" for the everyday one."""

    mood: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Whether she answers anybody at all: the streamer is to see it."""

    paused: bool
    silent_until: float = 0.0
    """Until when she says nothing, because she was told so (show clock)."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the show can answer: not yet, while its parts start, and no more when it ends."""

    ready: bool


@dataclass(frozen=True, slots=True)
class ChatLine:
    """Something that a viewer wrote or gave, in words that may be shown."""

    number: int
    """By which it can vanish."""
    platform: str
    name: str
    text: str
    emotes: tuple[Emote, ...] = ()
    """Where they are in the text."""
    role: str = ""
    """A ``Role`` that its author has, the highest; "" for none."""
    badge: str = ""
    """The address of the badge that the channel drew for its author."""
    deed: Deed | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody gave something. The same number again: they gave more."""

    number: int
    platform: str
    name: str
    text: str
    deed: Deed


@dataclass(frozen=True, slots=True)
class Vanished:
    """A moderator removed these lines and alerts: nobody may see them from now on."""

    lines: tuple[int, ...] = ()
    alerts: tuple[int, ...] = ()


Cue = (
    Thinking
    | ClipBegins
    | ClipSound
    | ClipWord
    | ClipEnds
    | Heard
    | Hushed
    | Withdrawn
    | Rested
    | Feels
    | Held
    | Ready
    | ChatLine
    | Alert
    | Vanished
)
