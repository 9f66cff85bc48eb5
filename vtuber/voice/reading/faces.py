"""Faces and emotes, drawn with signs: nobody reads them out."""

from __future__ import annotations

import re
from functools import lru_cache

from vtuber.voice.reading.line import Line, rule

# Eyes and a mouth, the same twice, or mostly signs that no word has.
_FACE = re.compile(
    r"[<>]?[:;=][-o*'^]?[)(\]\[DPpOoSs3/\\|}{@*$]+|[xX]\)+|[)(\]\[D][-o*']?[:;=]|[xX]D+|(?:<|&lt;)\/?3+|[Qq]{2,}"
    r"|([TOUQtouq;^>=@0;.-])[_wWoO.,-]+\1|([TOQ])A\2|[oO0]_+[oO0]|>[_.,]+<|-[_.]+-[;\"']*|._.|[\\]?o/|[\\]o|\^+"
    r"|;+[_.]*;+|[oO]r?[zZ]|OTZ|[sS]to"
)
_ARMS = r"[Σヽヾノﾉづっゞ٩۶وงლ୧୨ᕙᕗᕦᕤ乁ㄏ]?"
_BRACKETED = rf"{_ARMS}([(（][^()（）]{{1,14}}[)）]){_ARMS}"
_BESIDE_CHINESE = (
    r"(?<![A-Za-z0-9_])(?:[Xx]D+|([TQOU])[_.wWAo]+\1|QQ+|>[_.]+<|\^[_.]*\^|[:;][DP)(]|:3(?!\w)|[oO]r[zZ]|OTZ"
    r"|=[_.]=)(?![A-Za-z0-9_])"
)
"""Faces that nothing else is, where Chinese stands beside them without a space."""
_LOVE = r"(?<=[\u4e00-\u9fff])(?:<3+|[❤♥]\ufe0f?)(?=[\u4e00-\u9fff])"
_HEARTS = ("<3", "❤", "❤️", "♥", "♥️")
_RARE = re.compile(
    r"[\u0250-\u02ff\u1d00-\u1dbf\u2010-\u2bff\u3000-\u303f\ufe30-\ufe4f\uff61-\uff65´｀`¯°・ω∀Д益ಠ‿◕﹏]"
)
_NUMBERS = re.compile(r"[0-9.,-]+")
_NO_FACE = re.compile(r"[€£¥₩₹₫₱฿₽%‰№≈≠≤≥±×÷→√−–—…]+|°[CF]?|[℃℉]")
_WORD = r"(?<!\S)\S{1,40}?(?=[.,!?~。，！？～…]*(?!\S))"


def _word(found: re.Match[str], line: Line) -> str | None:
    word = found.group()
    if (word.isalnum() and len(word) > 4) or _NO_FACE.fullmatch(word) or not is_face(word):
        return None
    if word in _HEARTS and not line.chinese:
        before, after = line.before(found.start()).split(), line.after(found.end()).split()
        if before and after and before[-1].isalpha() and after[0].rstrip(".,!?~").isalpha():
            return "love"
    return ""


def _drawn(found: re.Match[str], _: Line) -> str | None:
    return " " if _is_drawn(found[1]) else None


RULES = (
    rule(r"(?<![\w(])[odbqmOoｏ]?" + _BRACKETED + r"[odbqmOoｏ]?(?!\w)", _drawn, "(（"),
    rule(_BRACKETED, _drawn, "(（"),
    rule(r"(?<!\S)(?:=[ .＿_]=|-[ .＿_]-)(?:[|\"]{2,4})?(?!\S)", lambda *_: "", "=-"),
    rule(_LOVE, lambda _, line: "愛" if line.chinese else "love", "<❤♥"),
    rule(_BESIDE_CHINESE, lambda _, line: "" if line.chinese else None),
    rule(_WORD, _word),
    rule(r"(?<![\w:]):([a-z][a-z0-9_]{1,30}):(?![\w:])", lambda *_: "", ":", flags=re.IGNORECASE),
)


@lru_cache(maxsize=4096)
def is_face(word: str) -> bool:
    """Whether a word without its punctuation is a face."""
    return not _NUMBERS.fullmatch(word) and (_FACE.fullmatch(word) is not None or _is_drawn(word))


def _is_read(char: str) -> bool:
    """Whether it is a Chinese character that is no mouth or eye."""
    return "\u4e00" <= char <= "\u9fff" and char not in "益皿口人工"


def _is_drawn(word: str) -> bool:
    """Whether it is a face or the like, drawn with signs."""
    if any(char.isnumeric() or _is_read(char) for char in word.replace(":3", "")):
        return False
    drawn = len(_RARE.findall(word))
    letters = sum(char.isalnum() and not _RARE.match(char) for char in word)
    return drawn > 0 and letters <= 2 and drawn + sum(not char.isalnum() for char in word) > letters
