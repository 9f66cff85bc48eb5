"""What was said so far in a show, as it stands in the prompts to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vtuber.brain import PromptLine
from vtuber.core.events import Batch
from vtuber.memory import Recollection
from vtuber.memory.purge import is_person
from vtuber.moderation.revocation import Revocation


@dataclass(slots=True)
class Exchange:
    """One question and what was heard in answer to it."""

    batch: Batch
    recollection: Recollection
    asked: PromptLine
    """As it stands in history."""
    answered: PromptLine | None = None

    def holds(self, revocation: Revocation) -> bool:
        """Whether it holds, or was asked with, something that a moderator deleted."""
        return (
            any(map(revocation.forgets, self.batch.events))
            or self.recollection.holds(revocation, self.batch.lead.event)
            or revocation.repeats(self.batch.room.buzz)
        )

    def is_with(self, platform: str, who: str) -> bool:
        """Whether somebody, named by id or by name, was part of it."""
        return any(is_person(event, platform, who) for event in self.batch.events)


class History:
    """The exchanges that prompts tell of, the oldest first."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []

    def __len__(self) -> int:
        """How many exchanges have been answered."""
        return sum(exchange.answered is not None for exchange in self._exchanges)

    @property
    def lines(self) -> tuple[PromptLine, ...]:
        """What was asked and answered; what was not answered is left out."""
        return tuple(
            line
            for exchange in self._exchanges
            if exchange.answered
            for line in (exchange.asked, exchange.answered)
        )

    def begin(self, exchange: Exchange) -> None:
        """Something is asked. What was asked before and not answered is over."""
        self._exchanges = [*(known for known in self._exchanges if known.answered), exchange]

    def answer(self, line: PromptLine | None, batch: Batch | None) -> None:
        """What was heard in answer to a batch (the last, when None), if that is still known."""
        for exchange in reversed(self._exchanges):
            if batch is None or exchange.batch is batch:
                exchange.answered = line
                return

    def drop_older_half(self) -> None:
        del self._exchanges[: (len(self._exchanges) + 1) // 2]

    def drop_where(self, unwanted: Callable[[Exchange], bool]) -> bool:
        """Returns whether something that was answered went."""
        answered = len(self)
        self._exchanges = [exchange for exchange in self._exchanges if not unwanted(exchange)]
        return len(self) < answered
