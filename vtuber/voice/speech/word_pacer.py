"""When each word is heard, of a voice that does not say it: by the words' weights, and by the pauses."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from vtuber.core import sound
from vtuber.core.events import Word
from vtuber.voice.reading import Reading
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions

USUAL = 15.0
"""How fast a voice that is not known yet is taken to speak, in weights per second, pauses left out."""

_FRAME = sound.RATE // 100
_QUIETER = 10 ** (-33 / 10)
"""The share of the loudest frame's power below which a frame is a pause: voices differ in loudness."""
_SILENT = 10 ** (-70 / 10)
"""The mean square below which every frame is."""
_PAUSE = 12
"""Frames of silence that are a pause between two clauses, and not a plosive."""
_NEAR = 0.35
"""By how much the place of a clause's end may be misjudged, as a share of the clause."""
_LEAST_NEAR = 6.0
_WAITED = 0.3
"""For how much longer than expected the end of a clause is waited for, as a share of the clause."""


class WordPacer:
    """Walks through what is read as its sound goes by. ``pace``: weights per second that are expected."""

    def __init__(self, reading: Reading, pace: float = USUAL) -> None:
        self._words = captions.split(reading.text)
        self._sizes = [weight("".join(filter(str.isalnum, said))) for said in reading.by_word(self._words)]
        self._edges = [0.0, *accumulate(self._sizes)]
        self._clauses = [
            edge
            for word, edge in zip(self._words[:-1], self._edges[1:], strict=False)
            if captions.CLAUSE_END.search(word) or captions.SENTENCE_END.search(word)
        ]
        self._pace = pace
        self._place = 0.0  # in the text, by weight
        self._anchor = 0.0  # the last place that is known
        self._given = 0
        self._seconds = 0.0  # where the next frame begins
        self._taken = 0  # samples
        self._sounding = 0  # frames
        self._quiet = 0  # frames since the last sound
        self._loudest = 0.0  # mean square of a frame so far
        self._rest = np.zeros(0, np.float32)

    def take(self, samples: sound.Samples, known: float) -> list[Word]:
        """The words that begin in these samples, which are next; ``known`` seconds of sound have arrived."""
        begun, self._taken = self._taken / sound.RATE, self._taken + len(samples)
        self._rest = np.concatenate([self._rest, samples])
        frames = self._loud(self._rest)
        self._rest = self._rest[len(frames) * _FRAME :]
        words = []
        for loud in frames:
            self._advance(loud=bool(loud))
            while self._given < len(self._words) and self._has_begun(self._edges[self._given]):
                words.append(self._give(max(self._seconds, begun), known))
            self._seconds += _FRAME / sound.RATE
        return words

    def finish(self, samples: sound.Samples) -> list[Word]:
        """The other words: these samples are the last."""
        begun, length = self._taken / sound.RATE, (self._taken + len(samples)) / sound.RATE
        loud = np.flatnonzero(self._loud(samples))
        if len(loud):  # the pause behind the last word is none of its own
            length = begun + (int(loud[-1]) + 1) * _FRAME / sound.RATE
        words = captions.spread(self._words[self._given :], begun, length)
        self._given = len(self._words)
        return words

    def measured(self, samples: sound.Samples) -> float:
        """The pace of the whole text, if these samples are the last."""
        frames = self._sounding + int(self._loud(samples).sum())
        return self._edges[-1] / (frames * _FRAME / sound.RATE) if frames else self._pace

    def _has_begun(self, edge: float) -> bool:
        """Whether the word that begins there is heard by now. Behind a clause, a pause is waited for."""
        if edge in self._clauses and edge > self._anchor:
            edge += max(_LEAST_NEAR, _WAITED * (edge - self._anchor))
        return edge < self._place or (self._sounding > 0 and not self._given)

    def _advance(self, *, loud: bool) -> None:
        if loud:
            self._quiet = 0
            self._sounding += 1
            self._place += self._pace * _FRAME / sound.RATE
            return
        self._quiet += 1
        if self._quiet == _PAUSE:
            self._meet_pause()

    def _meet_pause(self) -> None:
        """It pauses where a clause ends: then it is known how fast it was."""
        ends = [edge for edge in self._clauses if edge > self._anchor]
        if not ends:
            return
        end = min(ends, key=lambda edge: abs(edge - self._place))
        if abs(end - self._place) > max(_LEAST_NEAR, _NEAR * (end - self._anchor)):
            return
        right = (end - self._anchor) / max(self._place - self._anchor, 1.0)
        self._pace *= min(max(right, 0.7), 1.4) ** 0.5
        self._place = self._anchor = end

    def _give(self, start: float, known: float) -> Word:
        at, self._given = self._given, self._given + 1
        end = max(min(start + self._sizes[at] / self._pace, known), start)
        return Word(self._words[at], round(start, 3), round(end, 3))

    def _loud(self, samples: sound.Samples) -> npt.NDArray[np.bool_]:
        """Of each whole frame, whether it is no pause."""
        frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
        powers = np.mean(frames**2, axis=1)
        self._loudest = max(self._loudest, float(powers.max(initial=0.0)))
        loud: npt.NDArray[np.bool_] = powers > max(_SILENT, _QUIETER * self._loudest)
        return loud
