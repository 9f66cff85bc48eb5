"""The options of the voice."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from vtuber.config.section import FilePath, LanguageCode, Said, Section, SocketAddress, WebAddress, Written


def _listed(value: object) -> object:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One name, or several: the first that can is used."""
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?$")]
Factor = Annotated[float, Field(ge=0.5, le=2)]
Semitones = Annotated[float, Field(ge=-12, le=12)]
Decibels = Annotated[float, Field(ge=-30, le=12)]


class Manner(Section):
    """How she speaks in a language, or in a mood."""

    voice: str = ""
    """Which of a voice's speakers it is: "zh-TW-HsiaoYuNeural" of edge. Empty: the voice's own choice."""
    rate: Factor = 1.0
    """How many times faster."""
    pitch: Semitones = 0.0
    """How many semitones higher."""
    gain: Decibels = 0.0
    """How many dB louder."""


class LanguageManner(Manner):
    use: Names = ()
    """The voices for this language, in the order in which they are tried. Empty: those of ``voice.use``."""


class EdgeVoice(Section):
    voice: str = ""
    """Empty: the character's own choice."""
    url: SocketAddress = "wss://speech.platform.bing.com/consumer/speech/synthesize/readaloud/edge/v1"


class KokoroVoice(Section):
    model: FilePath = ""
    """An ONNX file. Empty: the one that `banban voices get kokoro` fetched."""
    voices: FilePath = ""
    """A folder of speakers (NAME.bin), or a file that holds many. Empty: the fetched ones."""
    voice: str = ""
    """A speaker. Empty: the character's own choice, else one of Mandarin."""


class OpenAiVoice(Section):
    url: WebAddress = "http://127.0.0.1:8880/v1"
    """Of a server that speaks OpenAI's API for speech (``POST /v1/audio/speech``)."""
    model: Annotated[str, Field(min_length=1, max_length=200)] = "tts-1"
    voice: Annotated[str, Field(min_length=1, max_length=200)] = "alloy"
    key_env: Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")] = "BANBAN_VOICE_API_KEY"
    """The environment variable that holds the server's key."""
    format: Literal["wav", "pcm", "mp3", "flac"] = "wav"
    """What the server is asked for; what it sends is read whatever it is."""
    rate: Annotated[int, Field(ge=4000, le=200_000)] = 24_000
    """Samples per second of "pcm", which does not say it itself."""
    languages: Annotated[tuple[LanguageCode, ...], Field(min_length=1)] = ("en", "zh")
    """What it can speak."""
    instructions: Annotated[str, Field(max_length=4000)] = ""
    """How it is to speak, in words, for models that can follow them."""
    first_sound_seconds: Annotated[float, Field(gt=0, le=120)] = 8.0
    """A sentence of which nothing is heard by then is spoken by the next voice."""


class Voice(Section):
    use: Names = ("auto",)
    """The voices in the order in which they are tried; "auto": all that may work here."""
    loudness: Annotated[float, Field(ge=-40, le=-9)] = -16.0
    """All speech is brought to this loudness, in LUFS (ITU-R BS.1770)."""
    speed: Factor = 1.0
    first_piece: Annotated[int, Field(ge=8, le=200)] = 24
    """The first piece of a reply is spoken after about this many characters, even without punctuation."""
    ahead: Annotated[int, Field(ge=1, le=8)] = 2
    """How many pieces may be made before they are needed."""
    cache_megabytes: Annotated[int, Field(ge=0, le=10_000)] = 50
    """How much of the speech that comes often is kept on disk; 0: none is kept at all."""
    chinese: Literal["auto", "zh-TW", "zh-CN", "as_written"] = "auto"
    """Whose characters and words she uses; "auto": those that the character's own lines are written in."""
    emoji: Literal["silent", "named"] = "silent"
    """Whether emoji are left out of what is said, or said by their names."""
    languages: dict[LanguageTag, LanguageManner] = Field(default_factory=dict)
    """By language: "zh-TW", "en"."""
    moods: dict[str, Manner] = Field(default_factory=dict)
    """By mood, as the character has them."""
    pronunciations: dict[Written, Said] = Field(default_factory=dict, max_length=1000)
    """How words are said that a voice gets wrong: as it is written, and as it is to be said."""
    edge: EdgeVoice = EdgeVoice()
    kokoro: KokoroVoice = KokoroVoice()
    openai: OpenAiVoice = OpenAiVoice()
