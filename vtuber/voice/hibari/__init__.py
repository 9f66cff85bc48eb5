"""The embedded voice: hibari-tts. It speaks English, on one processor core, much faster than real time."""

from __future__ import annotations

import asyncio
import logging
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
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
from vtuber.voice.hibari.model import CancelToken, HibariModel
from vtuber.voice.segmenter import is_abbreviated
from vtuber.voice.speakable import pronounced, weight, without_foreign
from vtuber.voice.spoken import spoken

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_PHRASE = 100
"""Characters that the model speaks at once. Its longest step that cannot be cancelled grows with them."""

LONGEST_WORD = 40
"""Characters of a word that are spoken at most."""

_REFERENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps all day."
_READ_AS = str.maketrans({"。": ".", "、": ",", "⁄": "/"} | dict.fromkeys('"[](){}<>*_`“”|^~\\', " "))
_NUMBER = re.compile(r"^(no|fig)\.(?=\W*$)", re.IGNORECASE)
_ENGLISH_ONLY = "English only: text in other languages is shown in the captions, but not spoken"
_OTHER_VOICE = 'set voice.use = "edge" for a voice that speaks Chinese'


@dataclass(slots=True)
class _Phrase:
    """Words that the model speaks at once, or that are only shown."""

    spoken: bool | None = None
    """Whether it can be pronounced. None while it is only punctuation."""
    words: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What the model is given for each word; "" for one that is not pronounced."""

    def is_full(self, word: str) -> bool:
        last = self.words[-1]
        size = sum(map(len, self.said)) + len(self.said)
        if not self.spoken:
            return False
        if size >= 24 and captions.SENTENCE_END.search(last) and not is_abbreviated(last.rstrip(".")):
            return True
        return (size >= 80 and bool(captions.CLAUSE_END.search(last))) or size + len(word) > LONGEST_PHRASE


class Hibari:
    """Speaks English. The model runs in a thread of its own, on one core at most."""

    def __init__(self, settings: Settings, _character: Character) -> None:
        self.availability = Availability()
        self._settings = settings.voice
        # Behind another voice there is nothing to change: that one speaks when it can.
        self._hint = _OTHER_VOICE if self._settings.use == "hibari" else ""
        self._model: HibariModel | None = None
        self._gain = 1.0
        self._thread: ThreadPoolExecutor | None = None
        self._met_foreign = False

    async def start(self) -> None:
        """Loads the model (half a second) and measures how loud it is. Raises VoiceError when it cannot."""
        if self._model:
            return
        self._thread = ThreadPoolExecutor(1, "hibari")
        try:
            self._model = await self._in_thread(HibariModel, CancelToken())
            self._gain = await self._in_thread(self._measured_gain, CancelToken())
        except Exception as error:  # the model and its network raise many kinds
            await self.stop()
            raise VoiceError(
                f"the embedded voice cannot be loaded: {error}",
                where="voice",
                hint="install banban again, or choose another voice in voice.use",
            ) from error
        self.availability.set(ready=True)

    async def speak(self, text: str) -> AsyncGenerator[Sound | Word, None]:
        begun = 0.0
        for phrase in _phrases(text):
            if phrase.spoken:
                pcm, words = await self._make(phrase)
            else:
                self._warn_of(phrase)
                pcm, words = _shown(phrase)
            moved = [
                Word(word.text, round(begun + word.start, 3), round(begun + word.end, 3)) for word in words
            ]
            for item in captions.interleaved(pcm, moved, begun):
                yield item
            begun += sound.seconds(pcm)

    def pronounced(self, text: str) -> Iterator[str]:
        yield " ".join(said for phrase in _phrases(text) for said in phrase.said if said)

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

    def _warn_of(self, phrase: _Phrase) -> None:
        if phrase.spoken is False and not self._met_foreign:
            self._met_foreign = True
            hint = f"\n  → {self._hint}" if self._hint else ""
            log.warning("the embedded voice speaks %s%s", _ENGLISH_ONLY, hint)

    def _measured_gain(self) -> float:
        if self._model is None:
            raise VoiceError("the embedded voice was not started", where="voice")
        samples, _ = self._model.make(_REFERENCE.split(), 1.0, CancelToken())
        return float(10 ** ((self._settings.loudness - sound.loudness(samples)) / 20))

    async def _make(self, phrase: _Phrase) -> tuple[bytes, list[Word]]:
        model, token = self._model, CancelToken()
        if model is None:
            raise VoiceError("the embedded voice was not started", where="voice")

        def make() -> tuple[bytes, list[Word]]:
            samples, spans = model.make(phrase.said, self._settings.speed, token)
            return _settled(samples * np.float32(self._gain), spans, phrase)

        try:
            return await self._in_thread(make, token)
        except Exception as error:  # the model and its network raise many kinds
            raise VoiceError(f"the embedded voice failed: {error}", where="voice") from error

    async def _in_thread(self, work: Callable[[], T], token: CancelToken) -> T:
        """The result of ``work``. When cancelled, it cancels the token and waits until the thread is done."""
        if self._thread is None:
            raise VoiceError("the embedded voice was stopped", where="voice")
        job = self._thread.submit(work)
        future = asyncio.wrap_future(job)
        with clock.outside():
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                token.cancel()
                if not job.cancel():
                    await asyncio.wait([future])
                    future.exception()  # seen
                raise


def _phrases(text: str) -> Iterator[_Phrase]:
    """The text in phrases that are spoken, or only shown."""
    phrase = _Phrase()
    words = captions.split(text)
    for word, read, after in zip(words, spoken(words), [*words, ""][1:], strict=True):
        said = _said(read, before_number=after[:1].isdigit())
        is_spoken = True if said else False if any(map(str.isalpha, read)) else None
        if phrase.words and (
            (None not in (is_spoken, phrase.spoken) and is_spoken != phrase.spoken) or phrase.is_full(word)
        ):
            yield phrase
            phrase = _Phrase()
        phrase.spoken = is_spoken if phrase.spoken is None else phrase.spoken
        phrase.words.append(word)
        phrase.said.append(said)
    if phrase.words:
        yield phrase


@lru_cache(maxsize=4096)
def _said(word: str, *, before_number: bool) -> str:
    """What of ``word`` can be pronounced in English, in plain letters; "" when nothing can.

    "no." would be read as "number", as before one.
    """
    plain = unicodedata.normalize("NFKC", word).translate(_READ_AS)
    latin = without_foreign(plain, wide=False)
    spelled = re.sub(r"\d{13,}", lambda digits: " ".join(digits.group()), latin[:LONGEST_WORD])
    said = pronounced(spelled)
    return said if before_number else _NUMBER.sub(r"\1 .", said)


def _settled(
    samples: sound.Samples, spans: list[tuple[float, float]], phrase: _Phrase
) -> tuple[bytes, list[Word]]:
    """The phrase's sound without the silence around it, with a natural pause behind it; and its words."""
    trimmer = sound.Trimmer()
    trimmed = np.concatenate(
        [trimmer.feed(sound.limited(samples)), trimmer.finish(captions.pause(phrase.words[-1]))]
    )
    length = len(trimmed) / sound.RATE
    words = []
    for text, span in zip(phrase.words, spans, strict=True):
        start, end = (round(min(max(at - trimmer.skipped, 0.0), length), 3) for at in span)
        words.append(Word(text, start, end))
    return sound.to_pcm(trimmed), words


def _shown(phrase: _Phrase) -> tuple[bytes, list[Word]]:
    length = weight("".join(phrase.words)) / captions.READING
    return sound.silence(length), captions.spread(phrase.words, 0.0, length)
