"""Where a clip's sound lies on the show's clock, and which of its words were heard by then."""

from __future__ import annotations

from vtuber.core.events import Word


class Track:
    """Built as the clip arrives. Sound that came late leaves a hole in time, never one in the words."""

    def __init__(self, text: str) -> None:
        self.words: list[tuple[Word, str]] = []
        """Each word and its piece of the sentence: the white space before it included."""
        self._text = text
        self._spelt = 0
        self._spans: list[tuple[float, float, float]] = []  # at, position in the clip, seconds

    @property
    def began(self) -> float | None:
        """When its first sample is heard."""
        return self._spans[0][0] if self._spans else None

    @property
    def seconds(self) -> float:
        """How much sound there is so far."""
        return self._spans[-1][1] + self._spans[-1][2] if self._spans else 0.0

    @property
    def end(self) -> float | None:
        """When the last sample so far is heard."""
        return self._spans[-1][0] + self._spans[-1][2] if self._spans else None

    def sound(self, at: float, seconds: float) -> None:
        """``seconds`` more of it are heard from ``at`` on."""
        self._spans.append((at, self.seconds, seconds))

    def word(self, word: Word) -> str:
        """Takes the next word; returns the piece of the sentence that it spells."""
        begin = self._spelt
        piece = self._text[begin : self._find(word.text)]
        if not piece:  # the voice says it in other words than the sentence does
            piece = f" {word.text}" if self.words and word.text.isascii() else word.text
        self.words.append((word, piece))
        return piece

    def _find(self, spelling: str) -> int:
        """The index behind ``spelling`` in the sentence (white space aside); where we are if it differs."""
        at = self._spelt
        for char in spelling:
            if char.isspace():
                continue
            while at < len(self._text) and self._text[at].isspace():
                at += 1
            if at == len(self._text) or self._text[at] != char:
                return self._spelt
            at += 1
        self._spelt = at
        return at

    def position(self, time: float) -> float:
        """Seconds of the clip that were heard by ``time``."""
        for at, offset, seconds in reversed(self._spans):
            if at <= time:
                return offset + min(seconds, time - at)
        return 0.0

    def heard(self, time: float) -> str:
        """The words whose sound had begun by ``time``."""
        position = self.position(time)
        if position <= 0:
            return ""
        return "".join(piece for word, piece in self.words if word.start < position).strip()
