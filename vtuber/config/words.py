"""What may stand in an option, in a streamer's words, and which option a wrong name may have meant."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from vtuber.config import FromConfigFolder, Rates, Section, Settings
from vtuber.config.lines import Place


@cache
def known_options() -> Mapping[Place, FieldInfo]:
    """Every option by its place; tables too."""
    found: dict[Place, FieldInfo] = {}

    def walk(section: type[Section], above: Place) -> None:
        for name, field in section.model_fields.items():
            found[*above, name] = field
            if inner := _section(field):
                walk(inner, (*above, name))

    walk(Settings, ())
    return found


def option(here: Place) -> FieldInfo | None:
    """The option that holds this place, which may be an item in its list."""
    for depth in range(len(here), 0, -1):
        if field := known_options().get(here[:depth]):
            inside = table_in(field)
            return inside.model_fields.get(str(here[-1]), field) if inside else field
    return None


def table_in(field: FieldInfo) -> type[Section] | None:
    """What each table in a list of tables is."""
    origin, inside = get_origin(field.annotation), get_args(field.annotation)
    inside = inside[:1] if origin is tuple else inside[1:] if origin is dict else ()
    return next((kind for kind in inside if isinstance(kind, type) and issubclass(kind, Section)), None)


def is_path(field: FieldInfo) -> bool:
    """Whether the option holds a file or folder."""
    return any(isinstance(mark, FromConfigFolder) for mark in field.metadata)


def expected(here: Place) -> str:
    """What may stand there: "a whole number from 0 to 65535"."""
    field = option(here)
    if field is None or (here and here[0] == "parts"):
        return "a table with options, such as [parts.name]" if len(here) <= 2 else "another kind of value"
    if _section(field) is Rates and here not in known_options():
        return "a currency's three letters and a number above 0 (TWD = 0.031)"
    if _section(field):
        return f"a table: [{'.'.join(map(str, here))}] on its own line, with its options below"
    kind, marks = _without_none(field.annotation), field.metadata
    if get_origin(kind) is dict:
        return _of_table(here)
    if get_origin(kind) is tuple:
        return _of_list(field, whole=here in known_options())
    return _of_kind(kind) + _bounds(marks)


def _of_list(field: FieldInfo, *, whole: bool) -> str:
    if inside := table_in(field):
        example = "{ " + ", ".join(f"{name} = …" for name in inside.model_fields) + " }"
        return f"a list of tables ([{example}])" if whole else f"a table ({example})"
    item = get_args(field.annotation)[0]
    if get_origin(item) is Literal:
        return f"a list, each {_of_kind(item)}" if whole else _of_kind(item)
    return 'a list of texts (["like this", "and this"])' if whole else 'text in quotes ("like this")'


def _of_table(here: Place) -> str:
    """What may stand in a table whose names are the streamer's."""
    if here in known_options():
        return f"a table: [{'.'.join(map(str, here))}] on its own line, with names of yours below"
    if here[-1] == "[key]":
        return "another name" + (', such as "en" or "zh-TW"' if here[:-2] == ("voice", "languages") else "")
    return 'text in quotes ("like this")'


def choices(here: Place) -> list[str]:
    """The texts that may stand there, where only some may."""
    field = option(here)
    return list(get_args(field.annotation)) if field and get_origin(field.annotation) is Literal else []


def _of_kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(kind))
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: 'text in quotes ("like this")',
    }.get(kind, 'a path in quotes ("like/this")')


def _bounds(marks: list[Any]) -> str:
    bounds = {
        name: value
        for mark in marks
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length")
        if (value := getattr(mark, name, None)) is not None
    }
    words = {
        ("ge", "le"): "from {ge:g} to {le:g}",
        ("gt", "le"): "above {gt:g}, at most {le:g}",
        ("ge",): "of at least {ge:g}",
        ("gt",): "above {gt:g}",
        ("le",): "of at most {le:g}",
        ("min_length", "max_length"): "of {min_length} to {max_length} characters",
    }.get(tuple(bounds))
    return " " + words.format(**bounds) if words else ""


def similar(here: Place) -> list[str]:
    """The options that an unknown one may have meant, the likeliest first; at most three."""
    *above, name = here
    if (field := option(here)) and (inside := table_in(field)):
        return get_close_matches(str(name), inside.model_fields, n=1)
    known = [place for place in known_options() if place[0] != "parts"]
    beside = [str(place[-1]) for place in known if place[:-1] == tuple(above)]
    near = [".".join(map(str, (*above, match))) for match in get_close_matches(str(name), beside, n=1)]
    if near:
        return near
    namesakes = [".".join(map(str, place)) for place in known if place[-1] == name]
    if namesakes:
        return namesakes[:3]
    dotted = {".".join(map(str, place)): None for place in known}
    if by_path := get_close_matches(".".join(map(str, here)), dotted, n=1, cutoff=0.75):
        return by_path
    last = {str(place[-1]): ".".join(map(str, place)) for place in reversed(known)}
    return [last[match] for match in get_close_matches(str(name), last, n=1, cutoff=0.75)]


def _section(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return next(choice for choice in get_args(kind) if choice is not type(None))
    return kind
