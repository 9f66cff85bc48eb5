"""How far a sentence was said, so that another voice can go on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vtuber.core import sound
from vtuber.core.events import Chunk, Sound, Timed, Viseme, Word

_SLACK = 0.1
"""A word of which no more than its last so many seconds are missing was heard whole."""


class SpeechProgress:
    """Follows what the voices make of ``text``, one after another; each begins with ``begin``.

    A word is kept back until the sound it begins in is there: a voice that fails has often announced more
    words than it spoke. A word in whose middle the sound broke off is said again, and shown once. The mouth's
    shapes are kept back alike.
    """

    def __init__(self, text: str) -> None:
        self.seconds = 0.0
        """How much sound there is so far."""
        self._text = text
        self._letters = "".join(text.split())
        self._begun = 0.0  # when the voice that speaks now began
        self._waiting: list[tuple[Timed, int]] = []  # not given out yet, with all its letters
        self._given: list[tuple[float, int]] = []  # by this voice: when each word ends, its letters
        self._before = 0  # letters that were heard whole before this voice began
        self._shown = 0
        self._told = 0  # letters up to the last word that this voice told of
        self._again = 0  # letters that this voice has yet to say again, and that were shown already
        self._spells_as_written = True  # and not in words of its own

    def begin(self) -> None:
        """A voice begins, or goes on where another failed: with ``rest``."""
        self._before, self._given = self._whole(), []
        self._waiting, self._begun = [], self.seconds
        self._told, self._again = self._before, self._shown - self._before

    def rest(self) -> str:
        """The text behind the words that were heard whole."""
        return self._between(self._whole(), len(self._text))

    def take(self, item: Chunk) -> Iterator[Chunk]:
        """What is due now that the voice made ``item``; all times count from the sentence's start."""
        if not isinstance(item, Sound):
            letters = 0
            moved = replace(
                item, start=round(self._begun + item.start, 3), end=round(self._begun + item.end, 3)
            )
            if isinstance(moved, Word):
                letters = len(moved.text)
                self._spells_as_written &= self._letters.startswith(moved.text, self._told)
                self._told += letters
                shown = min(self._again, letters)
                self._again -= shown
                moved = replace(moved, text=moved.text[shown:])
            self._waiting.append((moved, letters))
            return
        self.seconds += sound.seconds(item.pcm)
        while self._waiting and self._waiting[0][0].start < self.seconds:
            yield from self._give()
        yield item

    def complete(self, text: str) -> Iterator[Word]:
        """The voice has said all of ``text``, with which it began. What is still owed of the caption."""
        while self._waiting:
            for timed in self._give():
                if isinstance(timed, Word):
                    yield Word(timed.text, min(timed.start, self.seconds), min(timed.end, self.seconds))
        self._before, self._given = self._before + len("".join(text.split())), []
        owed = self._between(self._shown, self._before) if self._spells_as_written else ""
        for word in owed.split():
            yield Word(word, self.seconds, self.seconds)
        self._shown = max(self._shown, self._before)

    def _give(self) -> Iterator[Timed]:
        timed, letters = self._waiting.pop(0)
        if isinstance(timed, Viseme):
            yield timed
            return
        self._given.append((timed.end, letters))
        self._shown += len(timed.text)
        if timed.text:
            yield timed

    def _whole(self) -> int:
        """How many letters were heard whole."""
        letters = self._before
        for end, more in self._given:
            if end > self.seconds + _SLACK:
                break
            letters += more
        return letters

    def _between(self, first: int, last: int) -> str:
        """The text from its letter ``first`` to ``last``, white space not counted."""
        places = [at for at, char in enumerate(self._text) if not char.isspace()][first:last]
        return self._text[places[0] : places[-1] + 1] if places else ""
