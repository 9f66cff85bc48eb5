"""What happened in a show: one small record for each thing, and those who subscribe to them.

Whoever did something tells the fact, once. Subscribers look on and never steer: the journal, the figures, the
outbox, the redemptions. Each kind of fact is a kind of line in the journal; ``row`` is that line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from vtuber.core import codec
from vtuber.core.deeds import described
from vtuber.core.events import Answerable, Batch, Event
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

TOLD = "vtuber.told"
"""The log of what facts tell as well. Whoever shows the facts themselves leaves it out."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened."""

    kind: ClassVar[str]
    """What the journal calls it."""

    def row(self) -> dict[str, Any]:
        """Its fields as the journal has them, ready for JSON."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


# The show.


@dataclass(frozen=True, slots=True)
class ShowBegan(Fact):
    kind = "show"

    version: str
    character: str
    """The name of whoever speaks; of several, joined by commas."""
    seed: int
    format: int = 1
    """Of the journal."""


@dataclass(frozen=True, slots=True)
class ShowEnded(Fact):
    kind = "end"

    figures: Mapping[str, Any]
    """``Metrics.report``."""
    unwritten: int
    """Lines for chat that had to make room for later ones."""

    def row(self) -> dict[str, Any]:
        return {**self.figures, "unwritten": self.unwritten}


@dataclass(frozen=True, slots=True)
class PartChanged(Fact):
    """A part is in another state than before, or is seen for the first time."""

    kind = "part"

    part: str
    state: str
    what: str


@dataclass(frozen=True, slots=True)
class LinesLost(Fact):
    """The disk took so many lines of the journal not at all; they belong before this one."""

    kind = "lost"

    lines: int


@dataclass(frozen=True, slots=True)
class Failed(Fact):
    """A defect: a part, or (with ``turn``) a reply, raised what it should not."""

    kind = "failure"

    part: str
    error: str
    turn: int | None = None

    def row(self) -> dict[str, Any]:
        turn = {} if self.turn is None else {"turn": self.turn}
        return {"part": self.part, **turn, "error": self.error}


# Chat.


@dataclass(frozen=True, slots=True)
class ChatReceived(Fact):
    """A listener yielded an event. ``drop`` says why it is not answered; "" when it waits, or needs none."""

    kind = "heard"

    event: Event
    drop: str = ""
    rule: str = ""
    """The filter's, when that was why."""

    def row(self) -> dict[str, Any]:
        why = f"{self.drop}: {self.rule}" if self.rule else self.drop
        return {"event": codec.dump(self.event), **({"drop": why} if why else {})}


@dataclass(frozen=True, slots=True)
class Dropped(Fact):
    """An event that had waited, or was chosen, is not answered after all."""

    kind = "dropped"

    event: Answerable
    reason: str

    def row(self) -> dict[str, Any]:
        return {"id": self.event.id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Filtered(Fact):
    """Something was found in what somebody wrote, when it was chosen to be answered."""

    kind = "filtered"

    id: str
    rule: str
    action: str = ""
    """What became of it (``vtuber.guard.Action``)."""
    detector: str = ""
    ms: float = 0.0
    """What judging it took."""
    masked: str = ""
    """The text without what was found in it."""


@dataclass(frozen=True, slots=True)
class Judged(Fact):
    """The guard judged a text for which there is no other fact, on its way to the model, a page or chat."""

    kind = "judged"

    door: str
    """``vtuber.guard.Door``."""
    what: str
    """What kind of text: "message", "name", "memory", "title" …"""
    id: str
    """Of the message or the command that it belongs to; "" for none."""
    action: str
    rule: str = ""
    detector: str = ""
    ms: float = 0.0

    def row(self) -> dict[str, Any]:
        row = {"door": self.door, "what": self.what, "id": self.id, "action": self.action, "ms": self.ms}
        return {**row, "rule": self.rule, "detector": self.detector} if self.rule else row


@dataclass(frozen=True, slots=True)
class LetThrough(Fact):
    """The guard found nothing in names, memories and the like, up to a turn."""

    kind = "let_through"

    turn: int
    counts: Mapping[str, int]
    """How many, by ``Judged.what``."""
    ms: float
    """What judging all of them took."""


@dataclass(frozen=True, slots=True)
class MessageHeld(Fact):
    """A message waits until a moderator says whether it is answered."""

    kind = "held"

    id: str
    number: int
    """By which moderators call it."""
    rule: str
    detector: str


@dataclass(frozen=True, slots=True)
class HeldDecided(Fact):
    """A moderator said what becomes of a message that waited for it."""

    kind = "decided"

    id: str
    number: int
    allowed: bool
    command: str
    """The id of the command that said so."""


@dataclass(frozen=True, slots=True)
class SentenceHeldToAir(Fact):
    """A sentence waits until a moderator says whether it is heard."""

    kind = "hold"

    turn: int
    index: int
    number: int
    """By which moderators call it."""
    text: str


@dataclass(frozen=True, slots=True)
class SentenceAired(Fact):
    """It was decided about a sentence that waited: by a moderator, or because nobody said anything."""

    kind = "air"

    turn: int
    index: int
    number: int
    decision: str
    """``vtuber.show.hold_to_air.Decision``."""
    text: str
    """As it is heard, if it is."""
    command: str = ""
    """The id of the command that said so; "" for none."""


@dataclass(frozen=True, slots=True)
class ReplyRated(Fact):
    """Somebody said how good a reply was, or how it should have been."""

    kind = "rated"

    turn: int
    rating: str
    """"good", "bad", or "corrected"."""
    corrected: str
    """What she should have said."""
    command: str
    """The id of the command that said so."""


@dataclass(frozen=True, slots=True)
class Blocked(Fact):
    """Somebody is not answered for some minutes, for what was found in their message."""

    kind = "blocked"

    id: str
    """Of the message."""
    platform: str
    author: str
    """The author's id."""
    who: str
    minutes: float
    rule: str
    detector: str


@dataclass(frozen=True, slots=True)
class Revoked(Fact):
    """What a moderator's deletion took away: ids of events and turns, and how many of the rest."""

    kind = "revoked"

    deletion: str
    waiting: Sequence[str]
    turns: Sequence[int]
    authors: int
    lines: int
    answers: int


@dataclass(frozen=True, slots=True)
class CommandGiven(Fact):
    """A command was carried out, or not; ``did`` says which."""

    kind = "command"

    id: str
    platform: str
    channel: str
    by: str
    """The author's id."""
    who: str
    role: str
    text: str
    order: str
    did: str


@dataclass(frozen=True, slots=True)
class Written(Fact):
    """A line was written in chat, or was not: ``why_not``."""

    kind = "written"

    answers: str
    """The id of what it answers."""
    platform: str
    channel: str
    text: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RedemptionClosed(Fact):
    """A redemption of channel points was fulfilled (``answered``) or refunded."""

    kind = "settled"

    id: str
    platform: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Unanswered(Fact):
    """Who is owed an answer, when a show ends, and when the next begins."""

    kind = "unanswered"

    when: str
    """"end" or "start"."""
    events: Sequence[Answerable]

    def row(self) -> dict[str, Any]:
        who = [
            {"id": one.id, "platform": one.platform, "who": one.author.name, "what": described(one)}
            for one in self.events
        ]
        return {"when": self.when, "events": who}


# The broadcasting program.


@dataclass(frozen=True, slots=True)
class SceneChanged(Fact):
    """Another scene is on program."""

    kind = "scene"

    scene: str


@dataclass(frozen=True, slots=True)
class StreamChanged(Fact):
    """The broadcasting program has begun to stream, or ended it."""

    kind = "stream"

    live: bool


# A turn.


@dataclass(frozen=True, slots=True)
class Standing:
    """How an event stands among those that wait."""

    event: Answerable
    rank: float
    """Of the paid ones, and of all others, the highest comes first; no unpaid one comes before a paid one."""
    reasons: Sequence[str]
    """What the rank comes from (``inbox.rank.Reason``), the weightiest first."""

    def row(self) -> dict[str, Any]:
        return {"id": self.event.id, "rank": round(self.rank, 2), "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Chosen(Fact):
    """One of those that wait was chosen to be answered next; ``losers`` came behind it, the nearest first."""

    kind = "chosen"

    winner: Standing
    losers: Sequence[Standing]

    def row(self) -> dict[str, Any]:
        return {**self.winner.row(), "losers": [loser.row() for loser in self.losers]}


@dataclass(frozen=True, slots=True)
class TurnBegan(Fact):
    kind = "batch"

    turn: int
    batch: Batch
    script: str
    """What is recited; "" for an answer."""

    def row(self) -> dict[str, Any]:
        lead = self.batch.lead
        return {
            "turn": self.turn,
            "speaker": self.batch.speaker,
            "who": lead.event.author.name,
            "lead": lead.event.id,
            "copies": lead.copies,
            "others": [pick.event.id for pick in self.batch.others],
            "waiting": self.batch.room.waiting,
            "script": self.script,
        }


@dataclass(frozen=True, slots=True)
class Prompted(Fact):
    kind = "prompt"

    turn: int
    digest: Mapping[str, Any]
    """``Conversation.digest``."""

    def row(self) -> dict[str, Any]:
        return {"turn": self.turn, **self.digest}


@dataclass(frozen=True, slots=True)
class StepReached(Fact):
    """The turn came to the end of a part of its delay (one of ``metrics.PARTS``)."""

    kind = "mark"

    turn: int
    part: str


@dataclass(frozen=True, slots=True)
class SentenceJudged(Fact):
    """A sentence was let through, stopped by a rule, or is the refusal that takes a stopped one's place."""

    kind = "sentence"

    turn: int
    index: int
    text: str
    mood: str
    fallback: bool = False
    stopped_by: str = ""
    refusal: bool = False
    action: str = ""
    """What became of it (``vtuber.guard.Action``)."""
    detector: str = ""
    ms: float = 0.0
    """What judging it took."""
    masked: str = ""
    """The text without what was found in it; "" when nothing was."""

    def row(self) -> dict[str, Any]:
        row = {"turn": self.turn, "index": self.index, "text": self.text, "mood": self.mood}
        if self.refusal:
            return {**row, "way_out": True}
        row |= {"spare": self.fallback, "stopped_by": self.stopped_by, "action": self.action, "ms": self.ms}
        return {**row, "detector": self.detector, "masked": self.masked} if self.stopped_by else row


@dataclass(frozen=True, slots=True)
class WentWrong(Fact):
    """The output guard stopped a reply. ``again``: the model is asked once more."""

    kind = "slip"

    turn: int
    what: str
    seed: int
    again: bool


@dataclass(frozen=True, slots=True)
class SoundMade(Fact):
    """All of a sentence's sound."""

    kind = "clip"

    turn: int
    index: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SentenceHeard(Fact):
    """A sentence was heard, or as much of it as ``heard`` says."""

    kind = "spoken"

    turn: int
    index: int
    heard: str
    complete: bool


@dataclass(frozen=True, slots=True)
class TurnCut(Fact):
    kind = "cut"

    turn: int


@dataclass(frozen=True, slots=True)
class TurnSetAside(Fact):
    """A reply of which nothing was heard is not said: something matters more, or its prompt is untrue by now.

    Whatever it answered waits as if it had never been chosen. Nothing more is told of this turn.
    """

    kind = "set_aside"

    turn: int


@dataclass(frozen=True, slots=True)
class TurnEnded(Fact):
    """What became of a turn."""

    kind = "reply"

    turn: int
    batch: Batch
    script: str
    heard: str
    """All that was heard."""
    answer: str
    """The same without fallback lines."""
    began: float | None
    """When its first sample was heard (show clock)."""
    failed: str
    """Why nothing more was said, when a part failed."""
    cut: bool
    begins_anew: bool
    """It is made once more, with what is left of its batch."""
    withdrawn: bool
    """It answers what was deleted."""
    delays_ms: Mapping[str, float] = field(default_factory=dict)
    """By part (``metrics.PARTS``)."""
    prompt_tokens: int = 0
    reused_tokens: int = 0
    restored_tokens: int = 0
    ahead_tokens: int = 0
    new_tokens: int = 0
    ended: float | None = None
    """When its last sample was heard (show clock)."""

    @property
    def counts(self) -> bool:
        """Whether something of a reply was heard that is not made once more."""
        return bool(self.heard) and not (self.script or self.begins_anew)

    @property
    def answers(self) -> bool:
        """Whether whoever is in the batch was answered."""
        return bool(self.answer) and self.counts

    def row(self) -> dict[str, Any]:
        """What was heard and for how many seconds, why it failed, what it took."""
        lasted = 0.0 if self.began is None or self.ended is None else round(self.ended - self.began, 3)
        return {
            "turn": self.turn,
            "speaker": self.batch.speaker,
            "heard": self.heard,
            "lasted": lasted,
            "failed": self.failed,
            "delays_ms": {part: round(value, 1) for part, value in self.delays_ms.items()},
            "prompt_tokens": self.prompt_tokens,
            "reused_tokens": self.reused_tokens,
            "restored_tokens": self.restored_tokens,
            "ahead_tokens": self.ahead_tokens,
            "new_tokens": self.new_tokens,
        }


Subscriber = Callable[[Fact], None]


class Facts:
    """Tells every subscriber of every fact, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._broken: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """``subscriber`` is called with each fact from now on. It must not wait."""
        self._subscribers.append(subscriber)

    def tell(self, fact: Fact) -> None:
        """Something happened. A subscriber that raises is reported once, and keeps nobody from hearing."""
        for subscriber in self._subscribers:
            try:
                subscriber(fact)
            except Exception as error:  # whoever looks on never stops the show
                if subscriber not in self._broken:
                    self._broken.append(subscriber)
                    log.error("%s failed: %s", _name(subscriber), escaped(repr(error)))  # noqa: TRY400  # in words
                log.debug("the fact was a %s", fact.kind, exc_info=error)


def _name(subscriber: Subscriber) -> str:
    return getattr(subscriber, "__qualname__", type(subscriber).__name__)
