"""Goes on where the last show ended or was killed: with what is owed, and with what moderators had said."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from vtuber.core import clock
from vtuber.core.events import Answerable, Redemption
from vtuber.inbox import Drop, Inbox
from vtuber.moderation.message_index import MessageIndex
from vtuber.pending import PendingEvents
from vtuber.pending.changes import Added
from vtuber.record.facts import ChatReceived, Facts, Unanswered
from vtuber.show.kept_state import StateKeeper
from vtuber.show.performer import Performer
from vtuber.show.promises import Promises, without_thanks
from vtuber.show.thanks import Thanks, names

log = logging.getLogger(__name__)


class Resumption:
    """``begin`` it once, when every part has started and nothing comes in yet."""

    def __init__(
        self,
        pending: PendingEvents,
        promises: Promises,
        performer: Performer,
        *,
        inbox: Inbox,
        index: MessageIndex,
        facts: Facts,
        state: StateKeeper,
        thanks: Thanks,
        answer_minutes: float,
        admit: Callable[[Answerable], None],
    ) -> None:
        """``admit`` takes an event into the inbox once more."""
        self._pending = pending
        self._promises = promises
        self._inbox = inbox
        self._index = index
        self._performer = performer
        self._facts = facts
        self._state = state
        self._patience = answer_minutes * 60
        self._thanks = thanks
        self._admit = admit

    def begin(self) -> None:
        """What was deleted stays so, what is owed waits again, and it is said who is owed something."""
        self._promises.begin_show()
        self._learn(self._pending.ledger.waiting)
        self._pending.watch(self._learn)

    def end(self) -> None:
        """The show ends by itself: the next begins as config says, and with what is owed."""
        self._pending.keep(None)
        if events := self.owed():
            self._facts.tell(Unanswered("end", events))

    def owed(self) -> list[Answerable]:
        """What was not answered, the oldest first."""
        return [added.event for added in self._pending.ledger.waiting]

    def _learn(self, owed: Sequence[Added]) -> None:
        """What is known from before: at the start, or later, from a server that was away then."""
        ledger = self._pending.ledger
        for key in ledger.settled:
            platform, _, identity = key.partition(":")
            self._inbox.know(platform, identity)
        for added in owed:
            self._index.note(self._aged(added))
        for deleted in ledger.deleted:
            deletion = replace(deleted.deletion, at=clock.now() - self._age(deleted.received))
            self._inbox.revoke(self._index.revocation(deletion))
        if ledger.kept is not None and ledger.kept.state is not None:
            self._state.bring_back(ledger.kept.state)
        self._go_on(owed)

    def _go_on(self, owed: Sequence[Added]) -> None:
        """With what is owed from before."""
        if not owed:
            return
        events = [self._aged(added) for added in owed]
        self._facts.tell(Unanswered("start", events))
        log.info("from before, %d are owed an answer: %s", len(events), names(events))
        for added, event in zip(owed, events, strict=True):
            is_late = self._age(added.received) > self._patience
            if is_late and added.asked:
                self._pending.settle(added.key)
            elif self._pending.ledger.is_begun(added.key):
                self._go_on_with(added, event)
            elif not is_late:
                self._take_in(added, event)
            elif isinstance(event, Redemption):
                self._facts.tell(ChatReceived(event, Drop.OLD))  # the points are given back
            else:
                self._promises.give_up(event)
        self._thanks.say()

    def _take_in(self, added: Added, event: Answerable) -> None:
        if added.asked:
            self._performer.ask(event)
        else:
            self._admit(event)

    def _go_on_with(self, added: Added, event: Answerable) -> None:
        """Its answer had begun: what they wrote is answered, before all else; nobody is thanked again."""
        if without_thanks(event) is None:
            self._pending.settle(added.key)
            return
        self._promises.go_on_with(event)
        self._take_in(added, event)
        if not added.asked:
            self._performer.prefer(event)

    def _aged(self, added: Added) -> Answerable:
        """The event as if it had come to this show, so long ago."""
        return replace(added.event, at=clock.now() - self._age(added.received))

    @staticmethod
    def _age(received: float) -> float:
        """Seconds; 0 where a clock was set back."""
        return max(0.0, time.time() - received)
