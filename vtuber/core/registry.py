"""Finds a part by the name it has in config.toml.

Each package of parts keeps a dict ``PARTS``: name → "module:Class", loaded only when used. A part that
lives in another distribution registers through the entry-point group ``banban.<package>``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vtuber.core.errors import BanbanError, ConfigError


def names(package: str, own: Mapping[str, str]) -> dict[str, str]:
    """All parts of ``package`` ("voice", "brain"…): our own and those installed beside us.

    Raises ConfigError when two have the same name.
    """
    found = dict(own)
    for entry in _installed(f"banban.{package}", tuple(sys.path)):
        if found.get(entry.name, entry.value) != entry.value:
            raise ConfigError(
                f"two parts are called {entry.name!r}",
                where=f"{package}: {found[entry.name]} and {entry.value}",
                hint="uninstall one of the two packages",
            )
        found[entry.name] = entry.value
    return found


@lru_cache(maxsize=64)
def _installed(group: str, _path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """What stands beside us: looking takes long, and a program asks for each of its parts."""
    return tuple(entry_points(group=group))


def load(package: str, own: Mapping[str, str], name: str, where: str = "") -> Any:
    """The class registered under ``name``, which the option ``where`` gave.

    Raises ConfigError: with the nearest right name when there is none, or when it cannot be imported.
    """
    found = names(package, own)
    kind = package.removesuffix("s")
    if name not in found:
        near = get_close_matches(name, found, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(sorted(found))}"
        raise ConfigError(f"there is no {kind} called {name!r}", where=where, hint=hint)
    module, _, attribute = (part.strip() for part in found[name].partition(":"))
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:  # a part from elsewhere may do anything while it is imported
        raise ConfigError(
            f"the {kind} {name!r} cannot be loaded ({found[name]}: {error})",
            where=where,
            hint="install the packages that it needs, or choose another one",
        ) from error


def make(package: str, own: Mapping[str, str], name: str, *needs: Any, where: str = "") -> Any:
    """What the part registered under ``name`` makes of ``needs``, its settings first. Raises ConfigError."""
    part = load(package, own, name, where)
    with named(part):
        return part(*needs)


@contextmanager
def named(part: Any) -> Iterator[None]:
    """While a part from elsewhere works: whatever it raises becomes a BanbanError that names it.

    A defect of our own is left as it is.
    """
    try:
        yield
    except BanbanError:
        raise
    except Exception as error:
        made = part if isinstance(part, type) else type(part)
        if made.__module__.partition(".")[0] == __name__.partition(".")[0]:
            raise
        raise ConfigError(
            f"a part that was installed beside banban failed ({type(error).__name__}: {error})",
            where=f"{made.__module__}.{made.__qualname__}",
            hint="report that to whoever made it, or take it out of config.toml",
        ) from error
