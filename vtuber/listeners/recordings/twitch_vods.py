"""Rows of a Twitch recording's comments, as Twitch's own API gave them and recorders still write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from vtuber.core.events import Author, ChatMessage, Event, Money, Role
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes
from vtuber.listeners.lenient_json import rows, seconds, string, table
from vtuber.listeners.twitch import cheermotes
from vtuber.listeners.twitch import irc as twitch_irc

# What Twitch says before the words of a subscriber.
_ANNOUNCED = re.compile(
    r"\S+ (?:just )?subscribed (?:with (?:Twitch )?Prime|(?:at|with a) Tier \d(?: sub)?)[.!]"
    r"(?: They've subscribed for \d+ months?(?:, currently on an? \d+ month streak)?!)?\s*"
)


def is_row(row: Mapping[str, Any]) -> bool:
    return "content_offset_seconds" in row


def read(row: Mapping[str, Any], channel: str, bombs: twitch_irc.GiftBombs) -> tuple[float, Event | None]:
    """Seconds since the stream began, and what happened; None for nothing. Raises ValueError, saying why."""
    offset = seconds(row, "content_offset_seconds")
    message = table(row, "message")
    if offset is None:
        raise ValueError("no time")
    if not message:
        raise ValueError("no message")
    params = {key: string(value) for key, value in table(message, "user_notice_params").items()}
    kind = params.get("msg-id", "")
    words, spans = _words(message)
    if kind and (announced := _ANNOUNCED.match(words)):
        begin = announced.end()
        words, spans = words[begin:], [(a - begin, b - begin) for a, b in spans]
    bits = twitch_irc.number(string(message, "bits_spent"))
    safe, emoted = emotes.cleaned(*emotes.without(words, cheermotes.spans(words, bits), spans))
    said = ChatMessage(
        clean(string(row, "_id"), twitch_irc.ID_LIMIT) or f"{offset}-{safe[:50]}",
        "twitch",
        channel,
        _author(table(row, "commenter"), rows(message, "user_badges")),
        safe,
        emotes=emoted,
        money=Money(Decimal(bits), "BITS") if bits else None,
    )
    if kind:
        return offset, None if bombs.covers(kind, params) else twitch_irc.notice(kind, params, said)
    return offset, said if safe or bits else None


def _words(message: Mapping[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    fragments = [table(fragment) for fragment in rows(message, "fragments")]
    if not fragments:
        body = message.get("body")
        if not isinstance(body, str):
            raise ValueError("no text")
        places = [table(place) for place in rows(message, "emoticons")]
        ends = [(place.get("begin"), place.get("end")) for place in places]
        return body, [(a, b + 1) for a, b in ends if isinstance(a, int) and isinstance(b, int)]
    words, spans = "", []
    for fragment in fragments:
        piece = string(fragment, "text")
        if fragment.get("emoticon"):
            spans.append((len(words), len(words) + len(piece)))
        words += piece
    return words, spans


def _author(commenter: Mapping[str, Any], badges: list[Any]) -> Author:
    held = {string(badge, "_id"): string(badge, "version") for badge in badges}
    roles = twitch_irc.roles_of(held)
    # The badge's version is the months it was earned with, in thousands by tier: 2012 is tier 2, a year.
    months = max(1, twitch_irc.number(held.get("subscriber", "")) % 1000) if Role.SUBSCRIBER in roles else 0
    name = string(commenter, "display_name") or string(commenter, "name")
    # An account that is gone leaves its words without a name.
    return Author(
        clean(string(commenter, "_id"), twitch_irc.ID_LIMIT) or "gone",
        clean_name(name),
        frozenset(roles),
        months,
    )
