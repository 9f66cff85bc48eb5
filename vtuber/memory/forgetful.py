"""A memory for one show: it stores nothing, and its health says so."""

from __future__ import annotations

from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.events import Answerable, Batch
from vtuber.core.health import Health, State
from vtuber.memory import Recollection, purge
from vtuber.memory.buffer import MemoryBuffer
from vtuber.moderation.revocation import Revocation


class ForgetfulMemory:
    """``why`` says what keeps it from storing anything; "" when config asks for this."""

    def __init__(self, settings: Settings, why: str = "") -> None:
        self._buffer = MemoryBuffer(settings.memory.keep_viewers, settings.memory.keep_heard)
        self._why = why
        self.availability = Availability(ready=True)

    async def start(self) -> None:
        pass

    def note(self, event: Answerable) -> None:
        self._buffer.note(event)

    async def recall(self, batch: Batch) -> Recollection:
        return self._buffer.recollect(batch, {}, ())

    async def remember(self, batch: Batch, heard: str) -> None:
        self._buffer.answer(batch, heard)

    def forget(self, platform: str, who: str) -> None:
        self._buffer.forget(
            purge.of_person(platform, who), lambda event: purge.is_person(event, platform, who)
        )

    def revoke(self, revocation: Revocation) -> frozenset[str]:
        gone = purge.of_revocation(revocation)
        self._buffer.forget(gone, revocation.forgets)
        return frozenset(heard for _, heard in gone.answers)

    async def stop(self) -> None:
        pass

    def health(self) -> Health:
        what = "memory is lost when the show ends" + (f": {self._why}" if self._why else "")
        hint = "set memory.url to a Redis server" if self._why else 'set memory.use to "auto" to keep it'
        return Health("memory", State.LIMITED, what, hint)
