"""A voice that may fail, and one behind it that speaks when it does."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import takewhile
from typing import Any

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock, registry, sound
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.voice import PARTS, Voice
from vtuber.voice.speakable import forms

log = logging.getLogger(__name__)

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
"""Seconds until a voice that failed is tried again; doubled with each failure in a row."""

_SLACK = 0.1
"""A word of which no more than its last so many seconds are missing was heard whole."""


def build(settings: Settings, character: Character) -> Voice:
    """The chosen voice, and behind it the one that speaks when it cannot. Raises ConfigError."""
    names = {settings.voice.use: "voice.use"}
    if settings.voice.fallback:
        names.setdefault(settings.voice.fallback, "voice.fallback")
    voices: list[Voice] = [
        registry.make("voice", PARTS, name, settings, character, where=where) for name, where in names.items()
    ]
    return voices[0] if len(voices) == 1 else VoiceFallback(*voices)


class VoiceFallback:
    """Speaks with ``first``. What it cannot say of a sentence, ``second`` says."""

    def __init__(self, first: Voice, second: Voice) -> None:
        self.availability = Availability()
        self._first = first
        self._second = second
        self._first_started = self._second_started = False
        self._trouble: VoiceError | None = None
        self._backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        self._again_at = 0.0

    async def start(self) -> None:
        """Raises VoiceError only when neither can speak."""
        try:
            await self._second.start()
            self._second_started = True
        except VoiceError as error:
            log.warning("%s", error)
        try:
            await self._start_first()
        except VoiceError as error:
            if not self._second_started:
                raise
            self._fail(error)
        self._update()

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        progress = _Progress(text)
        try:
            if clock.now() >= self._again_at or not self._second_started:
                async with aclosing(self._speak_first(text, progress)) as items:
                    async for item in items:
                        yield item
            if not progress.complete:
                async with aclosing(self._second.speak(progress.rest())) as items:
                    async for item in progress.go_on(items):
                        yield item
        finally:
            self._update()

    async def _speak_first(self, text: str, progress: _Progress) -> AsyncGenerator[Sound | Word, None]:
        """All of the sentence, or as much of it as the first voice can say."""
        try:
            await self._start_first()
            async with aclosing(self._first.speak(text)) as items:
                async for item in items:
                    for due in progress.take(item):
                        yield due
        except VoiceError as error:
            if not self._second_started:
                raise
            self._fail(error)
            if any(map(str.isalnum, progress.rest())):
                return
        else:
            self._recover()
        for word in progress.finish():
            yield word

    async def stop(self) -> None:
        try:
            await self._first.stop()
        finally:
            await self._second.stop()
            self._update()

    def pronounced(self, text: str) -> Iterator[str]:
        for voice in (self._first, self._second):
            yield from forms(voice, text)

    def routes(self) -> list[Any]:
        """Those of the voices that answer HTTP requests (``stage.server.Routed``)."""
        return [route for voice in (self._first, self._second) for route in getattr(voice, "routes", list)()]

    def health(self) -> Health:
        if self._trouble is None:
            return self._first.health()
        second = self._second.health()
        what = f"{second.what}; because {self._trouble.what}"
        return Health("voice", State.LIMITED, what, self._trouble.hint or second.hint)

    async def _start_first(self) -> None:
        if not self._first_started:
            await self._first.start()
            self._first_started = True

    def _fail(self, error: VoiceError) -> None:
        self._trouble = error
        wait = self._backoff.next()
        self._again_at = clock.now() + wait
        log.warning(
            "%s; the fallback voice speaks now. The first voice is tried again in %.0f seconds",
            error.what,
            wait,
        )

    def _recover(self) -> None:
        if self._trouble:
            log.info("the first voice works again")
        self._trouble = None
        self._backoff.reset()

    def _update(self) -> None:
        either = self._first.availability.is_ready or self._second.availability.is_ready
        self.availability.set(ready=either)


class _Progress:
    """Follows what was said of a sentence, so that another voice can go on from there.

    A word is kept back until the sound it begins in is there: a voice that fails has often announced more
    words than it spoke. A word in whose middle the sound broke off is said again, and shown once.
    """

    def __init__(self, text: str) -> None:
        self.complete = False
        self._seconds = 0.0
        self._text = text
        self._words: list[Word] = []  # not given out yet
        self._given: list[Word] = []

    def take(self, item: Sound | Word) -> Iterator[Sound | Word]:
        if isinstance(item, Word):
            self._words.append(item)
            return
        self._seconds += sound.seconds(item.pcm)
        while self._words and self._words[0].start < self._seconds:
            yield self._give()
        yield item

    def finish(self) -> Iterator[Word]:
        """What is still owed of the caption; nobody needs to pronounce it."""
        while self._words:
            word = self._give()
            yield Word(word.text, min(word.start, self._seconds), min(word.end, self._seconds))
        for text in self._behind(_letters(self._given)).split():
            yield Word(text, self._seconds, self._seconds)
        self.complete = True

    def rest(self) -> str:
        """The text behind the words that were heard whole."""
        return self._behind(_letters(self._whole()))

    async def go_on(self, items: AsyncGenerator[Sound | Word, None]) -> AsyncGenerator[Sound | Word, None]:
        """What another voice makes of the rest, its words later by the sound before, and none shown twice."""
        shown, begun = _letters(self._given) - _letters(self._whole()), self._seconds
        async for item in items:
            if isinstance(item, Sound):
                yield item
                continue
            text = item.text[shown:]
            shown = max(0, shown - len(item.text))
            if text:
                yield Word(text, round(begun + item.start, 3), round(begun + item.end, 3))

    def _whole(self) -> list[Word]:
        return list(takewhile(lambda word: word.end <= self._seconds + _SLACK, self._given))

    def _behind(self, letters: int) -> str:
        """The text without so many letters of its beginning."""
        for at, char in enumerate(self._text):
            if letters == 0 and not char.isspace():
                return self._text[at:]
            letters -= not char.isspace()
        return ""

    def _give(self) -> Word:
        word = self._words.pop(0)
        self._given.append(word)
        return word


def _letters(words: list[Word]) -> int:
    return sum(len(word.text) for word in words)
