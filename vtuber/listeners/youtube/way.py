"""A way to hear the live chat of one video: the pages that a browser loads, or the official API."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from typing import Protocol

from vtuber.core.events import Event
from vtuber.listeners.connection import Lost


class Way(Protocol):
    """Made for one video with ``(settings, video_id, channel)``."""

    answered: float | None
    """When YouTube last answered with chat, on the show's clock; None until it did."""

    @property
    def odd(self) -> int:
        """How many pieces of what came could not be understood."""
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens, as it happens, oldest first. After Lost it may be called again, and goes on there.

        Ends when the stream has ended. Raises Lost when the way is broken and may be tried again, and a
        final ListenerError when this chat cannot be read this way (it is disabled, the video is private).
        """
        ...


class Refused(Lost):
    """A way that is of no use for ``after`` seconds, however often it is tried; by default for ever."""

    def __init__(self, why: str, hint: str = "", *, after: float = math.inf) -> None:
        super().__init__(why, hint)
        self.after = after
