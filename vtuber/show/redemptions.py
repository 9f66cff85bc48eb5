"""Channel points that viewers spent on an answer: fulfilled when she gave it, refunded when she will not."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from vtuber.core.events import Answerable, Redemption
from vtuber.core.recent import Recent
from vtuber.core.text import escaped
from vtuber.listeners import RedemptionListener
from vtuber.record.facts import ChatReceived, Dropped, Fact, Facts, RedemptionClosed, TurnEnded

log = logging.getLogger(__name__)

IDS = 20_000
"""How many of the latest redemptions are remembered, to ignore one that arrives twice."""


class Redemptions:
    """Fulfils or refunds each redemption once, through the listeners. Ignores all other events."""

    def __init__(self, listeners: Sequence[RedemptionListener], facts: Facts) -> None:
        self._listeners = tuple(listeners)
        self._facts = facts
        self._open: dict[tuple[str, str], Redemption] = {}
        self._known: Recent[tuple[str, str], None] = Recent(IDS)

    def __len__(self) -> int:
        """How many are still to be fulfilled or refunded."""
        return len(self._open)

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        match fact:
            case ChatReceived(event=Redemption() as redemption, drop=drop):
                key = (redemption.platform, redemption.id)
                if key not in self._known:
                    self._known.set(key, None)
                    self._open[key] = redemption
                if drop not in ("", "duplicate"):
                    self._close(redemption, answered=False)
            case Dropped(event=event):
                self._close(event, answered=False)
            case TurnEnded(batch=batch) if fact.answers:
                for event in batch.events:
                    self._close(event, answered=True)
            case _:
                pass

    def _close(self, event: Answerable, *, answered: bool) -> None:
        """Fulfils or refunds it, unless that was done before."""
        redemption = self._open.pop((event.platform, event.id), None)
        if redemption is None:
            return
        self._facts.tell(RedemptionClosed(redemption.id, redemption.platform, answered))
        for listener in self._listeners:
            try:
                (listener.fulfil if answered else listener.refund)(redemption)
            except Exception as error:  # noqa: BLE001  # one listener failing never stops the show
                log.error("a redemption was neither fulfilled nor refunded: %s", escaped(repr(error)))  # noqa: TRY400  # in words

    def give_back(self, redemption: Redemption) -> None:
        """It was settled in an earlier show, which was killed before the platform knew that."""
        key = (redemption.platform, redemption.id)
        self._known.set(key, None)
        self._open[key] = redemption
        self._close(redemption, answered=False)

    def refund(self) -> None:
        """The show ends: what is still open will not be answered."""
        for redemption in list(self._open.values()):
            self._close(redemption, answered=False)
