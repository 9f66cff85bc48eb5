"""Files: the ones beside the code (the overlay, characters, the default config), and opening one safely.

A streamer's own copy in the working folder wins over the one that came with the program.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import BinaryIO

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


def open_regular(path: Path) -> BinaryIO:
    """Opens a file to read its bytes. Raises OSError, also for a pipe or a device, which might never end."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "this is a pipe or a device, not a file", str(path))
    return path.open("rb")
