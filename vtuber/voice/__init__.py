"""The voice: text becomes sentences, sentences become sound. Here is what every voice is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Protocol, runtime_checkable

from vtuber.core.availability import Availability
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health

PARTS = {
    "hibari": "vtuber.voice.hibari:Hibari",
    "edge": "vtuber.voice.edge:Edge",
}


class Voice(Protocol):
    """Made with the whole Settings and the Character."""

    @property
    def availability(self) -> Availability:
        """Ready once it has started. Away when it failed, until a sentence works again, and when stopped."""
        ...

    async def start(self) -> None:
        """Loads what is needed to speak at once. Raises VoiceError when it never can."""
        ...

    def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        """Sound as it is made, loudness already settled, and each word no later than its sound.

        Closing the iterator (or cancelling) stops the making at once: no thread works on.
        Raises VoiceError when no more sound can be made, and never ends early without it.
        """
        ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...


@runtime_checkable
class Pronouncing(Protocol):
    """A voice that says beforehand what it will pronounce of a text."""

    def pronounced(self, text: str) -> Iterator[str]:
        """What is heard of ``text``; more than one form where several voices may speak it.

        Always as many forms, in the same order: each is judged behind the same form of what came before.
        """
        ...
