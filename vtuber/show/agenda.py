"""What she does next, and when she may: first what moderators ask for, then what waits in the inbox."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from vtuber.core import clock
from vtuber.core.deeds import is_more
from vtuber.core.events import Answerable, Batch, Pick, is_money
from vtuber.core.text import escaped
from vtuber.guard import Action
from vtuber.guard.guard import Verdict
from vtuber.inbox import Drop, Inbox
from vtuber.record.facts import Blocked, Facts
from vtuber.show.held import HeldMessages
from vtuber.show.screening import Screening

log = logging.getLogger(__name__)

REQUESTS_WAITING = 20
"""How many of moderators' requests (!say and !ask) may wait. When there are more, the oldest is dropped."""

FIRST_ROUNDS = 3
"""How often all else in the event loop has its turn before she chooses whom to answer. A choice holds it up
for milliseconds, and the hush that lets her choose anew may still be on its way to the pages."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a turn is about: a batch to answer, or a line to say."""

    batch: Batch
    script: str = ""
    chosen: Batch | None = None
    """The batch as it waited, if it did in the inbox."""
    before: float = -math.inf
    """When the answer before it was begun."""


class Agenda:
    """Gives the next assignment when it may be begun.

    While paused, nothing is taken from the inbox. While silent, nothing is begun at all. Changes take effect
    at once.
    """

    def __init__(
        self,
        inbox: Inbox,
        screening: Screening,
        facts: Facts,
        *,
        block_minutes: float,
        is_trusted: Callable[[Answerable], bool],
    ) -> None:
        """``is_trusted`` says whether the author of an event is one of those who run the channel."""
        self.held = HeldMessages(inbox, facts)
        """What waits for a moderator."""
        self.paused = False
        self.pace = 0.0
        """Least seconds between the beginnings of two answers."""
        self._inbox = inbox
        self._screening = screening
        self._facts = facts
        self._block_minutes = block_minutes
        self._is_trusted = is_trusted
        self._requests: deque[Assignment] = deque()
        self._news = asyncio.Event()
        self._silent_until = 0.0
        self._answers_after = -math.inf
        self._answered_at = -math.inf

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._requests)

    @property
    def silence(self) -> float:
        """Seconds of silence that are left; 0 when there is none."""
        return max(0.0, self._silent_until - clock.now())

    def wake(self) -> None:
        """Looks again: something waits in the inbox, or a turn has ended."""
        self._news.set()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        """Ends a pause and any silence."""
        self.paused, self._silent_until = False, 0.0
        self._news.set()

    def be_silent(self, seconds: float, *, override: bool = False) -> None:
        """Begins nothing for ``seconds``. An earlier, longer silence stays, unless ``override``."""
        until = clock.now() + seconds
        self._silent_until = until if override else max(self._silent_until, until)
        self._news.set()

    def put_off(self, seconds: float) -> None:
        """Answers nobody for ``seconds``; 0 ends that. What she is to say word for word does not wait."""
        self._answers_after = clock.now() + seconds
        self._news.set()

    def set_pace(self, seconds: float) -> None:
        """Begins at most one answer every ``seconds``, whoever paid. Moderators' requests do not wait."""
        self.pace = seconds
        self._news.set()

    def say(self, request: Answerable, script: str) -> None:
        """She says exactly this, before she answers anybody else."""
        self._queue(Assignment(Batch(Pick(request)), script))

    def ask(self, request: Answerable) -> None:
        """She answers this before anybody else."""
        self._queue(Assignment(Batch(Pick(request), requested=True)))

    def put_back(self, batch: Batch) -> None:
        """It could not be answered, and waits again where it waited."""
        if batch.requested:
            self._requests.appendleft(Assignment(batch))
        else:
            self._inbox.give_back(batch)
        self._news.set()

    def take_back(self, assignment: Assignment) -> None:
        """It is as if it had never been given. Of several, the latest is taken back first."""
        self._answered_at = assignment.before
        if assignment.chosen:
            self._inbox.take_back(assignment.chosen)
        else:
            self._requests.appendleft(assignment)
        self._news.set()

    @property
    def requests(self) -> list[Answerable]:
        """What moderators asked for and what waits, the oldest first."""
        return [assignment.batch.lead.event for assignment in self._requests]

    def drop(self, event: Answerable, why: Drop = Drop.UNWANTED) -> bool:
        """Takes a request back. Returns whether it waited."""
        found = [one for one in self._requests if one.batch.lead.event.id == event.id]
        for assignment in found:
            self._requests.remove(assignment)
            self._inbox.give_up(assignment.batch.lead.event, why)
        return bool(found)

    def clear(self) -> None:
        """Drops all requests that wait."""
        while self._requests:
            self._give_up(self._requests.popleft(), Drop.UNWANTED)

    def _queue(self, assignment: Assignment) -> None:
        """Has a request wait; where too many do, the oldest is given up."""
        while len(self._requests) >= REQUESTS_WAITING:
            self._give_up(self._requests.popleft(), Drop.FULL)
        self._requests.append(assignment)
        self._news.set()

    def _give_up(self, assignment: Assignment, why: Drop) -> None:
        if not assignment.script:
            self._inbox.give_up(assignment.batch.lead.event, why)

    async def next(self) -> Assignment:
        """What to do next, as soon as there is something and she may."""
        while True:
            self._news.clear()
            for _ in range(FIRST_ROUNDS):
                await asyncio.sleep(0)
            if not self.silence and (requested := self._next_request()):
                return self._begun(requested)
            earliest = max(self._silent_until, self._answers_after, self._answered_at + self.pace)
            rest = earliest - clock.now()
            if rest <= 0 and not self.paused and (chosen := self._take()):
                return self._begun(chosen)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.silence or (rest if rest > 0 else None)):
                    await self._news.wait()

    def _begun(self, assignment: Assignment) -> Assignment:
        assignment = replace(assignment, before=self._answered_at)
        if not assignment.script:
            self._answered_at = clock.now()
        return assignment

    def _next_request(self) -> Assignment | None:
        """The request that waits longest, of those that may be begun, unless it was deleted since."""
        can_answer = clock.now() >= self._answers_after
        for assignment in [one for one in self._requests if one.script or can_answer]:
            self._requests.remove(assignment)
            request = assignment.batch.lead.event
            refused = self._inbox.verdict_of_moderators(request)
            if refused is None:
                return replace(assignment, batch=self._screening.request(assignment.batch))
            self._inbox.give_up(request, refused)
        return None

    def decide(self, number: int, *, allowed: bool, command: str) -> Pick | None:
        """A moderator says whether the held message of that number is answered, next. None: there is none."""
        pick = self.held.decide(number, allowed=allowed, command=command)
        if pick and allowed:
            self._queue(Assignment(Batch(pick, requested=True)))
        return pick

    def _take(self) -> Assignment | None:
        """The next batch, without what does not bear a closer look."""
        while batch := self._inbox.take(clock.now()):
            fit, found = self._screening.fit(batch.picks)
            for pick, verdict in found:
                self._refuse(pick, verdict)
            if fit := [pick for pick in fit if not self._is_refused(pick.event)]:
                kept = self._apart(batch.of(fit))
                ids = [event.id for event in kept.events]
                chosen = batch.of([pick for pick in batch.picks if pick.event.id in ids])
                return Assignment(self._screening.batch(kept), chosen=chosen)
        return None

    def _apart(self, batch: Batch) -> Batch:
        """What has an answer of its own, and what must be thought about, are not answered together."""
        lead = batch.lead
        own = [lead, *(pick for pick in batch.others if is_more(lead.event, pick.event))]
        answer = next((pick.answer for pick in own if pick.answer), "")
        kept = own if answer else [pick for pick in batch.picks if not pick.answer]
        if rest := [pick for pick in batch.picks if pick not in kept]:
            self._inbox.give_back(batch.of(rest))
        return replace(batch.of(kept), answer=answer)

    def _refuse(self, pick: Pick, verdict: Verdict) -> None:
        """What was found in a message decides what becomes of it. Whoever gave money is thanked anyway."""
        event = pick.event
        if verdict.action is Action.BLOCK and not self._is_trusted(event):
            self._block(event, verdict)
        if is_money(event):
            return
        if verdict.action is Action.HOLD:
            held = self.held.hold(pick, verdict)
            log.info(
                "message %d by %s waits for a moderator: %s",
                held.number,
                escaped(event.author.name),
                verdict.reason,
            )
        else:
            self._inbox.give_up(event, Drop.FILTERED)

    def _block(self, event: Answerable, verdict: Verdict) -> None:
        author, minutes = event.author, self._block_minutes
        self._inbox.ignore(event.platform, author.id, until=clock.now() + minutes * 60, spare_money=True)
        self._facts.tell(
            Blocked(
                id=event.id,
                platform=event.platform,
                author=author.id,
                who=author.name,
                minutes=minutes,
                rule=verdict.rule,
                detector=verdict.detector,
            )
        )
        log.info("%s is not answered for %g minutes: %s", escaped(author.name), minutes, verdict.reason)

    def _is_refused(self, event: Answerable) -> bool:
        """Whether its author was blocked for another message of the same batch."""
        why = self._inbox.verdict_of_moderators(event)
        if why:
            self._inbox.give_up(event, why)
        return why is not None
