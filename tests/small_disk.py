"""A disk that can be filled, for tests."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self


class SmallDisk:
    """A disk that is soon full: a file system of its own, where we may make one.

    Else the system refuses to let any file of this process grow.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._filling = folder / "filling"
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        self._is_mounted = not subprocess.run(mount, check=False, capture_output=True).returncode

    def fill(self) -> None:
        """From now on it takes nothing."""
        if not self._is_mounted:
            largest = max((path.stat().st_size for path in self._folder.iterdir()), default=0)
            _limit_files(largest)
            return
        with suppress(OSError), self._filling.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)

    def free(self) -> None:
        """It takes something again."""
        if not self._is_mounted:
            _limit_files(None)
        self._filling.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
        if self._is_mounted:
            subprocess.run(["umount", "-l", str(self._folder)], check=True)


def _limit_files(size: int | None) -> None:
    import resource  # noqa: PLC0415  # not on Windows

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size is None else size, most))
