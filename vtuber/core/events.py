"""The words everyone uses: what arrives from chat, and what becomes of it.

Times named ``at`` are seconds on the show's own clock (see ``clock.now``); they never go backwards. Times
named ``sent`` are what the platform says: seconds since 1970 on its own clock, 0 where it says nothing. Only
two of one platform may be compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from vtuber.core.text import clean, clean_name

ID_LIMIT = 100
NUMBER_LIMIT = 1_000_000_000

HOUSE = ("console", "panel")
"""Platforms where nobody writes but those who run the show: the terminal, and the control panel."""

# What a field may hold when an event is read from a file (see ``codec``). Listeners see to it themselves.
Id = Annotated[str, AfterValidator(lambda text: clean(text, ID_LIMIT))]
Words = Annotated[str, AfterValidator(clean)]
Name = Annotated[str, AfterValidator(clean_name)]
NameOrNone = Annotated[str, AfterValidator(lambda name: clean_name(name) if name else "")]
Colour = Annotated[str, Field(pattern="^(#[0-9a-f]{6})?$")]
Number = Annotated[int, Field(strict=True, ge=0, le=NUMBER_LIMIT)]
Time = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Sorted = PlainSerializer(sorted)


def _money(value: Any) -> Money | None:
    match value:
        case None:
            return None
        case [None, str(currency)]:
            return Money(None, clean(currency, 8))
        case [str(amount), str(currency)] if len(amount) <= ID_LIMIT:
            try:
                worth = Decimal(amount)
            except InvalidOperation:
                raise ValueError("money has no amount") from None
            if worth.is_finite() and 0 <= worth <= NUMBER_LIMIT:
                return Money(worth, clean(currency, 8))
    raise ValueError("money is no amount and currency")


def _emote(value: Any) -> Emote:
    match value:
        case [str(name), int(begin), int(end), *rest] if 0 <= begin < end:
            picture = rest[0] if rest and isinstance(rest[0], str) else ""
            return Emote(name, begin, end, clean(picture))
    raise ValueError("an emote is no name with a begin and an end")


def _listed_emote(emote: Emote) -> list[str | int]:
    listed: list[str | int] = [emote.name, emote.begin, emote.end]
    return [*listed, emote.picture] if emote.picture else listed


def _listed_money(money: Money | None) -> list[str | None] | None:
    if money is None:
        return None
    return [None if money.amount is None else str(money.amount), money.currency]


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

    id: Id
    name: Name
    roles: Annotated[frozenset[Role], Sorted] = frozenset()
    months: Number = 0
    """For how many months they have subscribed; 0 when they do not or nobody said."""
    login: Id = ""
    """The name in their own address, in small letters, where the platform has such names and sent it: it is
    theirs alone. The ``name`` of the same account may be in another script."""
    badge: Words = field(default="", compare=False)
    """The address of the badge that the channel drew for them; "" where that is not known."""

    @property
    def names(self) -> frozenset[str]:
        """What others may call them by, casefolded."""
        return frozenset(filter(None, (self.name.casefold(), self.login)))


class Mark(StrEnum):
    """What a platform says of a message beside its words."""

    FIRST = "first"
    """Its author has never written in this channel before."""
    FIRST_PAID = "first_paid"
    """Its author has never paid for one on a stream before."""
    RETURNING = "returning"
    """Its author is new here, and has come back."""
    ANNOUNCEMENT = "announcement"
    STICKER = "sticker"
    """A picture that was paid for; the text is its name."""


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal | None
    """None where the platform's notation was not understood: paid, nobody knows how much."""
    currency: str
    """An ISO 4217 code, "BITS" or "JEWELS" for the platforms' own coins, or "" where the platform's notation
    was not understood."""
    dollars: Decimal | None = field(default=None, compare=False)
    """About what it is worth in US dollars, by ``chat.rates``, for ranking. None: nobody has said yet."""

    def __str__(self) -> str:
        if self.amount is None:
            return "an unknown amount"
        return f"{self.amount.normalize():f} {self.currency or '?'}"


@dataclass(frozen=True, slots=True)
class Emote:
    """A picture in a message: ``text[begin:end]`` is its name (code points, end exclusive)."""

    name: str
    begin: int
    end: int
    picture: str = field(default="", compare=False)
    """Its address at the platform; "" where that is not known."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """Something a person wrote. With ``money`` it is a cheer, a super chat, a sticker or a donation."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words
    at: Time = 0.0
    emotes: tuple[Annotated[Emote, PlainValidator(_emote), PlainSerializer(_listed_emote)], ...] = ()
    reply_to: NameOrNone = ""
    """The name of whom they reply to, without the "@"; "" when they reply to nobody."""
    money: Annotated[Money | None, PlainValidator(_money), PlainSerializer(_listed_money)] = None
    mentions: tuple[Name, ...] = ()
    """The names after an "@" of which the platform says that somebody is called so; without the "@"."""
    marks: Annotated[frozenset[Mark], Sorted] = frozenset()
    shared_from: NameOrNone = ""
    """The channel in which it was written, when that shares its chat with ours; "" for our own."""
    sent: Time = 0.0
    charity: Words = ""
    """Who gets the money, when it is not the channel; "" when it is."""
    streak: Number = field(default=0, compare=False)
    """How many streams in a row its author has watched, when they let the chat know with it."""
    colour: Colour = field(default="", compare=False)
    """In which the platform shows it: "#1e88e5"; "" where it does not say."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A new or renewed subscription or membership, with the words its author added (often none)."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words = ""
    at: Time = 0.0
    months: Number = 1
    tier: Id = ""
    sent: Time = 0.0


@dataclass(frozen=True, slots=True)
class Gift:
    """Subscriptions given to others; a bomb of fifty is one event with ``count`` 50."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words = ""
    at: Time = 0.0
    count: Number = 1
    sent: Time = 0.0
    months: Number = 1
    """For how many months each of them is."""
    tier: Id = ""


@dataclass(frozen=True, slots=True)
class Raid:
    """Another channel's viewers arrive together."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words = ""
    at: Time = 0.0
    viewers: Number = 0
    sent: Time = 0.0


@dataclass(frozen=True, slots=True)
class Follow:
    """Somebody follows the channel from now on."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words = ""
    at: Time = 0.0
    sent: Time = 0.0


@dataclass(frozen=True, slots=True)
class Redemption:
    """Channel points were spent on a reward that she answers. It is fulfilled then, or else given back."""

    id: Id
    platform: Id
    channel: Id
    author: Author
    text: Words = ""
    at: Time = 0.0
    reward: Words = ""
    """The reward's title."""
    reward_id: Id = ""
    cost: Number = 0
    """In channel points."""
    sent: Time = 0.0


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The stream of a channel began or ended."""

    id: Id
    platform: Id
    channel: Id
    at: Time = 0.0
    live: Annotated[bool, Field(strict=True)] = True
    title: Words = ""
    """The stream's title, where the platform says it."""
    sent: Time = 0.0


@dataclass(frozen=True, slots=True)
class Deletion:
    """A moderator removed something: one message, all of an author's, or (both "") the whole chat."""

    id: Id
    platform: Id
    channel: Id
    at: Time = 0.0
    message_id: Id = ""
    author_id: Id = ""
    sent: Time = 0.0


Answerable = ChatMessage | Subscription | Gift | Raid | Follow | Redemption
"""What she can answer."""

Event = Answerable | Deletion | StreamStatus
"""What a listener yields."""


def is_paid(event: Event) -> bool:
    """Whether somebody gave money (or the points they saved) for this; such an event is never dropped."""
    match event:
        case ChatMessage(money=money):
            return money is not None
        case Subscription() | Gift() | Redemption():
            return True
        case _:
            return False


def is_money(event: Event) -> bool:
    """Whether it is paid with what cannot be given back; channel points can."""
    return is_paid(event) and not isinstance(event, Redemption)


def is_promised(event: Event) -> bool:
    """Whether its author may expect an answer: who pays, or brings a crowd."""
    return is_paid(event) or isinstance(event, Raid)


@dataclass(frozen=True, slots=True)
class Pick:
    """One event out of the inbox, and how many near-identical ones were folded into it (1: itself alone)."""

    event: Answerable
    copies: int = 1
    answer: str = ""
    """What she says to it, where that is known before."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the chat is like at the moment a batch is taken."""

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
    requested: bool = False
    """By a moderator: it comes before all that waits."""
    preferred: bool = False
    """It waited, and a moderator wants it answered before all else that waits."""
    speaker: str = ""
    """The id of whoever answers."""
    answer: str = ""
    """What she says to the lead, where that is known before; whoever gave money is thanked first."""

    @property
    def picks(self) -> tuple[Pick, ...]:
        """All of them, the lead first."""
        return self.lead, *self.others

    @property
    def events(self) -> tuple[Answerable, ...]:
        """What all of them wrote or did, the lead's first."""
        return tuple(pick.event for pick in self.picks)

    def of(self, picks: Sequence[Pick]) -> Batch:
        """The same with only these, one at least; the first leads."""
        return replace(self, lead=picks[0], others=tuple(picks[1:]))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of her reply, short enough to be spoken in one go."""

    turn: int
    index: int
    text: str
    mood: str = ""
    fallback: bool = False
    """It is one of her fallback lines, which answer nothing."""
    space: str = " "
    """The white space between it and the sentence before: one space or none, as it was written."""
    speaker: str = ""
    """The id of whoever says it."""


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
class Viseme:
    """A shape of the mouth (one of ``mouth.SHAPES``), in the same time as words."""

    shape: str
    start: float
    end: float


Timed = Word | Viseme
"""What is heard or seen at a time of its clip."""

Chunk = Sound | Timed
"""What a voice gives, piece by piece."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence and its sound, which may still be in the making.

    ``chunks`` may be read once. The words arrive among the sounds, each no later than its own sound;
    joined, they spell the sentence without its white space. So do visemes, where the voice knows them.
    """

    sentence: Sentence
    chunks: AsyncIterator[Chunk]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the audience heard of a sentence. ``complete`` is False when it was cut."""

    sentence: Sentence
    heard: str
    complete: bool
    began: float | None = None
    """When its first sample was heard, on the show's clock; None when nothing of it was."""
    ended: float | None = None
    """When the last was."""
