"""Decisions in words, for a streamer who looks for where two runs part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vtuber.core.recent import Recent

_KNOWN = 20_000
"""Of at least so many messages it is known who wrote what."""
_LONGEST = 160
"""Characters of a text that are shown."""

Row = Mapping[str, Any]
"""A line of a journal."""


class DecisionWords:
    """Tells decisions, each after all that came before it: a message is told by who wrote what."""

    def __init__(self) -> None:
        self._messages: Recent[str, str] = Recent(_KNOWN)

    def of(self, row: Row) -> str:
        """The decision in one line. Whatever the line of the journal holds, nothing is raised."""
        kind = str(row.get("kind"))
        tell = getattr(self, f"_{kind}", None)
        if tell is None:
            return f"{kind}: {short({key: value for key, value in row.items() if key not in ('t', 'kind')})}"
        return str(tell(row))

    def _show(self, row: Row) -> str:
        return f"{row.get('character')} goes on air (seed {row.get('seed')})"

    def _heard(self, row: Row) -> str:
        why = f" (not answered: {row['drop']})" if row.get("drop") else ""
        event = row.get("event")
        if not isinstance(event, dict):
            return f"chat: {short(event)}{why}"
        author = event.get("author")
        name = author.get("name") if isinstance(author, dict) else None
        words = short(event.get("text")) or f"({event.get('what')})"
        told = f"{name}: {words}" if name else words
        self._messages.set(str(event.get("id")), told)
        return f"chat: {told}{why}"

    def _chosen(self, row: Row) -> str:
        return f"chooses to answer {self._message(row.get('id'))}"

    def _batch(self, row: Row) -> str:
        others = row.get("others")
        more = f", with {len(others)} more" if isinstance(others, list) and others else ""
        return f"turn {row.get('turn')} answers {self._message(row.get('lead'))}{more}"

    def _prompt(self, row: Row) -> str:
        return f"turn {row.get('turn')} asks the model: {short(row.get('asked'))}"

    def _sentence(self, row: Row) -> str:
        rule = row.get("stopped_by")
        why = f" [{row.get('action') or 'stopped'}: {rule}]" if rule else ""
        return f"turn {row.get('turn')} says: {short(row.get('text'))}{why}"

    def _reply(self, row: Row) -> str:
        return f"turn {row.get('turn')} was heard: {short(row.get('heard')) or '(nothing)'}"

    _spoken = _reply

    def _judged(self, row: Row) -> str:
        rule = f" ({row['rule']})" if row.get("rule") else ""
        what = f"{row.get('what') or 'message'} of {self._message(row.get('id'))}"
        return f"the guard on the {what}: {row.get('action')}{rule}"

    _filtered = _judged

    def _dropped(self, row: Row) -> str:
        return f"drops {self._message(row.get('id'))} ({row.get('reason')})"

    def _message(self, id_: object) -> str:
        return self._messages.get(str(id_)) or str(id_)


def clock_time(t: float) -> str:
    """Seconds since a show began, as h:mm:ss."""
    minutes, seconds = divmod(int(t), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def short(value: object) -> str:
    """A value in a few words: text as it is, anything else as JSON."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
