"""Where the emotes are in a message, before and after it was cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

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


def without(
    text: str, cut: Iterable[tuple[int, int]], spans: Iterable[tuple[int, int]]
) -> tuple[str, list[tuple[int, int]]]:
    """The raw text without the places to cut, which do not overlap, and where its emotes are then."""
    cuts = sorted(cut)
    begins = [0, *(end for _, end in cuts)]
    ends = [*(begin for begin, _ in cuts), len(text)]
    left = "".join(text[begin:end] for begin, end in zip(begins, ends, strict=True))
    moved = []
    for begin, end in spans:
        if all(end <= first or last <= begin for first, last in cuts):
            gone = sum(last - first for first, last in cuts if last <= begin)
            moved.append((begin - gone, end - gone))
    return left, moved


def twitch_spans(tag: str) -> list[tuple[int, int]]:
    """The places in Twitch's ``25:0-4,6-10/1902:12-16``: emotes by their ids; there, ends are inclusive."""
    places = (place for emote in tag.split("/") for place in emote.rpartition(":")[2].split(","))
    pairs = (place.partition("-")[::2] for place in islice(places, LIMIT) if "-" in place)
    return [(int(a), int(b) + 1) for a, b in pairs if _short_number(a) and _short_number(b)]


def _short_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6
