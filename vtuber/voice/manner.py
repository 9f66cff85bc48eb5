"""How she speaks in a language and a mood, as config has it."""

from __future__ import annotations

from collections.abc import Callable

from vtuber.config.voice import LanguageManner, Manner, Voice
from vtuber.core.languages import primary
from vtuber.voice import Style


def for_language(settings: Voice, language: str) -> LanguageManner:
    """What is set for "zh-TW", or else for "zh"."""
    return settings.languages.get(language) or settings.languages.get(primary(language)) or LanguageManner()


def style(settings: Voice, language: str, mood: str, has_speaker: Callable[[str], bool]) -> Style:
    """The manner of the language and that of the mood together, with a speaker that the voice has."""
    spoken, felt = for_language(settings, language), settings.moods.get(mood, Manner())
    return Style(
        voice=next((name for name in (felt.voice, spoken.voice) if name and has_speaker(name)), ""),
        rate=settings.speed * spoken.rate * felt.rate,
        pitch=spoken.pitch + felt.pitch,
        gain=spoken.gain + felt.gain,
    )
