"""Ears: each listener hears one source of chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from vtuber.events import Event
from vtuber.health import Health

PARTS = {
    "console": "vtuber.listeners.console:Console",
    "replay": "vtuber.listeners.replay:Replay",
    "twitch": "vtuber.listeners.twitch:Twitch",
}


class Listener(Protocol):
    """Made with the whole Settings. Owns its connection, its retries and its state; never stops the loop."""

    async def start(self) -> None:
        """Prepares what can be prepared before the show. Raises ListenerError when it can never be heard."""
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens in chat, as it happens, with text already ``text.clean``.

        Reconnects by itself. Ends when the source is exhausted (a recording, a closed pipe). Raises
        ListenerError only for what no retry can mend. Cancelling it closes its connection.
        """
        ...

    def health(self) -> Health: ...
