"""Messages that wait for a moderator: the guard's verdict on them was to hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vtuber.core.events import Answerable, Pick
from vtuber.guard.guard import Verdict
from vtuber.inbox import Drop, Inbox
from vtuber.record.facts import Facts, HeldDecided, MessageHeld

LIMIT = 20
"""How many messages may wait for a moderator. When there are more, the oldest is not answered."""


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message, and what was found in it."""

    number: int
    """By which moderators call it; no two of a show have the same."""
    pick: Pick
    verdict: Verdict


class HeldMessages:
    """Keeps what waits for a moderator's word. What a moderator deletes or ignores is not kept."""

    def __init__(self, inbox: Inbox, facts: Facts) -> None:
        self._inbox = inbox
        self._facts = facts
        self._waiting: dict[int, HeldMessage] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[HeldMessage]:
        """Those that wait, the oldest first."""
        self.forget_refused()
        yield from tuple(self._waiting.values())

    def hold(self, pick: Pick, verdict: Verdict) -> HeldMessage:
        """Has a message wait. Where too many do, the oldest is given up."""
        self._count += 1
        held = HeldMessage(self._count, pick, verdict)
        self._waiting[held.number] = held
        self._facts.tell(MessageHeld(pick.event.id, held.number, verdict.rule, verdict.detector))
        if len(self._waiting) > LIMIT:
            oldest = self._waiting.pop(min(self._waiting))
            self._inbox.give_up(oldest.pick.event, Drop.FILTERED)
        return held

    def decide(self, number: int, *, allowed: bool, command: str) -> Pick | None:
        """Takes the message of that number out: to be answered, or given up. None when there is none.

        ``command`` is the id of the command that says so.
        """
        self.forget_refused()
        held = self._waiting.pop(number, None)
        if held is None:
            return None
        self._facts.tell(HeldDecided(held.pick.event.id, number, allowed, command))
        if not allowed:
            self._inbox.give_up(held.pick.event, Drop.FILTERED)
        return held.pick

    def forget_refused(self) -> None:
        """Drops what a moderator deleted, and what is by somebody whom a moderator had ignored, since."""
        for held in list(self._waiting.values()):
            if why := self._inbox.verdict_of_moderators(held.pick.event):
                del self._waiting[held.number]
                self._inbox.give_up(held.pick.event, why)

    def forget(self, is_theirs: Callable[[Answerable], bool]) -> None:
        """Drops what somebody wrote who is to be forgotten."""
        for held in list(self._waiting.values()):
            if is_theirs(held.pick.event):
                del self._waiting[held.number]
                self._inbox.give_up(held.pick.event, Drop.REVOKED)
