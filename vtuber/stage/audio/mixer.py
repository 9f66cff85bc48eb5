"""Which samples a sound card gets next: what the stage has sent, each at its time on the show's clock."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from vtuber.core.sound import RATE, Samples, from_pcm

DRIFT = 0.02
"""Seconds by which the card's clock may differ from the show's before samples are left out or added."""
FADE = 0.005
"""Seconds in which a hush brings the sound down, so that it does not click."""
LIMIT = 1200
"""Pieces of sound at most; each is a second or less."""


@dataclass(frozen=True, slots=True)
class _Piece:
    at: float
    samples: Samples

    @property
    def end(self) -> float:
        return self.at + len(self.samples) / RATE


class Mixer:
    """Filled by the show, emptied by the card's own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[_Piece] = deque(maxlen=LIMIT)
        self._cursor = float("-inf")
        """When the next sample is heard (show clock)."""
        self._fades = False

    def add(self, at: float, pcm: bytes) -> None:
        """``pcm`` (``Sound.pcm``) is heard from ``at`` on."""
        with self._lock:
            self._pieces.append(_Piece(at, from_pcm(pcm)))

    def hush(self) -> None:
        """Nothing of what was added is heard after ``FADE``."""
        with self._lock:
            self._fades = bool(self._pieces)

    def take(self, count: int, at: float) -> Samples:
        """The next ``count`` samples, the first heard at about ``at``; silence where there are none."""
        mixed = np.zeros(count, dtype=np.float32)
        with self._lock:
            if abs(at - self._cursor) > DRIFT:
                self._cursor = at
            begin, self._cursor = self._cursor, self._cursor + count / RATE
            while self._pieces and self._pieces[0].end <= begin:
                self._pieces.popleft()
            for piece in self._pieces:
                offset = round((piece.at - begin) * RATE)
                if offset >= count:
                    break
                source = piece.samples[max(0, -offset) :]
                first = max(0, offset)
                length = min(len(source), count - first)
                mixed[first : first + length] += source[:length]
            if self._fades:
                self._fade(mixed)
        return mixed

    def _fade(self, mixed: Samples) -> None:
        """Brings the sound down to nothing, and forgets what was to come."""
        length = min(len(mixed), round(FADE * RATE))
        mixed[:length] *= np.linspace(1.0, 0.0, length, dtype=np.float32)
        mixed[length:] = 0.0
        self._pieces.clear()
        self._fades = False
