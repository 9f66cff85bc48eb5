"""Channel points that viewers spent on an answer: kept when she gave it, given back when she will not."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from vtuber.core.events import Answerable, Redemption
from vtuber.core.recent import Recent
from vtuber.core.text import escaped
from vtuber.listeners import RedemptionListener
from vtuber.record.journal import Journal

log = logging.getLogger(__name__)

IDS = 20_000
"""So many of the latest redemptions at least are known again when they come a second time."""


class Redemptions:
    """Settles each redemption once, with whoever heard of it. Of other events it takes no notice."""

    def __init__(self, listeners: Sequence[RedemptionListener], journal: Journal) -> None:
        self._listeners = tuple(listeners)
        self._journal = journal
        self._open: dict[tuple[str, str], Redemption] = {}
        self._known: Recent[tuple[str, str], None] = Recent(IDS)

    def __len__(self) -> int:
        """How many are still to be settled."""
        return len(self._open)

    def spent(self, event: Answerable) -> None:
        """It came in."""
        key = (event.platform, event.id)
        if isinstance(event, Redemption) and key not in self._known:
            self._known.set(key, None)
            self._open[key] = event

    def settle(self, event: Answerable, *, answered: bool) -> None:
        """She has answered it, or will not. What was settled stays so."""
        if not isinstance(event, Redemption):
            return
        redemption = self._open.pop((event.platform, event.id), None)
        if redemption is None:
            return
        self._journal.write("settled", id=redemption.id, platform=redemption.platform, answered=answered)
        for listener in self._listeners:
            try:
                (listener.fulfil if answered else listener.refund)(redemption)
            except Exception as error:  # noqa: BLE001  # one listener failing never stops the show
                log.error("a redemption was not settled: %s", escaped(repr(error)))  # noqa: TRY400  # in words

    def give_back(self) -> None:
        """The show ends: of what is still open, nothing will be answered."""
        for redemption in list(self._open.values()):
            self.settle(redemption, answered=False)
