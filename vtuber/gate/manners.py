"""A model's slips: a reply that has gone wrong, told before any of it is heard.

The filter (``filters``) judges what must never be said by anybody; this judges whether she is still herself.
What it finds is no reason to be silent: she is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vtuber.spelling import fold, gist

SAME = 2
"""A sentence may be said so often in one reply."""
SAME_LENGTH = 6
"""Shorter ones (a "ha ha!") may be said as often as she likes."""
BROKEN = "\ufffd"
"""What stands where bytes were no character."""

# A few syllables over and over: "pizza pizza pizza pizza pizza pizza". Laughter is shorter.
_LOOP = re.compile(r"(?=(.{2,30}?)\1{5})(?:.{36})")
_RUN = re.compile(r"([^\W\d_])\1{23}")
_ROLE = r"user|human|viewer|chat|assistant|system|model|ai"


class Manners:
    """``denials`` are a character's patterns for what she never says of what is sacred to her."""

    def __init__(self, denials: Iterable[str] = ()) -> None:
        self._denials = [re.compile(pattern, re.IGNORECASE) for pattern in denials]

    def slip(self, sentence: str, before: Sequence[str] = (), names: Iterable[str] = ()) -> str:
        """What is wrong with the next sentence of a reply, in a few words; "" when nothing is.

        ``before`` are the reply's sentences so far, ``names`` whoever else is in the talk.
        """
        if BROKEN in sentence:
            return "broken characters"
        if self._loops(sentence, before):
            return "she repeats herself"
        if _speaks_for(names).search(sentence):
            return "somebody else's line"
        if any(denial.search(sentence) for denial in self._denials):
            return "she denies what is sacred to her"
        return ""

    def _loops(self, sentence: str, before: Sequence[str]) -> bool:
        folded = sentence.casefold()
        if _LOOP.search(folded) or _RUN.search(folded):
            return True
        said = gist(fold(sentence))
        return len(said) >= SAME_LENGTH and [gist(fold(text)) for text in before].count(said) >= SAME


def _speaks_for(names: Iterable[str]) -> re.Pattern[str]:
    """The beginning of a line of a role's or of one of ``names``: "Mika:"."""
    known = [_ROLE, *(re.escape(name) for name in names if len(name) > 1)]
    return re.compile(rf"(?:^|[.!?。！？])[\s*#]*(?:{'|'.join(known)})[\s*]*[:：](?!//)", re.IGNORECASE)
