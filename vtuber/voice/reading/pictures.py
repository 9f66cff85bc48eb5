"""Emoji, ornaments and what shows nothing: left out, or emoji by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from vtuber.voice.reading.line import Line

MASK = "＊"
"""Stands for what the guard took out: nobody says "asterisk" there."""
_PICTURES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc"))
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
_SAID = "°℃℉"
"""Pictures by name that are said."""


@lru_cache(maxsize=4096)
def is_picture(char: str) -> bool:
    """Emoji and their joiners, ornaments, control and unassigned characters."""
    if char in _SAID or char.isspace():
        return False
    return char in _JOINERS or unicodedata.category(char) in _PICTURES


def leave_out(line: Line) -> None:
    """Reads no picture, and a pause where the guard took something out."""
    if line.text.isascii() and line.text.isprintable() and not {"^", "`"} & line.chars:
        return
    pictures = {char for char in line.chars if is_picture(char)}
    if not pictures and MASK not in line.chars:
        return
    for place, char in enumerate(line.text):
        if char in pictures:
            line.read(place, place + 1, "")
        elif char == MASK:
            line.read(place, place + 1, " ")


def name(line: Line) -> None:
    """Reads emoji by their names; the same one in a row is named once."""
    if line.text.isascii():
        return
    last = ("", -1)
    for begin, end, picture in _found(line.text):
        again = last == (picture, begin)
        line.read(begin, end, "" if again else f" {_named(picture, chinese=line.chinese)} ")
        last = (picture, end)


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    import emoji  # noqa: PLC0415  # 12 MB, for those who want it

    for one in emoji.emoji_list(text):
        yield one["match_start"], one["match_end"], one["emoji"]


@lru_cache(maxsize=512)
def _named(picture: str, *, chinese: bool) -> str:
    import emoji  # noqa: PLC0415  # the same

    said = emoji.demojize(picture, language="zh" if chinese else "en").strip(":").replace("_", " ")
    return str(_taiwan().convert(said)) if chinese else said


@cache
def _taiwan() -> Any:
    """Converts the names, which are in Simplified Chinese, to those of Taiwan."""
    from opencc_purepy import OpenCC  # noqa: PLC0415  # 40 MB of dictionaries

    return OpenCC("s2twp")
