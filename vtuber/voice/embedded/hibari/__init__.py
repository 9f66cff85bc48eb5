"""The embedded voice: hibari-tts. It speaks English, on one processor core, much faster than real time."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TypeVar

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Timed
from vtuber.core.health import Health, State
from vtuber.voice import Utterance
from vtuber.voice.embedded import english
from vtuber.voice.embedded.hibari.model import HibariModel
from vtuber.voice.embedded.network import CancelToken, Worker
from vtuber.voice.pieces.breaks import is_abbreviated
from vtuber.voice.reading import Reader, Reading
from vtuber.voice.speech import captions

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_PHRASE = 100
"""Characters that the model speaks at once. Its longest step that cannot be cancelled grows with them."""


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


_WARM = _Phrase(words=["Hello", "there."], said=["Hello", "there."])
"""The first phrase takes longer to make."""


class Hibari:
    """Speaks English. The model runs in a thread of its own, on one core at most."""

    def __init__(self, settings: Settings, _character: Character) -> None:
        self.availability = Availability()
        self.languages = frozenset({"en"})
        self._reader = Reader(settings.voice)
        self._model: HibariModel | None = None
        self._worker: Worker | None = None

    async def start(self) -> None:
        """Loads the model (half a second). Raises VoiceError when it cannot."""
        if self._model:
            return
        self._worker = Worker("hibari")
        try:
            self._model = await self._in_thread(HibariModel, CancelToken())
            await self._make(_WARM, 1.0)
        except Exception as error:  # the model and its network raise many kinds
            await self.stop()
            raise VoiceError(
                f"the embedded voice cannot be loaded: {error}",
                where="voice",
                hint="install banban again, or choose another voice in voice.use",
            ) from error
        self.availability.set(ready=True)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        begun = 0.0
        for phrase in _phrases(self._reader.read(utterance.text, "en")):
            if phrase.spoken:
                pcm, timed = await self._make(phrase, utterance.style.rate)
            else:
                pcm, timed = captions.unspoken(phrase.words)
            for item in captions.interleaved(pcm, captions.moved(timed, begun), begun):
                yield item
            begun += sound.seconds(pcm)

    def fingerprint(self) -> str:
        return version("hibari-tts")

    def has_speaker(self, _name: str) -> bool:
        """It has but one."""
        return False

    def pronounced(self, text: str) -> Iterator[str]:
        yield " ".join(
            said for phrase in _phrases(self._reader.judged(text, "en")) for said in phrase.said if said
        )

    async def stop(self) -> None:
        self.availability.set(ready=False)
        worker, self._worker, self._model = self._worker, None, None
        if worker:
            await worker.close()

    def health(self) -> Health:
        if self._model is None:
            return Health("voice", State.DOWN, "hibari is not loaded")
        return Health("voice", State.OK, "hibari, embedded, English")

    async def _make(self, phrase: _Phrase, rate: float) -> tuple[bytes, list[Timed]]:
        model, token = self._model, CancelToken()
        if model is None:
            raise VoiceError("the embedded voice was not started", where="voice")

        def make() -> tuple[bytes, list[Timed]]:
            return captions.trimmed(*model.make(phrase.said, rate, token), phrase.words, rate)

        try:
            return await self._in_thread(make, token)
        except Exception as error:  # the model and its network raise many kinds
            raise VoiceError(f"the embedded voice failed: {error}", where="voice") from error

    async def _in_thread(self, work: Callable[[], T], token: CancelToken) -> T:
        if self._worker is None:
            raise VoiceError("the embedded voice was stopped", where="voice")
        return await self._worker.make(work, token)


def _phrases(reading: Reading) -> Iterator[_Phrase]:
    """The text in phrases that are spoken, or only shown."""
    phrase = _Phrase()
    words = captions.split(reading.text)
    for word, read, after in zip(words, reading.by_word(words), [*words, ""][1:], strict=True):
        said = english.said(read, before_number=after[:1].isdigit())
        is_spoken = True if said else False if any(map(str.isalpha, read)) else None
        if phrase.words and (
            (None not in (is_spoken, phrase.spoken) and is_spoken != phrase.spoken)
            or phrase.is_full(said or word)
        ):
            yield phrase
            phrase = _Phrase()
        phrase.spoken = is_spoken if phrase.spoken is None else phrase.spoken
        phrase.words.append(word)
        phrase.said.append(said)
    if phrase.words:
        yield phrase
