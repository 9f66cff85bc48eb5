"""`banban models get`: which file of a repository this machine can hold, and its way onto the disk."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # by its __all__ it is public

from vtuber.errors import BanbanError
from vtuber.models import shelf, split
from vtuber.models.choices import CHOICES
from vtuber.models.fit import GB, Place, gigabytes, judge
from vtuber.models.header import Header
from vtuber.models.hub import File, Hub
from vtuber.models.machine import Machine

LIVELY = 9 * GB
"""Nothing larger is chosen for main memory if there is a choice: it is read whole for every token, and at the
usual 40 GB a second that makes fewer than 5 tokens."""
_COARSE = re.compile(r"(?<![A-Z0-9])I?Q[12]_", re.IGNORECASE)
"""Fewer than three bits a weight: chosen only where nothing else fits. Her model's card begins at Q3, too."""
_NO_MODEL = re.compile("mmproj|imatrix", re.IGNORECASE)
"""Eyes, and what quantizing leaves behind."""
_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?::(?P<like>[\w.-]+)|/(?P<file>.+\.gguf))?", re.ASCII)
_MOST_NAMED = 20


class Watch(Protocol):
    """Whoever watches a download."""

    def tell(self, words: str) -> None:
        """Hears what is being done."""
        ...

    def advance(self, done: int, whole: int) -> None:
        """Hears how many bytes are there, and of how many."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A model in a repository: one file, or all the parts of one that is split."""

    files: tuple[File, ...]

    @property
    def name(self) -> str:
        return self.files[0].path

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def get(name: str, machine: Machine, watch: Watch) -> Header:
    """Fetches the model that ``name`` means, and reads its header. What is there is not fetched again.

    A name is "owner/repo" (whatever fits the machine best), "owner/repo:Q4_K_M", "owner/repo/file.gguf", or
    one of ``CHOICES``. Raises BanbanError.
    """
    try:
        hub = Hub()
        weights = choose(hub, name, machine, watch)
        first = _fetch(hub, weights, watch)
    except KeyboardInterrupt:
        raise BanbanError("stopped", where=name, cure="the same command goes on where it stopped") from None
    except OSError as error:
        raise _of_the_disk(error) from None
    try:
        return shelf.read(first)
    except ValueError as error:
        raise BanbanError(
            f"{error}, and so it lies on the hub", where=str(first), cure="take another"
        ) from None


def choose(hub: Hub, name: str, machine: Machine, watch: Watch) -> Weights:
    """The model that ``name`` means on the hub. ``watch`` is told which, and why."""
    repo, like, path = _parse(name)
    there = whole(hub.files(repo))
    if path:
        wanted = [weights for weights in there if path in {file.path for file in weights.files}]
    else:
        models = [weights for weights in there if not _NO_MODEL.search(weights.name)]
        wanted = [weights for weights in models if _is_like(weights.name, like)]
    if not wanted:
        names = ", ".join(weights.name for weights in there[:_MOST_NAMED])
        cure = f"it has {names}" if names else "look for a repository whose name ends in -GGUF"
        raise BanbanError(f"it holds no {path or like or 'GGUF'}", where=repo, cure=cure)
    weights = best(wanted, machine)
    fit = judge(weights.size, machine)
    if fit.place is Place.NOWHERE and not (like or path):
        cure = f"take a smaller model; {repo}/{weights.name} fetches this one all the same"
        raise BanbanError(f"none of it fits: even {weights.name} {fit.why}", where=repo, cure=cure)
    of = f", the best of {len(wanted)} for this machine" if len(wanted) > 1 else ""
    watch.tell(f"{repo}/{weights.name}, {gigabytes(weights.size)}{of} ({fit.verdict}: {fit.why})")
    return weights


def whole(files: list[File]) -> list[Weights]:
    """The models that the files are, the smallest first. What is split and lacks a part is none."""
    known = {file.path: file for file in files}
    models = []
    for path in known:
        at = PurePosixPath(path)
        parts = [str(at.with_name(name)) for name in split.names(at.name)]
        if path == parts[0] and all(part in known for part in parts):
            models.append(Weights(tuple(known[part] for part in parts)))
    return sorted(models, key=lambda weights: weights.size)


def best(models: list[Weights], machine: Machine) -> Weights:
    """The largest where it fits best: a card before memory, room before tight. If none fits, the smallest."""

    def worth(weights: Weights) -> tuple[bool, int, int]:
        fit = judge(weights.size, machine)
        rank = {Place.CARD: 4, Place.MEMORY: 2, Place.NOWHERE: 0}[fit.place] - fit.tight
        too_big = fit.place is Place.NOWHERE or (fit.place is Place.MEMORY and weights.size > LIVELY)
        return rank > 0 and not _COARSE.search(weights.name), rank, -weights.size if too_big else weights.size

    return max(models, key=worth)


def _parse(name: str) -> tuple[str, str, str]:
    """The repository, and of a quantization or a file what was named."""
    alias, _, like = name.partition(":")
    for choice in CHOICES:
        if choice.name == alias.lower():
            return choice.repo, like, ""
    found = _NAME.fullmatch(name)
    if found is None:
        names = ", ".join(choice.name for choice in CHOICES)
        cure = f"take one of {names}, or a repository of the hub as owner/name"
        raise BanbanError("no model is called that", where=name, cure=cure)
    return found["repo"], found["like"] or "", found["file"] or ""


def _is_like(name: str, quantization: str) -> bool:
    """Whether the file's name says that it is so quantized."""
    pattern = rf"(?<![A-Z0-9]){re.escape(quantization)}(?![A-Z0-9_])"
    return not quantization or bool(re.search(pattern, name, re.IGNORECASE))


def _fetch(hub: Hub, weights: Weights, watch: Watch) -> Path:
    """Brings every file of it. Returns where the first lies. Raises OSError for the disk."""
    home = shelf.folder() / weights.files[0].repo
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        lacking = weights.size - sum(_there(home / file.path, file) for file in weights.files)
        free = shutil.disk_usage(home).free
        if lacking > free:
            raise BanbanError(
                f"{gigabytes(lacking)} are still to come, and the disk has {gigabytes(free)} free",
                where=str(home),
                cure="make room there, or take a smaller quantization",
            )
        done = 0
        for file in weights.files:
            _bring(hub, file, home / file.path, watch, partial(_advance, watch, done, weights.size))
            done += file.size
    return home / weights.name


def _advance(watch: Watch, before: int, whole_size: int, have: int) -> None:
    watch.advance(before + have, whole_size)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two that append to one file would spoil it."""
    with ExitStack() as held:
        try:
            held.enter_context(WeakFileLock(home / ".getting", timeout=0.1))
        except TimeoutError:
            raise BanbanError("it is being fetched already", where=str(home), cure="wait for that") from None
        yield


def _bring(hub: Hub, file: File, target: Path, watch: Watch, tell: Callable[[int], None]) -> None:
    """The file at its place, whole and checked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and target.stat().st_size == file.size and _sha256(target) == file.sha256:
        tell(file.size)
        return
    part = _part(target, file)
    hub.bring(file, part, tell)
    watch.tell(f"checking {target.name}")
    if _sha256(part) != file.sha256:
        part.unlink()
        raise BanbanError(
            "what arrived is not what lies on the hub (its checksum differs), and was deleted",
            where=file.path,
            cure="try again; if that does not help, something on the way changes it, such as a proxy",
        )
    part.replace(target)


def _part(target: Path, file: File) -> Path:
    """Where the file grows. Another version of it grows elsewhere."""
    return target.with_name(f"{target.name}.{file.sha256[:12]}.part")


def _there(target: Path, file: File) -> int:
    """How many of the file's bytes need not be fetched."""
    for path in (target, _part(target, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_the_disk(error: OSError) -> BanbanError:
    where = str(error.filename or shelf.folder())
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BanbanError(
            "the disk is full", where=where, cure="make room: the same command goes on where it stopped"
        )
    return BanbanError(
        f"cannot be written ({error.strerror or error})", where=where, cure="see that you may write there"
    )
