"""A line for the terminal: pieces of text, each with the name of its style. Nothing in it is ever obeyed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prompt_toolkit.formatted_text import StyleAndTextTuples

from vtuber.core.text import escaped

STYLES = {
    "": "",
    "time": "ansibrightblack",
    "dim": "ansibrightblack",
    "name": "bold",
    "her": "bold ansicyan",
    "paid": "bold ansiyellow",
    "warning": "ansiyellow",
    "error": "ansired",
    "status": "reverse",
}
"""What each style looks like, in prompt_toolkit's words."""


@dataclass(frozen=True, slots=True)
class Line:
    pieces: tuple[tuple[str, str], ...]
    """Style (a key of ``STYLES``, or a colour such as "#1e88e5") and text; printable, without line breaks."""
    is_chat: bool = False
    """In a flood it may be left out."""

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


def line(*pieces: str | tuple[str, str], is_chat: bool = False) -> Line:
    """A line that begins with the time of day. A piece is plain text, or a style and text."""
    now = ("time", f"{datetime.now().astimezone():%H:%M} ")
    return Line((now, *map(_piece, pieces)), is_chat)


def below(*pieces: str | tuple[str, str]) -> Line:
    """A line that belongs to the one before."""
    return Line((("", " " * 6), *map(_piece, pieces)))


def fragments(one: Line) -> StyleAndTextTuples:
    """The line in prompt_toolkit's form."""
    return [
        (f"bold fg:{style}" if style.startswith("#") else f"class:{style}" if style else "", text)
        for style, text in one.pieces
    ]


def _piece(piece: str | tuple[str, str]) -> tuple[str, str]:
    style, text = ("", piece) if isinstance(piece, str) else piece
    return style, escaped(text)
