"""What a page tells of itself: how late it sounds, and whether it can."""

from __future__ import annotations

import json
import math
from typing import Any

from vtuber.stage.overlay.page import PageVoice


def read_report(text: str) -> float | PageVoice | None:
    """Seconds from the moment a clip was due to the moment it sounded, or its voice; None for nonsense."""
    try:
        said: Any = json.loads(text)
        if "sounds" in said:
            flags = {name: said[name] is True for name in ("forced", "obs", "active")}
            return PageVoice(can=said["sounds"] is True, **flags)
        late = float(said["late"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return late if math.isfinite(late) and abs(late) < 60 else None
