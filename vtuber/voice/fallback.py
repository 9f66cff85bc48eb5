"""A voice that may fail, and one behind it that speaks when it does."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from vtuber.core import clock, sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State

if TYPE_CHECKING:
    from vtuber.voice import Voice

log = logging.getLogger(__name__)

SHORTEST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds for which a voice that failed is left alone; doubled with each failure in a row."""


class Fallback:
    """Speaks with ``first``. What it cannot say of a sentence, ``second`` says."""

    def __init__(self, first: Voice, second: Voice) -> None:
        self._first = first
        self._second = second
        self._second_trouble: VoiceError | None = None
        self._trouble: VoiceError | None = None
        self._pause = 0.0
        self._again_at = 0.0
        self._first_started = False

    async def start(self) -> None:
        """Raises VoiceError only when neither can speak."""
        try:
            await self._second.start()
        except VoiceError as error:
            self._second_trouble = error
            log.warning("%s", error)
        try:
            await self._start_first()
        except VoiceError as error:
            if self._second_trouble:
                raise
            self._fail(error)

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        heard = _Heard(text)
        if clock.now() >= self._again_at or self._second_trouble:
            async with aclosing(self._try_first(text, heard)) as items:
                async for item in items:
                    yield item
        if heard.complete:
            return
        rest, begun = heard.rest(), heard.seconds
        async with aclosing(self._second.speak(rest)) as items:
            async for item in items:
                yield _later(item, begun)

    async def _try_first(self, text: str, heard: _Heard) -> AsyncGenerator[Sound | Word, None]:
        """All of the sentence, or as much of it as the first voice can say."""
        try:
            await self._start_first()
            async with aclosing(self._first.speak(text)) as items:
                async for item in items:
                    for due in heard.take(item):
                        yield due
        except VoiceError as error:
            if self._second_trouble:
                raise
            self._fail(error)
            if any(map(str.isalnum, heard.rest())):
                return
        else:
            self._recover()
        for word in heard.finish():
            yield word

    async def stop(self) -> None:
        try:
            await self._first.stop()
        finally:
            await self._second.stop()

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
        self._pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, 2 * self._pause))
        self._again_at = clock.now() + self._pause
        log.warning("%s; the other voice speaks, the first is tried again in %.0f s", error.what, self._pause)

    def _recover(self) -> None:
        if self._trouble:
            log.info("the first voice speaks again")
        self._trouble = None
        self._pause = 0.0


class _Heard:
    """Follows what has been given out of a sentence, so that another voice can go on from there.

    A word is kept back until the sound it begins in is there: a voice that fails has often told of more
    words than it spoke.
    """

    def __init__(self, text: str) -> None:
        self.seconds = 0.0
        self.complete = False
        self._text = text
        self._letters = 0  # of the words given out
        self._words: list[Word] = []

    def take(self, item: Sound | Word) -> Iterator[Sound | Word]:
        if isinstance(item, Word):
            self._words.append(item)
            return
        self.seconds += sound.seconds(item.pcm)
        while self._words and self._words[0].start < self.seconds:
            yield self._give()
        yield item

    def finish(self) -> Iterator[Word]:
        """What is still owed of the caption; nobody needs to pronounce it."""
        while self._words:
            yield self._give()
        for word in self.rest().split():
            yield Word(word, self.seconds, self.seconds)
        self.complete = True

    def rest(self) -> str:
        """The text behind the words given out."""
        left = self._letters
        for at, char in enumerate(self._text):
            if left == 0 and not char.isspace():
                return self._text[at:]
            left -= not char.isspace()
        return ""

    def _give(self) -> Word:
        word = self._words.pop(0)
        self._letters += len(word.text)
        return word


def _later(item: Sound | Word, seconds: float) -> Sound | Word:
    if isinstance(item, Word) and seconds:
        return Word(item.text, round(item.start + seconds, 3), round(item.end + seconds, 3))
    return item
