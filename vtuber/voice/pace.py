"""How fast she speaks and how fast the model writes, both measured, and what follows from it for a reply.

A fast model is always ahead of her. A slow one (4 to 5 tokens a second) is about as fast as she speaks: then
no piece may take longer to be written than what was said before it takes to be heard. And one that is slower
than that needs a start, and shorter replies, so that the start is short.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from vtuber.core.clock import now
from vtuber.core.text import is_cjk
from vtuber.voice.captions import SENTENCE_END
from vtuber.voice.segmenter import CJK_WEIGHT, SHORTEST, speakable, weight

LONGEST_START = 2.0
"""Seconds that a slow model may write before she begins; its replies are as long as that allows."""
SURE = 0.9
"""This share of its measured speed is counted on; the rest lets pieces end where a clause does."""
PAUSE = 0.5
"""Seconds of silence between two pieces that nobody minds."""
MAKING = 0.3
"""A voice on a slow machine makes its sound in this share of the time in which it is heard."""
FIRST_PIECE_SECONDS = 1.5
"""A slow model's first piece takes about so long to be written."""
ENOUGH = 0.8
"""A sentence that ends after this share of a reply's time is its last…"""
LATE = 5.0
"""…and one that goes on for so many seconds more than that time is broken off."""
_SPEAKING = {False: 15.0, True: 12.5}
"""Weights a second in English and in Chinese, until they were measured."""
_MEASURED_SECONDS = 0.3
"""A shorter stretch of speech says nothing about its speed, and one of writing not all."""
_HELD_SECONDS = 0.05
"""A model that had to wait for longer may have written meanwhile, or not."""
_MEMORY_SECONDS = 10.0
"""How fast she speaks is an average of about her last so many seconds of speech."""


class Pace:
    """One show's. A reply may take ``seconds`` to be said."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.writing = math.inf
        """Weights a second, in the last reply; infinite until one was measured."""
        self._speaking = dict(_SPEAKING)

    def spoke(self, text: str, seconds: float) -> None:
        """She took ``seconds`` to say all of ``text``."""
        if seconds >= _MEASURED_SECONDS:
            chinese = _is_chinese(text)
            share = min(1.0, seconds / _MEMORY_SECONDS)
            self._speaking[chinese] += share * (_said(text) / seconds - self._speaking[chinese])

    def speaking(self, text: str) -> float:
        """Weights a second, in the language of ``text``."""
        return self._speaking[_is_chinese(text)]

    def first_piece(self, wanted: int) -> int:
        """How long the first piece of a reply should be, in characters."""
        return round(max(SHORTEST, min(wanted, self.writing * FIRST_PIECE_SECONDS)))


class Delivery:
    """One reply as it is written and said.

    Tell it of each token that the model ``wrote``, of each piece ``cut``, and while they are ``handing_on``.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._writing = self._before = pace.writing
        self._wrote_at: float | None = None
        self._gaps = _Gaps()
        self._was_held = False
        self._said = 0.0  # weights
        self._cut = 0.0  # seconds of speech
        self._heard_at: float | None = None  # when all that was cut has been heard
        self._at_end = True
        self._has_sentence = False

    def wrote(self, token: str) -> None:
        """The speed in the last reply counts until this one's is known."""
        if self._was_held or not token:
            return
        last, self._wrote_at = self._wrote_at, now()
        if last is not None:
            self._gaps.add(self._wrote_at - last, weight(token))
            self._writing = self._pace.writing = self._gaps.speed(self._before)

    def cut(self, piece: str) -> None:
        said = _said(piece)
        seconds = said / self._pace.speaking(piece)
        self._said += said
        self._cut += seconds
        if self._heard_at is not None:
            self._heard_at = max(self._heard_at, now()) + seconds
        self._at_end = bool(SENTENCE_END.search(piece))
        self._has_sentence = self._has_sentence or self._at_end

    @contextmanager
    def handing_on(self) -> Iterator[None]:
        """What was cut is handed on, and the model may have to wait until it was taken."""
        began = now()
        if self._heard_at is None:
            self._heard_at = began + self._cut
        yield
        self._was_held = self._was_held or now() - began > _HELD_SECONDS

    @property
    def seconds(self) -> float:
        """How long the reply may take to be said: shorter when the model is slower than she is."""
        share = self._share
        longest = LONGEST_START * share / (1 - share) if share < 1 else math.inf
        return min(self._pace.seconds, longest)

    @property
    def may_begin(self) -> bool:
        """Whether so much is written that the rest will be in time."""
        return self._heard_at is not None or self._cut >= (1 - self._share) * self.seconds

    @property
    def room(self) -> float:
        """Weights that can be written before what was cut has been heard."""
        if not self._said or self._writing == math.inf:
            return math.inf
        if self._heard_at is None:
            return self._writing * (self._cut + LONGEST_START / 2)
        left = max(0.0, self._heard_at + PAUSE - now())
        return left / (1 / self._writing + MAKING * self._cut / self._said)

    @property
    def is_over(self) -> bool:
        """Whether no more should be said. However slow the model is, one sentence is."""
        if self._at_end:
            return self._cut >= ENOUGH * self.seconds
        return self._cut >= LATE + (self.seconds if self._has_sentence else self._pace.seconds)

    @property
    def _share(self) -> float:
        """How fast the model surely writes, as a share of how fast she speaks."""
        return SURE * self._writing * self._cut / self._said if self._said else math.inf


class _Gaps:
    """How long a model took for each token. The longest time is left out: it may have been a stall."""

    def __init__(self) -> None:
        self._seconds = self._weights = 0.0
        self._longest = (0.0, 0.0)

    def add(self, seconds: float, weights: float) -> None:
        self._seconds += seconds
        self._weights += weights
        self._longest = max(self._longest, (seconds, weights))

    def speed(self, before: float) -> float:
        """Weights a second. ``before`` counts for what is missing of a stretch that tells."""
        seconds, weights = self._seconds - self._longest[0], self._weights - self._longest[1]
        missing = _MEASURED_SECONDS - seconds
        if missing > 0:
            return (before * missing + weights) / _MEASURED_SECONDS
        return weights / seconds


def _said(text: str) -> float:
    """The weight of what a voice says of it."""
    return weight(speakable(text))


def _is_chinese(text: str) -> bool:
    return sum(map(is_cjk, text)) * CJK_WEIGHT * 2 > _said(text)
