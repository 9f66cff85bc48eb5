"""The turns that are not over: the one that is heard, and what is prepared behind it."""

from __future__ import annotations

from enum import IntEnum

from vtuber.core.events import is_paid
from vtuber.record.facts import Facts, TurnSetAside
from vtuber.show.agenda import Agenda, Assignment
from vtuber.show.turn import Turn
from vtuber.stage.stage import Stage


class Urgency(IntEnum):
    """How much something matters: what is prepared makes way for what matters more."""

    USUAL = 0
    PAID = 1
    REQUESTED = 2
    """By a moderator."""


class Lineup:
    """The turns in the order in which they are heard.

    The first is the current one: thought about, or heard. Those behind it are *prepared* until some of their
    sound is sent to the screens; until then each can be set aside, and it is as if it had never been chosen.
    """

    def __init__(self, agenda: Agenda, stage: Stage, facts: Facts) -> None:
        self.turns: list[Turn] = []
        self._agenda = agenda
        self._stage = stage
        self._facts = facts
        self._assignments: dict[int, Assignment] = {}
        """What each of them is about, by its number, unless it was set aside."""

    def add(self, turn: Turn, assignment: Assignment) -> None:
        self.turns.append(turn)
        self._assignments[turn.number] = assignment

    def remove(self, turn: Turn) -> None:
        """It is over, and all that is to be noted of it was noted."""
        self.turns.remove(turn)
        self._assignments.pop(turn.number, None)

    @property
    def prepared(self) -> list[Turn]:
        """The replies that are made while another is heard, and of which nothing sounds yet."""
        behind = [turn for turn in self.turns if not turn.is_over][1:]
        return [turn for turn in behind if not (turn.sounding or turn.was_cut)]

    def make_way(self, urgency: Urgency) -> None:
        """Something matters so much: what is prepared of less importance is set aside."""
        for turn in self.prepared:
            if _urgency(turn) < urgency:
                self.set_aside(turn)
                return

    def set_aside_prepared(self) -> None:
        """Nothing is left but what is heard already, or thought about in silence."""
        for turn in self.prepared[:1]:
            self.set_aside(turn)

    def set_aside(self, turn: Turn) -> None:
        """A turn of which nothing sounds yet, and those behind it: they go on from what it was to say."""
        at = self.turns.index(turn)
        for one in reversed([one for one in self.turns[at:] if not one.was_cut]):
            self._facts.tell(TurnSetAside(one.number))
            one.set_aside()
            self._stage.withdraw(one.number)
            self._agenda.take_back(self._assignments.pop(one.number))

    def was_set_aside(self, turn: Turn) -> bool:
        return turn.number not in self._assignments


def _urgency(turn: Turn) -> Urgency:
    if turn.script or turn.batch.requested or turn.batch.preferred:
        return Urgency.REQUESTED
    return Urgency.PAID if is_paid(turn.batch.lead.event) else Urgency.USUAL
