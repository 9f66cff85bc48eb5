"""A prompt on its way to the server, and how it is put again when that refuses it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from vtuber.brain import Prompt
from vtuber.brain.openai.dialect import Dialect
from vtuber.brain.openai.refused import Refused


@dataclass(frozen=True, slots=True)
class Attempt:
    prompt: Prompt
    dialect: Dialect
    pauses: tuple[float, ...]
    """Between further tries, in seconds."""
    pause: float = 0.0
    """Before this one."""
    refused: Refused | None = None
    whole: bool = False
    """Not as a stream: in the middle of one, some cannot say any more what is wrong."""

    def again(self, refused: Refused, sent: Collection[str]) -> Attempt | None:
        """What to ask instead after this refusal of what was ``sent``, if anything."""
        if refused.too_long:
            shorter = _shorter(self.prompt)
            return replace(self, prompt=shorter, whole=False) if shorter else None
        if dialect := self.dialect.milder(refused, sent):
            return replace(self, dialect=dialect)
        if refused.wordless and not self.whole:
            return replace(self, whole=True)
        if refused.passing and self.pauses:
            pause, *later = self.pauses
            pause = pause if refused.wait is None else 0.0
            return replace(self, pauses=tuple(later), pause=pause, refused=refused, whole=False)
        return None


def _shorter(prompt: Prompt) -> Prompt | None:
    """The prompt without the older half of its history."""
    history = prompt.lines[prompt.head :]
    kept = list(history[(len(history) + 1) // 2 :])
    while kept and kept[0].role != "viewer":
        del kept[0]
    return replace(prompt, lines=(*prompt.lines[: prompt.head], *kept)) if kept else None
