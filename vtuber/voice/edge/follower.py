"""Finds the words that a service says it speaks in the text that it was given."""

from __future__ import annotations

from vtuber.core.events import Word
from vtuber.voice import captions
from vtuber.voice.segmenter import weight

_FAR = 60
"""Characters ahead in which a word is looked for; farther it would be another one."""

_PACE = 13.0
"""Weights per second of a voice that does not tell."""


class Follower:
    """Walks through ``text`` once. All words it returns, joined, are the text without white space."""

    def __init__(self, text: str) -> None:
        self.until = 0.0
        """When the last known word ends, seconds."""
        self.done = False
        """Whether all words are known or guessed, so that nothing more is to be waited for."""
        self._text = text
        self._lower = text.lower() if len(text.lower()) == len(text) else text
        self._at = 0

    def meet(self, spoken: str, start: float, end: float) -> list[Word]:
        """``spoken`` is heard in that time. The caption's words up to there, punctuation with them."""
        begin = self._lower.find(spoken.lower(), self._at, self._at + _FAR + len(spoken))
        if self.done or not spoken or begin < 0:
            return []
        start = max(start, self.until)
        end = max(start, end)
        last = self._behind(begin + len(spoken))
        while begin > self._at and not (self._text[begin - 1].isspace() or self._text[begin - 1].isalnum()):
            begin -= 1
        passed = captions.split(self._text[self._at : begin])
        words = captions.spread(passed, self.until, start)
        words += captions.spread(captions.split(self._text[begin:last]), start, end)
        self._at = last
        self.until = end
        self.done = not any(map(str.isalnum, self._text[last:]))
        return words + self.rest(end) if self.done else words

    def guess(self, start: float) -> list[Word]:
        """The rest of the words at a usual pace, because the service does not tell in time."""
        start = max(start, self.until)
        words = self.rest(start + weight(self._text[self._at :]) / _PACE)
        self.done = True
        return words

    def rest(self, end: float) -> list[Word]:
        """The words that were not told of, until the end of the sound."""
        words = captions.spread(captions.split(self._text[self._at :]), self.until, max(end, self.until))
        self._at = len(self._text)
        return words

    def _behind(self, at: int) -> int:
        """Past the punctuation that belongs to the word before ``at``."""
        text = self._text
        while at < len(text) and not (
            text[at].isspace() or text[at].isalnum() or text[at] in "“‘「『（《【〈(["
        ):
            at += 1
        return at
