"""Keeps the model's process alive: starts it, and brings it back whenever it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from vtuber.brain.llama.process import WorkerProcess
from vtuber.core import clock
from vtuber.core.availability import Availability, Progress
from vtuber.core.backoff import Backoff
from vtuber.core.errors import BanbanError, BrainError
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

_FIRST_RETRY, _LONGEST_RETRY, _GROWTH = 0.1, 30.0, 4.0
"""Seconds until a process that died is started again, and how many times longer each further wait is."""
_LIVED = 60.0
"""A process that has lived for so many seconds died of something new."""


class ProcessKeeper:
    """One process at a time, each from ``begin``, which returns it with the model loaded.

    ``availability`` tells whether it is there. Who asks for it waits ``patience`` seconds at most.
    """

    def __init__(
        self,
        begin: Callable[[Progress], Awaitable[WorkerProcess]],
        availability: Availability,
        patience: float,
    ) -> None:
        self._begin = begin
        self._availability = availability
        self._patience = patience
        self._settled = asyncio.Event()
        """Nobody need wait for the process: it is there, or was stopped for good."""
        self._watching: asyncio.Task[None] | None = None
        self.process: WorkerProcess | None = None
        self.trouble = ""
        """Why it was away last, or does not come back."""
        self.backoff = Backoff(_FIRST_RETRY, _LONGEST_RETRY, factor=_GROWTH)

    async def start(self, progress: Progress) -> None:
        """Starts the first process, and watches it from then on. Raises what ``begin`` does."""
        self.process = await self._begin(progress)
        self._settle(ready=True)
        self._watching = asyncio.create_task(self._watch(self.process))

    async def stop(self, grace: float) -> None:
        """Ends the process for good; it has ``grace`` seconds to go by itself."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
        if self.process:
            await self.process.stop(grace)
            self.process = None
        self._settle(ready=False)

    @property
    def has_failed(self) -> bool:
        """Whether nobody watches the process any more, though it was not stopped."""
        return self._watching is not None and self._watching.done()

    async def living(self) -> WorkerProcess:
        """The process, once it is there. Raises BrainError when it does not come back in time."""
        if self.process and self.process.doomed:
            self._unsettle()  # until it was brought back
        if not self._settled.is_set():
            try:
                with clock.outside():
                    async with asyncio.timeout(self._patience):
                        await self._settled.wait()
            except TimeoutError:
                raise BrainError(f"the model is restarting: {self.trouble}", where="brain") from None
        if self.process is None:
            raise BrainError("the model was stopped", where="brain")
        return self.process

    async def _watch(self, process: WorkerProcess) -> None:
        """Brings the process back whenever it dies."""
        while True:
            born = clock.now()
            await process.dead.wait()
            self._unsettle()
            self.trouble = process.how_it_ended()
            log.warning("%s; the process is restarted", self.trouble)
            await process.stop()
            if clock.now() - born > _LIVED:
                self.backoff.reset()
            self.backoff.worked()
            process = self.process = await self._revive()
            self._settle(ready=True)

    async def _revive(self) -> WorkerProcess:
        while True:
            await asyncio.sleep(self.backoff.next())
            try:
                return await self._begin(lambda _share, _words: None)
            except Exception as error:  # noqa: BLE001  # whatever it was, the show must not lose her for ever
                self.trouble = error.what if isinstance(error, BanbanError) else repr(error)
                log.warning(
                    "the model could not be restarted, and banban tries again: %s", escaped(self.trouble)
                )

    def _settle(self, *, ready: bool) -> None:
        self._availability.set(ready=ready)
        self._settled.set()

    def _unsettle(self) -> None:
        self._availability.set(ready=False)
        self._settled.clear()
