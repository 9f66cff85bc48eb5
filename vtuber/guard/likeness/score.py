"""How much a line is like those of a kind: the sum of the weights of its words and runs of letters.

The weights are learned once (``benchmarks/guard/teach.py``) from lines that are kept in the repository, and
lie as text under ``data/likeness``. It finds sentences that nobody thought of, as long as their words are
of the kind.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import sqrt
from pathlib import Path

from vtuber.guard.likeness.concepts import touched
from vtuber.guard.likeness.folding import folded

FOLDER = Path(__file__).parents[1] / "data" / "likeness"
LONGEST = 600
"""Characters of a text that are looked at."""
_LONG = 4
"""Letters of a word's parts, which stand for its other forms, and for its misspellings."""

_TOKEN = re.compile(
    r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:'[a-z]+)?|\d+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[<>\[\]{}#:\"?!|/【】]"
)


class Likeness:
    """The weights of one kind: ``data/likeness/NAME.txt``."""

    def __init__(self, name: str) -> None:
        self._weights = _weights(name)
        self._bias = self._weights.get("", 0.0)

    def score(self, text: str) -> float:
        """Over 0: more like that kind than not."""
        found = features(text)
        if not found:
            return self._bias
        weights = self._weights
        return self._bias + sum(weights.get(feature, 0.0) for feature in found) / sqrt(len(found))


@lru_cache(maxsize=8)
def _weights(name: str) -> dict[str, float]:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if not line.startswith("#"))
    return {run: float(weight) for weight, tab, run in rows if tab}


def features(text: str) -> frozenset[str]:
    """Its words, pairs of words, runs of four letters; Chinese characters by one to three; its concepts."""
    return _features(folded(text[:LONGEST]))


@lru_cache(maxsize=64)
def _features(plain: str) -> frozenset[str]:
    tokens = ["^", *_TOKEN.findall(plain), "$"]
    found: set[str] = set()
    words: list[str] = []
    chinese: list[str] = []
    before = ""
    for token in tokens:
        if token[0] > "\u3000":
            chinese.append(token)
            found.update(
                token[at : at + length] for length in (1, 2, 3) for at in range(len(token) - length + 1)
            )
            before = ""
            continue
        word = "0" if token.isdigit() else token
        words.append(word)
        found.add(word)
        if len(word) > _LONG:
            found.update(f"{word[at : at + _LONG]}~" for at in range(len(word) - _LONG + 1))
        if before:
            found.add(f"{before} {word}")
        before = word
    found -= {"^", "$"}
    return frozenset(found | touched(words, chinese))
