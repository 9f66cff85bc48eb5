"""What viewers are owed: written down before anything comes of it, and until its answer was heard.

A crash at any moment leaves each of them in one of three states, and the next show goes on from there
(``vtuber.show.resumption``): it waits, its answer has begun to be heard, or it is settled. That an answer
begins is written down before the first of its sound is sent. So nobody is thanked twice; what was being said
may be said again, without its thanks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from vtuber.core.events import (
    Answerable,
    Batch,
    ChatMessage,
    Deletion,
    Gift,
    Mark,
    Pick,
    Raid,
    Redemption,
    Subscription,
    is_promised,
)
from vtuber.inbox import Drop
from vtuber.pending import PendingEvents
from vtuber.pending.changes import key_of
from vtuber.record.facts import (
    ChatReceived,
    Dropped,
    Fact,
    RedemptionClosed,
    TurnBegan,
    TurnEnded,
    TurnSetAside,
)

_BY_MODERATORS = (Drop.REVOKED, Drop.IGNORED, Drop.UNWANTED, Drop.CUT, Drop.FILTERED, Drop.COMMAND)
"""Whoever is dropped for these reasons is owed nothing any more."""

_UNANSWERED = (Drop.OLD, Drop.UNANSWERED)
"""Whoever is dropped for these is owed a thank-you at least."""

_THANKS = frozenset((Mark.STICKER, Mark.FIRST_PAID))
"""What else tells that somebody paid."""


class Promises:
    """Subscribes to the show's facts, which tell when an event is settled."""

    def __init__(self, pending: PendingEvents) -> None:
        self._pending = pending
        self._batches: dict[int, Batch] = {}
        """Of the turns that are not over, by number."""
        self._thanked_by: dict[str, tuple[Answerable, ...]] = {}
        """Who is thanked by a line of the show's own, by its id."""
        self._thanked: set[str] = set()
        """The keys of those who may have heard their thanks before a crash."""
        self._given_up: dict[str, Answerable] = {}
        """Those who are not answered any more, and whom no line thanks yet, by key."""
        self._before: set[str] = set()
        """The keys of what was settled in earlier shows."""
        self._ending = False

    def take_in(self, event: Answerable, admit: Callable[[], None], *, asked: bool = False) -> None:
        """``admit`` is called at once, or, where the event is owed an answer, when that is written down."""
        if asked or is_promised(event):
            self._pending.add(event, asked=asked, then=admit)
        else:
            admit()

    def is_known(self, event: Answerable) -> bool:
        """Whether it was promised an answer already, in this show or in an earlier one."""
        key = key_of(event)
        return self._pending.ledger.waits(key) or self._pending.ledger.is_settled(key)

    def is_from_before(self, event: Answerable) -> bool:
        """Whether it was settled in an earlier show, and comes for the first time in this one."""
        key = key_of(event)
        if key not in self._before:
            return False
        self._before.discard(key)
        return True

    def begin_show(self) -> None:
        """All that is settled by now was so in earlier shows."""
        self._before = set(self._pending.ledger.settled)

    def after(self, then: Callable[[], object]) -> None:
        """``then`` is called once all that was promised so far is written down: at once where all is."""
        self._pending.after(then)

    async def written(self) -> None:
        """Returns then."""
        done = asyncio.Event()
        self.after(done.set)
        await done.wait()

    def delete(self, deletion: Deletion) -> None:
        """A moderator deleted something. It is told before all that comes of it."""
        self._pending.delete(deletion)

    def give_up(self, event: Answerable) -> None:
        """She does not answer it any more. Who gave something, and was not thanked yet, is ``given_up``."""
        key = key_of(event)
        if key in self._thanked:
            self._settle((event,))
        elif self._pending.ledger.waits(key):
            self._given_up[key] = event

    @property
    def given_up(self) -> list[Answerable]:
        """Who is to be thanked, for nothing else comes any more."""
        return list(self._given_up.values())

    def thank(self, request: ChatMessage, owed: Sequence[Answerable]) -> None:
        """Who is owed something is thanked by a line of the show's own; if that is cut, in the next show."""
        self._thanked_by[request.id] = tuple(owed)
        for event in owed:
            self._given_up.pop(key_of(event), None)

    def go_on_with(self, event: Answerable) -> None:
        """She has begun to answer it before a crash: its author is not thanked again."""
        self._thanked.add(key_of(event))

    async def begin(self, batch: Batch) -> None:
        """The first of an answer is about to be heard. Returns when that is written down."""
        await self._pending.begin(self._owed(batch))

    def begin_soon(self, batch: Batch) -> None:
        """The sound of its first words is being made, and nothing else is heard: it is written meanwhile."""
        self._pending.begin_soon(self._owed(batch))

    def owes(self, event: Answerable) -> bool:
        """Whether its author waits for an answer to it."""
        return self._pending.ledger.waits(key_of(event))

    def is_owed(self, batch: Batch) -> bool:
        """Whether somebody is owed this answer."""
        return any(map(self.owes, self._owed(batch)))

    def asked(self, batch: Batch) -> Batch:
        """The batch as she is told of it: of whom she has thanked already, only what they wrote."""
        if self._thanked.isdisjoint(map(key_of, batch.events)):
            return batch
        return batch.of([replace(pick, event=self._without_thanks(pick)) for pick in batch.picks])

    def end(self) -> None:
        """The show ends: what is dropped from now on no moderator drops."""
        self._ending = True

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        match fact:
            case ChatReceived(event=event, drop=drop) if drop in _BY_MODERATORS:
                if not isinstance(event, Deletion) and not self._is_command(event, drop):
                    self._settle((event,))  # type: ignore[arg-type]  # nothing else is dropped
            case Dropped(event=event, reason=reason):
                self._drop(event, reason)
            case RedemptionClosed(id=identity, platform=platform):
                self._settle_key(f"{platform}:{identity}")
            case TurnBegan(turn=turn, batch=batch):
                self._batches[turn] = batch
            case TurnSetAside(turn=turn):
                if batch_aside := self._batches.pop(turn, None):
                    self._pending.wait_again(self._owed(batch_aside))
            case TurnEnded(turn=turn, batch=batch):
                self._batches.pop(turn, None)
                self._end_turn(fact)
            case _:
                pass

    def _end_turn(self, ended: TurnEnded) -> None:
        owed = self._owed(ended.batch)
        is_thanks = self._thanked_by.pop(ended.batch.lead.event.id, None) is not None
        if ended.answers or (is_thanks and ended.heard):
            self._settle(owed)
        else:
            self._pending.wait_again(owed)

    def _is_command(self, event: object, drop: str) -> bool:
        """Whether it is the command that put a question: the question has its id, and waits."""
        if drop != Drop.COMMAND or not isinstance(event, ChatMessage):
            return False
        return self._pending.ledger.is_asked(key_of(event))

    def _drop(self, event: Answerable, reason: str) -> None:
        if self._ending:
            return
        is_asked = self._pending.ledger.is_asked(key_of(event))
        if reason in _BY_MODERATORS or (is_asked and reason in (Drop.FULL, Drop.OLD)):
            self._settle((event,))
        elif reason in _UNANSWERED and not is_asked:
            self.give_up(event)

    def _settle(self, events: Sequence[Answerable]) -> None:
        for event in events:
            self._settle_key(key_of(event))

    def _settle_key(self, key: str) -> None:
        self._thanked.discard(key)
        self._given_up.pop(key, None)
        self._pending.settle(key)

    def _owed(self, batch: Batch) -> tuple[Answerable, ...]:
        return self._thanked_by.get(batch.lead.event.id, batch.events)

    def _without_thanks(self, pick: Pick) -> Answerable:
        if key_of(pick.event) not in self._thanked:
            return pick.event
        return without_thanks(pick.event) or pick.event


def without_thanks(event: Answerable) -> Answerable | None:
    """Only what its author wrote, as if they had given nothing; None where nothing but thanks is owed."""
    match event:
        case Redemption():
            return event  # the points were spent on the answer
        case ChatMessage():
            marks = event.marks - _THANKS
            text = "" if Mark.STICKER in event.marks else event.text
            return replace(event, text=text, money=None, charity="", marks=marks) if text else None
        case Subscription() | Gift() | Raid() if event.text:
            return ChatMessage(
                event.id, event.platform, event.channel, event.author, event.text, event.at, sent=event.sent
            )
        case _:
            return None
