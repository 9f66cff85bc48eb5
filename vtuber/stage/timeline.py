"""When each sample and each word of a clip is heard."""

from __future__ import annotations

from vtuber.core.events import Sentence, Word

SLACK = 0.1
"""A word may begin so many seconds behind the last sample, and count as pronounced."""


class ClipTimeline:
    """Grows as the clip arrives. Sound that came late leaves a hole in time, never one in the words."""

    def __init__(self, clip: int, sentence: Sentence) -> None:
        self.clip = clip
        self.sentence = sentence
        self._words: list[tuple[float, str]] = []  # where its sound begins in the clip, its piece of the text
        self._spelt = 0
        self._is_literal = True
        self._spans: list[tuple[float, float, float]] = []  # at, offset in the clip, seconds

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

    @property
    def is_whole(self) -> bool:
        """Whether a voice that has ended came to the end of the sentence, as far as its words tell."""
        if not self._words:
            return True
        unsaid = self.sentence.text[self._spelt :] if self._is_literal else ""
        return self._words[-1][0] <= self.seconds + SLACK and not any(map(str.isalnum, unsaid))

    def add_sound(self, at: float, seconds: float) -> float:
        """``seconds`` more of it are heard from ``at`` on. Returns how many seconds come before them."""
        offset = self.seconds
        self._spans.append((at, offset, seconds))
        return offset

    def add_word(self, word: Word) -> str:
        """Takes the next word. Returns its piece of the text: the white space before it included."""
        begin, text = self._spelt, self.sentence.text
        piece = text[begin : self._find(word.text)]
        if not piece:  # the voice says it in other words than the sentence does
            self._is_literal = False
            piece = f" {word.text}" if self._words and word.text.isascii() else word.text
        if not self._words:
            piece = self.sentence.space + piece
        self._words.append((word.start, piece))
        return piece

    def _find(self, spelling: str) -> int:
        """The index behind ``spelling`` in the sentence (white space aside); where we are if it differs."""
        at, text = self._spelt, self.sentence.text
        for char in spelling:
            if char.isspace():
                continue
            while at < len(text) and text[at].isspace():
                at += 1
            if at == len(text) or text[at] != char:
                return self._spelt
            at += 1
        self._spelt = at
        return at

    def _position(self, time: float) -> float:
        """Seconds of the clip that were heard by ``time``."""
        for at, offset, seconds in reversed(self._spans):
            if at <= time:
                return offset + min(seconds, time - at)
        return 0.0

    def heard(self, time: float) -> str:
        """The words whose sound had begun by ``time``."""
        position = self._position(time)
        if position <= 0:
            return ""
        return "".join(piece for start, piece in self._words if start < position).strip()

    def next_change(self, time: float) -> float | None:
        """When more is heard than at ``time``: the first sample or a word. None when it is not known yet."""
        if self.began is None or self.began > time:
            return self.began
        position = self._position(time)
        start = min((start for start, _ in self._words if start >= position), default=self.seconds)
        for at, offset, seconds in self._spans:
            if start < offset + seconds:
                return at + start - offset
        return None
