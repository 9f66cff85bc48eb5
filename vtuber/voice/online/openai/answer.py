"""A speech server's answer to one sentence, as it becomes sound and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np

from vtuber.config import Voice
from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk
from vtuber.voice.online.openai.client import Part
from vtuber.voice.online.openai.decoder import CUT_OFF, WHERE, SoundDecoder
from vtuber.voice.reading import Reading
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions
from vtuber.voice.speech.speech_check import SpeechCheck
from vtuber.voice.speech.word_pacer import USUAL, WordPacer

_LEARNS = 0.3
"""How much the pace of one sentence counts against those before."""
_HASTE, _SURE, _LONG = 1.8, 3, 30.0
"""A text of this weight that takes so many times less than usual, after so many sentences, was cut off."""
_HELD, _HELD_SHARE = 0.5, 0.25
"""Seconds of sound, and the share of it, that wait until it is known whether they are the last."""


@dataclass(slots=True)
class Manner:
    """How one of the server's voices speaks, as far as it was heard."""

    pace: float = 0.0
    """Weights per second at the usual speed; 0 while it is unknown."""
    sentences: int = 0
    """How many were heard whole."""

    def learn(self, pace: float) -> None:
        """A sentence was heard whole."""
        self.pace += (pace - self.pace) * (_LEARNS if self.sentences else 1.0)
        self.sentences += 1


class Answer:
    """``reading``: what was sent; ``rate``: how many times faster than usual it is spoken."""

    def __init__(self, reading: Reading, rate: float, settings: Voice, manner: Manner) -> None:
        self._text = reading.text
        self._rate = rate
        self._settings = settings.openai
        self._manner = manner
        self._check = SpeechCheck(
            reading.said,
            rate=rate,
            who="the speech server",
            where=WHERE,
            hint="check voice.openai.voice, .model, .format and .rate",
        )
        self._pacer = WordPacer(reading, (manner.pace or USUAL) * rate)
        self._decoder: SoundDecoder | None = None
        self._held = np.zeros(0, np.float32)
        self._arrived = self._sent = 0  # samples

    @property
    def seconds(self) -> float:
        """How much sound has arrived."""
        return self._check.seconds

    def feed(self, part: Part) -> Iterator[Chunk]:
        """Takes more of the answer. Gives what is ready. Raises VoiceError."""
        if self._decoder is None:
            self._decoder = SoundDecoder(
                self._settings.format,
                part.headers,
                rate=self._settings.rate,
                longest=self._check.longest,
            )
        self._take(self._check.feed(self._decoder.feed(part.data)))
        keep = min(round(_HELD * sound.RATE), round(_HELD_SHARE * self._arrived))
        yield from self._send(max(len(self._held) - keep, 0), self._arrived / sound.RATE)

    def finish(self) -> Iterator[Chunk]:
        """The rest. Raises VoiceError, after what there is, when some of it never came."""
        if self._decoder is None:
            raise VoiceError("the speech server sends no sound", where=WHERE, hint="look at its own log")
        self._take(self._check.feed(self._decoder.finish()))
        if self._decoder.is_cut_off:
            raise _cut_off()
        self._take(self._check.finish())
        pace = self._pacer.measured(self._held) / self._rate
        sure = self._manner.sentences >= _SURE and weight(self._text) >= _LONG
        if sure and pace > _HASTE * self._manner.pace:
            raise _cut_off()
        words = self._pacer.finish(self._held)
        yield from captions.interleaved(sound.to_pcm(self._held), words, self._sent / sound.RATE)
        self._manner.learn(pace)

    def broken_off(self) -> Iterator[Chunk]:
        """What else there is of an answer that failed."""
        yield from self._send(len(self._held), inf)  # its last word may not be whole

    def close(self) -> None:
        if self._decoder:
            self._decoder.close()

    def _take(self, samples: sound.Samples) -> None:
        self._held = np.concatenate([self._held, samples])
        self._arrived += len(samples)

    def _send(self, count: int, known: float) -> Iterator[Chunk]:
        samples, self._held = self._held[:count], self._held[count:]
        if count:
            words = self._pacer.take(samples, known)
            begun, self._sent = self._sent, self._sent + count
            yield from captions.interleaved(sound.to_pcm(samples), words, begun / sound.RATE)


def _cut_off() -> VoiceError:
    return VoiceError(CUT_OFF, where=WHERE, hint="look at the server's own log")
