"""What the tests of voices share: listening to them, and a character."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from vtuber.character import Character
from vtuber.character.face import Face
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Sound, Timed, Viseme, Word
from vtuber.voice import Voice
from vtuber.voice.router import VoiceRouter


@dataclass
class Heard:
    """A clip as it was received; ``late`` is what came after the sound they begin in."""

    pcm: bytes = b""
    words: list[Word] = field(default_factory=list)
    visemes: list[Viseme] = field(default_factory=list)
    late: list[Timed] = field(default_factory=list)
    error: VoiceError | None = None

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)

    @property
    def seconds(self) -> float:
        return sound.seconds(self.pcm)

    @property
    def samples(self) -> sound.Samples:
        return sound.from_pcm(self.pcm)

    def add(self, item: Chunk) -> None:
        if isinstance(item, Sound):
            self.pcm += item.pcm
            return
        if item.start < self.seconds - 0.001:
            self.late.append(item)
        if isinstance(item, Word):
            self.words.append(item)
        else:
            self.visemes.append(item)

    def level_at(self, start: float, end: float) -> float:
        """dBFS in that stretch, with no regard to silence."""
        part = self.samples[round(start * sound.RATE) : round(end * sound.RATE)]
        return float(10 * np.log10((part**2).mean() + 1e-12))

    def check(self, text: str) -> None:
        """What every voice promises of a clip."""
        assert self.text == "".join(text.split())
        assert not self.late
        assert all(0 <= word.start <= word.end for word in self.words)
        assert all(word.start <= self.seconds + 0.001 for word in self.words)
        starts = [word.start for word in self.words]
        assert starts == sorted(starts)
        assert all(one.end <= two.start + 0.001 for one, two in pairwise(self.visemes))
        assert all(viseme.start <= viseme.end for viseme in self.visemes)
        assert len(self.pcm) % sound.SAMPLE_BYTES == 0


async def hear(items: AsyncIterator[Chunk], *, fails: bool = False) -> Heard:
    """All of a clip; with ``fails`` all until its VoiceError, which it must end with."""
    heard = Heard()
    try:
        async for item in items:
            heard.add(item)
    except VoiceError as error:
        if not fails:
            raise
        heard.error = error
    assert bool(heard.error) == fails
    return heard


def chain(*voices: Voice) -> VoiceRouter:
    """The voices, the first of which that can speaks."""
    names = [f"number {at}" for at in range(1, len(voices) + 1)]
    settings = Settings.model_validate({"voice": {"use": names}})
    return VoiceRouter(dict(zip(names, voices, strict=True)), settings, CHARACTER)


CHARACTER = Character(
    folder=Path(),
    name="板板",
    aliases=(),
    persona="",
    canon=(),
    examples=(),
    moods=("calm", "happy"),
    voices={},
    refusals=(),
    face=Face({}),
)
