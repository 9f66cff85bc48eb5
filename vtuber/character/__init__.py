"""Loads a character from its folder: persona, examples, canon, voice options and face."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vtuber.core import files
from vtuber.core.errors import ConfigError

SHEET = "character.toml"
PERSONA = "persona.md"
EXAMPLES = "examples.toml"


@dataclass(frozen=True, slots=True)
class Example:
    """A few-shot example: what a viewer says and how she answers."""

    viewer: str
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class Character:
    folder: Path
    name: str
    """What she calls herself: 板板."""
    aliases: tuple[str, ...]
    """Lower-case names by which chat addresses her, ``name`` included."""
    persona: str
    """Who she is and how she speaks; the beginning of every prompt."""
    canon: tuple[str, ...]
    """Facts that stand in every prompt."""
    examples: tuple[Example, ...]
    moods: tuple[str, ...]
    """The moods her face knows; the first is the everyday one."""
    voices: dict[str, dict[str, Any]]
    """Options by voice part: ``voices["edge"]["voice"]``."""
    refusals: tuple[str, ...]
    """Said in place of a sentence that was stopped."""
    face: Path
    """Her picture, an SVG that the overlay animates."""
    fallback_lines: tuple[str, ...] = ()
    """Said in place of a reply when no brain can give one. When there are none, she stays silent."""


def load(name: str) -> Character:
    """The character in the folder ``name`` (a path) or ``characters/<name>``.

    Raises ConfigError naming the file, the key and a hint when the folder cannot be used.
    """
    folder = _folder(name)
    sheet = _validated(_Sheet, folder / SHEET)
    examples = _validated(_Examples, folder / EXAMPLES)
    persona = _read(folder / PERSONA).strip()
    if not persona:
        raise ConfigError(
            "the persona is empty",
            where=str(folder / PERSONA),
            hint="write a few lines in it about who the character is",
        )
    face = folder / sheet.face
    try:
        files.open_regular(face).close()
    except OSError as error:
        raise ConfigError(
            f"the picture {sheet.face!r} cannot be read ({error.strerror or error})",
            where=f"{folder / SHEET}: face",
            hint="put an SVG file there, or correct the file name in this option",
        ) from None
    return Character(
        folder=folder,
        name=sheet.name,
        aliases=tuple(dict.fromkeys(alias.lower() for alias in (sheet.name, *sheet.aliases))),
        persona=persona,
        canon=sheet.sacred,
        examples=tuple(Example(line.viewer, line.says, line.reply) for line in examples.example),
        moods=tuple(mood.lower() for mood in sheet.moods),
        voices=sheet.voices,
        refusals=sheet.refusals,
        face=face,
        fallback_lines=sheet.fallback_lines,
    )


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\r\n]*$")]
"""Words on one line."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sheet(_Table):
    name: Annotated[Spoken, Field(max_length=50)]
    aliases: tuple[Spoken, ...] = ()
    moods: Annotated[tuple[Spoken, ...], Field(min_length=1)] = ("neutral",)
    sacred: tuple[Spoken, ...] = ()
    refusals: Annotated[tuple[Spoken, ...], Field(min_length=1)] = ("…",)
    fallback_lines: tuple[Spoken, ...] = ()
    face: Spoken = "face.svg"
    voices: dict[str, dict[str, Any]] = Field(default_factory=dict)


_RENAMED = {"spares": "fallback_lines", "ways_out": "refusals"}
"""Keys that had another name before: for those the nearest right key is no guess."""


class _ExampleTable(_Table):
    viewer: Spoken
    says: Spoken
    reply: Spoken


class _Examples(_Table):
    example: tuple[_ExampleTable, ...] = ()


Table = TypeVar("Table", bound=_Table)


def _folder(name: str) -> Path:
    given = Path(name).expanduser()
    plain = given.name == name and name not in ("", ".", "..")
    try:
        found = files.find(f"characters/{name}") if plain else None
        for folder in (found, given if name else None):
            if folder is not None and folder.is_dir():
                return folder.resolve()
    except (OSError, ValueError):  # no system takes such a name
        pass
    known, short = _known(), name[:80]
    near = get_close_matches(short, known, n=1)
    raise ConfigError(
        f"there is no character {short!r}",
        where="show.character",
        hint=f"did you mean {near[0]!r}?"
        if near
        else f"choose one of {', '.join(known)}, or give the path of a folder",
    )


def _known() -> list[str]:
    bases = (Path.cwd() / "characters", files.SHIPPED / "characters")
    return sorted({sheet.parent.name for base in bases for sheet in base.glob(f"*/{SHEET}")})


def _read(path: Path) -> str:
    try:
        with files.open_regular(path) as file:
            return file.read().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(
            "this file is missing", where=str(path), hint="create it: every character needs this file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            "this file is not saved as UTF-8", where=str(path), hint="save the file as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(f"this file cannot be read ({error.strerror or error})", where=str(path)) from None


def _validated(table: type[Table], path: Path) -> Table:
    try:
        return table.model_validate(tomllib.loads(_read(path)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"this file is not valid TOML: {error}",
            where=str(path),
            hint="correct the line that the message names",
        ) from None
    except ValidationError as error:
        # A misspelt key is often a missing one too: the first tells more.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        raise ConfigError(
            _complaint(first["type"], first["msg"]),
            where=f"{path}: {'.'.join(str(part) for part in first['loc'])}",
            hint=_hint(table, str(first["loc"][-1]), first["type"]),
        ) from None


def _complaint(kind: str, message: str) -> str:
    known = {
        "extra_forbidden": "there is no such key",
        "missing": "this key is missing",
        "string_pattern_mismatch": "this text must be on one line",
    }
    return known.get(kind, message[:1].lower() + message[1:])


def _hint(table: type[_Table], key: str, kind: str) -> str:
    if kind != "extra_forbidden":
        return "compare it with the character in characters/banban"
    if key == "denials" and table is _Sheet:
        return "delete this option and its list: characters no longer have it"
    keys = {**table.model_fields, **(_ExampleTable.model_fields if table is _Examples else {})}
    near = [_RENAMED[key]] if key in _RENAMED else get_close_matches(key, keys, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(keys)}"
