"""No voice at all: captions at the pace of reading. It is the last of every chain, and never fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.events import Chunk
from vtuber.core.health import Health, State
from vtuber.voice import ANY_LANGUAGE, Utterance
from vtuber.voice.speech import captions


class Silent:
    """Lets the audience read."""

    def __init__(self, _settings: Settings, _character: Character) -> None:
        self.availability = Availability(ready=True)
        self.languages = frozenset({ANY_LANGUAGE})

    async def start(self) -> None:
        """Nothing to load."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        for item in captions.silent(utterance.text):
            yield item

    def has_speaker(self, _name: str) -> bool:
        """It has none."""
        return False

    async def stop(self) -> None:
        """Nothing to stop."""

    def health(self) -> Health:
        return Health("voice", State.LIMITED, "captions only, without a voice")
