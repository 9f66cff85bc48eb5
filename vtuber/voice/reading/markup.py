"""Markdown that is left in a text: its marks are not said."""

from __future__ import annotations

import html
import re

from vtuber.voice.reading.line import Line, rule


def _entity(found: re.Match[str], line: Line) -> str | None:
    """A character as HTML spells it."""
    char = html.unescape(found.group())
    if char == "&":
        return "和" if line.chinese else "and"
    return None if char == found.group() else char if char.isalnum() else " "


FIRST = (
    rule(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", _entity, "&", flags=re.IGNORECASE),
    rule(
        r"</?(?:b|i|u|s|p|br|em|strong|code|sub|sup|small|span|div|li|ul|ol|h[1-6])\s?/?>",
        lambda *_: " ",
        "<",
        flags=re.IGNORECASE,
    ),
    rule(r"^\s{0,8}(?:#{1,6}|>|[-*+•])\s+(?=\S)", lambda *_: "", "#>-*+•", flags=re.MULTILINE),
    rule(r"^\s{0,8}(?:[-*_=]\s?){3,60}$", lambda *_: "", "-*_=", flags=re.MULTILINE),
    rule(r"`{1,3}", lambda *_: "", "`"),
    rule(r"~~", lambda *_: "", "~"),
    rule(r"\*{2,3}", lambda *_: "", "*"),
)
LAST = (
    rule(r"\*", lambda *_: "", "*"),
    rule(r"(?<=[^\W_])_+(?=[^\W_])", lambda *_: " ", "_"),
    rule(r"_+", lambda *_: "", "_"),
    rule(r"(?<=\w)[^\S\n]{0,8}\|[^\S\n]{0,8}(?=\w)", lambda _, line: "，" if line.chinese else ", ", "|"),
    rule(r"\|+", lambda *_: ",", "|"),
)
