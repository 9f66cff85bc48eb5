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
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from vtuber.config import Settings
from vtuber.core.errors import BanbanError
from vtuber.core.text import clean, escaped
from vtuber.memory.store import folder_of

log = logging.getLogger(__name__)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """While the body runs, no other process has this show. Raises BanbanError when one has it already."""
    folder = _folder()
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
        _tell(told, settings)
        yield
    finally:
        with suppress(OSError):
            told.unlink()
        lock.release()


@contextmanager
def off_air(settings: Settings) -> Iterator[None]:
    """While the body runs, this show does not go on air. Raises BanbanError when it, or its memory, is."""
    with only_one(settings):
        for told in sorted(_folder().glob("*.json")):
            if told.stem == settings.show.name or _row(told).get("memory") != _memory(settings):
                continue
            lock = FileLock(told.with_suffix(".lock"))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise BanbanError(
                    f"a show with this memory is on air{_by_whom(told)}",
                    where=escaped(told.stem),
                    hint="end it first; nothing was changed",
                ) from None
            lock.release()  # that one was killed
        yield


def _folder() -> Path:
    return platformdirs.user_data_path("banban", appauthor=False) / "on-air"


def _memory(settings: Settings) -> str:
    """What shows that share a memory have in common. It stands in a file: a digest, and no address."""
    memory = settings.memory
    if memory.use == "forgetful":
        return ""
    is_server = memory.use == "redis" or (memory.use == "auto" and memory.url)
    place = f"{memory.url} {memory.name}" if is_server else str(folder_of(memory))
    return sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _tell(path: Path, settings: Settings) -> None:
    """For the one that is refused: which process it is."""
    since = f"{datetime.now().astimezone():%H:%M}"
    row = {"process": os.getpid(), "since": since, "folder": str(Path.cwd()), "memory": _memory(settings)}
    with suppress(OSError):
        path.write_text(json.dumps(row))


def _row(path: Path) -> dict[str, Any]:
    """What was told there; {} for anything else."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return row if isinstance(row, dict) else {}


def _by_whom(path: Path) -> str:
    row = _row(path)
    try:
        process, since, folder = int(row["process"]), str(row["since"]), str(row["folder"])
    except (ValueError, KeyError, TypeError):
        return ""
    return f": process {process}, since {clean(since, 5)}, started in {escaped(clean(folder, 300))}"
