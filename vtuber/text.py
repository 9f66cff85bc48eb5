"""What strangers write, made safe to show, print and log. Its meaning is left alone."""

from __future__ import annotations

import unicodedata

MESSAGE_LIMIT = 500
NAME_LIMIT = 50
MARKS_LIMIT = 3
"""Combining marks in a row that are kept; more is "zalgo", no living script needs it."""

# Format characters that words and emoji need: zero-width (non-)joiner.
_KEPT_FORMATS = "\u200c\u200d"


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line of at most ``limit`` characters without control, override and unassigned characters.

    White space and line breaks become single spaces; right-to-left overrides, ANSI's escape and the like
    vanish; a pile of combining marks is cut to ``MARKS_LIMIT``.
    """
    text = text[: limit * 8]  # a megabyte costs no more than a line
    if not (text.isascii() and text.isprintable()):
        text = _without_tricks(text)
    return " ".join(text.split())[:limit].rstrip()


def clean_name(name: str) -> str:
    """A chatter's name, made safe; never empty."""
    return clean(name, NAME_LIMIT) or "someone"


def _without_tricks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            marks += 1
            if marks <= MARKS_LIMIT:
                kept.append(char)
            continue
        marks = 0
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" " if char.isspace() else "")
        elif category[0] != "C" or char in _KEPT_FORMATS:
            kept.append(char)
    return "".join(kept)


def escaped(text: str) -> str:
    """For terminals and logs: whatever is not printable is shown as its escape (``\\x1b``), on one line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )
