"""Rows of a Twitch recording's comments, as Twitch's own API gave them and recorders still write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from vtuber.core.events import Author, ChatMessage, Event, Money, Role
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes
from vtuber.listeners.recordings.rows import items, mapping, seconds, text
from vtuber.listeners.twitch import irc as twitch_irc

# What Twitch says before the words of a subscriber.
_ANNOUNCED = re.compile(
    r"\S+ (?:just )?subscribed (?:with (?:Twitch )?Prime|(?:at|with a) Tier \d(?: sub)?)[.!]"
    r"(?: They've subscribed for \d+ months?(?:, currently on an? \d+ month streak)?!)?\s*"
)


def is_row(row: Mapping[str, Any]) -> bool:
    return "content_offset_seconds" in row


def read(row: Mapping[str, Any], channel: str, bombs: twitch_irc.Bombs) -> tuple[float, Event | None]:
    """Seconds since the stream began, and what happened; None for nothing. Raises ValueError, saying why."""
    offset = seconds(row.get("content_offset_seconds"))
    message = mapping(row.get("message"))
    if offset is None:
        raise ValueError("no time")
    if not message:
        raise ValueError("no message")
    params = {key: text(value) for key, value in mapping(message.get("user_notice_params")).items()}
    kind = params.get("msg-id", "")
    words, spans = _words(message)
    if kind and (announced := _ANNOUNCED.match(words)):
        begin = announced.end()
        words, spans = words[begin:], [(a - begin, b - begin) for a, b in spans]
    safe, emoted = emotes.cleaned(words, spans)
    bits = twitch_irc.number(text(message.get("bits_spent")))
    said = ChatMessage(
        clean(text(row.get("_id")), twitch_irc.ID_LIMIT) or f"{offset}-{safe[:50]}",
        "twitch",
        channel,
        _author(mapping(row.get("commenter")), items(message.get("user_badges"))),
        safe,
        emotes=emoted,
        money=Money(Decimal(bits), "BITS") if bits else None,
    )
    if kind:
        return offset, None if bombs.has_told(kind, params) else twitch_irc.notice(kind, params, said)
    return offset, said if safe or bits else None


def _words(message: Mapping[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    fragments = [mapping(fragment) for fragment in items(message.get("fragments"))]
    if not fragments:
        body = message.get("body")
        if not isinstance(body, str):
            raise ValueError("no text")
        places = [mapping(place) for place in items(message.get("emoticons"))]
        ends = [(place.get("begin"), place.get("end")) for place in places]
        return body, [(a, b + 1) for a, b in ends if isinstance(a, int) and isinstance(b, int)]
    words, spans = "", []
    for fragment in fragments:
        piece = text(fragment.get("text"))
        if fragment.get("emoticon"):
            spans.append((len(words), len(words) + len(piece)))
        words += piece
    return words, spans


def _author(commenter: Mapping[str, Any], badges: list[Any]) -> Author:
    held = {text(mapping(badge).get("_id")): text(mapping(badge).get("version")) for badge in badges}
    roles = twitch_irc.roles_of(held)
    # The badge's version is the months it was earned with, in thousands by tier: 2012 is tier 2, a year.
    months = max(1, twitch_irc.number(held.get("subscriber", "")) % 1000) if Role.SUBSCRIBER in roles else 0
    name = text(commenter.get("display_name")) or text(commenter.get("name"))
    # An account that is gone leaves its words without a name.
    return Author(
        clean(text(commenter.get("_id")), twitch_irc.ID_LIMIT) or "gone",
        clean_name(name),
        frozenset(roles),
        months,
    )
