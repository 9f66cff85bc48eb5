"""Text: what strangers write is made safe to show, print and log; pieces are joined as they were written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MESSAGE_LIMIT = 500
NAME_LIMIT = 50
NOBODY = "someone"
"""The name of whoever has none that can be shown."""
MARKS_LIMIT = 3
"""Combining marks in a row that are kept; more is "zalgo", no living script needs it."""

_JOINERS = "\u200c\u200d"
"""Invisible, but words and emoji need them: the zero-width non-joiner and joiner."""
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by name that show nothing: empty names are made of them."""

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What shows nothing, as ranges for a regular expression: Unicode's Default_Ignorable_Code_Point, and the
empty Braille pattern. Chat programs put them behind a line, so that it may be written twice."""
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_KEYCAP = "\u20e3"


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line of at most ``limit`` characters without control, override and unassigned characters.

    White space and line breaks become single spaces; ANSI's escape and what is invisible vanish, but for
    what joins or varies emoji and the letters of some scripts; a pile of combining marks is cut to
    ``MARKS_LIMIT``. What is clean stays as it is.
    """
    text = text[: limit * 8]  # a megabyte costs no more than a line
    if not _is_plain(text):
        text = _without_tricks(text)
    return " ".join(text.split())[:limit].rstrip(" " + _JOINERS)


def clean_name(name: str) -> str:
    """A chatter's name, made safe; never empty, nor invisible. A handle is named without its "@"."""
    name = clean(name, NAME_LIMIT).lstrip("@＠ ")
    visible = any(unicodedata.category(char)[0] not in "MZC" or _may_be_emoji(char) for char in name)
    return name if visible else NOBODY


def _is_plain(text: str) -> bool:
    """Whether there is surely no trick in it; a quick look, for most of chat."""
    if not text.isprintable():
        return False
    return text.isascii() or not any(
        char in _BLANKS or unicodedata.category(char) in ("Mn", "Me") for char in set(text)
    )


def _without_tricks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for place, char in enumerate(text):
        before, after = kept[-1] if kept else "", text[place + 1 : place + 2]
        category = unicodedata.category(char)
        if _hides(before, char, after, category):
            continue
        if category in ("Mn", "Me"):
            marks += 1
            if marks <= MARKS_LIMIT:
                kept.append(char)
        elif char.isspace() or char in _BLANKS:
            marks = 0
            kept.append(" ")
        elif char in _JOINERS:  # between two characters, once; it does not begin a new pile of marks
            if before and before not in " " + _JOINERS:
                kept.append(char)
        elif category[0] != "C" or _may_be_emoji(char):
            marks = 0
            kept.append(char)
    return "".join(kept)


def _hides(before: str, char: str, after: str, category: str) -> bool:
    """Whether a character that shows nothing is there only to make a line, or a word, another one."""
    if category in ("Mn", "Me"):
        return _INVISIBLE.match(char) is not None and not _varies(before, char, after)
    return char in _BLANKS and before.isalnum() and after.isalnum()


def _varies(before: str, selector: str, after: str) -> bool:
    """Whether a variation selector changes how the character before it looks; else it only hides there."""
    if selector in "\ufe0e\ufe0f":
        return after == _KEYCAP if before.isdigit() else not (before.isalpha() or before in ("", " "))
    if "\u180b" <= selector <= "\u180f":
        return "\u1820" <= before <= "\u18aa"  # Mongolian
    return selector >= "\U000e0100" and before != "" and is_cjk(before)


def invisible() -> Iterator[int]:
    """The code points of what shows nothing, in Unicode's first plane."""
    return map(ord, _INVISIBLE.findall("".join(map(chr, range(0x10000)))))


def visible(text: str) -> str:
    """The text without what shows nothing: for words that are compared, not shown."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def _may_be_emoji(char: str) -> bool:
    """Emoji younger than this Python's tables are unassigned for it."""
    return "\U0001f000" <= char <= "\U0001faff"


def is_cjk(char: str) -> bool:
    """Whether it is a Chinese, Japanese or Korean letter, or punctuation of theirs."""
    code = ord(char)
    return (
        0x2E80 <= code <= 0x9FFF
        or _is_hangul(char)
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x3FFFF
    )


def is_unspaced(char: str) -> bool:
    """Whether it is Chinese or Japanese, which put no spaces between words; Korean does."""
    return is_cjk(char) and not _is_hangul(char)


def is_kana(char: str) -> bool:
    """Whether it is a letter that only Japanese has."""
    return "\u3041" <= char <= "\u30ff"


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7ff" or "\u3130" <= char <= "\u318f" or "\uffa1" <= char <= "\uffdc"


def space_between(before: str, after: str) -> str:
    """What belongs between two texts that come together: a space, but none beside Chinese or Japanese."""
    edges = before[-1:], after[:1]
    return " " if all(char and not is_unspaced(char) for char in edges) else ""


def joined(pieces: Iterable[tuple[str, str]]) -> str:
    """The text that was cut into pieces. Each is the white space that stood before it, and its own text."""
    return "".join(space + text for space, text in pieces if text).strip()


def escaped(text: str) -> str:
    """For terminals and logs: whatever is not printable is shown as its escape (``\\x1b``), on one line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )
