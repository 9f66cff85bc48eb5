"""How fast she speaks and how fast the model writes, both measured, and what follows from it for a reply.

A fast model is always ahead of her. A slow one (4 to 5 tokens a second) is about as fast as she speaks: then
no piece may take longer to be written than what was said before it takes to be heard. And one that is slower
than that needs a start, and shorter replies, so that the start is short.
"""

from __future__ import annotations

import math

from vtuber.clock import now
from vtuber.voice.captions import SENTENCE_END
from vtuber.voice.sentences import CJK_WEIGHT, SHORTEST, is_cjk, weight

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
"""A shorter stretch of writing, or of speech, says nothing about its speed."""
_SHARE = 0.3
"""How much the last piece counts in the average."""


class Pace:
    """One show's. A reply may take ``seconds`` to be said."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.writing = math.inf
        """Weights a second, in the last reply."""
        self._speaking = dict(_SPEAKING)

    def spoke(self, text: str, seconds: float) -> None:
        """She took ``seconds`` to say ``text``."""
        if seconds >= _MEASURED_SECONDS:
            chinese = _is_chinese(text)
            self._speaking[chinese] += _SHARE * (weight(text) / seconds - self._speaking[chinese])

    def speaking(self, text: str) -> float:
        """Weights a second, in the language of ``text``."""
        return self._speaking[_is_chinese(text)]

    def first_piece(self, wanted: int) -> int:
        """How long the first piece of a reply should be, in characters."""
        return round(max(SHORTEST, min(wanted, self.writing * FIRST_PIECE_SECONDS)))


class Delivery:
    """One reply as it is written and said. Tell it of all that the model ``wrote`` and each piece ``cut``."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._text = ""
        self._written = 0.0  # weights, since the first was there
        self._wrote_at: float | None = None
        self._writing = pace.writing
        self._cut = 0.0  # seconds of speech
        self._began: float | None = None
        self._at_end = True

    def wrote(self, text: str) -> None:
        if self._began is not None:
            return  # from now on the model may wait for us
        if self._wrote_at is None:
            self._wrote_at = now()
            return
        self._text += text
        self._written += weight(text)
        taken = now() - self._wrote_at
        if taken >= _MEASURED_SECONDS:
            self._writing = self._pace.writing = self._written / taken

    def cut(self, piece: str) -> None:
        self._cut += weight(piece) / self._pace.speaking(piece)
        self._at_end = bool(SENTENCE_END.search(piece))

    def begin(self) -> None:
        """The first piece is handed on."""
        if self._began is None:
            self._began = now()

    @property
    def seconds(self) -> float:
        """How long the reply may take to be said: shorter when the model is slower than she is."""
        share = self._share
        longest = LONGEST_START * share / (1 - share) if share < 1 else math.inf
        return min(self._pace.seconds, longest)

    @property
    def may_begin(self) -> bool:
        """Whether so much is written that the rest will be in time."""
        return self._began is not None or self._cut >= (1 - self._share) * self.seconds

    @property
    def room(self) -> float:
        """Weights that can be written before what was cut has been heard."""
        if not self._cut or self._writing == math.inf:
            return math.inf
        if self._began is None:
            return self._writing * (self._cut + LONGEST_START / 2)
        left = max(0.0, self._began + self._cut + PAUSE - now())
        return left / (1 / self._writing + MAKING / self._pace.speaking(self._text))

    @property
    def is_over(self) -> bool:
        """Whether no more should be said."""
        return self._cut >= (ENOUGH * self.seconds if self._at_end else self.seconds + LATE)

    @property
    def _share(self) -> float:
        """How fast the model surely writes, as a share of how fast she speaks."""
        return SURE * self._writing / self._pace.speaking(self._text)


def _is_chinese(text: str) -> bool:
    return sum(map(is_cjk, text)) * CJK_WEIGHT * 2 > weight(text)
