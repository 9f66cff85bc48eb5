"""What the API sends and takes: one class for each shape of JSON. ``openapi`` describes them from here."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class CommandRow(TypedDict):
    """A command that whoever asks may use."""

    name: str
    argument: str
    """What it needs: "" for nothing, else such as "TEXT"; what may be left out is in brackets."""
    help: str


class Me(TypedDict):
    """Who asks, by their token."""

    role: Literal["streamer", "moderator"]
    commands: list[CommandRow]


class Order(TypedDict):
    """What is sent with a command."""

    argument: NotRequired[str]


class Answer(TypedDict):
    """What came of a command."""

    reply: str
    done: bool
    """Whether it was carried out; if not, the reply says why."""


class Problem(TypedDict):
    """Why a request was refused."""

    error: str


class Deed(TypedDict):
    """What somebody did beside writing: a payment, a raid …"""

    kind: str
    colour: str
    en: str
    zh: str


class Message(TypedDict):
    """Something that somebody in chat wrote or did. All of it is plain text by strangers."""

    id: str
    platform: str
    name: str
    text: str
    deed: Deed | None


class Why(TypedDict):
    """Why a message ranks as it does; ``rank`` is null for what never ranked, as a moderator's request."""

    rank: float | None
    reasons: list[str]


class Loser(Message, Why):
    """A message that was not chosen."""


class SentenceRow(TypedDict):
    """A sentence of hers: judged and made, sent to the screens, or heard."""

    text: str
    state: Literal["made", "sent", "heard"]


class Now(TypedDict):
    """What she does now. ``silent_for`` is in seconds."""

    state: Literal["speaking", "thinking", "listening", "paused", "silent"]
    paused: bool
    silent_for: float
    turn: int
    speaker: str
    whom: Message | None
    why: Why
    losers: list[Loser]
    sentences: list[SentenceRow]
    next: Message | None


class QueueRow(Message, Why):
    """A message that waits: ``age`` in seconds, ``number`` of a held one."""

    age: float
    kind: Literal["paid", "request", "ranked", "held"]
    number: int | None


class AirRow(TypedDict):
    """A sentence that waits for a yes or a no; after ``left`` seconds it is decided without one."""

    number: int
    turn: int
    text: str
    speaker: str
    voice: str
    """Where its sound is (``GET``), for those who decide about it."""
    left: float


class Air(TypedDict):
    """Hold-to-air: whether her sentences wait before they are heard."""

    on: bool
    seconds: float | None
    waiting: list[AirRow]


class ChatRow(Message):
    """A line of chat: ``at`` in seconds since 1970, ``role`` the author's highest."""

    role: str
    at: float
    fate: str
    """waiting, answering, answered, held, "dropped: REASON", command, deleted; "" where nothing is due."""


class Fate(TypedDict):
    """What became of a line of chat."""

    id: str
    platform: str
    fate: str


class Alert(TypedDict):
    """Something that somebody did beside writing."""

    id: str
    platform: str
    name: str
    deed: Deed
    text: str
    at: float


class IgnoredRow(TypedDict):
    """Somebody whom she does not answer: ``left`` in seconds, null for the whole show."""

    platform: str
    """"" for all of them."""
    name: str
    """Or their id."""
    left: float | None


class HealthRow(TypedDict):
    """A part of the show, what is wrong with it, and what to do."""

    part: str
    state: Literal["ok", "limited", "down", "resting", "off"]
    what: str
    hint: str


class DelayRow(TypedDict):
    """What a part of the latest replies' delays took, in milliseconds."""

    last: list[float]
    p50: float | None
    p95: float | None


class SettingsRow(TypedDict):
    """What can be changed while the show runs. ``slow`` is in seconds, ``loudness`` in LUFS."""

    mood: str
    moods: list[str]
    topic: str
    slow: float
    voices: list[str]
    voice: str
    loudness: float | None
    character: str


class Snapshot(TypedDict):
    """The whole state."""

    now: Now
    queue: list[QueueRow]
    air: Air
    chat: list[ChatRow]
    alerts: list[Alert]
    health: list[HealthRow]
    delays: dict[str, DelayRow]
    journal: list[str]
    settings: SettingsRow
    viewers: list[IgnoredRow]


class ViewerRow(TypedDict):
    """What is known of a viewer."""

    platform: str
    id: str
    name: str
    messages: int
    words: list[str]
    answers: list[str]
    away: float
    new: bool
    ignored: bool


class Viewers(TypedDict):
    """Whoever is called so: on several platforms, there may be several."""

    viewers: list[ViewerRow]
