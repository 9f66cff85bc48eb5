"""Rows of YouTube's chats: actions as its pages get them (yt-dlp's ``live_chat.json``), items of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from vtuber.core.events import Event
from vtuber.listeners.lenient_json import rows, string, table
from vtuber.listeners.youtube import api_items, renderers

_OFFSETS_LIMIT = 320_000_000_000
"""Milliseconds: ten years."""


def is_row(row: Mapping[str, Any]) -> bool:
    return "replayChatItemAction" in row or renderers.is_action(row) or _is_item(row)


def _is_item(row: Mapping[str, Any]) -> bool:
    return string(row, "kind") == "youtube#liveChatMessage" or bool(string(row, "snippet.liveChatId"))


class Reader:
    """Turns rows into events. What it does not know is a malformed row."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        # A recording that is played twice has the same ids.
        self._actions = renderers.ActionParser(channel, count(1).__next__)

    def read(self, row: Mapping[str, Any]) -> Iterator[tuple[float | None, Event | None]]:
        """Seconds since the stream began, None where only the event's own ``sent`` tells; and what happened.

        Raises ValueError, saying why it cannot be understood.
        """
        if _is_item(row):
            yield None, api_items.read(row, self._channel)
            return
        replayed = table(row, "replayChatItemAction")
        offset = _offset(replayed.get("videoOffsetTimeMsec", row.get("videoOffsetTimeMsec")))
        actions = rows(replayed, "actions") if "replayChatItemAction" in row else [row]
        if not actions:
            raise ValueError("no action")
        for action in actions:
            before = self._actions.malformed
            event = self._actions.event(action)
            if self._actions.malformed > before:
                raise ValueError("an unknown kind of action")
            yield offset, event


def _offset(given: object) -> float | None:
    """In seconds; yt-dlp writes milliseconds as text, and what was said before it began with a minus."""
    text = given if isinstance(given, str) else string(given)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15) or int(digits) > _OFFSETS_LIMIT:
        return None
    return int(text) / 1000
