"""Files: the ones beside the code (the overlay, characters, the default config), and opening one safely.

A streamer's own copy in the working folder wins over the one that came with the program.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_PACKAGE = Path(__file__).resolve().parent.parent
_SHIPPED = _PACKAGE / "shipped"  # inside a wheel
SHIPPED = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent
"""The folder that holds what came with the program: the wheel's own, or the checkout."""

RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
}
"""Names that Windows keeps for devices, in small letters."""
_LONGEST_NAME = 255

_UNFINISHED = ".part"
_ABANDONED = 3600.0
"""Seconds after which a file that was begun and never finished is deleted."""


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


def write_whole(path: Path, parts: Iterable[bytes | bytearray], *, durably: bool = False) -> None:
    """Writes all of it or nothing, readable by its owner alone. Raises OSError.

    ``durably``: it is on the disk when this returns.
    """
    handle, name = tempfile.mkstemp(_UNFINISHED, path.stem[:8], path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            if durably:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def is_plain_name(name: str) -> bool:
    """Whether it names a file in a folder, and nothing else, on every system."""
    return (
        0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
        and name[-1] not in ". "
        and name.partition(".")[0].strip().lower() not in RESERVED
    )


def make_private(folder: Path) -> None:
    """Makes the folder, for this user alone. Raises OSError, also when it is somebody else's."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "geteuid") and folder.stat().st_uid != os.geteuid():  # Windows has no owners of this kind
        raise PermissionError(f"{folder} belongs to another user")


def remove_abandoned(folder: Path) -> None:
    """Deletes what ``write_whole`` began in there long ago and never finished. Raises OSError."""
    for path in folder.glob(f"*{_UNFINISHED}"):
        with suppress(FileNotFoundError):  # another program was faster
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()
