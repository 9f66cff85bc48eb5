"""Tells Twitch what became of the rewards that were bought for channel points."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from vtuber.core.events import Redemption
from vtuber.core.text import escaped
from vtuber.listeners.connection import Lost
from vtuber.listeners.twitch.helix import Refused

log = logging.getLogger(__name__)

WAITING_LIMIT = 500
TRIES = 6
"""The pauses between them are 1, 2, 4… seconds."""
LAST_SECONDS = 0.7
"""How long all that waits may take when the show ends: points are given back then."""

Status = Literal["FULFILLED", "CANCELED"]


class Settling:
    """``patch`` does it for one redemption; ``refused`` is told why Twitch will not let us."""

    def __init__(
        self, patch: Callable[[Redemption, Status], Awaitable[None]], refused: Callable[[str], None]
    ) -> None:
        self._patch = patch
        self._refused = refused
        self._waiting: asyncio.Queue[tuple[Redemption, Status]] = asyncio.Queue(WAITING_LIMIT)

    def put(self, redemption: Redemption, *, answered: bool) -> None:
        """Never waits; what is too much stays in the streamer's own list."""
        try:
            self._waiting.put_nowait((redemption, "FULFILLED" if answered else "CANCELED"))
        except asyncio.QueueFull:
            log.warning("%d redemptions wait to be settled; one more is left to you", WAITING_LIMIT)

    async def run(self) -> None:
        """One after another, for ever."""
        while True:
            redemption, status = await self._waiting.get()
            try:
                await self._settle(redemption, status)
            finally:
                self._waiting.task_done()

    async def finish(self) -> None:
        """Waits a moment for what ``run`` has still to do."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._waiting.join()
        except TimeoutError:
            log.warning("Twitch did not take all redemptions in time; the last are left to you")

    async def _settle(self, redemption: Redemption, status: Status) -> None:
        for tried in range(TRIES):
            try:
                return await self._patch(redemption, status)
            except Refused as refused:
                # A redemption that is gone or settled (404, 400) is nobody's trouble.
                if refused.status in (401, 403):
                    self._refused(refused.said)
                return None
            except Lost as lost:
                log.debug("%s is not settled: %s", escaped(redemption.id), escaped(lost.why))
                await asyncio.sleep(2.0**tried)
        log.warning("a redemption of %r could not be settled", escaped(redemption.reward))
        return None
