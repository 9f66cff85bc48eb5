"""A voice that asks a speech server, near or far, through OpenAI's API: Kokoro, GPT-SoVITS, Qwen3-TTS…"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk
from vtuber.core.health import Health
from vtuber.core.text import clean
from vtuber.voice import Utterance
from vtuber.voice.online.condition import Condition
from vtuber.voice.online.openai.answer import Answer, Manner
from vtuber.voice.online.openai.client import Part, SpeechServer
from vtuber.voice.online.openai.decoder import WHERE
from vtuber.voice.online.patience import Patience
from vtuber.voice.reading import Reader
from vtuber.voice.reading.speakable import without_foreign
from vtuber.voice.speech import captions

_WIDE = frozenset(("zh", "ja", "ko", "yue", "wuu"))
"""Languages whose voices read Chinese letters."""
_MOST_MANNERS = 100


class OpenAiVoice:
    """Speaks through a server of one's own. Each sentence is one request."""

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._condition = Condition()
        self.availability = self._condition.availability
        self.languages = frozenset(settings.voice.openai.languages)
        self._settings = settings.voice
        self._reader = Reader(settings.voice)
        self._server = SpeechServer(settings.voice.openai)
        self._manners: dict[str, Manner] = {}

    async def start(self) -> None:
        """Raises VoiceError while the server is not there, or refuses the key."""
        with self._condition.looking():
            await self._server.look()

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        reading, rate = self._reader.read(utterance.text, usual=utterance.language), utterance.style.rate
        if not reading.said:
            for item in captions.silent(utterance.text):
                yield item
            return
        voice = utterance.style.voice or self._settings.openai.voice
        answer = Answer(reading, rate, self._settings, self._manner(voice))
        patience = Patience(self._settings.openai.first_sound_seconds)
        try:
            async with aclosing(self._server.speech(reading.said, voice=voice, speed=rate)) as parts:
                while (part := await self._next(parts, patience)) is not None:
                    for item in answer.feed(part):
                        yield item
                    patience.met(answer.seconds)
            for item in answer.finish():
                yield item
        except VoiceError as error:
            self._condition.failed(error)
            for item in answer.broken_off():
                yield item
            raise
        finally:
            answer.close()
        self._condition.works()

    def has_speaker(self, name: str) -> bool | None:
        """As far as its server was asked."""
        return self._server.has_speaker(name)

    def pronounced(self, text: str) -> Iterator[str]:
        """As it is sent, and without letters that the server may pass over."""
        said = self._reader.judged(text).said
        yield said
        yield without_foreign(said, wide=not self.languages.isdisjoint(_WIDE))

    async def stop(self) -> None:
        self.availability.set(ready=False)
        await self._server.close()

    def health(self) -> Health:
        server = self._settings.openai
        what = f"openai, {clean(server.model, 40)} at {self._server.host}"
        return self._condition.health(what, f", {clean(server.voice, 40)}")

    def _manner(self, voice: str) -> Manner:
        if len(self._manners) >= _MOST_MANNERS:
            self._manners.clear()
        return self._manners.setdefault(voice, Manner())

    async def _next(self, parts: AsyncGenerator[Part, None], patience: Patience) -> Part | None:
        try:
            with clock.outside():
                async with asyncio.timeout_at(patience.deadline):
                    return await anext(parts, None)
        except TimeoutError:
            begun = patience.has_begun
            raise VoiceError(
                "the speech server makes sound too slowly" if begun else "the speech server does not answer",
                where=WHERE,
                hint="use a faster model or machine for it"
                + ("" if begun else f", or raise {WHERE}.first_sound_seconds"),
            ) from None
