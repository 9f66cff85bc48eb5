"""One of the voices that a router has: how it is doing, how loud it is, and what it makes of an utterance."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.backoff import Backoff
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk
from vtuber.core.languages import primary
from vtuber.voice import ANY_LANGUAGE, Utterance, Voice
from vtuber.voice.reading.speakable import speakable, weight
from vtuber.voice.speech import captions
from vtuber.voice.speech.mastering import Mastering, VoiceLevel
from vtuber.voice.speech.speech_cache import SpeechCache
from vtuber.voice.speech.speech_check import SURE
from vtuber.voice.speech.speech_key import SpeechKey
from vtuber.voice.watched import WatchedVoice

log = logging.getLogger(__name__)

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
"""Seconds until a voice that failed is tried again; doubled with each failure in a row."""


class Member:
    """The voice called ``name``; what it made before is in ``cache``."""

    def __init__(
        self,
        name: str,
        voice: Voice,
        settings: Settings,
        character: Character,
        cache: SpeechCache,
    ) -> None:
        self.name = name
        self.voice = WatchedVoice(name, voice)
        self.trouble: VoiceError | None = None
        """Why it failed, until it works again."""
        self._started = False
        self._cache = cache
        self._key = SpeechKey(name, voice, settings, character)
        self._loudness = settings.voice.loudness
        self.backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        self.again_at = float("-inf")
        """When it may be tried again."""
        # By speaker and language: for each language a voice may have a speaker of its own choice.
        self._levels: dict[tuple[str, str], VoiceLevel] = {}

    @property
    def rests(self) -> bool:
        """Whether it failed just now."""
        return clock.now() < self.again_at

    def speaks(self, languages: frozenset[str]) -> bool:
        return ANY_LANGUAGE in self.voice.languages or languages <= self.voice.languages

    async def start(self) -> None:
        """Starts it, if that was not done yet. Raises VoiceError."""
        if not self._started:
            await self.voice.start()
            self._started = True

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        """What is heard of it, with a pause behind it. Raises VoiceError where it fails, or is silent."""
        style = utterance.style
        speaker = style.voice, primary(utterance.language)
        level = self._levels.setdefault(speaker, VoiceLevel(self._loudness))
        mastering = Mastering(level, style.gain)
        async with aclosing(self._mastered(utterance, mastering)) as items:
            async for item in items:
                yield item
        if mastering.is_heard:
            return
        if weight(speakable(utterance.text)) >= SURE:
            raise VoiceError(f"the voice {self.name} made no sound", where="voice")
        for item in captions.silent(utterance.text):
            yield item

    def set_loudness(self, lufs: float) -> None:
        """Has all that it says be so loud from now on."""
        self._loudness = lufs
        for level in self._levels.values():
            level.aim(lufs)

    def fail(self, error: VoiceError) -> float:
        """It failed. Returns the seconds for which it rests now."""
        self.trouble = error
        wait = self.backoff.next()
        self.again_at = clock.now() + wait
        return wait

    def recover(self) -> None:
        """It spoke."""
        if self.trouble:
            log.info("the voice %s works again", self.name)
        self.trouble = None
        self.backoff.reset()

    async def _mastered(self, utterance: Utterance, mastering: Mastering) -> AsyncGenerator[Chunk, None]:
        """The voice's sound, with a pause behind it; none where it breaks off."""
        pause, trouble = captions.pause(utterance.text) / utterance.style.rate, None
        try:
            async with aclosing(self._made(utterance)) as items:
                async for item in items:
                    for ready in mastering.feed(item):
                        yield ready
        except VoiceError as error:
            pause, trouble = 0.0, error
        for ready in mastering.finish(pause):
            yield ready
        if trouble:
            raise trouble

    async def _made(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        """What the voice makes of it, or made of it before."""
        await self.start()
        made = partial(self.voice.speak, utterance)
        if not self.trouble:  # else it is to show that it works again
            made = partial(self._cache.speech, self._key.of(utterance), utterance.text, made)
        async with aclosing(made()) as items:
            async for item in items:
                yield item


class Shown(Member):
    """Who speaks where nobody can: what it is given is shown at the pace of reading."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        for item in captions.silent(utterance.text):
            yield item
