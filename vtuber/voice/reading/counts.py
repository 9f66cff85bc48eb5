"""All other numbers: telephones, scores, fractions, ranges, codes, names with numbers, and plain ones."""

from __future__ import annotations

import re
import unicodedata

from vtuber.voice.reading.amounts import NUMBER
from vtuber.voice.reading.line import Line, rule

_D = "0123456789"
_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"
_CUE = re.compile(
    r"(?:號碼|電話|手機|密碼|帳號|編號|區號|代碼|驗證碼|序號|學號|統編|邀請碼|分機|郵遞|末[三四]碼|房號)\D{0,5}$"
    r"|\b(?:pin|code|password|passcode|phone|zip|id|number|extension|serial|dial|call)\b[^\d.!?]{0,10}$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:room|flight|route|highway|interstate|boeing|airbus|bus|model|line|area|apartment|suite|gate|[A-Z]{2,6})\s$",
)
_NAMED_ANY = re.compile(
    r"\b(?:room|flight|route|highway|interstate|boeing|airbus|suite|area)\s$", re.IGNORECASE
)
_BUS = re.compile(r"公車|號公車|大樓|教室|路公車|號房|病房|班機|航班|高地|型|忠烈|線公車|車次|號車|號列車")
_COUNTED = re.compile(
    r"\s?(?:年(?![級班])|日[圓元]|個|點(?!\d)|點\d{1,2}分|[隻次天位人名本張台臺部杯碗塊件條首顆片根支枝組種倍小分秒週周星禮公英萬億千百元美歐架間家棟座輛艘匹"
    r"頭尾朵棵株粒瓶罐盒箱包袋雙對副套層道場局回趟遍頓餐則篇頁句字桶把盞盤鍋鍵歲夜晚格步招關口筆封通票份股樣者方邊面側大隊只斤克度拳腳槍抽項屆集季章話輪桌批串款題檔滴聲])"
)
"""Behind a number, what it counts: 兩個, but 二月."""
_ORDER = ("第", "周", "週", "星期", "禮拜", "點", "月", "初", "、", "√")
_OF = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_SCORE_UP = (5, 10, 100)
_NO_FRACTION = 20
"""From this number below a larger one, it is no fraction: blood pressure is 120/80."""


def _telephone(found: re.Match[str], line: Line) -> str | None:
    text = found.group()
    groups = re.findall(r"\d+", text)
    total = sum(map(len, groups))
    shaped = text[0] in "0+(" or [*map(len, groups)] == [3, 4] or (len(groups) >= 3 and "-" in text)
    if total < 7 or not shaped:
        return None
    if line.digits:
        return text
    said = ("，" if line.chinese else ", ").join(line.spelled(group) for group in groups)
    return ("加" if line.chinese else "plus ") + said if text[0] == "+" else said


def _score(found: re.Match[str], line: Line) -> str:
    between = "比" if line.chinese else " to "
    return between.join(line.number(one) for one in found.groups())


def _rating(found: re.Match[str], line: Line) -> str | None:
    """ "9.5/10"."""
    between = "，滿分" if line.chinese else " out of "
    return f"{line.number(found[1])}{between}{line.number(found[2])}"


def _fraction(found: re.Match[str], line: Line) -> str | None:
    above, below = found[1], found[2]
    top, bottom = int(above), int(below)
    if not bottom:
        return None
    if line.digits:
        return found.group()
    if line.chinese:
        apart = f"{line.number(above)}，{line.number(below)}"
        return apart if top > bottom >= _NO_FRACTION else f"{line.number(below)}分之{line.number(above)}"
    if bottom in _SCORE_UP and top <= bottom and not (top == 1 and bottom == 5):
        return f"{line.number(above)} out of {line.number(below)}"
    if top < bottom <= 100:
        one, many = _OF.get(bottom) or (line.ordinal(bottom), f"{line.ordinal(bottom)}s")
        return f"{line.number(above)} {one if top == 1 else many}"
    return (
        f"{line.number(above)} out of {line.number(below)}"
        if top <= bottom
        else f"{line.number(above)} over {line.number(below)}"
    )


_VULGAR = {
    "½": ("one half", "二分之一"),
    "¼": ("one quarter", "四分之一"),
    "¾": ("three quarters", "四分之三"),
    "⅓": ("one third", "三分之一"),
    "⅔": ("two thirds", "三分之二"),
    "⅛": ("one eighth", "八分之一"),
    "⅕": ("one fifth", "五分之一"),
}


def _vulgar(found: re.Match[str], line: Line) -> str:
    said = _VULGAR[found[2]][line.chinese]
    if not found[1]:
        return said
    whole = line.number(found[1].strip())
    return f"{whole}又{said}" if line.chinese else f"{whole} and {said.replace('one half', 'a half')}"


def _feet(found: re.Match[str], line: Line) -> str:
    feet, inches = (line.number(one) for one in found.groups())
    return f"{feet}呎{inches}" if line.chinese else f"{feet} foot {inches}"


def _raised(found: re.Match[str], line: Line) -> str:
    if line.chinese:
        number = line.before(found.start(), 1).isdigit()
        return {"²": "的二次方" if number else "平方", "³": "的三次方" if number else "立方"}[found.group()]
    return " squared" if found.group() == "²" else " cubed"


def _version(found: re.Match[str], line: Line) -> str:
    if line.digits:
        return found.group()
    point = "點" if line.chinese else " point "
    return point.join(line.number(one) for one in found.group().split("."))


def _address(found: re.Match[str], line: Line) -> str:
    """ "192.168.0.1:8080"."""
    if line.digits:
        return found.group()
    said = ("點" if line.chinese else " dot ").join(line.number(one) for one in found[1].split("."))
    return said + (f"{'，埠' if line.chinese else ', port '}{line.spelled(found[2])}" if found[2] else "")


def _groups(found: re.Match[str], line: Line) -> str:
    """ "978-3-16"."""
    if line.digits:
        return found.group()
    said = [line.spelled(group) for group in found.group().split("-")]
    return ("，" if line.chinese else ", ").join(said)


def _size(found: re.Match[str], line: Line) -> str:
    """ "1920x1080", "4x4"."""
    if line.chinese:
        return "乘".join(line.spelled(one) if len(one) > 2 else line.number(one) for one in found.groups())
    return " by ".join(line.pairs(int(one)) if len(one) > 2 else line.number(one) for one in found.groups())


def _scientific(found: re.Match[str], line: Line) -> str:
    """ "1e-5"."""
    power = line.number(found[3])
    if line.chinese:
        return f"{line.number(found[1])}乘以十的{'負' if found[2] == '-' else ''}{power}次方"
    return f"{line.number(found[1])} times ten to the {'minus ' if found[2] == '-' else ''}{power}"


def _numbered(found: re.Match[str], line: Line) -> str:
    """ "①"."""
    value = line.number(str(int(unicodedata.numeric(found.group()))))
    after = line.after(found.end(), 1)
    return value + (("，" if line.chinese else ", ") if after and after not in "~～-、, " else "")


def _ordinal(found: re.Match[str], line: Line) -> str:
    return line.ordinal(int(found[1].replace(",", "")))


def _power(found: re.Match[str], line: Line) -> str:
    base = line.number(found[1]) if found[1][0].isdigit() else found[1]
    power = line.number(found[2])
    if line.chinese:
        return f"{base}的{power}次方"
    if found[2] in ("2", "3"):
        return f"{base} {'squared' if found[2] == '2' else 'cubed'}"
    return f"{base} to the power of {power}"


def _coded(found: re.Match[str], line: Line) -> str | None:
    """The digits right behind letters: "PS5", "ABC123"."""
    digits = found.group()
    if len(digits) == 4 and digits[:2] in ("19", "20") and not line.chinese:
        return line.year(int(digits))
    if len(digits) > 2 or digits[0] == "0":
        return line.spelled(digits)
    return line.number(digits)


def _plain(found: re.Match[str], line: Line) -> str | None:
    written = found.group()
    before, after = line.before(found.start()), line.after(found.end())
    chinese = line.chinese
    if "," in written or "." in written:
        return line.number(written)
    if len(written) >= (3 if chinese else 4) and _CUE.search(before) and not re.match(r"[個人元塊次]", after):
        return line.spelled(written)
    if chinese:
        return _chinese(line, written, before, after)
    if (
        len(written) in (3, 4)
        and written[0] != "0"
        and (_NAMED.search(before) or _NAMED_ANY.search(before))
        and int(written) % 100
    ):
        return line.pairs(int(written))
    if len(written) > 9:
        return line.spelled(written)
    return line.number(written)


def _chinese(line: Line, written: str, before: str, after: str) -> str:
    if _BUS.match(after) and len(written) >= 3:
        return line.spelled(written)
    if (
        len(written) >= 3
        and re.search(r"[A-Za-z]\s?$", before)
        and not re.match(r"\s?[個人元塊次萬億分秒年度歲張位名點]", after)
    ):
        return line.spelled(written)
    if len(written) > 9:
        return line.spelled(written)
    counts = _COUNTED.match(after) is not None and not before.endswith(_ORDER)
    return line.number(written, counts=counts)


FIRST = (
    rule(
        r"(?<![A-Za-z\d.-])\+?(?:\(\d{1,5}\)[- ]?|\d{1,5}[- ])\(?\d{2,5}\)?"
        r"(?:[- ]\d{2,5}){0,3}(?![A-Za-z\d-])",
        _telephone,
        "-+( ",
    ),
    rule(
        r"(?:報警|\b(?i:call|dial)|[打撥])\s?(?P<read>\d{3,4})(?!\d|[-.,]\d|[個人次分元折場拳])",
        lambda found, line: line.spelled(found["read"]),
        _D,
    ),
    rule(r"(?<![A-Za-z\d.-])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{2,5}))?(?![\w.:]\d|[A-Za-z\d])", _address, "."),
    rule(r"(?<![\w.,+$-])\d{1,6}(?:-\d{1,6}){2,6}(?![\w-])", _groups, "-"),
    rule(r"(?<![A-Za-z\d.,])(\d{3,4})\s?[xX×]\s?(\d{3,4})(?![A-Za-z\d=]|[.,]\d|\s?[=≈])", _size, "xX×"),
    rule(r"(?<![A-Za-z\d.,])(\d)x(\d)(?![A-Za-z\d=]|[.,]\d|\s?[=≈])", _size, "x"),
)
"""Before signs between numbers are read."""
RULES = (
    rule(r"(?<![\w.,])(\d{1,3}(?:\.\d+)?)[eE]([-+]?)(\d{1,3})(?![\w.])", _scientific, "eE"),
    rule(r"[①-⑳]", _numbered, "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    rule(r"[Ⅰ-Ⅻ]", lambda found, line: line.number(str(int(unicodedata.numeric(found.group())))), _ROMAN),
    rule(r"(?<=\w_)\d{3,}(?!\d)", lambda found, line: line.spelled(found.group()), "_"),
    rule(
        r"(?<!\d)(\d[1-9])(?=折)", lambda found, line: line.spelled(found[1]) if line.chinese else None, "折"
    ),
    rule(r"(?<=[A-Za-z]{2}-)\d{3,5}(?!\d)", lambda found, line: line.spelled(found.group()), "-"),
    rule(
        r"(?<!\d)(520|1314|5201314)(?![\d個人元塊次.,:])",
        lambda found, line: line.spelled(found[1]) if line.chinese else None,
        "51",
    ),
    rule(r"(?<![A-Za-z\d])([4-7])['’′]\s?(\d{1,2})(?:[\"”″]|''|(?![\d\w]))", _feet, "'’′"),
    rule(
        r"(?<![A-Za-z\d])(B?)(\d{1,2})F(?![A-Za-z0-9])",
        lambda found, line: (
            f"{'地下' if found[1] else ''}{line.number(found[2])}樓" if line.chinese else None
        ),
        "F",
    ),
    rule(r"(?<=[A-Za-z\d)])[²³]", _raised, "²³"),
    rule(r"(?<=[A-Za-z]\d-)\d{3,5}", lambda found, line: line.spelled(found.group()), "-"),
    rule(r"(?<![\d.])\d+(?:\.\d+){2,5}(?![\d.]\d)", _version, "."),
    rule(rf"(?<![\w.:：])({NUMBER})[:：]({NUMBER})(?![\w:：])", _score, ":："),
    rule(rf"(?<![A-Za-z\d.:：])({NUMBER})[:：]({NUMBER})(?![A-Za-z\d:：])", _score, ":："),
    rule(r"(?<![\d./-])(\d{1,3}\.\d)/(5|10|100)(?![\d/])", _rating, "/"),
    rule(r"(?<![A-Za-z\d./-])(\d{1,4})\s?/\s?(\d{1,4})(?![A-Za-z\d/]|\.\d)", _fraction, "/"),
    rule(rf"(?<!\d)(\d{{1,4}}\s?)?([{''.join(_VULGAR)}])", _vulgar, "".join(_VULGAR)),
    rule(
        r"(?<![\w.])(\d{1,3}(?:,\d{3})*|\d+)(?:st|nd|rd|th)(?![A-Za-z])",
        _ordinal,
        "tsnr",
        flags=re.IGNORECASE,
    ),
    rule(r"(?<![A-Za-z\d.])(\d{1,15}(?:\.\d+)?|[A-Za-z])\^\(?(\d{1,4})\)?", _power, "^"),
    rule(r"(?<=[A-Za-z])\d+(?=[A-Za-z]?(?![\d.]))", _coded, _D),
    rule(
        r"(?<![\w])(\d{3,4})(?=[pP](?![A-Za-z]))",
        lambda found, line: line.spelled(found[1]) if line.chinese else line.pairs(int(found[1])),
        "pP",
    ),
    rule(
        r"(?<![A-Za-z\d])(\d{3,4})(?=[pP](?![A-Za-z]))",
        lambda found, line: line.spelled(found[1]) if line.chinese else line.pairs(int(found[1])),
        "pP",
    ),
    rule(r"(?<![A-Za-z\d])[xX×](?=\d)", lambda _, line: "乘" if line.chinese else "times ", "xX×"),
    rule(
        rf"(?<![A-Za-z\d.])({NUMBER})[xX](?![A-Za-z\d])",
        lambda found, line: (
            f"{line.number(found[1], counts=True)}倍" if line.chinese else f"{line.number(found[1])} times"
        ),
        "xX",
    ),
    rule(r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?", _plain, _D),
)
