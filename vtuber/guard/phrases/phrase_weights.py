"""What a sentence is, by the kinds of its words: weighs its traits by ``data/phrases/weights.tsv``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from vtuber.core.text import is_cjk
from vtuber.guard.phrases.kinds import SHIPPED, shipped, traits

HARMLESS = "harmless"
LABELS = ("hate", "sexual", "self_harm", "distress", "threats", "drugs", "harassment", "politics")
"""What a sentence may be; "distress": somebody says that they will harm themselves."""


_CHINESE = 0.5
"""What Chinese sentences score less: with a kind for every second letter, all their sums are larger."""


class Weights:
    """How much each trait speaks for each of ``LABELS``. The trait "" is where all begin."""

    def __init__(self, weights: Mapping[str, tuple[float, ...]]) -> None:
        self._weights = weights
        self._begin = weights.get("", (0.0,) * len(LABELS))

    @classmethod
    def read(cls, path: Path) -> Weights:
        weights: dict[str, tuple[float, ...]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            trait, *numbers = line.split("\t")
            if not line.startswith("#") and numbers != list(LABELS):
                weights[trait] = tuple(map(float, numbers))
        return cls(weights)

    def judge(self, text: str) -> tuple[str, float]:
        """The label that fits best, and how much more likely (in logits) any of them is than none."""
        get = self._weights.get
        rows = [row for trait in set(traits(shipped().read(text))) if (row := get(trait))]
        sums = [sum(column) for column in zip(self._begin, *rows, strict=True)]
        best = max(range(len(sums)), key=sums.__getitem__)
        score = sums[best] + math.log(sum(math.exp(total - sums[best]) for total in sums))
        return LABELS[best], score - _CHINESE * any(map(is_cjk, text))


@cache
def learnt() -> Weights:
    return Weights.read(SHIPPED / "weights.tsv")
