"""What a sentence is, by the kinds of its words: weighs its traits by ``data/phrases/weights.tsv``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from vtuber.core.text import is_cjk
from vtuber.guard.phrases.kinds import SHIPPED, shipped, traits

HARMLESS = "harmless"
LABELS = ("hate", "sexual", "self_harm", "distress", "threats", "drugs", "harassment", "politics")
"""What a sentence may be; "distress": somebody says that they will harm themselves."""
_HEADING = "\t".join(LABELS)
_CHINESE = 0.7
"""What Chinese sentences score less: with a kind for every second letter, all their sums are larger."""


class Weights:
    """How much each trait speaks for each of ``LABELS``. The trait "" is where all begin."""

    def __init__(self, weights: Mapping[str, str]) -> None:
        """``weights``: for each trait its numbers, as they stand in the file: few are ever asked for."""
        self._weights = weights
        self._begin = _numbers(weights[""]) if "" in weights else (0.0,) * len(LABELS)

    @classmethod
    def read(cls, path: Path) -> Weights:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = (line.partition("\t") for line in lines if not line.startswith("#"))
        return cls({trait: numbers for trait, _, numbers in rows if numbers != _HEADING})

    def judge(self, text: str) -> tuple[str, float]:
        """The label that fits best, and how much more likely (in logits) any of them is than none."""
        get = self._weights.get
        rows = [_numbers(row) for trait in set(traits(shipped().read(text))) if (row := get(trait))]
        sums = [sum(column) for column in zip(self._begin, *rows, strict=True)]
        best = max(range(len(sums)), key=sums.__getitem__)
        score = sums[best] + math.log(sum(math.exp(total - sums[best]) for total in sums))
        return LABELS[best], score - _CHINESE * any(map(is_cjk, text))


@lru_cache(maxsize=4096)
def _numbers(row: str) -> tuple[float, ...]:
    return tuple(map(float, row.split("\t")))


@cache
def learnt() -> Weights:
    return Weights.read(SHIPPED / "weights.tsv")
