"""How much a line is like those of a kind: the sum of the weights of its words and runs of letters.

The weights are learned once (``benchmarks/guard/teach.py``) from lines that are kept in the repository, and
lie as text under ``data``. It finds sentences that nobody thought of, as long as their words are of the kind.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import sqrt
from pathlib import Path

from vtuber.guard.folding import folded

FOLDER = Path(__file__).with_name("data")
LONGEST = 600
"""Characters of a text that are looked at."""

_TOKEN = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:'[a-z]+)?|\d+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[<>\[\]{}#:\"?!|/【】]")


class Likeness:
    """The weights of one kind: ``data/NAME.likeness.txt``."""

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
    lines = (FOLDER / f"{name}.likeness.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if not line.startswith("#"))
    return {run: float(weight) for weight, tab, run in rows if tab}


def features(text: str) -> set[str]:
    """Its words, pairs of words, runs of three letters to five in a word; characters of Chinese by one to three."""
    tokens = ["^", *_TOKEN.findall(folded(text[:LONGEST])), "$"]
    found: set[str] = set()
    before = ""
    for token in tokens:
        if token[0] > "\u3000":
            _add_runs(found, token)
        else:
            word = "0" if token.isdigit() else token
            found.add(word)
            found.update(f"{word}"[at : at + 4] + "~" for at in range(len(word) - 3) if len(word) > 4)
            if before:
                found.add(f"{before} {word}")
            before = word
            continue
        before = ""
    found -= {"^", "$"}
    return found


def _add_runs(found: set[str], chinese: str) -> None:
    for length in (1, 2, 3):
        found.update(chinese[at : at + length] for at in range(len(chinese) - length + 1))
