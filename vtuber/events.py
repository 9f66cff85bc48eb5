"""The words everyone uses: what arrives from chat, and what becomes of it.

Times named ``at`` are seconds on the show's own clock (see ``clock.now``); they never go backwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum


class Role(StrEnum):
    """What a platform (or config, for OPERATOR) says of a chatter. Never derived from what they wrote."""

    BROADCASTER = "broadcaster"
    MODERATOR = "moderator"
    OPERATOR = "operator"
    VIP = "vip"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Author:
    """A chatter. The pair (platform, id) is who they are; a name can be anything and can change."""

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    months: int = 0
    """For how many months they have subscribed; 0 when they do not or nobody said."""


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str
    """An ISO 4217 code, "BITS" for Twitch's bits, or "" where the platform's notation was not understood."""

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency or '?'}"


@dataclass(frozen=True, slots=True)
class Emote:
    """A picture in a message: ``text[begin:end]`` is its name (code points, end exclusive)."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """Something a person wrote. With ``money`` it is a cheer or a super chat."""

    id: str
    platform: str
    channel: str
    author: Author
    text: str
    at: float = 0.0
    emotes: tuple[Emote, ...] = ()
    reply_to: str = ""
    """The name of whom they reply to, without the "@"; "" when they reply to nobody."""
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A new or renewed subscription or membership, with the words its author added (often none)."""

    id: str
    platform: str
    channel: str
    author: Author
    text: str = ""
    at: float = 0.0
    months: int = 1
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Gift:
    """Subscriptions given to others; a bomb of fifty is one event with ``count`` 50."""

    id: str
    platform: str
    channel: str
    author: Author
    text: str = ""
    at: float = 0.0
    count: int = 1


@dataclass(frozen=True, slots=True)
class Raid:
    """Another channel's viewers arrive together."""

    id: str
    platform: str
    channel: str
    author: Author
    text: str = ""
    at: float = 0.0
    viewers: int = 0


@dataclass(frozen=True, slots=True)
class Deletion:
    """A moderator removed something: one message, all of an author's, or (both "") the whole chat."""

    id: str
    platform: str
    channel: str
    at: float = 0.0
    message_id: str = ""
    author_id: str = ""


Answerable = ChatMessage | Subscription | Gift | Raid
"""What she can answer."""

Event = Answerable | Deletion
"""What a listener yields."""


def is_paid(event: Event) -> bool:
    """Whether somebody gave money for this; such an event is never dropped."""
    match event:
        case ChatMessage(money=money):
            return money is not None
        case Subscription() | Gift():
            return True
        case _:
            return False


def without_words(event: Answerable) -> Answerable:
    """The same deed, with nothing left of what its author wrote or calls themselves."""
    return replace(event, text="", author=replace(event.author, name="someone"))


@dataclass(frozen=True, slots=True)
class Pick:
    """One event out of the inbox, and how many near-identical ones were folded into it (1: itself alone)."""

    event: Answerable
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Room:
    """What the chat is like at the moment a batch is taken."""

    per_minute: float = 0.0
    """Messages in the last minute."""
    chatters: int = 0
    """Different authors in the last minute."""
    waiting: int = 0
    """How many events are left in the inbox after this batch."""
    buzz: str = ""
    """The emote or short line that most people repeat right now; "" when there is none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Whom she answers, who else is speaking, and what the room is like."""

    lead: Pick
    others: tuple[Pick, ...] = ()
    room: Room = Room()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of her reply, short enough to be spoken in one go."""

    turn: int
    index: int
    text: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono 16-bit little-endian samples at ``sound.RATE`` Hz."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the caption: heard from ``start`` to ``end``, seconds from the beginning of its clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence and its sound, which may still be in the making.

    ``chunks`` may be read once. The words arrive among the sounds, each no later than its own sound;
    joined, they spell the sentence without its white space.
    """

    sentence: Sentence
    chunks: AsyncIterator[Sound | Word]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the audience heard of a sentence. ``complete`` is False when it was cut."""

    sentence: Sentence
    heard: str
    complete: bool
    began: float | None = None
    """When its first sample was heard, on the show's clock; None when nothing of it was."""
