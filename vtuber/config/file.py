"""Reads config.toml and the command line's flags into Settings, and says in words what is wrong with them."""

from __future__ import annotations

import json
import logging
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from vtuber.config import Settings
from vtuber.config import lines as toml_lines
from vtuber.config.lines import Place
from vtuber.config.words import choices, expected, is_path, known_options, option, similar, table_in
from vtuber.core import files
from vtuber.core.errors import ConfigError
from vtuber.core.masking import holds_secret
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

NAME = "config.toml"
_SIZE_LIMIT = 1_000_000
_BACKSLASH_HINT = (
    r"\ has a special meaning in double quotes: write the path in single quotes "
    r"('C:\models\her.gguf') or with forward slashes (\"C:/models/her.gguf\")"
).replace(r"\"", '"')
_SECRET_KEY = re.compile(
    r"(\w+_)?(password|passwd|passphrase|pass|secret|api_?key|oauth|credentials?)"
    r"|((access|api|auth|bot|client|oauth|refresh)_?)?token",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?P<key>[a-z_]+(?:\.[\w-]+)+)(?:\[(?P<index>[0-9]{1,6})\])?")
_SECRETS = {
    "brain.openai": "put it in the environment variable BANBAN_OPENAI_API_KEY",
    "chat.twitch": "log in with: banban login twitch",
    "chat.youtube": "put it in the environment variable BANBAN_YOUTUBE_API_KEY",
    "memory": "put it in the environment variable BANBAN_REDIS_PASSWORD",
    "stage": "put it in the environment variable BANBAN_STAGE_TOKEN",
    "stage.obs": "put it in the environment variable BANBAN_OBS_PASSWORD",
}
"""Where a section's secret belongs."""
_MOVED = {"voice.fallback": 'name the voices in their order: use = ["edge", "hibari"]'}
"""What became of options of earlier versions."""


_SYNTAX = (
    (r"Unescaped|Invalid hex value", r"there is a \ in a text in double quotes", _BACKSLASH_HINT),
    (
        "Invalid value",
        "this is not a valid value",
        'write texts in straight quotes ("like this"), and yes or no as true or false',
    ),
    (r"Cannot|Can't", "this option or section is there twice", "remove one of the two"),
    (
        r"Unterminated|Expected \"'|Illegal character '\\n'",
        "a text has no closing quote",
        "add the missing quote, in this line or above it",
    ),
    ("Unclosed", "a list or table has no closing bracket", "add the missing ] or }"),
    (
        "Expected newline or end of document",
        "there is more than one option on this line",
        "write each option on its own line",
    ),
    (
        "Expected '='|Invalid statement|Invalid initial",
        "this is neither an option nor a section title",
        "write an option as name = value, and a section title as [title]",
    ),
)
"""How tomllib's messages begin; what is wrong; what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that cannot be used."""

    where: str
    what: str
    hint: str = ""


def find(path: Path | None = None) -> Path:
    """The file that ``load`` reads: the one given, else ./config.toml, else the one that was shipped.

    Raises ConfigError when the given one is not there.
    """
    if path is None:
        own = Path(NAME)
        return own if own.exists() else files.SHIPPED / NAME
    if path.is_dir() and (path / NAME).exists():
        raise ConfigError(
            "this is a folder", where=str(path), hint=f"give the path of the file in it: {path / NAME}"
        )
    if not path.exists():
        raise ConfigError("there is no such file", where=str(path), hint="check the path after --config")
    return path


def load(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings in ``find(path)``, checked, with its relative paths counted from its folder.

    ``overrides`` are flags by the dotted key that they stand for ("stage.port": 9000); they win over the
    file, and None means that the flag was not given. Raises one ConfigError that tells all problems.
    """
    path = find(path)
    text = _read(path)
    return _SettingsReader(path, _parse(path, text), text, overrides or {}).settings()


def named(settings: Settings, path: Path | None = None) -> Settings:
    """The settings that ``load(path)`` gave, with a name for the show where they have none.

    It is another for each settings file; of the one that was shipped, for each folder that it is used in.
    """
    if settings.show.name:
        return settings
    own = (path or Path(NAME)).resolve()
    folder = re.sub(r"[^\w.-]", "_", own.parent.name)[:40] or "show"
    name = f"{folder}-{sha256(os.fsencode(own)).hexdigest()[:8]}"
    return settings.model_copy(update={"show": settings.show.model_copy(update={"name": name})})


def located(where: str, path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> str:
    """An error's ``where`` that begins with an option, so that the streamer finds it.

    "voice.use" becomes ``--voice`` when that flag gave it, else ``config.toml:12, voice.use`` when it stands
    in the file that ``load(path, overrides)`` read. Anything else stays as it is, and so does an option of
    the file that was shipped, which nobody should change.
    """
    named = _OPTION.match(where)
    if named is None or not _is_option(keys := tuple(named["key"].split("."))):
        return where
    if (overrides or {}).get(named["key"]) is not None:
        return _flag(keys) + where[named.end() :]
    path = path or Path(NAME)
    try:
        lines = toml_lines.find(_read(path))
    except (ConfigError, ValueError, IndexError):
        return where
    item = (*keys, int(named["index"])) if named["index"] else keys
    line = lines.get(item) or lines.get(keys)
    return f"{path}:{line}, {_dotted(item)}{where[named.end() :]}" if line else where


def _is_option(keys: tuple[str, ...]) -> bool:
    """Whether it is an option, or stands in a table whose names are the streamer's."""
    known = known_options()
    tables = (known.get(keys[:depth]) for depth in range(1, len(keys)))
    return keys in known or any(field and table_in(field) for field in tables)


def _read(path: Path) -> str:
    try:
        with files.open_regular(path) as file:
            raw = file.read(_SIZE_LIMIT + 1)
    except IsADirectoryError:
        raise ConfigError(
            "this is a folder", where=str(path), hint=f"give the path of a file such as {NAME}"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"this file cannot be read ({error.strerror or error})",
            where=str(path),
            hint=f"give the path of a file such as {NAME}",
        ) from None
    if len(raw) > _SIZE_LIMIT:
        raise ConfigError(
            "this file is too big to be a settings file", where=str(path), hint=f"give the path of a {NAME}"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "this file is not saved as UTF-8",
            where=f"{path}:{line}",
            hint='save it again as "UTF-8" (in Notepad: Save as, Encoding)',
        ) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).rpartition(" (at ")
        at = re.match(r"line (\d+)", position)
        line = int(at[1]) if at else text.rstrip().count("\n") + 1
        what, hint = _syntax(message)
        raise ConfigError(what, where=f"{path}:{line}", hint=hint) from None
    except (RecursionError, ValueError):  # brackets without end; a number of thousands of digits
        raise ConfigError(
            "this is not a settings file", where=str(path), hint=f"give the path of a {NAME}"
        ) from None


def _syntax(message: str) -> tuple[str, str]:
    """What tomllib says, in a streamer's words: what is wrong, and what to do."""
    for pattern, what, hint in _SYNTAX:
        if re.match(pattern, message):
            return what, hint
    return (
        f"this file is not valid TOML ({escaped(message)})",
        f"compare this line with the {NAME} that comes with banban",
    )


class _SettingsReader:
    def __init__(self, path: Path, data: dict[str, Any], text: str, overrides: Mapping[str, Any]) -> None:
        self.path = path
        self.data = data
        self.lines = toml_lines.find(text)
        self.flags = {tuple(key.split(".")): value for key, value in overrides.items() if value is not None}
        self.problems: list[Problem] = []

    def settings(self) -> Settings:
        self.look_for_secrets(self.data, ())
        self.settle_paths()
        for key, value in self.flags.items():
            if isinstance(value, str) and holds_secret(value):
                self.add_secret(key)
            _put(self.data, key, value)
        settings = self.validated()
        if settings is None or self.problems:
            raise self.error()
        parts = self.data.get("parts", {})  # as TOML has them: dates are dates
        return settings.model_copy(update={"parts": parts})

    def look_for_secrets(self, table: Mapping[str, Any], above: Place) -> None:
        for key, value in table.items():
            here = (*above, key)
            if isinstance(value, dict):
                self.look_for_secrets(value, here)
            elif above[:1] == ("parts",):
                if _SECRET_KEY.fullmatch(key) or (isinstance(value, str) and holds_secret(value)):
                    log.warning(
                        "%s: a password in this file can be seen on stream when you show the file",
                        self.where(here),
                    )
            elif _SECRET_KEY.fullmatch(key) or (isinstance(value, str) and holds_secret(value)):
                self.add_secret(here)

    def add_secret(self, here: Place) -> None:
        where = "this file" if here not in self.flags else "the command line"
        belongs = _SECRETS.get(_dotted(here[:-1]))
        self.problems.append(
            Problem(
                self.where(here),
                f"do not write a password in {where}: viewers may see it on stream",
                f"remove it here, and {belongs}" if belongs else "remove it here; banban does not need it",
            )
        )

    def settle_paths(self) -> None:
        """Relative paths begin at the file's folder, ~ is the user's own."""
        folder = self.path.absolute().parent
        for key, field in self.paths():
            written = _get(self.data, key)
            if key in self.flags or not isinstance(written, str):
                continue
            if any(ord(char) < ord(" ") for char in written):  # "C:\temp" holds a tabulator
                self.problems.append(
                    Problem(self.where(key), "this path contains a control character", _BACKSLASH_HINT)
                )
            elif written:
                _put(self.data, key, str(folder / _expanded(written)))
            elif field.default is None:
                _put(self.data, key, None)
        self.settle_character(folder)

    def paths(self) -> Iterator[tuple[Place, FieldInfo]]:
        """The options that hold paths, also those in lists of tables."""
        for key, field in known_options().items():
            if is_path(field):
                yield key, field
            elif inside := table_in(field):
                tables = _get(self.data, key)
                for index in range(len(tables) if isinstance(tables, list) else 0):
                    for name, option_in_it in inside.model_fields.items():
                        if is_path(option_in_it):
                            yield (*key, index, name), option_in_it

    def settle_character(self, folder: Path) -> None:
        """A character beside the file wins, wherever the program was started."""
        key = ("show", "character")
        name = _get(self.data, key)
        if key in self.flags or not isinstance(name, str) or not name:
            return
        if name.startswith("~") or "/" in name or "\\" in name:
            _put(self.data, key, str(folder / _expanded(name)))
        elif folder not in (Path.cwd(), files.SHIPPED) and (folder / "characters" / name).is_dir():
            _put(self.data, key, str(folder / "characters" / name))

    def validated(self) -> Settings | None:
        # As JSON, strictness means what it means to a streamer: "9000" is no number, a list may be a tuple.
        text = json.dumps(self.data, default=_plain)
        try:
            return Settings.model_validate_json(text, strict=True)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=True):
                self.problems.append(
                    self.problem_of(detail["loc"], detail["type"], detail["input"], detail.get("ctx"))
                )
        return None

    def problem_of(self, here: Place, kind: str, value: Any, context: Mapping[str, Any] | None) -> Problem:
        """pydantic's finding in a streamer's words."""
        where = self.where(here)
        if kind == "extra_forbidden":
            near = similar(here)
            what = "there is no such option" if not isinstance(value, dict) else "there is no such section"
            hint = _MOVED.get(_dotted(here)) or (
                f"did you mean {' or '.join(near)}?"
                if near
                else f"look it up in the {NAME} that comes with banban; it lists all options"
            )
            return Problem(where, what, hint)
        field = option(here)
        wanted = str(context["error"]) if context and "error" in context else expected(here)
        shown = "" if isinstance(value, dict | list) else f", not {_shown(value)}"
        near = get_close_matches(str(value), choices(here), n=1)
        hint = f'did you mean "{near[0]}"?' if near else (field.description or "") if field else ""
        return Problem(where, f"this must be {wanted}{shown}", hint)

    def where(self, here: Place) -> str:
        """The flag, or the file with line and key."""
        keys = tuple(part for part in here if isinstance(part, str))
        if keys in self.flags:
            return _flag(keys)
        line = self.lines.get(here) or self.lines.get(keys) or self.lines.get(here[:-1])
        name = _dotted(here)
        return f"{self.path}:{line}, {name}" if line else f"{self.path}, {name}"

    def error(self) -> ConfigError:
        secret = {problem.where for problem in self.problems if "password" in problem.what}
        kept = [p for p in self.problems if p.where not in secret or "password" in p.what]  # one message each
        kept.sort(key=lambda problem: _line(problem.where))
        if len(kept) == 1:
            (only,) = kept
            return ConfigError(only.what, where=only.where, hint=only.hint)
        listed = "".join(f"\n- {ConfigError(p.what, where=p.where, hint=p.hint)}" for p in kept)
        return ConfigError(f"{len(kept)} settings are wrong{listed}")


def _get(data: Mapping[str, Any], key: Place) -> Any:
    value: Any = data
    for part in key:
        try:
            value = value[part]
        except (KeyError, TypeError):
            return None
    return value


def _put(data: dict[str, Any], key: Place, value: Any) -> None:
    *above, last = key
    table: Any = data
    for part in above:
        table = table[part] if isinstance(part, int) else table.setdefault(part, {})
        if not isinstance(table, dict | list):
            return  # reported as a problem of its own
    table[last] = value


def _expanded(written: str) -> Path:
    try:
        return Path(written).expanduser()
    except RuntimeError:  # nobody's home is known
        return Path(written)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else {"date": str(value)}  # a date is never what is wanted


def _dotted(here: Place) -> str:
    text = ""
    for part in here:
        text += (
            f", item {part + 1}" if isinstance(part, int) else f".{escaped(part)}" if text else escaped(part)
        )
    return text


def _line(where: str) -> int:
    match = re.search(r":(\d+), ", where)
    return int(match[1]) if match else 0


def _flag(keys: tuple[str, ...]) -> str:
    """A flag is called like its key's last part, or like the one before where that says more."""
    return "--" + (keys[-2] if keys[-1] in ("use", "channels", "streams", "file") else keys[-1])


def _shown(value: Any) -> str:
    text = escaped(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 60 else text[:57] + "…"
