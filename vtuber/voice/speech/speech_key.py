"""What tells the sound of one utterance from that of others."""

from __future__ import annotations

import hashlib
import json

import vtuber
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.voice import Fingerprinted, Utterance, Voice

_NOT_HEARD = {
    *("use", "loudness", "speed", "first_piece", "ahead", "chinese", "languages", "moods"),
    "cache_megabytes",
}
"""Options that change nothing of what a voice makes, beside the utterance's text and style."""


class SpeechKey:
    """The key of each utterance of one voice, by all that its sound depends on.

    That is the program and its settings (pronunciations, emoji, the voice's own), what the character says of
    the voice, its model, the language, the style and the text; the mood only where it makes another style.
    """

    def __init__(self, name: str, voice: Voice, settings: Settings, character: Character) -> None:
        self._voice = voice
        heard = settings.voice.model_dump(mode="json", exclude=_NOT_HEARD)
        own = settings.parts.get(name), character.voices.get(name)
        self._always = (vtuber.__version__, name, type(voice).__module__, heard, own)

    def of(self, utterance: Utterance) -> str:
        """64 hexadecimal digits that do not say what it is."""
        model = self._voice.fingerprint() if isinstance(self._voice, Fingerprinted) else ""
        style = utterance.style
        manner = style.voice, style.rate, style.pitch
        parts = (*self._always, model, utterance.language, manner, utterance.text)
        told = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.blake2b(told.encode(), digest_size=32).hexdigest()
