"""Finds number plates: letters and digits behind a word that tells of a plate or of somebody's car."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.guard.personal.cues import cue

_REACH = 36
"""Letters between such a word and the end of the plate."""
_PIECE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{1,8}(?![A-Za-z0-9])")
_BETWEEN = re.compile(r"[\s\-–·・.]{0,3}|,? (?:dash|hyphen) ")
_PLATE = re.compile(
    r"[a-z]{1,4}[0-9]{1,5}|[0-9]{1,5}[a-z]{1,4}|[a-z]{1,3}[0-9]{1,3}[a-z]{1,3}|[0-9]{1,3}[a-z]{2,4}[0-9]{1,4}"
    r"|[0-9][a-z][0-9]{4}"
)
_SURE = re.compile(
    r"(?<![A-Za-z0-9-])(?:[A-Z]{2,3}-?[0-9]{3,4}|[0-9]{3,4}-[A-Z]{2,3}|(?=[0-9]?[A-Z])[0-9A-Z]{2}-[0-9]{3,4})(?![A-Za-z0-9-])"
)
_SHORTEST, _LONGEST = 4, 8
_WORDS = frozenset(
    "is was the his her my your our on at in no num and that it its this by for of a an as to so or if like x"
    " car van red blue gold tan got lol ok me he she says said with has plus from up be are am pm fps lb kg mg hp"
    " dash hyphen top min max lv lvl vs usd".split()
)
"""What stands between the word and a plate, and is no part of it."""


def plates(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text; ``lower`` is the same in small letters."""
    covered = 0
    for match in cue("plate").finditer(lower):
        if match.end() >= covered and (place := _after(text, lower, match.end())):
            covered = place[1]
            yield place
    for match in _SURE.finditer(text):
        near = lower[max(0, match.start() - 20) : match.start()], lower[match.end() : match.end() + 10]
        if match.start() >= covered and any(map(cue("car").search, near)):
            yield match.span()


def _after(text: str, lower: str, begin: int) -> tuple[int, int] | None:
    """The plate that stands behind a word."""
    pieces = list(_PIECE.finditer(text, begin, min(len(text), begin + _REACH)))
    for first, piece in enumerate(pieces):
        joined, end, best = "", piece.start(), 0
        for other in pieces[first : first + _LONGEST]:
            token = other[0].lower()
            if other is not piece and not _BETWEEN.fullmatch(lower, end, other.start()):
                break
            if token == "dash" or token == "hyphen":
                end = other.end()
                continue
            if token in _WORDS or (token.isalpha() and len(token) > 4):
                break
            joined, end = joined + token, other.end()
            if _SHORTEST <= len(joined) <= _LONGEST and _PLATE.fullmatch(joined):
                best = end
        if best:
            return piece.start(), best
    return None
