"""The voice: text becomes sentences, sentences become sound."""

from __future__ import annotations

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.voice.fallback import VoiceFallback
from vtuber.voice.protocol import Voice

__all__ = ["PARTS", "Voice", "build"]

PARTS = {
    "hibari": "vtuber.voice.hibari:Hibari",
    "edge": "vtuber.voice.edge:Edge",
}


def build(settings: Settings, character: Character) -> Voice:
    """The chosen voice, and behind it the one that speaks when it cannot. Raises ConfigError."""
    names = {settings.voice.use: "voice.use"}
    if settings.voice.fallback:
        names.setdefault(settings.voice.fallback, "voice.fallback")
    voices: list[Voice] = [
        registry.load("voice", PARTS, name, where)(settings, character) for name, where in names.items()
    ]
    return voices[0] if len(voices) == 1 else VoiceFallback(*voices)
