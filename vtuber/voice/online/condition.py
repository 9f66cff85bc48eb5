"""How an online voice is doing: whether its service answered last, and what it said instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.health import Health, State


class Condition:
    """Away until the service was reached; and again from a failure to the next sentence that works."""

    def __init__(self) -> None:
        self.availability = Availability()
        self._trouble: VoiceError | None = None

    @contextmanager
    def looking(self) -> Iterator[None]:
        """While the service is looked for: whatever VoiceError that raises is what is wrong."""
        try:
            yield
        except VoiceError as error:
            self.failed(error)
            raise
        self.works()

    def works(self) -> None:
        """It answered."""
        self._trouble = None
        self.availability.set(ready=True)

    def failed(self, error: VoiceError) -> None:
        """It did not, or not as it should."""
        self._trouble = error
        self.availability.set(ready=False)

    def health(self, what: str, well: str = "") -> Health:
        """A row for people: ``what`` it is, and how it speaks while all is ``well``."""
        if self._trouble:
            return Health("voice", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("voice", State.OK, what + well)
