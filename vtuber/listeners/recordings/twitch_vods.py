"""Rows of a Twitch recording's comments, in the forms of Twitch's old API and of its pages' (GraphQL).

TwitchDownloader and other recorders still write the old form.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from vtuber.core.events import Author, ChatMessage, Event, Money, Role
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes
from vtuber.listeners.lenient_json import rows, seconds, string, table
from vtuber.listeners.recordings.twitch_notices import Notices, told
from vtuber.listeners.twitch import cheermotes
from vtuber.listeners.twitch import irc as twitch_irc

_LONGEST_RAW = 10_000
"""Characters of a text that are looked at."""


def is_row(row: Mapping[str, Any]) -> bool:
    comment = table(row, "node") or row
    return "content_offset_seconds" in comment or "contentOffsetSeconds" in comment


def read(row: Mapping[str, Any], channel: str, notices: Notices) -> tuple[float, Event | None]:
    """Seconds since the stream began, and what happened; None for nothing. Raises ValueError, saying why."""
    if comment := table(row, "node") or ("contentOffsetSeconds" in row and row):
        row = _in_the_old_form(comment)
    offset = seconds(row, "content_offset_seconds")
    message = table(row, "message")
    if offset is None:
        raise ValueError("no time")
    if not message:
        raise ValueError("no message")
    commenter = table(row, "commenter")
    params = {key: string(value) for key, value in table(message, "user_notice_params").items()}
    kind = params.get("msg-id", "") or params.get("msg_id", "")
    words, spans = _words(message)
    names = tuple(string(commenter, key) for key in ("display_name", "name"))
    if notice := told(words, names, is_notice=bool(kind)):
        kind = kind or notice.kind
        params = {**notice.params, **{key: value for key, value in params.items() if value}}
        words, spans = words[notice.end :], emotes.moved(spans, -notice.end)
    bits = twitch_irc.number(string(message, "bits_spent"))
    safe, emoted = emotes.cleaned(*emotes.without(words, cheermotes.spans(words, bits), spans))
    identity = clean(string(row, "_id"), twitch_irc.ID_LIMIT) or f"{offset}-{safe[:50]}"
    said = ChatMessage(
        identity,
        "twitch",
        channel,
        _author(commenter, rows(message, "user_badges"), identity),
        safe,
        emotes=emoted,
        money=Money(Decimal(bits), "BITS") if bits else None,
    )
    if kind:
        return offset, notices.event(kind, params, said)
    return offset, said if safe or bits else None


def _in_the_old_form(comment: Mapping[str, Any]) -> dict[str, Any]:
    """The same comment, as Twitch's old API would have told it."""
    commenter, message = table(comment, "commenter"), table(comment, "message")
    fragments = [
        {"text": string(fragment, "text"), "emoticon": table(fragment, "emote") or None}
        for fragment in rows(message, "fragments")
    ]
    badges = [
        {"_id": string(badge, "setID"), "version": string(badge, "version")}
        for badge in rows(message, "userBadges")
    ]
    return {
        "_id": comment.get("id"),
        "content_offset_seconds": comment.get("contentOffsetSeconds"),
        "commenter": {
            "_id": commenter.get("id"),
            "display_name": commenter.get("displayName"),
            "name": commenter.get("login"),
        },
        "message": message and {"fragments": fragments, "body": "", "user_badges": badges},
    }


def _words(message: Mapping[str, Any]) -> tuple[str, list[emotes.Span]]:
    fragments = [table(fragment) for fragment in rows(message, "fragments")]
    if not fragments:
        body = message.get("body")
        if not isinstance(body, str):
            raise ValueError("no text")
        places = [table(place) for place in rows(message, "emoticons")]
        ends = [(place.get("begin"), place.get("end"), string(place, "_id")) for place in places]
        return body[:_LONGEST_RAW], [
            emotes.Span(a, b + 1, emotes.twitch_picture(identity))
            for a, b, identity in ends
            if isinstance(a, int) and isinstance(b, int)
        ]
    words = ""
    spans: list[emotes.Span] = []
    for fragment in fragments:
        if len(words) > _LONGEST_RAW:
            break
        piece = string(fragment, "text")
        if fragment.get("emoticon"):
            identity = string(fragment, "emoticon.emoticon_id") or string(fragment, "emoticon.emoteID")
            spans.append(emotes.Span(len(words), len(words) + len(piece), emotes.twitch_picture(identity)))
        words += piece
    return words, spans


def _author(commenter: Mapping[str, Any], badges: list[Any], message: str) -> Author:
    held = {string(badge, "_id"): string(badge, "version") for badge in badges}
    roles = twitch_irc.roles_of(held)
    # The badge's version is the months it was earned with, in thousands by tier: 2012 is tier 2, a year.
    months = max(1, twitch_irc.number(held.get("subscriber", "")) % 1000) if Role.SUBSCRIBER in roles else 0
    login = twitch_irc.login_of(string(commenter, "name"))
    given = string(commenter, "display_name") or string(commenter, "name")
    name = clean_name(given)
    # A name in an id's place begins with "@", so that it is nobody's id.
    identity = clean(string(commenter, "_id"), twitch_irc.ID_LIMIT)
    identity = identity or (f"@{login or name.casefold()}" if given else "")
    # An account that is gone leaves its words without a name: each may be another's.
    return Author(identity or gone(message), name, frozenset(roles), months, login)


def gone(message: str) -> str:
    """Who wrote the message of that id, when nobody knows who it was."""
    return clean(f"gone-{message}", twitch_irc.ID_LIMIT)
