"""One show, one process: a second `banban live` for the same show is refused.

What is locked is a file in the user's data folder, called by ``show.name``. The system gives it free when the
process ends, however that was.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from vtuber.config import Settings
from vtuber.core.errors import BanbanError
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """While the body runs, no other process has this show. Raises BanbanError when one has it already."""
    folder = platformdirs.user_data_path("banban", appauthor=False) / "on-air"
    lock = FileLock(folder / f"{settings.show.name}.lock")
    told = folder / f"{settings.show.name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BanbanError(
            f"this show is on air already{_by_whom(told)}",
            where=escaped(settings.show.name),
            hint="end that one; or, if this is to be another show, start it in a folder of its own "
            "or set show.name",
        ) from None
    except (OSError, NotImplementedError) as error:  # or a file system that knows no locks
        reason = getattr(error, "strerror", None) or error
        log.warning(
            "nothing can be kept in %s (%s): the show goes on, but forgets; let your user write there",
            escaped(str(folder.parent)),
            escaped(str(reason)),
        )
        yield
        return
    try:
        _tell(told)
        yield
    finally:
        with suppress(OSError):
            told.unlink()
        lock.release()


def _tell(path: Path) -> None:
    """For the one that is refused: which process it is."""
    since = f"{datetime.now().astimezone():%H:%M}"
    with suppress(OSError):
        path.write_text(json.dumps({"process": os.getpid(), "since": since, "folder": str(Path.cwd())}))


def _by_whom(path: Path) -> str:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        process, since, folder = int(row["process"]), str(row["since"]), str(row["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f": process {process}, since {clean(since, 5)}, started in {escaped(clean(folder, 300))}"
