"""Where models lie on this machine, and what lies there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from vtuber.brain.llama.model_file import locate
from vtuber.config import Settings
from vtuber.errors import ConfigError
from vtuber.models import header
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


def look(settings: Settings) -> tuple[list[Model], list[Odd]]:
    """The models in every usual place, the smallest first, and what could not be read."""
    headers: list[Header] = []
    odd: list[Odd] = []
    for path in _files(settings):
        try:
            headers.append(header.read(path))
        except (OSError, ValueError) as error:
            odd.append(Odd(path, str(error)))
    seeing = {found.path.parent for found in headers if found.sees}
    models = [Model(found, found.path.parent in seeing) for found in headers if not found.sees]
    return sorted(models, key=lambda model: model.header.size), odd


def _files(settings: Settings) -> Iterator[Path]:
    """Each file once, however many links lead to it."""
    known: set[Path] = set()
    for path in _named(settings):
        try:
            real = path.resolve(strict=True)
        except OSError:  # a link to nothing
            continue
        if real not in known and real.is_file():
            known.add(real)
            yield path
        if len(known) >= _MOST:
            return


def _named(settings: Settings) -> Iterator[Path]:
    with suppress(ConfigError):  # whoever goes on air with it is told
        yield locate(settings.brain.model)
    folders = [folder(), Path.cwd() / "models", *(Path.home() / other for other in _OTHERS)]
    if settings.brain.model:
        folders.insert(0, Path(settings.brain.model).expanduser().parent)
    for place in folders:
        yield from sorted(place.rglob("*.gguf")) if place.is_dir() else ()
