"""Whether what a service sends for a text can be its speech: it may be silence, noise, half, or endless."""

from __future__ import annotations

import numpy as np

from vtuber.core.errors import VoiceError
from vtuber.core.sound import RATE, Samples
from vtuber.voice.reading.speakable import weight

SURE = 8.0
"""The weight of a text in which there surely is something to be heard."""

_SILENT = 10 ** (-60 / 10)
"""The mean square below which it is silence: before it is brought to our loudness, speech may be quiet."""
_FRAME = RATE // 50
_WINDOW = 2 * _FRAME
"""40 ms: two periods of the lowest voice."""
_LAGS = slice(RATE // 400, RATE // 60)
"""The periods of voices from 60 to 400 Hz. A higher one is found by a multiple of its period."""
_PERIODIC = 0.45
"""The correlation with itself, a period later, from which a window is voiced. Noise stays below 0.25."""
_LIVELY = 4.0
"""Decibels of standard deviation from which it is no even noise: whispering has no voiced window."""
_DECIDED = 1.0
"""Seconds of sound after which it is known."""
_SILENCE = 2.5
"""Seconds of silence before the first sound, at most."""
_SPARE, _SLOWEST, _FASTEST = 4.0, 2.5, 60.0
"""A text lasts no longer than a few seconds and so many weights a second (digits!), and no shorter."""


class SpeechCheck:
    """Takes the sound of one text while it arrives, and holds it until a voice is heard in it.

    ``rate``: how many times faster than usual it is spoken. ``who`` names the service in errors, ``where``
    its option, ``hint`` what to look at. ``feed`` and ``finish`` may raise VoiceError; what was given out
    until then stays valid.
    """

    def __init__(self, said: str, *, rate: float, who: str, where: str, hint: str) -> None:
        self.begun = False
        """Whether speech was heard."""
        self.seconds = 0.0
        """How much sound came so far."""
        self._weight = weight(said)
        self.longest = _SPARE + self._weight / _SLOWEST / min(rate, 1.0)
        """Seconds that it may last."""
        self._shortest = self._weight / _FASTEST / max(rate, 1.0)
        self._who = who
        self._where = where
        self._hint = hint
        self._held = np.zeros(0, np.float32)
        self._looked = 0  # samples of ``_held`` that were judged
        self._levels: list[float] = []  # decibels of its frames that are not silent

    def feed(self, samples: Samples) -> Samples:
        """Takes more of the sound. Gives what may be heard."""
        self.seconds += len(samples) / RATE
        if self.seconds > self.longest and (self.begun or self._levels):
            raise self._error("goes on although the text is over")
        if self.begun:
            return samples
        self._held = np.concatenate([self._held, samples])
        while not self.begun and len(self._held) >= self._looked + _WINDOW:
            self.begun = self._is_speech(self._held[self._looked : self._looked + _WINDOW])
            self._looked += _FRAME
        if self.begun:
            held, self._held = self._held, np.zeros(0, np.float32)
            return held
        sounding = len(self._levels) * _FRAME / RATE
        if sounding > _DECIDED:
            raise self._error("sends noise instead of speech")
        if self._looked / RATE - sounding > _SILENCE:
            raise self._silence()
        return np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """The rest; and whether all of it came."""
        if not self.begun and self._levels and len(self._levels) * _FRAME / RATE < _DECIDED / 3:
            self.begun = True  # a short hiss: "psst"
        if not self.begun and self._weight >= SURE:
            raise self._error("sends noise instead of speech") if self._levels else self._silence()
        if self._weight >= SURE and self.seconds < self._shortest:
            raise self._error("stopped in the middle of a sentence")
        return self._held

    def _is_speech(self, window: Samples) -> bool:
        power = float(np.mean(window**2))
        if power < _SILENT:
            return False
        self._levels.append(10 * np.log10(power))
        spectrum = np.fft.rfft(window - window.mean(), 2 * _WINDOW)
        same = np.fft.irfft(np.abs(spectrum) ** 2)[: _LAGS.stop]
        overlap = 1 - np.arange(_LAGS.stop) / len(window)
        periodic = float((same / (overlap * max(same[0], 1e-9)))[_LAGS].max()) > _PERIODIC
        return periodic or (len(self._levels) > 5 and float(np.std(self._levels)) > _LIVELY)

    def _silence(self) -> VoiceError:
        return self._error("sends silence instead of speech")

    def _error(self, what: str) -> VoiceError:
        return VoiceError(f"{self._who} {what}", where=self._where, hint=self._hint)
