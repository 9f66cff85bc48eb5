"""Finds the words that a service reports in what it was given to say, and the caption's words with them."""

from __future__ import annotations

from vtuber.core.events import Word
from vtuber.voice.reading import Reading
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions

_FAR = 60
"""How many characters ahead a word is looked for. One that is farther ahead is a different one."""

_PACE = 13.0
"""How fast a voice that reports no words is taken to speak, in weights per second."""


class WordAligner:
    """Walks through a reading once. All words it gives, joined, are the text without its white space."""

    def __init__(self, reading: Reading) -> None:
        self.until = 0.0
        """When the last known word ends, in seconds."""
        self.done = False
        """Whether the times of all words are known or guessed."""
        self._words = captions.split(reading.text)
        self._ends = reading.ends(self._words)
        said = reading.said
        self._said = said.lower() if len(said.lower()) == len(said) else said
        self._at = 0  # in what is said
        self._given = 0

    @property
    def remaining(self) -> str:
        """What is still to be said behind the words that were reported."""
        return self._said[self._at :]

    def meet(self, spoken: str, start: float, end: float) -> list[Word]:
        """The service says that ``spoken`` is heard from ``start`` to ``end``.

        Gives the caption's words up to there; one that is read as several words, with the first of them.
        """
        begin = self._said.find(spoken.lower(), self._at, self._at + _FAR + len(spoken))
        if self.done or not spoken or begin < 0:
            return []
        start = max(start, self.until)
        end = max(start, end)
        self._at = begin + len(spoken)
        words = captions.spread(self._take(begin), self.until, start)
        met = self._take(self._at, begun=True)
        if met:
            whole = self._said[begin : self._ends[self._given - 1]]
            longer = max(1.0, _sounding(whole) / _sounding(spoken)) if len(met) == 1 else 1.0
            words += captions.spread(met, start, start + (end - start) * longer)
        self.until = end
        self.done = not any(map(str.isalnum, self._said[self._at :]))
        return words + self.rest(end) if self.done else words

    def guess(self, start: float) -> list[Word]:
        """The rest of the words at the usual pace, because the service does not report them in time."""
        start = max(start, self.until)
        words = self.rest(start + weight(self._said[self._at :]) / _PACE)
        self.done = True
        return words

    def rest(self, end: float) -> list[Word]:
        """The words that were not reported, spread up to ``end``, where the sound ends."""
        rest, self._given = self._words[self._given :], len(self._words)
        return captions.spread(rest, self.until, max(end, self.until))

    def _take(self, place: int, *, begun: bool = False) -> list[str]:
        """The caption's next words whose readings are over at that place; ``begun``: that begin before."""
        first = self._given
        while self._given < len(self._words):
            begins = self._ends[self._given - 1] if self._given else 0
            if (begins if begun else self._ends[self._given]) >= place + (not begun):
                break
            self._given += 1
        return self._words[first : self._given]


def _sounding(text: str) -> float:
    """The weight of its letters and digits."""
    return max(1.0, weight("".join(filter(str.isalnum, text))))
