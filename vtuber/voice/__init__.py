"""The voice: text becomes sentences, sentences become sound. Here is what every voice is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from vtuber.core.availability import Availability
from vtuber.core.events import Chunk
from vtuber.core.health import Health

PARTS = {
    "hibari": "vtuber.voice.embedded.hibari:Hibari",
    "edge": "vtuber.voice.online.edge:Edge",
    "kokoro": "vtuber.voice.embedded.kokoro:Kokoro",
    "openai": "vtuber.voice.online.openai:OpenAiVoice",
    "silent": "vtuber.voice.silent:Silent",
}

ANY_LANGUAGE = "*"
"""In ``Voice.languages``: all there are."""


@dataclass(frozen=True, slots=True)
class Style:
    """How an utterance is to sound, beside what a voice does by itself."""

    voice: str = ""
    """Which of its speakers a voice is to take, by the name that it has there; "" for its own choice."""
    rate: float = 1.0
    """How many times faster than usual."""
    pitch: float = 0.0
    """How many semitones higher than usual. A voice that cannot change it speaks as usual."""
    gain: float = 0.0
    """How many dB louder than all other speech."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a voice speaks in one go: a sentence, or a part of one."""

    text: str
    """As it was written, and as the captions show it."""
    language: str = "en"
    """The language of most of it, as BCP 47 has it: "zh-TW", "zh-CN", "en", "ja"…"""
    mood: str = ""
    style: Style = field(default_factory=Style)


class Voice(Protocol):
    """Made with the whole Settings and the Character."""

    @property
    def languages(self) -> frozenset[str]:
        """What it can speak, without regions: {"en"}, {"zh", "en"}. One that speaks several can mix them."""
        ...

    @property
    def availability(self) -> Availability:
        """Ready once it has started. Away when it failed, until a sentence works again, and when stopped."""
        ...

    async def start(self) -> None:
        """Loads what is needed to speak at once. Raises VoiceError when it never can."""
        ...

    def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        """Sound as it is made, loudness already settled, and each word no later than its sound.

        So are the shapes of the mouth, by a voice that knows its phonemes.

        Closing the iterator (or cancelling) stops the making at once: no thread works on.
        Raises VoiceError when no more sound can be made, and never ends early without it.
        """
        ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...


@runtime_checkable
class Fingerprinted(Protocol):
    """A voice whose sound also depends on what config does not name."""

    def fingerprint(self) -> str:
        """What tells its model from others: another one, another sound. Asked once it has started."""
        ...


@runtime_checkable
class Adjustable(Protocol):
    """A voice that can be changed while the show runs. What is in the making goes on as it began."""

    @property
    def names(self) -> Sequence[str]:
        """The voices that it can speak with."""
        ...

    @property
    def chosen(self) -> str:
        """The one that speaks whatever it can; "" for the choice that config makes."""
        ...

    def choose(self, name: str) -> None:
        """Has that one of ``names`` speak whatever it can; "" for the choice that config makes."""
        ...

    @property
    def loudness(self) -> float:
        """Of all speech, in LUFS."""
        ...

    def set_loudness(self, lufs: float) -> None:
        """Has all speech be so loud from now on."""
        ...


@runtime_checkable
class Pronouncing(Protocol):
    """A voice that says beforehand what it will pronounce of a text."""

    def pronounced(self, text: str) -> Iterator[str]:
        """What is heard of ``text``, numbers in digits; more than one form where several voices may speak it.

        Always as many forms, in the same order: each is judged behind the same form of what came before.
        """
        ...


@runtime_checkable
class HasSpeakers(Protocol):
    """A voice that knows which speakers it has."""

    def has_speaker(self, name: str) -> bool | None:
        """Whether ``name`` is one of its own (``Style.voice``); None where only trying it would tell."""
        ...
