"""The service's answer to one sentence, as it becomes sound and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import miniaudio

from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Word
from vtuber.voice.online.edge import errors
from vtuber.voice.online.edge.aligner import WordAligner
from vtuber.voice.reading import Reading
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions
from vtuber.voice.speech.mp3 import DELAY, Mp3Decoder
from vtuber.voice.speech.speech_check import SURE, SpeechCheck

_TICKS = 10_000_000  # a second, in the protocol
_SLACK = 0.15  # seconds by which the sound may end before its last word does
_FASTEST = 40.0
"""Weights a second, at most, of the words behind the last that was reported."""


class Response:
    """``reading``: what was sent; ``rate``: how many times faster than usual it is spoken."""

    HOLD = 1.0
    """How many seconds of sound wait for their words, until the times of those are guessed."""

    def __init__(self, reading: Reading, rate: float) -> None:
        self._text = reading.text
        self._rate = rate
        self._mp3 = Mp3Decoder()
        self._check = SpeechCheck(
            reading.said, rate=rate, who="the online voice", where="voice.edge", hint=errors.UPGRADE
        )
        self._aligner = WordAligner(reading)
        self._sent = 0.0
        self._heard_until = 0.0  # without the silence behind it
        self._held = b""
        self._words: list[Word] = []

    @property
    def seconds(self) -> float:
        """How much sound has arrived."""
        return self._check.seconds

    def feed(self, message: dict[str, Any]) -> Iterator[Chunk]:
        """Takes more of the answer. Gives what is ready. Raises VoiceError."""
        if message["type"] == "WordBoundary":
            start = message["offset"] / _TICKS + DELAY / sound.RATE
            self._words += self._aligner.meet(message["text"], start, start + message["duration"] / _TICKS)
        elif message["type"] == "audio":
            self._hold(self._decode(message["data"]))
        yield from self._send()

    def finish(self, *, cut_off: bool) -> Iterator[Chunk]:
        """The rest. Raises VoiceError when some of it never came; then there is ``broken_off``."""
        self._hold(self._decode(None))
        if cut_off or self.seconds < self._aligner.until - _SLACK:
            raise _cut_off()
        self._keep(self._check.finish())
        if self._is_short():
            raise _cut_off()
        whole = self._end()
        self._words += self._aligner.rest(self._heard_until)
        self._words = [Word(word.text, min(word.start, whole), min(word.end, whole)) for word in self._words]
        yield from self._send(everything=True)

    def broken_off(self) -> Iterator[Chunk]:
        """What else there is of an answer that failed. A last word that is not whole ends after its sound."""
        whole = self._end()
        self._words = [word for word in self._words if word.start < whole] if self._held or self._sent else []
        yield from self._send(everything=True)

    def close(self) -> None:
        self._mp3.close()

    def _is_short(self) -> bool:
        """Whether what follows the last reported word cannot have been spoken: some words never came."""
        rest = weight("".join(filter(str.isalnum, self._aligner.remaining)))
        left = self._heard_until - self._aligner.until
        return bool(self._aligner.until) and rest >= SURE and rest > left * _FASTEST * max(self._rate, 1.0)

    def _end(self) -> float:
        """Where the sound that is known ends."""
        return self._sent + sound.seconds(self._held)

    def _decode(self, data: bytes | None) -> sound.Samples:
        try:
            return self._mp3.finish() if data is None else self._mp3.feed(data)
        except miniaudio.MiniaudioError as error:
            raise errors.error("sent damaged sound", errors.UPGRADE) from error

    def _hold(self, samples: sound.Samples) -> None:
        self._keep(self._check.feed(samples))

    def _keep(self, samples: sound.Samples) -> None:
        if heard := sound.heard_seconds(samples):
            self._heard_until = self._end() + heard
        self._held += sound.to_pcm(samples)

    def _send(self, *, everything: bool = False) -> Iterator[Chunk]:
        """Gives out the sound whose words are known, and those words."""
        until = self._aligner.until
        if not everything and sound.seconds(self._held) > self.HOLD + until - self._sent:
            self._words += self._aligner.guess(self._sent)
        safe = len(self._held)
        if not everything and not self._aligner.done:
            safe = max(0, round((until - self._sent) * sound.RATE)) * sound.SAMPLE_BYTES
        pcm, self._held = self._held[:safe], self._held[safe:]
        until = self._sent + sound.seconds(pcm)
        words = []
        while self._words and (everything or self._words[0].start < until):
            word = self._words.pop(0)
            words.append(Word(word.text, round(word.start, 3), round(word.end, 3)))
        if pcm or words:
            yield from captions.interleaved(pcm, words, self._sent)
        self._sent = until


def _cut_off() -> VoiceError:
    return VoiceError(errors.CUT_OFF, where="voice.edge", hint=errors.NETWORK)
