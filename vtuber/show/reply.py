"""What became of one reply: its sentences, what was heard of them, what it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vtuber.brain import Usage
from vtuber.core.events import Spoken
from vtuber.core.text import joined


@dataclass(slots=True)
class Reply:
    """Filled by its turn."""

    spoken: list[Spoken] = field(default_factory=list)
    """Of each sentence what was heard; of one that has not been yet, nothing."""
    usage: Usage = field(default_factory=Usage)
    new_tokens: int = 0
    """Tokens of the question itself: at least so many had to be read."""
    failed: str = ""
    """Why nothing more was said, when a part failed."""

    @property
    def heard(self) -> str:
        """What the audience heard, as one text."""
        return _heard(self.spoken)

    @property
    def answer(self) -> str:
        """The same without fallback lines, which answer nothing."""
        return _heard(spoken for spoken in self.spoken if not spoken.sentence.fallback)

    @property
    def written(self) -> str:
        """All that was to be said, without fallback lines."""
        sentences = (spoken.sentence for spoken in self.spoken)
        return joined((sentence.space, sentence.text) for sentence in sentences if not sentence.fallback)

    @property
    def began(self) -> float | None:
        """When its first sample was heard (show clock); None when nothing was."""
        return next((spoken.began for spoken in self.spoken if spoken.began is not None), None)

    @property
    def ended(self) -> float | None:
        """When its last sample was heard (show clock); None when nothing was."""
        return max((spoken.ended for spoken in self.spoken if spoken.ended is not None), default=None)


def _heard(spoken: Iterable[Spoken]) -> str:
    return joined((one.sentence.space, one.heard) for one in spoken)
