"""Files that a command writes because somebody named them."""

from __future__ import annotations

from pathlib import Path

from vtuber.core import files
from vtuber.core.errors import BanbanError


def check(path: Path, *read: Path) -> None:
    """Raises BanbanError where no file can be written, or where one of those stands that are ``read``.

    Asked before the work whose result it is: nobody waits for an hour to hear of a typo.
    """
    try:
        _check(path, read)
    except OSError as error:
        raise _trouble(path, error) from None


def write(path: Path, content: bytes) -> None:
    """All of it or nothing, readable by its owner alone: chat is people's words. Raises BanbanError."""
    try:
        files.write_whole(path.resolve(), [content])
    except OSError as error:
        raise _trouble(path, error) from None


def _check(path: Path, read: tuple[Path, ...]) -> None:
    if path.is_dir():
        raise BanbanError("this is a folder", where=str(path), hint="write the name of a file in it")
    if path.exists() and not path.is_file():
        raise BanbanError("this is a pipe or a device, not a file", where=str(path))
    if not path.parent.is_dir():
        raise BanbanError("there is no such folder", where=str(path.parent), hint="make it, or correct it")
    if path.exists() and any(other.exists() and path.samefile(other) for other in read):
        raise BanbanError("this is the file that is read", where=str(path), hint="write another name")


def _trouble(path: Path, error: OSError) -> BanbanError:
    return BanbanError(f"cannot be written: {error.strerror or error}", where=str(path))
