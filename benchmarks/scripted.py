"""A brain and a voice with exact timings, for measuring everything around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np

from vtuber import brain, voice
from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability, Progress
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.voice import Utterance


class ScriptedBrain:
    """Says ``reply``, ``rate`` pieces of ``size`` characters a second, the first after ``first`` seconds."""

    reply = "Hello there."
    first = 0.25
    rate = 40.0
    size = 4
    streaming = 0
    """How many streams are open right now, in all instances."""
    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self.context = settings.brain.context
        self.usage = Usage()
        self.availability = Availability(ready=True)

    async def start(self, progress: Progress) -> None:
        progress(1.0, "scripted")

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        pass

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        pass

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        return sum(len(line.text) // 4 + 4 for line in lines)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        cls = type(self)
        cls.streaming += 1
        try:
            text = self.reply[len(prompt.reply_so_far) :]
            due = asyncio.get_running_loop().time() + self.first
            for start in range(0, len(text), self.size):
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                due += 1 / self.rate
                yield text[start : start + self.size]
        finally:
            cls.streaming -= 1

    async def stop(self) -> None:
        pass

    def health(self) -> Health:
        return Health("brain", State.OK, "scripted")


def tone(seconds: float) -> bytes:
    """A sine of 440 Hz."""
    moments = np.arange(round(seconds * sound.RATE)) / sound.RATE
    return sound.to_pcm((0.2 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32))


class ScriptedVoice:
    """A tone of 15 characters a second, made in ``factor`` of its duration; given out when it is done."""

    factor = 0.15
    letters_a_second = 15.0
    languages = frozenset({"en", "zh"})
    speaking = 0
    """How many sentences are in the making right now, in all instances."""

    def __init__(self, _settings: Settings, _character: Character) -> None:
        self.availability = Availability(ready=True)

    async def start(self) -> None:
        pass

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        cls, text = type(self), utterance.text
        cls.speaking += 1
        try:
            duration = len(text) / self.letters_a_second
            await asyncio.sleep(duration * self.factor)
            time, words = 0.0, text.split()
            letters = sum(map(len, words)) or 1
            for word in words:
                share = duration * len(word) / letters
                yield Word(word, time, time + share)
                time += share
            yield Sound(tone(duration))
        finally:
            cls.speaking -= 1

    async def stop(self) -> None:
        pass

    def health(self) -> Health:
        return Health("voice", State.OK, "scripted")


brain.PARTS.setdefault("scripted", f"{__name__}:ScriptedBrain")
voice.PARTS.setdefault("scripted", f"{__name__}:ScriptedVoice")
