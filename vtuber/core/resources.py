"""Where the things beside the code are: the overlay, characters and the default config.

A streamer's own copy in the working folder wins over the one that came with the program.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_SHIPPED = _PACKAGE / "shipped"  # inside a wheel
SHIPPED = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent
"""The folder that holds what came with the program: the wheel's own, or the checkout."""


def find(relative: str) -> Path | None:
    """The file or folder of that name in the working folder, else the one shipped, else None."""
    for base in (Path.cwd(), SHIPPED):
        candidate = base / relative
        if candidate.exists():
            return candidate
    return None
