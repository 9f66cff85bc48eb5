"""Listeners: each reads one source of chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability
from vtuber.core.events import Event, Redemption
from vtuber.core.health import Health

PARTS = {
    "console": "vtuber.listeners.console:Console",
    "replay": "vtuber.listeners.replay:Replay",
    "twitch": "vtuber.listeners.twitch.listener:build",
    "youtube": "vtuber.listeners.youtube.listener:build",
}
"""What is called with the whole Settings, and gives a listener, or a list of them: one for each source."""


class Listener(Protocol):
    """Reads one source of chat. Owns its connection, its retries and its state; never stops the loop."""

    availability: Availability
    """Ready while whatever is said is received, or will be: also while it waits for a stream to begin."""

    async def start(self) -> None:
        """Prepares what can be prepared before the show. Raises ListenerError when it can never be read."""
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens in chat, as it happens, with text already ``text.clean``.

        Reconnects by itself. Ends when the source is exhausted (a recording, a closed pipe). Raises
        ListenerError only for what no retry can change. Cancelling it closes its connection.
        """
        ...

    def health(self) -> Health:
        """How it is. ``part`` is different for every listener: "chat.twitch ninja"."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A listener that can also write in the chat it reads."""

    def writes_in(self, platform: str, channel: str) -> bool:
        """Whether it may write there, and config wants it to."""
        ...

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        """Writes one line, in reply to the message of that id. Returns "", or why it was not sent.

        Waits for the platform's limits, but not for long. Never raises.
        """
        ...


@runtime_checkable
class RedemptionListener(Protocol):
    """A listener whose redemptions are fulfilled or refunded.

    Neither method waits, and both leave redemptions of other listeners alone.
    """

    def fulfil(self, redemption: Redemption) -> None:
        """She has answered it."""
        ...

    def refund(self, redemption: Redemption) -> None:
        """She will not answer it: the viewer gets the points back."""
        ...


def build(settings: Settings) -> list[Listener]:
    """The listeners that config asks for. Raises ConfigError."""
    wanted = {
        "console": settings.chat.console,
        "replay": bool(settings.chat.replay.file),
        "twitch": bool(settings.chat.twitch.channels),
        "youtube": bool(settings.chat.youtube.streams),
    }
    names = [(name, "") for name, on in wanted.items() if on]
    names += [(name, f"chat.also[{index}]") for index, name in enumerate(settings.chat.also)]
    built: list[Listener] = []
    for name, where in names:
        made = registry.make("listeners", PARTS, name, settings, where=where)
        built.extend(made if isinstance(made, list) else [made])
    return built
