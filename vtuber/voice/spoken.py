"""Signs as a person says them: "25°C" as "25 degrees Celsius", "10 - 3" as "10 minus 3", "T_T" not at all.

Voices read words and numbers by themselves; here is what they leave out, or get wrong.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from vtuber.core.text import is_cjk

_SIGNS = {  # between numbers or single letters
    "-": ("minus", "減"),
    "−": ("minus", "減"),
    "–": ("minus", "減"),
    "+": ("plus", "加"),
    "×": ("times", "乘以"),
    "*": ("times", "乘以"),
    "·": ("times", "乘以"),
    "÷": ("divided by", "除以"),
    "/": ("divided by", "除以"),
    "=": ("equals", "等於"),
    "≠": ("is not", "不等於"),
    "≈": ("is about", "約等於"),
    "<": ("is less than", "小於"),
    ">": ("is more than", "大於"),
    "≤": ("is at most", "小於等於"),
    "≥": ("is at least", "大於等於"),
    "→": ("to", "到"),
    "~": ("to", "到"),
    "～": ("to", "到"),
}
_BEFORE_NUMBERS = {
    "-": ("minus", "負"),
    "−": ("minus", "負"),
    "±": ("plus or minus", "正負"),
    "≈": ("about", "約"),
    "√": ("the square root of", "根號"),
}
_UNITS = {  # behind a number
    "°C": ("degrees Celsius", "度"),
    "℃": ("degrees Celsius", "度"),
    "°F": ("degrees Fahrenheit", "度華氏"),
    "℉": ("degrees Fahrenheit", "度華氏"),
    "°": ("degrees", "度"),
    "%": ("percent", "%"),
    "％": ("percent", "%"),
    "‰": ("per mille", "‰"),
    "€": ("euros", "歐元"),
    "£": ("pounds", "英鎊"),
    "¥": ("yen", "日圓"),
    "₩": ("won", "韓元"),
    "₹": ("rupees", "盧比"),
    "₫": ("dong", "越南盾"),
    "₱": ("pesos", "披索"),
    "฿": ("baht", "泰銖"),
    "₽": ("rubles", "盧布"),
    "$": ("dollars", "元"),
    "km/h": ("kilometers an hour", "公里"),
    "m²": ("square meters", "平方公尺"),
}
_DOLLARS = {
    "NT$": ("Taiwan dollars", "元"),
    "US$": ("US dollars", "美元"),
    "HK$": ("Hong Kong dollars", "港幣"),
    "A$": ("Australian dollars", "澳幣"),
    "AU$": ("Australian dollars", "澳幣"),
    "CA$": ("Canadian dollars", "加幣"),
    "C$": ("Canadian dollars", "加幣"),
    "NZ$": ("New Zealand dollars", "紐幣"),
    "S$": ("Singapore dollars", "新幣"),
    "R$": ("reais", "巴西幣"),
    "MX$": ("Mexican pesos", "披索"),
    "RM": ("ringgit", "令吉"),
}
_NUMBER = r"\d+(?:[.,]\d+)*"
_BEFORE = re.compile(
    rf"({'|'.join(map(re.escape, (*_DOLLARS, '€', '£', '₩', '₹', '₫', '₱', '฿', '₽')))})({_NUMBER})"
)
_BEHIND = re.compile(
    rf"({_NUMBER})({'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))})(?![\w$€£])"
)
_PERCENT = re.compile(rf"({_NUMBER})[%％]")
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([/-])(\d{1,2})\2(\d{1,2})(?!\d)")
_SCORE = re.compile(r"^(\d{1,4})/(5|10|100)(?=\W*$)")
_SUM = re.compile(
    rf"(?<![A-Za-z0-9_.])({_NUMBER}[%％]?)([{re.escape(''.join(_SIGNS))}])(?={_NUMBER}(?![A-Za-z0-9_/-]))"
)
_UNCLEAR = re.compile(r"\d[-–/]\d")
"""A range, a fraction or a number of a telephone, unless the sum has a result."""
_SHARP = re.compile(r"(?<![\w])([A-G])[#♯](?!\w)")
_BEFORE_NUMBER = re.compile(
    rf"(?<![\w.)\]])([{re.escape(''.join(_BEFORE_NUMBERS))}])(?=\d)|(?<=[\u4e00-\u9fff])([-−])(?=[\d.]+(?:°|℃|度))"
)
_POWER = re.compile(rf"({_NUMBER}|\b[A-Za-z])\^(\d+)")
_HALVES = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")
_LIST = re.compile(r"(?<=[0-9A-Za-z])、(?=[0-9A-Za-z])")
_OPERAND = re.compile(r"^[(\[]*[-−]?(?:\d[\d.,]*|[A-Za-zπ])[)\]]?(?:[%°²³].?)?[.,!?;:]*$")

# Faces: eyes and a mouth, the same twice, or mostly signs that no word has.
_FACE = re.compile(
    r"[<>]?[:;=][-o*'^]?[)(\]\[DPpOoSs3/\\|}{@*$]+|[xX]\)+|[)(\]\[D][-o*']?[:;=]|[xX]D+|<\/?3+|[Qq]{2,}|:[a-z_]{2,20}:"
    r"|([TOUQtouq;^>=@0;.-])[_wWoO.,-]+\1|([TOQ])A\2|[oO0]_+[oO0]|>[_.,]+<|-[_.]+-[;\"']*|._.|[\\]?o/|[\\]o|\^+|;+[_.]*;+"
)
_WIDE = re.compile(r"[\u3000-\u9fff\uff01-\uff0f\uff1a-\uff20]")
_ARMS = r"[ヽヾノﾉづっゞ٩۶وงლ୧୨ᕙᕗᕦᕤ乁ㄏ]?"
_BRACKETED = re.compile(rf"{_ARMS}([(（][^()（）]{{1,14}}[)）]){_ARMS}")
_BESIDE_CHINESE = re.compile(
    r"(?<![A-Za-z0-9_])(?:[Xx]D+|([TQOU])[_.wWAo]+\1|QQ+|>[_.]+<|\^[_.]*\^|[:;][DP)(])(?![A-Za-z0-9_])"
)
"""Faces that nothing else is, where Chinese stands beside them without a space."""
_LOVE = re.compile(r"(?<=[\u4e00-\u9fff])(?:<3+|[❤♥]\ufe0f?)(?=[\u4e00-\u9fff])")
_HEARTS = ("<3", "❤", "❤️", "♥", "♥️")
_RARE = re.compile(
    r"[\u0250-\u02ff\u1d00-\u1dbf\u2010-\u2bff\u3000-\u303f\ufe30-\ufe4f\uff61-\uff65´｀`¯°・ω∀Д益ಠ‿◕﹏]"
)
_END = re.compile(r"[.,!?~。，！？～…]+$")


def spoken(words: Sequence[str], *, chinese: bool = False) -> list[str]:
    """What is said for each of ``words`` of a text: "" for one that is not."""
    around = zip(("", *words), words, (*words[1:], ""), strict=False)
    return [
        word
        if len(word) == 1 and word.isalpha() and is_cjk(word)
        else _say(word, before, after, chinese=chinese)
        for before, word, after in around
    ]


def without_faces(text: str) -> str:
    """Without kaomoji in brackets: "(´▽`)"."""
    return _BRACKETED.sub(lambda found: " " if _is_drawn(found[1]) else found.group(), text)


def _say(word: str, before: str, after: str, *, chinese: bool) -> str:
    if "&" in word and ";" in word:
        word = html.unescape(word)
    word = word.replace("~~", "")
    if chinese:
        word = _BESIDE_CHINESE.sub("", _LOVE.sub("愛", word))
    bare = _END.sub("", word)
    sides = _OPERAND.match(_WIDE.split(before)[-1]) and _OPERAND.match(_WIDE.split(after)[0])
    if word in _SIGNS and sides and any(char.isdigit() for char in before + after):
        return _SIGNS[word][chinese]
    if word in ("x", "X") and before.isdigit() and after[:1].isdigit():
        return _SIGNS["×"][chinese]
    if bare in _UNITS and re.search(r"\d$", before):
        return _UNITS[bare][chinese] + word[len(bare) :]
    if _is_face(bare):
        between = before.isalpha() and _END.sub("", after).isalpha()
        return "love" if bare in _HEARTS and between and not chinese else ""
    if not any(char.isdigit() or char in "#♯¼½¾" for char in word):
        return word
    return _with_numbers(word, chinese=chinese)


def _with_numbers(word: str, *, chinese: bool) -> str:
    space = "" if chinese else " "
    word = _SHARP.sub(r"\1 sharp", word)
    word = _LIST.sub("、" if chinese else ", ", word)
    word = _DATE.sub(lambda found: _day(found, chinese=chinese), word)
    if not chinese:
        word = _SCORE.sub(r"\1 out of \2", word)
    word = _POWER.sub(r"\1的\2次方" if chinese else r"\1 to the power of \2", word)
    word = _HALVES.sub(" ", word)
    word = _BEFORE_NUMBER.sub(lambda found: f"{_BEFORE_NUMBERS[found[1] or found[2]][chinese]}{space}", word)
    if "=" in word or not _UNCLEAR.search(word):
        word = _SUM.sub(lambda found: f"{found[1]} {_SIGNS[found[2]][chinese]} ", word)
    names = {**_UNITS, **_DOLLARS}
    word = _BEFORE.sub(lambda found: f"{found[2]}{space}{_one(names[found[1]][chinese], found[2])}", word)
    if chinese:
        word = _PERCENT.sub(r"百分之\1", word)
    return _BEHIND.sub(lambda found: f"{found[1]}{space}{_one(names[found[2]][chinese], found[1])}", word)


def _one(unit: str, number: str) -> str:
    return unit[:-1] if number == "1" and unit.endswith("s") and unit.isascii() else unit


def _day(found: re.Match[str], *, chinese: bool) -> str:
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return found.group()
    return f"{day.year}年{day.month}月{day.day}日" if chinese else f"{day:%B} {day.day}, {day.year}"


@lru_cache(maxsize=4096)
def _is_face(word: str) -> bool:
    return _FACE.fullmatch(word) is not None or _is_drawn(word)


def _is_drawn(word: str) -> bool:
    """Whether it is a face or the like, drawn with signs."""
    if any(char in "0123456789" for char in word.replace(":3", "")):
        return False
    drawn = len(_RARE.findall(word))
    letters = sum(char.isalnum() and not _RARE.match(char) for char in word)
    return drawn > 0 and letters <= 2 and drawn + sum(not char.isalnum() for char in word) > letters
