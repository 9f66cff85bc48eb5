"""Finds number plates: letters and digits beside a word that tells of a plate or of somebody's car."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.guard.personal.cues import cue, sections, tells
from vtuber.guard.personal.digits import worded

_REACH = 60
"""Letters between such a word and the end of the plate."""
_PIECE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{1,8}(?![A-Za-z0-9])|[〇零一二三四五六七八九]")
_BETWEEN = re.compile(r"[\s\-–—·・.,]{0,3}|,? (?:dash|hyphen) ")
_PLATE = re.compile(
    r"[a-z]{1,4}[0-9]{1,5}|[0-9]{1,5}[a-z]{1,4}|[a-z]{1,3}[0-9]{1,3}[a-z]{1,3}|[0-9]{1,3}[a-z]{2,4}[0-9]{1,4}"
    r"|[0-9][a-z][0-9]{4}"
)
_SURE = re.compile(
    r"(?<![A-Za-z0-9-])(?!RTX|GTX|USD|NTD|TWD|FPS)"
    r"(?:[A-Z]{2,3}-?[0-9]{3,4}|[A-Z]{3} [0-9]{3,4}|[0-9]{3,4}-[A-Z]{2,3}"
    r"|(?=[0-9]?[A-Z])[0-9A-Z]{2}-[0-9]{3,4}"
    r"|[0-9][A-Z]{3}[0-9]{3}|[A-Z]{2}[0-9]{2} ?[A-Z]{3})(?![A-Za-z0-9-])"
)
_LIKELY = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{2,3} [0-9]{3,4}(?![A-Za-z0-9-])")
_PART = re.compile(
    r"(?:車牌|车牌|車號|车号|牌照)[^0-9a-z]{0,6}(?:[末後后尾][^0-9a-z]{0,6}[0-9]{3,4}|[0-9]{2,4}[-–][0-9]{2,4})(?![0-9-])"
    r"|(?<![a-z])plates?\s(?:number\s)?(?:ends?|ending|starts?|starting|begins?)\s(?:in|with|is)?\s?[0-9a-z]{0,3}[0-9]{2,4}"
)
"""Told in part, or without its letters."""
_CHINA = re.compile(
    "[京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵青藏川宁寧琼瓊]"
    r"[A-Z]\s?[·•・.-]?\s?(?=[A-Z]*[0-9])[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_JAPAN = re.compile(
    r"[\u3400-\u9fff]{2,4}\s?[0-9]{2,3}\s?[\u3041-\u3093]\s?[0-9・.]{1,2}[-‐－]?[0-9]{2}(?![0-9])"
)
_SIGNS = frozenset(("dash", "hyphen"))
_SHORTEST, _LONGEST = 4, 8
"""Letters and digits of a plate."""
_SPELLED = {
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f",
    "golf": "g", "hotel": "h", "india": "i", "juliet": "j", "juliett": "j", "kilo": "k", "lima": "l",
    "mike": "m", "november": "n", "oscar": "o", "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s",
    "tango": "t", "uniform": "u", "victor": "v", "whiskey": "w", "whisky": "w", "xray": "x", "yankee": "y",
    "zulu": "z",
}  # fmt: skip


def plates(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text; ``lower`` is the same in small letters."""
    covered = 0
    for match in cue("plate").finditer(lower):
        if match.end() >= covered and (place := _behind(text, lower, match.end())):
            covered = place[1]
            yield place
    for match in _SURE.finditer(text):
        if any(tells(kind, lower, *match.span(), before=30, behind=24) for kind in ("car", "plate")):
            yield match.span()
    for match in _LIKELY.finditer(text):
        if tells("plate", lower, *match.span(), before=0) or tells("car", lower, *match.span(), behind=0):
            yield match.span()
    for match in _PART.finditer(lower):
        yield match.span()
    for pattern in (_CHINA, _JAPAN):
        for match in pattern.finditer(text):
            yield match.span()


def _behind(text: str, lower: str, begin: int) -> tuple[int, int] | None:
    """The plate that stands behind a word."""
    pieces = list(_PIECE.finditer(text, begin, min(len(text), begin + _REACH)))
    for first, piece in enumerate(pieces):
        joined, end, best = "", piece.start(), 0
        for other in pieces[first : first + _LONGEST]:
            said = other[0].lower()
            if other is not piece and not _BETWEEN.fullmatch(lower, end, other.start()):
                break
            if said in _SIGNS:
                end = other.end()
                continue
            if not (read := _read(said)):
                break
            joined, end = joined + read, other.end()
            if _SHORTEST <= len(joined) <= _LONGEST and _PLATE.fullmatch(joined):
                best = end
        if best:
            return piece.start(), best
    return None


def _read(said: str) -> str:
    """What a word adds to a plate; "": it is no part of one."""
    if said in sections("personal_cues")["not a plate"]:
        return ""
    if len(said) > 1 or not said.isascii():
        if spelled := _SPELLED.get(said) or worded(said):
            return spelled
        if said.isalpha() and len(said) > 3:
            return ""
    return said
