"""What the control room asks of the show, which has an implementation of it (``vtuber.show.backstage``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vtuber.core.events import Answerable
from vtuber.core.health import Health
from vtuber.stage.access import Role
from vtuber.stage.control.shapes import Air, Answer, CommandRow, IgnoredRow, QueueRow, SettingsRow, ViewerRow

BASE = "/api/v1"
"""Where the API is."""


class Backstage(Protocol):
    """All of it answers at once, but for what is awaited."""

    def commands(self, role: Role) -> list[CommandRow]:
        """Those that somebody with this role may use."""
        ...

    def may(self, role: Role, name: str) -> bool:
        """Whether there is a command of that name, and somebody with this role may use it."""
        ...

    def command(self, role: Role, name: str, argument: str) -> Answer:
        """Carries out a command that ``role`` may use, as if a moderator had written it in chat."""
        ...

    async def written(self, name: str) -> None:
        """Returns once what a command of that name has promised is written down; for most at once."""
        ...

    def queue(self) -> list[QueueRow]:
        """The first of what waits, in the order in which she would answer it, and what is held."""
        ...

    def prepared(self) -> Answerable | None:
        """What the reply answers that is made while another is heard."""
        ...

    def silence(self) -> tuple[bool, float]:
        """Whether she is paused, and for how many seconds she is silent."""
        ...

    def air(self) -> Air:
        """What waits for a yes before it is heard."""
        ...

    async def air_sound(self, number: int) -> bytes | None:
        """The sound of a sentence that waits (``Sound.pcm``); None when it does not.

        Raises TimeoutError and VoiceError.
        """
        ...

    async def frame(self) -> bytes:
        """What viewers see now in the broadcasting program, as a JPEG. Raises StageError."""
        ...

    def settings(self) -> SettingsRow:
        """What can be changed while the show runs."""
        ...

    def health(self) -> Sequence[Health]:
        """Every part's state."""
        ...

    def ignored(self) -> list[IgnoredRow]:
        """The latest of those whom she does not answer."""
        ...

    async def viewers(self, name: str) -> list[ViewerRow]:
        """What is known of whoever wrote lately under that name. Raises RecallError."""
        ...
