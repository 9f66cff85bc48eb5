"""What a page tells of itself: how late it sounds, and whether it can."""

from __future__ import annotations

import json
import math
from typing import Any

from vtuber.stage.overlay.page import PageVoice

LONGEST_WAY = 0.5
"""Seconds to a loudspeaker that are believed; wireless ones take 0.3."""


def read_report(text: str) -> float | PageVoice | None:
    """Seconds from the moment a clip was due to the moment it sounded, or its voice; None for nonsense."""
    try:
        said: Any = json.loads(text)
        if "sounds" in said:
            flags = {name: said[name] is True for name in ("forced", "obs", "active")}
            return PageVoice(can=said["sounds"] is True, **flags, way=_way(said.get("way")))
        late = float(said["late"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return late if math.isfinite(late) and abs(late) < 60 else None


def _way(said: Any) -> float:
    """In hundredths, so that what changes by less is no news; 0.0 for nonsense."""
    is_number = isinstance(said, float | int) and math.isfinite(said)
    return round(min(max(said, 0.0), LONGEST_WAY), 2) if is_number else 0.0
