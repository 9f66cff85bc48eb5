"""JSON of which nothing is certain, read without ever failing.

A path names keys and indexes from the outside in: ``at(page, "runs.0.text")``; "" is the value itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def at(node: object, path: str = "") -> Any:
    """What is at the end of the path; None when there is nothing."""
    for step in path.split(".") if path else ():
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def table(node: object, path: str = "") -> dict[str, Any]:
    """The object there; an empty one when there is none."""
    found = at(node, path)
    return found if isinstance(found, dict) else {}


def rows(node: object, path: str = "") -> list[Any]:
    """The list there; an empty one when there is none."""
    found = at(node, path)
    return found if isinstance(found, list) else []


def string(node: object, path: str = "") -> str:
    """The string or whole number there, as a string; "" when there is none."""
    found = at(node, path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def seconds(node: object, path: str = "") -> float | None:
    """The finite time of at most ten years there; None when there is none."""
    found = at(node, path)
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 3.2e8:
        return float(found)
    return None


def timestamp(node: object, path: str = "") -> float:
    """The ISO 8601 time there ("2023-07-19T14:56:51.63Z"), in seconds since 1970; 0 when there is none."""
    try:
        moment = datetime.fromisoformat(string(node, path))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, aware.timestamp())
    except (ValueError, OverflowError):
        return 0.0
