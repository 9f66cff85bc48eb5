"""The embedded voice for Chinese: Kokoro-82M. It speaks Mandarin, English, and sentences that mix them.

Its model is not part of the program: `banban voices get kokoro` fetches it once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Timed
from vtuber.core.health import Health, State
from vtuber.core.text import space_between
from vtuber.models import kokoro as files
from vtuber.voice import Utterance
from vtuber.voice.embedded import english
from vtuber.voice.embedded.kokoro.model import KokoroModel, read_styles, speakers
from vtuber.voice.embedded.kokoro.phrases import Phrase, in_words, phrases, reader
from vtuber.voice.embedded.network import CancelToken, Worker
from vtuber.voice.reading import Reader
from vtuber.voice.speech import captions

T = TypeVar("T")

_SHORT = 5.0
"""Seconds that nobody needs for two syllables."""
_AGAIN = "fetch it again with: banban voices get kokoro"


class Kokoro:
    """Speaks Chinese and English. The model runs in a thread of its own, on two cores at most."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.availability = Availability()
        self.languages = frozenset({"zh", "en"})
        self._settings = settings.voice
        self._reader = Reader(settings.voice)
        chosen = str(character.voices.get("kokoro", {}).get("voice", ""))
        self._speaker = self._settings.kokoro.voice or chosen or files.SPEAKER
        self._model: KokoroModel | None = None
        self._place = Path()
        self._files = ""
        self._damaged = ""  # files that are known to be
        self._there: list[str] = []
        self._styles: dict[str, sound.Samples] = {}
        self._worker: Worker | None = None
        self._trouble: VoiceError | None = None

    async def start(self) -> None:
        """Loads the model and the dictionaries, in about two seconds. Raises VoiceError when it cannot."""
        if self._model:
            return
        try:
            file, self._place = files.locate(self._settings.kokoro)
        except VoiceError as error:
            self._trouble = error
            raise
        seen = self._seen(file)
        if self._trouble and seen == self._damaged:  # reading them again would hold up the sentence
            raise VoiceError(self._trouble.what, where=self._trouble.where, hint=self._trouble.hint)
        self._worker = Worker("kokoro")
        try:
            token = CancelToken()
            self._model = await self._in_thread(lambda: self._load(file, token), token)
        except Exception as error:  # a damaged file is reported in many ways
            await self.stop()
            self._damaged = seen if isinstance(error, ValueError) else ""
            self._trouble = VoiceError(
                f"the voice kokoro cannot be loaded: {error}", where="voice.kokoro", hint=_AGAIN
            )
            raise self._trouble from error
        self._trouble = None
        self.availability.set(ready=True)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        begun = 0.0
        token = CancelToken()
        taiwan = not utterance.language.lower().startswith(("zh-cn", "zh-hans", "zh-sg"))
        reading = self._reader.read(utterance.text, usual=utterance.language)
        for phrase in await self._in_thread(lambda: list(phrases(reading)), token):
            pcm, timed = await self._make(phrase, utterance, taiwan=taiwan)
            for item in captions.interleaved(pcm, captions.moved(timed, begun), begun):
                yield item
            begun += sound.seconds(pcm)

    def fingerprint(self) -> str:
        return self._files

    def has_speaker(self, name: str) -> bool:
        """Whether there is a file of that speaker, also before it has started."""
        try:
            return name in (self._there or speakers(files.locate(self._settings.kokoro)[1]))
        except (VoiceError, OSError, ValueError):
            return False

    def pronounced(self, text: str) -> Iterator[str]:
        """As the guard is to judge it."""
        _, said = in_words(self._reader.judged(text))
        heard = ""
        for word in filter(None, said):
            heard += space_between(heard, word) + word
        yield heard

    async def stop(self) -> None:
        self.availability.set(ready=False)
        worker, self._worker, self._model = self._worker, None, None
        self._styles.clear()
        if worker:
            await worker.close()

    def health(self) -> Health:
        if self._trouble:
            return Health("voice", State.DOWN, f"kokoro: {self._trouble.what}", self._trouble.hint)
        if self._model is None:
            return Health("voice", State.DOWN, "kokoro is not loaded")
        return Health("voice", State.OK, f"kokoro, embedded, {self._speaker}")

    def _load(self, file: Path, token: CancelToken) -> KokoroModel:
        self._there = speakers(self._place)
        styles = self._style(self._speaker)
        model = KokoroModel(file)
        tried = model.make("ni↓xau↓.", styles, 1.0, token)
        if not sound.loudness(tried.samples) > sound.QUIET or len(tried.samples) > _SHORT * sound.RATE:
            raise ValueError(f"{file} is damaged: it gives no speech")
        self._files = self._seen(file)
        reader(taiwan=True)
        token.check()
        english.reader()
        return model

    def _seen(self, file: Path) -> str:
        """What tells these files from others."""
        seen = [path.stat() for path in (file, self._place)]
        return repr([(self._speaker, status.st_size, status.st_mtime_ns) for status in seen])

    def _style(self, speaker: str) -> sound.Samples:
        """What makes the sound of a speaker. Raises OSError and ValueError."""
        if speaker not in self._styles:
            if speaker not in self._there:
                there = ", ".join(self._there)
                raise ValueError(f"there is no speaker {speaker!r} in {self._place}: choose {there}")
            self._styles[speaker] = read_styles(self._place, speaker)
        return self._styles[speaker]

    async def _make(self, phrase: Phrase, utterance: Utterance, *, taiwan: bool) -> tuple[bytes, list[Timed]]:
        model, token, style = self._model, CancelToken(), utterance.style
        if model is None:
            raise VoiceError("the voice kokoro was not started", where="voice")
        speaker = style.voice if style.voice in self._there else self._speaker
        speed = min(max(style.rate, 0.5), 2.0)

        def make() -> tuple[bytes, list[Timed]]:
            reader(taiwan=taiwan).pronounce(phrase)
            if not phrase.phonemes:
                return captions.unspoken(phrase.words)
            spoken = model.make(phrase.phonemes, self._style(speaker), speed, token)
            return captions.trimmed(spoken.samples, phrase.timed(spoken.edges), phrase.words, speed)

        try:
            made = await self._in_thread(make, token)
        except Exception as error:  # the model and its network raise many kinds
            self._trouble = VoiceError(f"the voice kokoro failed: {error}", where="voice.kokoro", hint=_AGAIN)
            self.availability.set(ready=False)
            raise self._trouble from error
        self._trouble = None
        self.availability.set(ready=True)
        return made

    async def _in_thread(self, work: Callable[[], T], token: CancelToken) -> T:
        if self._worker is None:
            raise VoiceError("the voice kokoro was stopped", where="voice")
        return await self._worker.make(work, token)
