"""Where the emotes are in a message, before and after it was cleaned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from vtuber.core.events import Emote
from vtuber.core.text import MESSAGE_LIMIT, clean

LIMIT = 100
"""How many emotes of a message are kept."""


class Span(NamedTuple):
    """Where an emote is in a raw text, and the address of its picture ("" where nobody knows it)."""

    begin: int
    end: int
    picture: str = ""


def cleaned(
    text: str, spans: Iterable[Span | tuple[int, int] | tuple[int, int, str]]
) -> tuple[str, tuple[Emote, ...]]:
    """The clean text, and its emotes from their places (code points, end exclusive) in the raw one.

    A span that is not in the text, or whose name did not survive cleaning, is left out.
    """
    safe = clean(text)
    found: list[Emote] = []
    for begin, end, picture in sorted({Span(*span) for span in spans}):
        if not 0 <= begin < end <= len(text) or begin > MESSAGE_LIMIT * 8 or len(found) == LIMIT:
            continue
        name = text[begin:end]
        # What stands before it, cleaned, says where it now begins; the letter keeps a space in between.
        place = begin if safe == text else len(clean(text[:begin] + "x", MESSAGE_LIMIT * 2)) - 1
        overlaps = bool(found) and place < found[-1].end
        if not overlaps and safe[place : place + len(name)] == name:
            found.append(Emote(name, place, place + len(name), picture))
    return safe, tuple(found)


def without(
    text: str,
    cut: Iterable[tuple[int, int]],
    spans: Iterable[Span | tuple[int, int] | tuple[int, int, str]],
) -> tuple[str, list[Span]]:
    """The raw text without the places to cut, which do not overlap, and where its emotes are then."""
    cuts = sorted(cut)
    begins = [0, *(end for _, end in cuts)]
    ends = [*(begin for begin, _ in cuts), len(text)]
    left = "".join(text[begin:end] for begin, end in zip(begins, ends, strict=True))
    kept: list[Span] = []
    for begin, end, picture in (Span(*span) for span in spans):
        if all(end <= first or last <= begin for first, last in cuts):
            gone = sum(last - first for first, last in cuts if last <= begin)
            kept.append(Span(begin - gone, end - gone, picture))
    return left, kept


def moved(spans: Iterable[Span], by: int) -> list[Span]:
    """The same places in a text to which so many letters were added at its beginning."""
    return [Span(span.begin + by, span.end + by, span.picture) for span in spans]


def twitch_spans(tag: str) -> list[Span]:
    """The places in Twitch's ``25:0-4,6-10/1902:12-16``: emotes by their ids; there, ends are inclusive."""
    emotes = (emote.rpartition(":")[::2] for emote in tag.split("/"))
    places = ((twitch_picture(identity), place) for identity, all_ in emotes for place in all_.split(","))
    pairs = (
        (picture, *place.partition("-")[::2]) for picture, place in islice(places, LIMIT) if "-" in place
    )
    return [
        Span(int(a), int(b) + 1, picture) for picture, a, b in pairs if _short_number(a) and _short_number(b)
    ]


def twitch_picture(identity: str) -> str:
    """Where Twitch keeps the picture of an emote; "" for what can be no id."""
    known = re.fullmatch(r"[A-Za-z0-9_]{1,64}", identity)
    return f"https://static-cdn.jtvnw.net/emoticons/v2/{identity}/default/dark/2.0" if known else ""


def _short_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6
