"""The embedded voices without all that stands around them: no router, no mastering, no pieces."""

from __future__ import annotations

from dataclasses import dataclass, field

import kokoro_files
from voice_props import CHARACTER

from vtuber.config import KokoroVoice, Settings
from vtuber.config import Voice as VoiceSettings
from vtuber.core import sound
from vtuber.core.events import Sound, Word
from vtuber.core.text import is_cjk
from vtuber.voice import Utterance, Voice
from vtuber.voice.embedded.hibari import Hibari
from vtuber.voice.embedded.kokoro import Kokoro


@dataclass(frozen=True, slots=True)
class Spoken:
    samples: sound.Samples
    words: list[Word] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return len(self.samples) / sound.RATE


def kokoro_settings() -> KokoroVoice:
    """Where the files are that packages carry; put together first, where they are not yet."""
    kokoro_files.ready()
    return KokoroVoice(model=str(kokoro_files.MODEL), voices=str(kokoro_files.VOICES))


def language(text: str) -> str:
    """Of a line of these benchmarks, which are in one of two."""
    return "zh-TW" if any(map(is_cjk, text)) else "en"


async def spoken(voice: Voice, text: str) -> Spoken:
    """All that a voice makes of ``text``."""
    pcm, words = b"", []
    async for item in voice.speak(Utterance(text, language(text))):
        if isinstance(item, Sound):
            pcm += item.pcm
        elif isinstance(item, Word):
            words.append(item)
    return Spoken(sound.from_pcm(pcm), words)


class BareVoices:
    """English by hibari, Chinese by kokoro; each is loaded when it is first needed."""

    def __init__(self) -> None:
        self._voices: dict[str, Voice] = {}

    async def speak(self, text: str) -> Spoken:
        return await spoken(await self._voice("kokoro" if language(text) != "en" else "hibari"), text)

    async def stop(self) -> None:
        for voice in self._voices.values():
            await voice.stop()

    async def _voice(self, name: str) -> Voice:
        if name not in self._voices:
            if name == "kokoro":
                settings = Settings(voice=VoiceSettings(kokoro=kokoro_settings()))
                made: Voice = Kokoro(settings, CHARACTER)
            else:
                made = Hibari(Settings(), CHARACTER)
            await made.start()
            self._voices[name] = made
        return self._voices[name]
