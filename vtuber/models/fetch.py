"""A model's way from the hub onto the disk: room is looked for first, and what came is checked."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from glob import escape
from pathlib import Path
from typing import Protocol

from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # by its __all__ it is public

from vtuber.core.errors import BanbanError
from vtuber.models import store
from vtuber.models.choices import gigabytes
from vtuber.models.hub import File, Hub, Weights


class Watcher(Protocol):
    """Called with how far a download is."""

    def tell(self, words: str) -> None:
        """Hears what is being done."""
        ...

    def begin(self, there: int, whole: int) -> None:
        """Hears how many bytes are there already, and of how many."""
        ...

    def advance(self, more: int) -> None:
        """Hears how many more there are."""
        ...


def fetch(hub: Hub, weights: Weights, watch: Watcher) -> Path:
    """Brings every file of the model that is not there yet. Returns where the first lies.

    Raises BanbanError, and OSError for the disk (see ``of_the_disk``).
    """
    home = store.folder() / weights.files[0].repo
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        missing = [file for file in weights.files if not _is_there(home / file.path, file)]
        lacking = sum(file.size - _begun(home / file.path, file) for file in missing)
        free = shutil.disk_usage(home).free
        if lacking > free:
            raise BanbanError(
                f"{gigabytes(lacking)} are left to download, but only {gigabytes(free)} are free",
                where=str(home),
                hint="free some space there, or choose a smaller model",
            )
        watch.begin(weights.size - lacking, weights.size)
        for file in missing:
            _bring(hub, file, home / file.path, watch)
    return home / weights.name


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two that append to one file would spoil it."""
    with ExitStack() as held:
        try:
            held.enter_context(WeakFileLock(home / ".getting", timeout=0.1))
        except TimeoutError:
            raise BanbanError(
                "this model is already being downloaded",
                where=str(home),
                hint="wait until the other download ends",
            ) from None
        yield


def _bring(hub: Hub, file: File, target: Path, watch: Watcher) -> None:
    """The file at its place, whole and checked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(target, file)
    if part.is_fifo():  # to open it might take for ever
        raise BanbanError("this is a pipe, not a file", where=str(part), hint="delete it")
    hub.bring(file, part, watch.advance)
    watch.tell(f"checking {target.name}")
    if _sha256(part) != file.sha256:
        part.unlink()
        raise BanbanError(
            "the download is damaged (its checksum is wrong) and was deleted",
            where=file.path,
            hint="try again; if that does not help, try another network: a proxy may change downloads",
        )
    part.replace(target)
    for left in target.parent.glob(f"{escape(target.name)}.*.part"):  # of versions that are no more
        left.unlink()


def _part(target: Path, file: File) -> Path:
    """Where the file grows: another version of it elsewhere."""
    return target.with_name(f"{target.name}.{file.sha256[:12]}.part")


def _begun(target: Path, file: File) -> int:
    """How many bytes of it came before."""
    part = _part(target, file)
    return min(part.stat().st_size, file.size) if part.is_file() else 0


def _is_there(target: Path, file: File) -> bool:
    return target.is_file() and target.stat().st_size == file.size and _sha256(target) == file.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_the_disk(error: OSError) -> BanbanError:
    """What a disk's error means to whoever downloads, and what to do."""
    where = str(error.filename or store.folder())
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BanbanError(
            "the disk is full",
            where=where,
            hint="free some space and run the same command: it goes on where it stopped",
        )
    return BanbanError(
        f"cannot be written ({error.strerror or error})",
        where=where,
        hint="give yourself permission to write there",
    )
