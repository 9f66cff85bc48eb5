"""Percentiles, by nearest rank."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0..1) of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def interval(hits: int, tries: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    if not tries:
        return 0.0, 1.0
    z = 1.96
    share, weight = hits / tries, z * z / tries
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt((share * (1 - share) + weight / 4) / tries) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)
