"""Where models lie on this machine, and what lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from vtuber.brain.llama.model_file import locate
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import ConfigError
from vtuber.models import header, split
from vtuber.models.header import Header

_OTHERS = (
    ".cache/huggingface/hub",
    ".lmstudio/models",
    ".cache/lm-studio/models",
)
"""Where other programs keep their GGUFs, under the user's home."""
_MOST = 500
"""More files than this are not looked at."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model on disk, and whether eyes for it lie beside it."""

    header: Header
    eyes: bool


@dataclass(frozen=True, slots=True)
class Odd:
    """A file that is called a GGUF and cannot be read as one."""

    path: Path
    why: str


def folder() -> Path:
    """Where ``banban models get`` puts what it fetches."""
    return platformdirs.user_data_path("banban", appauthor=False) / "models"


def look(settings: Settings, progress: Progress) -> tuple[list[Model], list[Odd]]:
    """The models in every usual place, the smallest first, and what could not be read."""
    headers: list[Header] = []
    odd: list[Odd] = []
    paths = list(_files(settings))
    for number, path in enumerate(paths):
        progress(number / len(paths), "reading what the models say of themselves")
        try:
            headers.append(read(path))
        except FileNotFoundError as error:
            odd.append(Odd(path, f"{Path(error.filename).name} is missing"))
        except OSError as error:
            odd.append(Odd(path, error.strerror or str(error)))
        except ValueError as error:
            odd.append(Odd(path, str(error)))
    seeing = {found.path.parent for found in headers if found.sees}
    models = [Model(found, found.path.parent in seeing) for found in headers if not found.sees]
    return sorted(models, key=lambda model: model.header.size), odd


def read(path: Path) -> Header:
    """The header of the model at ``path``, with all its parts. Raises as ``header.read`` does."""
    parts = [header.read(path.with_name(name)) for name in split.names(path.name)]
    return replace(
        parts[0], size=sum(part.size for part in parts), parameters=sum(part.parameters for part in parts)
    )


def _files(settings: Settings) -> Iterator[Path]:
    """Each model's first file once, however many links lead to it."""
    known: set[Path] = set()
    for path in _named(settings):
        first = path.with_name(split.names(path.name)[0])
        try:
            if not path.is_file() or (path != first and first.exists()):
                continue
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # a link to nothing or to itself, a folder that may not be read
            continue
        if real not in known:
            known.add(real)
            yield path
        if len(known) >= _MOST:
            return


def _named(settings: Settings) -> Iterator[Path]:
    with suppress(ConfigError):  # whoever goes on air with it is told
        yield locate(settings.brain.model)
    if settings.brain.model:  # it may lie among everything else that is somebody's: not below its folder
        yield from _ggufs(Path(settings.brain.model).expanduser().parent, deep=False)
    for place in (folder(), Path.cwd() / "models", *(Path.home() / other for other in _OTHERS)):
        yield from _ggufs(place, deep=True)


def _ggufs(top: Path, *, deep: bool) -> Iterator[Path]:
    for place, folders, names in os.walk(top):  # passes over what cannot be read
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.lower().endswith(".gguf"))
        if not deep:
            return
