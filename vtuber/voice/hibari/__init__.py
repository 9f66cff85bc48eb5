"""The embedded voice: hibari-tts, English, made on one processor core many times faster than it is heard."""

from __future__ import annotations

import asyncio
import logging
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock, sound
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.voice import captions
from vtuber.voice.hibari.model import Model, Stop
from vtuber.voice.segmenter import is_abbreviated, speakable, weight

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_RUN = 100
"""Characters given to the model at once; the dearest step that cannot be cut short grows with them."""

LONGEST_WORD = 40
"""Of a longer word no more is spoken."""

_REFERENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps all day."
_READ_AS = str.maketrans({"。": ".", "、": ",", "⁄": "/"} | dict.fromkeys('"[](){}<>*_`“”|^~\\', " "))
_ENGLISH_ONLY = "English only: other languages are shown in the captions but not heard"
_OTHER_VOICE = 'set voice.use = "edge" for a voice that speaks Chinese'


@dataclass(slots=True)
class _Run:
    """Words that are made in one go."""

    spoken: bool | None = None
    """Whether it can be pronounced; None while there is nothing but marks."""
    words: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What the model is given for each word; "" for one without a sound."""

    def is_full(self, word: str) -> bool:
        last = self.words[-1]
        size = sum(map(len, self.said)) + len(self.said)
        if not self.spoken:
            return False
        if size >= 24 and captions.SENTENCE_END.search(last) and not is_abbreviated(last.rstrip(".")):
            return True
        return (size >= 80 and bool(captions.CLAUSE_END.search(last))) or size + len(word) > LONGEST_RUN


class Hibari:
    """Speaks English. The model works in one thread of its own, with one core at most."""

    def __init__(self, settings: Settings, _character: Character) -> None:
        self.availability = Availability()
        self._settings = settings.voice
        # Behind another voice there is nothing to change: that one speaks when it can.
        self._hint = _OTHER_VOICE if self._settings.use == "hibari" else ""
        self._model: Model | None = None
        self._gain = 1.0
        self._thread: ThreadPoolExecutor | None = None
        self._met_foreign = False

    async def start(self) -> None:
        """Loads the model (half a second) and learns how loud it is. Raises VoiceError when it cannot."""
        if self._model:
            return
        self._thread = ThreadPoolExecutor(1, "hibari")
        try:
            self._model = await self._in_thread(Model, Stop())
            self._gain = await self._in_thread(self._measured_gain, Stop())
        except Exception as error:  # the model and its network raise many kinds
            await self.stop()
            raise VoiceError(
                f"the embedded voice cannot be loaded: {error}",
                where="voice",
                hint="install banban again, or choose another voice",
            ) from error
        self.availability.set(ready=True)

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        begun = 0.0
        for run in _runs(text):
            if run.spoken:
                pcm, words = await self._make(run)
            else:
                self._meet(run)
                pcm, words = _shown(run)
            moved = [
                Word(word.text, round(begun + word.start, 3), round(begun + word.end, 3)) for word in words
            ]
            for item in captions.interleaved(pcm, moved, begun):
                yield item
            begun += sound.seconds(pcm)

    async def stop(self) -> None:
        self.availability.set(ready=False)
        thread, self._thread, self._model = self._thread, None, None
        if thread:
            await clock.in_thread(thread.shutdown)

    def health(self) -> Health:
        if self._model is None:
            return Health("voice", State.DOWN, "hibari is not loaded")
        if self._met_foreign:
            return Health("voice", State.LIMITED, f"hibari, embedded: {_ENGLISH_ONLY}", self._hint)
        return Health("voice", State.OK, "hibari, embedded, English")

    def _meet(self, run: _Run) -> None:
        if run.spoken is False and not self._met_foreign:
            self._met_foreign = True
            hint = f"\n  → {self._hint}" if self._hint else ""
            log.warning("the embedded voice speaks %s%s", _ENGLISH_ONLY, hint)

    def _measured_gain(self) -> float:
        if self._model is None:
            raise VoiceError("the embedded voice was not started", where="voice")
        samples, _ = self._model.make(_REFERENCE.split(), 1.0, Stop())
        return float(10 ** ((self._settings.loudness - sound.loudness(samples)) / 20))

    async def _make(self, run: _Run) -> tuple[bytes, list[Word]]:
        model, stop = self._model, Stop()
        if model is None:
            raise VoiceError("the embedded voice was not started", where="voice")

        def make() -> tuple[bytes, list[Word]]:
            samples, spans = model.make(run.said, self._settings.speed, stop)
            return _settled(samples * np.float32(self._gain), spans, run)

        try:
            return await self._in_thread(make, stop)
        except Exception as error:  # the model and its network raise many kinds
            raise VoiceError(f"the embedded voice failed: {error}", where="voice") from error

    async def _in_thread(self, work: Callable[[], T], stop: Stop) -> T:
        """The result of ``work``. When cancelled, ``stop`` is called and the thread's end awaited."""
        if self._thread is None:
            raise VoiceError("the embedded voice was stopped", where="voice")
        job = self._thread.submit(work)
        future = asyncio.wrap_future(job)
        with clock.outside():
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                stop.now()
                if not job.cancel():
                    await asyncio.wait([future])
                    future.exception()  # seen
                raise


def _runs(text: str) -> Iterator[_Run]:
    """The text in stretches that are spoken, or only shown."""
    run = _Run()
    for word in captions.split(text):
        said = _said(word)
        spoken = True if said else False if any(map(str.isalpha, word)) else None
        if run.words and ((None not in (spoken, run.spoken) and spoken != run.spoken) or run.is_full(word)):
            yield run
            run = _Run()
        run.spoken = spoken if run.spoken is None else run.spoken
        run.words.append(word)
        run.said.append(said)
    if run.words:
        yield run


def _said(word: str) -> str:
    """What of a word can be pronounced in English, in plain letters; "" when nothing can."""
    plain = unicodedata.normalize("NFKC", word).translate(_READ_AS)
    latin = "".join(char for char in plain if not (char.isalpha() and _is_foreign(char)))
    spelled = re.sub(r"\d{13,}", lambda digits: " ".join(digits.group()), latin[:LONGEST_WORD])
    return speakable(spelled)


def _is_foreign(letter: str) -> bool:
    return ord(letter) >= 0x250 and not 0x1E00 <= ord(letter) <= 0x1EFF


def _settled(samples: sound.Samples, spans: list[tuple[float, float]], run: _Run) -> tuple[bytes, list[Word]]:
    """The run's sound without the silence around it, with a natural pause behind it; and its words."""
    trimmer = sound.Trimmer()
    trimmed = np.concatenate(
        [trimmer.feed(sound.limited(samples)), trimmer.finish(captions.pause(run.words[-1]))]
    )
    length = len(trimmed) / sound.RATE
    words = []
    for text, span in zip(run.words, spans, strict=True):
        start, end = (round(min(max(at - trimmer.skipped, 0.0), length), 3) for at in span)
        words.append(Word(text, start, end))
    return sound.to_pcm(trimmed), words


def _shown(run: _Run) -> tuple[bytes, list[Word]]:
    length = weight("".join(run.words)) / captions.READING
    return sound.silence(length), captions.spread(run.words, 0.0, length)
