"""Her voice: text becomes sentences, sentences become sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health

PARTS = {
    "hibari": "vtuber.voice.hibari:Hibari",
    "edge": "vtuber.voice.edge:Edge",
}


class Voice(Protocol):
    """Made with the whole Settings and the Character."""

    async def start(self) -> None:
        """Loads what is needed to speak at once. Raises VoiceError when it never can."""
        ...

    def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        """Sound as it is made, loudness already settled, and each word no later than its sound.

        Closing the iterator (or cancelling) stops the making at once: no thread works on.
        Raises VoiceError when no more sound can be made.
        """
        ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...


def build(settings: Settings, character: Character) -> Voice:
    """The chosen voice, and behind it the one that speaks when it cannot. Raises ConfigError."""
    # Not above: fallback needs this module's Voice.
    from vtuber.voice.fallback import Fallback  # noqa: PLC0415

    names = {settings.voice.use: "voice.use"}
    if settings.voice.fallback:
        names.setdefault(settings.voice.fallback, "voice.fallback")
    voices: list[Voice] = [
        registry.load("voice", PARTS, name, where)(settings, character) for name, where in names.items()
    ]
    if len(voices) == 1:
        return voices[0]
    return Fallback(*voices)
