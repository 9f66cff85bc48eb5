"""Ears: each listener hears one source of chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.events import Event, Redemption
from vtuber.core.health import Health

PARTS = {
    "console": "vtuber.listeners.console:Console",
    "replay": "vtuber.listeners.replay:Replay",
    "twitch": "vtuber.listeners.twitch:build",
    "youtube": "vtuber.listeners.youtube:build",
}
"""What is called with the whole Settings, and gives a listener, or a list of them: one for each source."""


class Listener(Protocol):
    """Hears one source. Owns its connection, its retries and its state; never stops the loop."""

    async def start(self) -> None:
        """Prepares what can be prepared before the show. Raises ListenerError when it can never be heard."""
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens in chat, as it happens, with text already ``text.clean``.

        Reconnects by itself. Ends when the source is exhausted (a recording, a closed pipe). Raises
        ListenerError only for what no retry can mend. Cancelling it closes its connection.
        """
        ...

    def health(self) -> Health:
        """How it is. ``part`` is different for every listener: "chat.twitch ninja"."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A listener that can also write where it listens."""

    def writes_in(self, platform: str, channel: str) -> bool:
        """Whether it may write there, and config wants it to."""
        ...

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        """Writes one line, in answer to the message of that id. Returns "", or why it was not sent.

        Waits for the platform's limits, but not for long. Never raises.
        """
        ...


@runtime_checkable
class Settler(Protocol):
    """A listener whose redemptions must be fulfilled, or given back."""

    def settle(self, redemption: Redemption, *, answered: bool) -> None:
        """She has answered it, or will not. Never waits; a redemption of somebody else is left alone."""
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
        made = registry.load("listeners", PARTS, name, where)(settings)
        built.extend(made if isinstance(made, list) else [made])
    return built
