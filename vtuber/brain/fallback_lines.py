"""Lines of her own for when no brain can answer: which one, and for whom."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vtuber.brain import PromptLine
from vtuber.core.recent import Recent

_VIEWERS = 1000
"""Of so many it is known whether they were given a fallback line."""
_TOLD = re.compile(r"\[[^\]]*\]")
"""What the show tells beside a viewer's words."""


class FallbackLines:
    """The character's ``lines``, one after the other."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = tuple(lines)
        self._given: Recent[str, str] = Recent(_VIEWERS)
        self._turn = 0

    def had(self, viewer: str) -> bool:
        """Whether the last that this viewer got was a fallback line."""
        return bool(self._given.get(viewer))

    def answered(self, viewer: str) -> None:
        """This viewer got a reply of hers."""
        if viewer in self._given:
            self._given.set(viewer, "")

    def take(self, asked: PromptLine, said: str = "") -> str:
        """One in the language of ``asked``, other than that viewer's last where there is a choice.

        It goes on behind what was ``said`` already. "" when there is none.
        """
        question = _TOLD.sub("", asked.text)
        fitting = [line for line in self._lines if _is_chinese(line) == _is_chinese(question)] or self._lines
        fresh = [line for line in fitting if line != self._given.get(asked.name)] or fitting
        if not fresh:
            return ""
        line = fresh[self._turn % len(fresh)]
        self._turn += 1
        self._given.set(asked.name, line)
        broken_off = said and said.rstrip()[-1:] not in ".!?…。！？"
        return f"… {line}" if broken_off else line


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)
