"""How fast the voice speaks and the model writes, both measured, and what that means for a reply.

Speeds are in weights per second (see ``speakable.weight``). A fast model is always ahead of the voice. A slow
one (4 to 5 tokens a second) is about as fast: then no piece may take longer to be written than the one before
takes to be heard. One that is slower than the voice needs a head start; replies are shorter then, so that the
head start is short.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from vtuber.core.clock import now
from vtuber.core.text import is_cjk
from vtuber.voice.pieces.segmenter import SHORTEST
from vtuber.voice.reading.speakable import CJK_WEIGHT, speakable, weight
from vtuber.voice.speech.captions import SENTENCE_END

LONGEST_START = 2.0
"""Seconds of head start that a slow model gets at most. Its replies are as long as that allows."""
SURE = 0.9
"""The share of a model's measured speed that is counted on. The rest lets pieces end where a clause does."""
PAUSE = 0.5
"""Seconds of silence between two pieces that nobody minds."""
MAKING = 0.3
"""How long a voice takes to make its sound, as a share of the sound's duration, until that is measured."""
FIRST_PIECE_SECONDS = 1.5
"""About how long a slow model may write the first piece."""
ENOUGH = 0.8
"""A sentence that ends after this share of a reply's time is its last."""
LATE = 5.0
"""A sentence that goes on for so many seconds beyond that time is broken off."""
_SPEAKING = {False: 15.0, True: 12.5}
"""Weights per second in English and in Chinese, until they are measured."""
_MEASURED_SECONDS = 0.3
"""Speech must be this long to tell its speed, and writing to tell it without help from the last reply."""
_STARTS = 20
"""So many of the latest replies tell how long the next will take to begin…"""
_LATE_STARTS = 0.9
"""…no less than this share of them took."""
_HELD_SECONDS = 0.05
"""A model that was made to wait for longer may have written meanwhile, or not."""
_MEMORY_SECONDS = 10.0
"""The speed of speech is an average over about so many seconds of it."""


class Pace:
    """The speeds of one speaker's voice and model. A reply may take ``seconds`` to be said."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.writing = math.inf
        """How fast the model wrote the last reply; infinite until that is measured."""
        self.making = MAKING
        """How long the voice takes to make its sound, as a share of the sound's duration."""
        self._speaking = dict(_SPEAKING)
        self._starts: deque[float] = deque(maxlen=_STARTS)

    def spoke(self, text: str, seconds: float, making: float | None = None) -> None:
        """It takes ``seconds`` to say all of ``text``; the voice made that sound in ``making`` seconds."""
        if seconds >= _MEASURED_SECONDS:
            chinese = _is_chinese(text)
            share = min(1.0, seconds / _MEMORY_SECONDS)
            self._speaking[chinese] += share * (_said(text) / seconds - self._speaking[chinese])
            if making is not None:
                self.making += share * (making / seconds - self.making)

    def started(self, seconds: float) -> None:
        """A reply that a model wrote took so long from its choice to its first sound, at its fastest."""
        self._starts.append(seconds)

    @property
    def start(self) -> float:
        """How long the next reply takes to its first sound, nearly always; infinite until it is measured."""
        if not self._starts:
            return math.inf
        return sorted(self._starts)[math.ceil(_LATE_STARTS * len(self._starts)) - 1]

    def speaking(self, text: str) -> float:
        """How fast the voice speaks the language of ``text``."""
        return self._speaking[_is_chinese(text)]

    def takes(self, text: str) -> float:
        """About how many seconds it takes to say ``text``."""
        return _said(text) / self.speaking(text)

    def first_piece(self, wanted: int) -> int:
        """The weight of a reply's first piece: ``wanted``, or less where the model is slow."""
        return round(max(SHORTEST, min(wanted, self.writing * FIRST_PIECE_SECONDS)))


class Delivery:
    """One reply as it is written and said: how long it may be, when it may begin and when it is over.

    Call ``wrote`` for each token and ``cut`` for each piece; hand pieces on inside ``handing_on``.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._writing = self._before = pace.writing
        self._wrote_at: float | None = None
        self._gaps = _Gaps()
        self._was_held = False
        self._said = 0.0  # the weight of all pieces
        self._cut = 0.0  # seconds that they take to be said
        self._heard_at: float | None = None  # when all that was cut has been heard
        self._at_end = True
        self._has_sentence = False

    def wrote(self, token: str) -> None:
        """The model wrote ``token`` just now."""
        if self._was_held or not token:
            return
        last, self._wrote_at = self._wrote_at, now()
        if last is not None:
            self._gaps.add(self._wrote_at - last, weight(token))
            self._writing = self._pace.writing = self._gaps.speed(self._before)

    def cut(self, piece: str) -> None:
        """``piece`` was cut, and is going to be said."""
        seconds = self._pace.takes(piece)
        self._said += _said(piece)
        self._cut += seconds
        if self._heard_at is not None:
            self._heard_at = max(self._heard_at, now()) + seconds
        self._at_end = bool(SENTENCE_END.search(piece))
        self._has_sentence = self._has_sentence or self._at_end

    @contextmanager
    def handing_on(self) -> Iterator[None]:
        """Pieces are handed on. The model may have to wait until they are taken; that is not measured."""
        began = now()
        if self._heard_at is None:
            self._heard_at = began + self._cut
        yield
        self._was_held = self._was_held or now() - began > _HELD_SECONDS

    @property
    def seconds(self) -> float:
        """How long the reply may take to be said: shorter when the model is slower than the voice."""
        share = self._share
        longest = LONGEST_START * share / (1 - share) if share < 1 else math.inf
        return min(self._pace.seconds, longest)

    @property
    def may_begin(self) -> bool:
        """Whether enough is written for the rest to come in time."""
        return self._heard_at is not None or self._cut >= (1 - self._share) * self.seconds

    @property
    def room(self) -> float:
        """The weight that can be written before all that was cut has been heard."""
        if not self._said or self._writing == math.inf:
            return math.inf
        if self._heard_at is None:
            return self._writing * (self._cut + LONGEST_START / 2)
        left = max(0.0, self._heard_at + PAUSE - now())
        return left / (1 / self._writing + self._pace.making * self._cut / self._said)

    @property
    def is_over(self) -> bool:
        """Whether no more should be said. One sentence is, however slow the model."""
        if self._at_end:
            return self._cut >= ENOUGH * self.seconds
        return self._cut >= LATE + (self.seconds if self._has_sentence else self._pace.seconds)

    @property
    def _share(self) -> float:
        """How fast the model surely writes, as a share of how fast the voice speaks."""
        return SURE * self._writing * self._cut / self._said if self._said else math.inf


class _Gaps:
    """The time a model took between tokens. The longest gap is left out: it may have been a stall."""

    def __init__(self) -> None:
        self._seconds = self._weights = 0.0
        self._longest = (0.0, 0.0)

    def add(self, seconds: float, weights: float) -> None:
        self._seconds += seconds
        self._weights += weights
        self._longest = max(self._longest, (seconds, weights))

    def speed(self, before: float) -> float:
        """How fast it writes. The speed ``before`` fills up what is missing of a measurable stretch."""
        seconds, weights = self._seconds - self._longest[0], self._weights - self._longest[1]
        missing = _MEASURED_SECONDS - seconds
        if missing > 0:
            return (before * missing + weights) / _MEASURED_SECONDS
        return weights / seconds


def _said(text: str) -> float:
    """The weight of what a voice pronounces of ``text``."""
    return weight(speakable(text))


def _is_chinese(text: str) -> bool:
    return sum(map(is_cjk, text)) * CJK_WEIGHT * 2 > _said(text)
