"""Signs between and before numbers, as a person says them: "10 - 3" is "ten minus three"."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule

_D = "0123456789"
_SIGNS = {
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
    ">": ("is greater than", "大於"),
    "≤": ("is at most", "小於等於"),
    "≥": ("is at least", "大於等於"),
    "→": ("to", "到"),
    ">=": ("is at least", "大於等於"),
    "<=": ("is at most", "小於等於"),
    "!=": ("is not", "不等於"),
    "==": ("equals", "等於"),
    "x": ("times", "乘以"),
    "X": ("times", "乘以"),
}
_BEFORE = {
    "-": ("minus", "負"),
    "−": ("minus", "負"),
    "±": ("plus or minus", "正負"),
    "≈": ("about", "約"),
    "√": ("the square root of", "根號"),
    "~": ("about", "大約"),
    "～": ("about", "大約"),
    "+": ("plus", "加"),
    "<": ("less than", "小於"),
    ">": ("more than", "大於"),
    "≤": ("at most", "最多"),
    "≥": ("at least", "至少"),
}
_LEFT = r"(?<![A-Za-z][A-Za-z])(?<=[A-Za-z\d)\]%％π²³℃])"
_RIGHT = r"(?=[(\[]?[-−√]?(?:\d|[A-Za-zπ](?![A-Za-z])))"
_MEASURED = "萬億年月日號點分秒時元塊歲樓天週周度尺斤"
"""Behind a number, these end an amount: what follows is the end of a range."""
_NEGATIVE = (
    rf"(?<=[\u4e00-\u9fff])(?<!\d[{_MEASURED}])[-−](?=[\d.,]{{1,12}}\s?(?:[°℃度%％公元塊分萬億]|[kK]?[mg](?![A-Za-z])))"
    r"|(?<=[是為於])[-−](?=\d)"
)
_WON = re.compile("[贏輸勝敗]|領先|比數|比分|拿下|橫掃")
_SIZE = re.compile(r"\d{3}\s?[xX]\s?\d{3}")
_SUM = re.compile(r"[\s\d.,+×*÷/x()%-]{0,40}[=≈]")


def _sign(found: re.Match[str], line: Line) -> str | None:
    written = found.group()
    sign = written.strip()
    around = line.before(found.start(), 2) + line.after(found.end(), 3)
    if not any(char in _D or char in "²³" for char in around):
        return None
    if sign in "-−–/" and "=" not in line.chars and not (sign in "-−–" and len(written) == 3):
        return None
    if sign in "-−–/" and len(written) < 3 and not _SUM.match(line.after(found.end(), 48)):
        return None
    if sign in ("x", "X") and _SIZE.fullmatch(line.text, found.start() - 3, found.end() + 3):
        return "乘" if line.chinese else " by "
    said = _SIGNS[sign][line.chinese]
    return said if line.chinese else f" {said} "


def _before(found: re.Match[str], line: Line) -> str:
    said = _BEFORE[found.group()][line.chinese]
    return said if line.chinese else f"{said} "


def _plus(found: re.Match[str], line: Line) -> str:
    grade = re.search(r"(?<!\d)[A-Za-z]$", line.before(found.start(), 2))
    return "加" if line.chinese and not grade else " plus "


def _numbered(found: re.Match[str], line: Line) -> str:
    if re.search(r"(?:number|no\.?|第)\s?$", line.before(found.start(), 8), re.IGNORECASE):
        return ""
    return "第" if line.chinese else "number "


def _range(found: re.Match[str], line: Line) -> str | None:
    if re.search(r"[A-Za-z]\d{1,3}$", line.before(found.start())) and len(found.group()) == 1:
        return None
    if line.chinese and _WON.search(line.before(found.start(), 8) + line.after(found.end(), 6)):
        return "比"
    return "到" if line.chinese else " to "


FIRST = (
    rule(rf"{_LEFT}\s{{0,2}}(?:[<>!=]=|[-−–+×*·÷/=≠≈<>≤≥→])\s{{0,2}}{_RIGHT}", _sign, "".join(_SIGNS)),
    rule(r"(?<=\d)\s?[xX]\s?(?=\d)", _sign, "xX"),
    rule(
        r"(?<![\w.)\]%])[-−±≈√~～+<>≤≥](?=\d|[$€£¥]\d)|" + _NEGATIVE,
        _before,
        "".join(_BEFORE),
    ),
    rule(
        rf"√(?=\d)|(?<=[\u4e00-\u9fff])(?<!\d[{_MEASURED}])[~～≈](?=\d)|(?<=[\u4e00-\u9fff])\+(?=\d)",
        _before,
        "√~～≈+",
    ),
)
"""Before the numbers are read."""

RANGES = (
    rule(
        rf"(?:(?<=[\d%％°℃{_MEASURED}])|(?<=[\d°][KkMmCF]))\s?[-–—~～]\s?(?=(?:NT|US|HK)?[$€£¥]?\d)",
        _range,
        "-–—~～",
    ),
    rule(r"(?<=[一二三四五六日])[-–~～](?=[週周星禮])", _range, "-–~～"),
    rule(r"(?<=[0-9A-Za-z])、(?=[0-9A-Za-z])", lambda _, line: "、" if line.chinese else ", ", "、"),
)

LAST = (
    rule(
        r"(?<![A-Za-z][A-F])(?<=[A-F])\+(?![\w+])|(?<=\d)\+(?!\d)|(?<=\d[kKMB%％萬億千百])\+(?!\w*\d)|(?<=[A-Za-z]{3})\+(?=[A-Z])",
        _plus,
        "+",
    ),
    rule(
        r"(?<=[\w元])/(?=(?:months?|mo|years?|yr|weeks?|days?|hours?|hr|night|min|sec|person|each)(?![A-Za-z]))",
        lambda *_: " per ",
        "/",
    ),
    rule(r"(?<=[元塊萬千百\d])/(?=[月天年人時個次週晚])", lambda *_: "每", "/"),
    rule(r"(?<=\w)\s(?:--?|[–—])\s(?=\w)", lambda _, line: "，" if line.chinese else ", ", "-–—"),
    rule(r"(?<![\w])[#＃](?=\d)", _numbered, "#"),
    rule(
        r"(?<=[\w%)\]])\s?(?:→|[-=]>)\s?(?=[\w(\[])", lambda _, line: "到" if line.chinese else " to ", "→>"
    ),
    rule(r"[←→↑↓⇒➜]|(?<!\w)[-=]>", lambda *_: " ", "←→↑↓⇒➜>"),
    rule(r"(?<=[\u4e00-\u9fff])/(?=[\u4e00-\u9fff])", lambda *_: "、", "/"),
    rule(r"(?<=[\u4e00-\u9fffA-Za-z])\+(?=[\u4e00-\u9fff])", lambda *_: "加", "+"),
    rule(r"(?<=\d(?:st|nd|rd|th))\s?[-–]\s?(?=\d)", lambda *_: " to ", "-–"),
    rule(r"(?<=\w)@(?=\d)", lambda _, line: " " if line.chinese else " at ", "@"),
    rule(r"π", lambda _, line: "拍" if line.chinese else " pi ", "π"),
    rule(r"(?<=\w)\s?=\s?(?=\w)", lambda _, line: "等於" if line.chinese else " equals ", "="),
    rule(r"(?<=\w)\s@\s(?=\w)", lambda _, line: "在" if line.chinese else " at ", "@"),
    rule(r"\\+", lambda *_: "", "\\"),
)
