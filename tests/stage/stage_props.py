"""What the tests of the stage share: clips of tones, a screen that remembers, an overlay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vtuber import character as characters
from vtuber.character import Character
from vtuber.character.face import Face
from vtuber.config import Settings
from vtuber.config import Stage as StageSettings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.clock import now
from vtuber.core.events import Clip, Sentence, Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.stage.cues import Cue
from vtuber.stage.overlay import Overlay
from vtuber.stage.server import Server

ROOT = Path(__file__).resolve().parents[2]
TONE = 240.0
"""Hz; a whole number of periods fits in every tenth of a second, so that tones meet smoothly."""


def tone(seconds: float, *, level: float = 0.3) -> bytes:
    time = np.arange(round(seconds * sound.RATE)) / sound.RATE
    return sound.to_pcm((level * np.sin(2 * np.pi * TONE * time)).astype(np.float32))


class Maker:
    """A voice's work on one clip: words and their sounds, one after another."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        each: float = 0.5,
        pause: float = 0.0,
        error: Exception | None = None,
        level: float = 0.3,
    ) -> None:
        self.made = 0
        self.closed = False
        self._words = words
        self._each = each
        self._pause = pause
        self._error = error
        self._level = level

    async def chunks(self) -> AsyncIterator[Sound | Word]:
        try:
            for index, word in enumerate(self._words):
                if self._pause:
                    await asyncio.sleep(self._pause)
                yield Word(word, index * self._each, (index + 1) * self._each)
                yield Sound(tone(self._each, level=self._level))
                self.made += 1
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True

    def clip(
        self,
        *,
        turn: int = 1,
        index: int = 0,
        text: str = "",
        mood: str = "",
        space: str = " ",
        speaker: str = "",
    ) -> Clip:
        text = text or " ".join(self._words)
        sentence = Sentence(turn, index, text, mood, space=space, speaker=speaker)
        return Clip(sentence, self.chunks())


class Recorder:
    """A screen that remembers what it was shown, and when."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.cues: list[tuple[float, Cue]] = []

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        self.cues.append((now(), cue))

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("recorder", State.OK, "remembers")

    def all(self, kind: type[Any]) -> list[Any]:
        return [cue for _, cue in self.cues if isinstance(cue, kind)]


def simulated(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Runs it in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())


def character(face: Face | None = None) -> Character:
    banban = characters.load(str(ROOT / "characters" / "banban"))
    return replace(banban, face=face) if face else banban


class ServedOverlay(Overlay):
    """The overlay with a server of its own."""

    def __init__(self, settings: Settings, character: Character) -> None:
        super().__init__(settings, character)
        self.server = Server(settings.stage, lambda: [self.health()])
        self.server.add_routes(self.routes())

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self) -> None:
        await self.server.start()
        await super().start()

    async def stop(self) -> None:
        await asyncio.gather(super().stop(), self.server.stop())


def an_overlay(face: Face | None = None, **options: Any) -> ServedOverlay:
    return ServedOverlay(Settings(stage=StageSettings(**{"port": 0, **options})), character(face))
