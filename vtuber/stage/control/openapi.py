"""The API's description (OpenAPI 3.1), made from the table of its requests and the shapes of their JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from vtuber import __version__
from vtuber.core.text import MESSAGE_LIMIT
from vtuber.stage.access import Role
from vtuber.stage.control.shapes import Alert, ChatRow, Fate, Problem


class Described(Protocol):
    """A request, as ``routes.Endpoint`` describes it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def base(self) -> str: ...
    @property
    def respond(self) -> Any: ...
    @property
    def summary(self) -> str: ...
    @property
    def gives(self) -> Any: ...
    @property
    def takes(self) -> Any: ...
    @property
    def kind(self) -> str: ...
    @property
    def query(self) -> Any: ...


STREAM = "text/event-stream"

REFUSALS = {
    "400": "The request is not as described",
    "401": "The token is missing, or wrong",
    "403": "The token does not give the right to do this",
    "404": "There is no such command",
    "408": "The request took too long to arrive",
    "413": "The body is too long",
    "429": "Too many requests at once: a hush is never too many",
    "503": "Not now: too many listen, or a part is away",
}

EVENTS = """Each event has a name and one line of JSON. "state" comes first: a Snapshot. After it, "now",
"queue", "air", "health", "delays", "settings" and "viewers" replace that part of it; "chat" (ChatRow),
"alert" (Alert) and "journal" (a line) are added to it; "fate" (Fate) changes a line of chat; "fact" is
whatever happened, as the journal has it. A comment every few seconds is a sign of life."""


def description(table: Sequence[Described]) -> dict[str, Any]:
    """The whole document, ready for JSON."""
    shapes = {shape for one in table for shape in (one.gives, one.takes) if _is_named(shape)}
    shapes |= {Problem, ChatRow, Alert, Fate}
    inputs: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (shape, "validation", TypeAdapter(shape))
        for shape in sorted(shapes, key=lambda shape: shape.__name__)
    ]
    _, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for one in table:
        paths.setdefault(one.base + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "banban", "version": __version__, "description": "Runs a show of banban's."},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Described) -> dict[str, Any]:
    needed: Role = getattr(one.respond, "requires", Role.PAGE)
    operation: dict[str, Any] = {
        "summary": one.summary,
        "operationId": f"{one.method.lower()}_{re.sub(r'[^a-z]+', '_', one.path).strip('_')}",
        "description": f"Needs the token of the {needed.name.lower()}, or of one with more rights.",
        "parameters": [*map(_in_path, re.findall(r"{(\w+)}", one.path)), *_in_query(one)],
        "responses": {"200": _answer(one)},
    }
    if one.takes:
        content = {"application/json": {"schema": _reference(one.takes)}}
        operation["requestBody"] = {"required": False, "content": content}
    for status, what in REFUSALS.items():
        content = {"application/json": {"schema": _reference(Problem)}, "text/plain": {}}
        operation["responses"][status] = {"description": what, "content": content}
    return operation


def _answer(one: Described) -> dict[str, Any]:
    if one.gives is None:
        schema = {"type": "string", "description": EVENTS} if one.kind == STREAM else {}
        return {"description": one.summary, "content": {one.kind: {"schema": schema}}}
    schema = _reference(one.gives) if _is_named(one.gives) else {"type": "object"}
    return {"description": one.summary, "content": {"application/json": {"schema": schema}}}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(one: Described) -> list[dict[str, Any]]:
    schema = {"type": "string", "maxLength": MESSAGE_LIMIT}
    return [
        {"name": name, "in": "query", "required": False, "description": what, "schema": schema}
        for name, what in one.query.items()
    ]


def _is_named(shape: Any) -> bool:
    """Whether it is one of ``shapes``, which have a schema of their own."""
    return isinstance(shape, type) and hasattr(shape, "__total__")


def _reference(shape: Any) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
