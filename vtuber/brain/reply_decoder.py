"""Decodes a reply token by token: bytes become text, up to the first stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class ReplyDecoder:
    """``add`` takes the bytes of one token and returns the text that is certain by now.

    A character split over tokens waits until it is whole; one that never becomes so is left out. Text that
    could be the beginning of a stop string waits until it is clear that it is not.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(filter(None, stop))
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._held = ""
        self.ended = False
        """A stop string was met: nothing more will come."""

    def add(self, piece: bytes) -> str:
        return self._take(self._decoder.decode(piece))

    def finish(self) -> str:
        """What was still held back; call it when the model has ended by itself."""
        return self._take(self._decoder.decode(b"", final=True), last=True)

    def _take(self, text: str, *, last: bool = False) -> str:
        if self.ended:
            return ""
        text, self._held = self._held + text, ""
        ends = [found for stop in self._stop if (found := text.find(stop)) >= 0]
        if ends:
            self.ended = True
            return text[: min(ends)]
        if not last:
            waiting = max((_overlap(text, stop) for stop in self._stop), default=0)
            text, self._held = text[: len(text) - waiting], text[len(text) - waiting :]
        return text


def _overlap(text: str, stop: str) -> int:
    """How much of the end of ``text`` could be the beginning of ``stop``."""
    for size in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:size]):
            return size
    return 0
