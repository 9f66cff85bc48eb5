"""Whether a character recites her prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vtuber.core.spelling import normalize

LEAK_LENGTH = 40
"""Letters and digits in a row, word for word from the secret text, that are no coincidence."""
LEAK_LENGTH_CHINESE = 18
_BEGINNING, _BEGINNING_CHINESE = 14, 6
"""Letters and digits that may be the beginning of a leak."""
_YOU = re.compile(r"\byou(?:r|rs|rself|['’]\w+)?\b|[你妳您]")
_ME = re.compile(r"\b(?:i|me|my|mine|myself)\b|[我咱]|人家|本小姐", re.IGNORECASE)


class PromptLeak:
    """Finds pieces of a secret text (the persona, mostly) in what she says.

    She may repeat what it says of her in a sentence with "I" or "me", but nothing that it says to "you".
    """

    def __init__(self, text: str) -> None:
        self._letters = letters(text)
        plain = normalize(text)
        you = [len(letters(plain[: match.start()])) for match in _YOU.finditer(plain)]  # not in "youth"
        found = list(_runs(text))
        self._orders = frozenset(
            run for begin, run in found if any(begin <= at < begin + len(run) for at in you)
        )
        self._facts = frozenset(run for _, run in found) - self._orders

    @classmethod
    def of(cls, text: str) -> PromptLeak:
        """The same, made once for all that ask for it: each reply does."""
        return _shared(text)

    def is_in(self, text: str) -> bool:
        """Whether ``text`` recites the secret."""
        said = frozenset(run for _, run in _runs(text))
        return not (said.isdisjoint(self._orders) and (said.isdisjoint(self._facts) or _ME.search(text)))

    def may_begin_in(self, text: str) -> bool:
        """Whether the end of ``text`` may be the beginning of a leak."""
        tail = letters(text)[-_BEGINNING:]
        if not tail[-_BEGINNING_CHINESE:].isascii():
            tail = tail[-_BEGINNING_CHINESE:]
        return len(tail) >= _BEGINNING_CHINESE and tail in self._letters


@lru_cache(maxsize=8)
def _shared(text: str) -> PromptLeak:
    return PromptLeak(text)


def letters(text: str) -> str:
    """The text's letters and digits, normalized."""
    return re.sub(r"[\W_]+", "", normalize(text))


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """Every run of letters and digits that is long enough to be no coincidence, and where it begins."""
    written = letters(text)
    for begin in range(len(written)):
        run = written[begin : begin + LEAK_LENGTH_CHINESE]
        length = LEAK_LENGTH_CHINESE
        if run.isascii():
            run, length = written[begin : begin + LEAK_LENGTH], LEAK_LENGTH
        if len(run) == length:
            yield begin, run
