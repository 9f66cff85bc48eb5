"""Decodes a reply token by token: bytes become text, without stop strings and the speaker's own label."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class ReplyDecoder:
    """``add`` takes the bytes of one token and returns the text that may be said by now.

    A character split over tokens waits until it is whole; one that never becomes so is left out. Text that
    could be the beginning of a stop string waits until it is clear that it is not. One of ``labels`` with a
    colon ("Banban:") is left out at the beginning. ``goes_on``: earlier words of this reply were said
    already, so its first space counts. ``said`` is all that came back.
    """

    def __init__(self, stop: Sequence[str], labels: Sequence[str] = (), *, goes_on: bool = False) -> None:
        self._stop = tuple(filter(None, stop))
        self._labels = tuple(label.casefold() + colon for label in labels if label for colon in ":：")
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._held = ""
        self._begun = goes_on
        self.said = ""
        self.ended = False
        """A stop string was met: nothing more will be said."""

    def add(self, piece: bytes) -> str:
        return self._take(self._decoder.decode(piece))

    def finish(self) -> str:
        """What was still held back; call it when the model has ended by itself."""
        return self._take(self._decoder.decode(b"", final=True), last=True)

    def _take(self, text: str, *, last: bool = False) -> str:
        if self.ended:
            return ""
        text, self._held = self._held + text, ""
        if not self._begun:
            text = self._beginning(text)
            if not text or (self._could_be_label(text) and not last):
                self._held = text
                return ""
            self._begun = True
        ends = [found for stop in self._stop if (found := text.find(stop)) >= 0]
        if ends:
            self.ended = True
            text = text[: min(ends)]
        elif not last:
            waiting = max((_overlap(text, stop) for stop in self._stop), default=0)
            text, self._held = text[: len(text) - waiting], text[len(text) - waiting :]
        self.said += text
        return text

    def _beginning(self, text: str) -> str:
        text = text.lstrip()
        for label in self._labels:
            if text.casefold().startswith(label):
                return text[len(label) :].lstrip()
        return text

    def _could_be_label(self, text: str) -> bool:
        return any(label.startswith(text.casefold()) for label in self._labels)


def _overlap(text: str, stop: str) -> int:
    """How much of the end of ``text`` could be the beginning of ``stop``."""
    for size in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:size]):
            return size
    return 0
