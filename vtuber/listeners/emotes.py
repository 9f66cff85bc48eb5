"""Where the emotes are in a message, before and after it was cleaned."""

from __future__ import annotations

from collections.abc import Iterable

from vtuber.core.events import Emote
from vtuber.core.text import MESSAGE_LIMIT, clean

LIMIT = 100
"""How many emotes of a message are kept."""


def cleaned(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, tuple[Emote, ...]]:
    """The clean text, and its emotes from their places (code points, end exclusive) in the raw one.

    A span that is not in the text, or whose name did not survive cleaning, is left out.
    """
    safe = clean(text)
    found: list[Emote] = []
    for begin, end in sorted(set(spans)):
        if not 0 <= begin < end <= len(text) or begin > MESSAGE_LIMIT * 8 or len(found) == LIMIT:
            continue
        name = text[begin:end]
        # What stands before it, cleaned, says where it now begins; the letter keeps a space in between.
        place = begin if safe == text else len(clean(text[:begin] + "x", MESSAGE_LIMIT * 2)) - 1
        overlaps = bool(found) and place < found[-1].end
        if not overlaps and safe[place : place + len(name)] == name:
            found.append(Emote(name, place, place + len(name)))
    return safe, tuple(found)
