"""Finds the words that a service reports in the text that it was given."""

from __future__ import annotations

from vtuber.core.events import Word
from vtuber.voice import captions
from vtuber.voice.speakable import weight

_FAR = 60
"""How many characters ahead a word is looked for. One that is farther ahead is a different one."""

_PACE = 13.0
"""How fast a voice that reports no words is taken to speak, in weights per second."""


class WordAligner:
    """Walks through ``text`` once. All words it gives, joined, are the text without its white space."""

    def __init__(self, text: str) -> None:
        self.until = 0.0
        """When the last known word ends, in seconds."""
        self.done = False
        """Whether the times of all words are known or guessed."""
        self._text = text
        self._lower = text.lower() if len(text.lower()) == len(text) else text
        self._at = 0

    def meet(self, spoken: str, start: float, end: float) -> list[Word]:
        """The service says that ``spoken`` is heard from ``start`` to ``end``.

        Gives the caption's words up to there, with their punctuation.
        """
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
        """The rest of the words at the usual pace, because the service does not report them in time."""
        start = max(start, self.until)
        words = self.rest(start + weight(self._text[self._at :]) / _PACE)
        self.done = True
        return words

    def rest(self, end: float) -> list[Word]:
        """The words that were not reported, spread up to ``end``, where the sound ends."""
        words = captions.spread(captions.split(self._text[self._at :]), self.until, max(end, self.until))
        self._at = len(self._text)
        return words

    def _behind(self, at: int) -> int:
        """The index behind the punctuation that belongs to the word before ``at``."""
        text = self._text
        while at < len(text) and not (
            text[at].isspace() or text[at].isalnum() or text[at] in "“‘「『（《【〈(["
        ):
            at += 1
        return at
