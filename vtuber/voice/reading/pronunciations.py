"""The streamer's own table: how names and words are said that a voice gets wrong."""

from __future__ import annotations

from collections.abc import Mapping

import ahocorasick_rs

from vtuber.voice.reading.line import Line


class Pronunciations:
    """Words are found whole, whatever their case, and the longest first; signs in them mean themselves."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._said = {_folded(written): said for written, said in table.items() if written.strip()}
        self._words = list(self._said)
        self._finder = ahocorasick_rs.AhoCorasick(self._words) if self._words else None

    def read(self, line: Line) -> None:
        if self._finder is None:
            return
        text = _folded(line.text)
        found = self._finder.find_matches_as_indexes(text, overlapping=True)
        for which, begin, end in sorted(found, key=lambda one: (one[1], -one[2])):
            if _is_whole(text, begin, end):
                line.read(begin, end, self._said[self._words[which]])


def _folded(text: str) -> str:
    """In small letters, and no longer than before."""
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Whether no Latin word goes on before or behind it."""
    return not (
        (_is_latin(text[begin]) and begin and _is_latin(text[begin - 1]))
        or (_is_latin(text[end - 1]) and end < len(text) and _is_latin(text[end]))
    )


def _is_latin(char: str) -> bool:
    return char.isalnum() and (char < "\u0250" or "\u1e00" <= char <= "\u1eff")
