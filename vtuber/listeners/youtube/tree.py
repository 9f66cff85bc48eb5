"""JSON of which nothing is certain: looked at without ever failing.

A path names keys and indexes from the outside in: ``at(page, "runs.0.text")``.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

RUNS_LIMIT = 500
"""A text is made of no more pieces than this."""


def at(node: object, path: str) -> Any:
    """What is at the end of the path; None when there is nothing."""
    for step in path.split("."):
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def table(node: object, path: str) -> dict[str, Any]:
    """The object there; an empty one when there is none."""
    found = at(node, path)
    return found if isinstance(found, dict) else {}


def rows(node: object, path: str) -> list[Any]:
    """The list there; an empty one when there is none."""
    found = at(node, path)
    return found if isinstance(found, list) else []


def string(node: object, path: str) -> str:
    """The string there; "" when there is none."""
    found = at(node, path)
    return found if isinstance(found, str) else ""


def text(node: object, path: str) -> str:
    """The words of a formatted text: its ``simpleText`` or ``content``, or its ``runs`` joined."""
    found = at(node, path)
    if plain := string(found, "simpleText") or string(found, "content"):
        return plain
    return "".join(string(run, "text") for run in islice(rows(found, "runs"), RUNS_LIMIT))
