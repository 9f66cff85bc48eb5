"""Money, measures and percent: a number and what it counts."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule, table

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_D = "0123456789"
_CURRENCIES = table(
    "NT$=New Taiwan dollar=元; TWD=New Taiwan dollar=元; NTD=New Taiwan dollar=元; "
    "NT=New Taiwan dollar=元; US$=US dollar=美元; USD=US dollar=美元; HK$=Hong Kong dollar=港幣; "
    "HKD=Hong Kong dollar=港幣; AU$=Australian dollar=澳幣; A$=Australian dollar=澳幣; "
    "CA$=Canadian dollar=加幣; C$=Canadian dollar=加幣; NZ$=New Zealand dollar=紐幣; "
    "S$=Singapore dollar=新幣; R$=real=巴西幣; MX$=Mexican peso=披索; RM=ringgit=令吉; $=dollar=元; "
    "€=euro=歐元; EUR=euro=歐元; £=pound=英鎊; GBP=pound=英鎊; ¥=yen=日圓; ￥=yen=日圓; JPY=yen=日圓; "
    "JP¥=yen=日圓; ₩=won=韓元; KRW=won=韓元; ₹=rupee=盧比; ₫=dong=越南盾; ₱=peso=披索; ฿=baht=泰銖; "
    "₽=ruble=盧布; ₿=bitcoin=比特幣; CNY=yuan=人民幣; RMB=yuan=人民幣"
)
_UNCHANGED = frozenset(("yen", "won", "dong", "baht", "ringgit", "yuan"))
_CENTS = {"dollar": "cent", "euro": "cent", "pound": "penny"}
_LARGE = table(
    "k=thousand=千; K=thousand=千; M=million=百萬; m=million=百萬; B=billion=十億; b=billion=十億; "
    "T=trillion=兆; thousand=thousand=千; million=million=百萬; billion=billion=十億; "
    "trillion=trillion=兆; bn=billion=十億; mil=million=百萬; 萬==萬; 億==億; 千==千; 百萬==百萬"
)
_UNITS = table(
    "km/h=kilometer an hour=時速; km/hr=kilometer an hour=時速; "
    "kph=kilometer an hour=時速; mph=mile an hour=英里; "
    "m/s²=meter per second squared=公尺每秒平方; m/s=meter per second=公尺每秒; "
    "km²=square kilometer=平方公里; m²=square meter=平方公尺; "
    "cm²=square centimeter=平方公分; m³=cubic meter=立方公尺; m2=square meter=平方公尺; "
    "km=kilometer=公里; cm=centimeter=公分; mm=millimeter=公釐; m=meter=公尺; kg=kilogram=公斤; "
    "g=gram=公克; mg=milligram=毫克; lbs=pound=磅; lb=pound=磅; oz=ounce=盎司; ft=foot=英尺; "
    "mi=mile=英里; ml=milliliter=毫升; mL=milliliter=毫升; L=liter=公升; l=liter=公升; cc=C C=西西; "
    "kcal=kilocalorie=大卡; cal=calorie=卡; hrs=hour=小時; hr=hour=小時; h=hour=小時; mins=minute=分鐘; "
    "min=minute=分鐘; secs=second=秒; sec=second=秒; s=second=秒; ms=millisecond=毫秒; yrs=year=年; "
    "yr=year=年; Hz=hertz=赫茲; kHz=kilohertz=千赫; MHz=megahertz=M H z; GHz=gigahertz=G H z; W=watt=瓦; "
    "kW=kilowatt=千瓦; kWh=kilowatt hour=度電; V=volt=伏特; mAh=milliamp hour=毫安培; dB=decibel=分貝; "
    "px=pixel=像素; KB=kilobyte=K B; kB=kilobyte=K B; MB=megabyte=M B; GB=gigabyte=G B; "
    "TB=terabyte=T B; Mbps=megabit per second=M b p s; Gbps=gigabit per second=G b p s; "
    "¢=cent=美分; fps=F P S=F P S; FPS=F P S=F P S; °C=degree Celsius=度; ℃=degree Celsius=度; "
    "°F=degree Fahrenheit=華氏; ℉=degree Fahrenheit=華氏; °=degree=度; ‰=per mille=‰"
)
_PLURALS = {
    "foot": "feet",
    "hertz": "hertz",
    "kilohertz": "kilohertz",
    "megahertz": "megahertz",
    "gigahertz": "gigahertz",
    "C C": "C C",
    "F P S": "F P S",
    "per mille": "per mille",
}
_SHORT_UNITS = frozenset(["m", "l", "h", "s", "mi"])


_HIGH = re.compile(r"\s(?:tall|high|long|wide|deep|away|above|below)|[.,!?，。！？]|$|[\u4e00-\u9fff]")
"""Behind "3 m", where it is a length."""
_PLACE = re.compile(
    r"\b(?:apartment|apt\.?|room|gate|seat|unit|class|row|block|building|platform)\s$", re.IGNORECASE
)
"""Behind these stands no amount but a name: "Gate 4B"."""


def _either(names: dict[str, tuple[str, str]]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


_PER = {name: said for name, said in _UNITS.items() if name.isalpha() and len(name) > 1}
_SIGNS = {name: said for name, said in _CURRENCIES.items() if not name.isalpha()}
_CODES = {name: said for name, said in _CURRENCIES.items() if name.isalpha()}
_LATIN_LARGE = r"k|K|M|m|B|b|T|bn|mil"
_SCALE = (
    rf"(?:({_LATIN_LARGE})(?![A-Za-z])|\s(thousand|million|billion|trillion)(?![A-Za-z])|(百萬|萬|億|千))?"
)


_A = re.compile(r"\b(?:an?|the|this|that|my|your|his|her|our|their)\s$", re.IGNORECASE)
_NOUN = re.compile(
    r"\s(?!of\b|and\b|or\b|to\b|in\b|on\b|is\b|are\b|was\b|for\b|at\b|per\b|later|ago|before|after)[A-Za-z]"
)
"""Around an amount that tells of what kind something is: "a 5 kilometer run"."""


def plural(unit: str, amount: str) -> str:
    """The English unit behind an amount in digits."""
    if amount == "1" or unit in _UNCHANGED:
        return unit
    if unit in _PLURALS:
        return _PLURALS[unit]
    first, _, rest = unit.partition(" ")
    if rest.startswith(("an ", "per ", "Celsius", "Fahrenheit")):
        return f"{first}s {rest}"
    return {"penny": "pence", "real": "reais", "inch": "inches"}.get(unit, f"{unit}s")


def _money(line: Line, name: str, amount: str, large: str, place: tuple[int, int]) -> str:
    begin, end = place
    english, chinese = _CURRENCIES[name]
    if line.chinese:
        said = line.number(amount, counts=True)
        if line.after(end, 1) in ("元", "塊", "圓") or line.after(end, 2) in ("美元", "日圓", "台幣"):
            chinese = ""
        return said + (_LARGE[large][1] if large else "") + chinese
    one = _A.search(line.before(begin, 8)) and _NOUN.match(line.after(end, 8))
    if large:
        unit = english if one else plural(english, "2")
        return f"{line.number(amount)} {_LARGE[large][0]} {unit}".replace("  ", " ")
    whole, _, part = amount.replace(",", "").partition(".")
    cent = _CENTS.get(english.split()[-1], "") if len(part) == 2 else ""
    if not cent:
        return f"{line.number(amount)} {english if one else plural(english, amount)}"
    cents = f"{line.number(str(int(part)))} {plural(cent, str(int(part)))}"
    if not int(whole):
        return cents
    money = f"{line.number(whole)} {plural(english, whole)}"
    return f"{money} and {cents}" if int(part) else money


def _before(found: re.Match[str], line: Line) -> str:
    large = found[3] or found[4] or found[5] or ""
    return _money(line, found[1], found[2], large, found.span())


def _behind(found: re.Match[str], line: Line) -> str:
    return _money(line, found[5], found[1], found[2] or found[3] or found[4] or "", found.span())


def _money_range(found: re.Match[str], line: Line) -> str:
    """ "$5-10"."""
    english, chinese = _CURRENCIES[found[1]]
    first, last = (line.number(one, counts=True) for one in found.groups()[1:])
    return f"{first}到{last}{chinese}" if line.chinese else f"{first} to {last} {plural(english, '2')}"


def _per(found: re.Match[str], line: Line) -> str:
    """The unit of a price: "元/kWh"."""
    english, chinese = _UNITS[found[1]]
    return f"每{chinese}" if line.chinese else f" per {english}"


def _percent(found: re.Match[str], line: Line) -> str:
    if not line.chinese:
        return f"{line.number(found[1])} percent"
    return "百分之" + ("百" if found[1] == "100" else line.number(found[1]))


def _measure(found: re.Match[str], line: Line) -> str | None:
    amount, unit = found[1], found[3]
    if unit in _SHORT_UNITS and found[2] and not (unit == "m" and _HIGH.match(line.after(found.end(), 8))):
        return None
    english, chinese = _UNITS[unit]
    one = found[2] == "-" or (
        _A.search(line.before(found.start(), 8)) and _NOUN.match(line.after(found.end(), 8))
    )
    if line.chinese:
        said = line.number(amount, counts=True)
        if chinese == "時速":
            return f"{'' if '時速' in line.before(found.start(), 6) else '時速'}{said}公里"
        return f"{'華氏' if chinese == '華氏' else ''}{said}{'度' if chinese == '華氏' else chinese}"
    return f"{line.number(amount)} {english if one else plural(english, amount)}"


def _scaled(found: re.Match[str], line: Line) -> str | None:
    """ "3M views", "10k"."""
    amount, large = found[1], found[2]
    if _PLACE.search(line.before(found.start(), 12)):
        return f"{line.number(amount)} {large.upper()}"
    if large == "K" and amount in ("2", "4", "5", "8", "16"):  # the width of a picture
        return f"{line.number(amount)} K"
    if line.chinese:
        return None if large in "mb" else f"{line.number(amount)} {large.upper()}"
    return f"{line.number(amount)} {_LARGE[large][0]}"


RULES = (
    rule(
        rf"(?<![A-Za-z])({_either(_SIGNS)})({NUMBER})\s?[-–~～]\s?({NUMBER})(?![\w%-]|[.,]\d)",
        _money_range,
        "-–~～",
    ),
    rule(
        rf"(?<![A-Za-z])({_either(_SIGNS)})\s?({NUMBER}){_SCALE}",
        _before,
        "".join(name[-1] for name in _SIGNS),
    ),
    rule(rf"(?<![A-Za-z])({_either(_CODES)})\s?({NUMBER}){_SCALE}", _before, _D),
    rule(
        rf"(?<![\w.,])({NUMBER}){_SCALE}\s?({_either(_SIGNS)})(?![\w$€£])",
        _behind,
        "".join(name[-1] for name in _SIGNS),
    ),
    rule(rf"(?<![\w.,])({NUMBER}){_SCALE}\s?({_either(_CODES)})(?![A-Za-z])", _behind, _D),
    rule(rf"(?<![A-Za-z.,\d])({NUMBER})\s?[%％]", _percent, "%％"),
    rule(
        rf"(?<![A-Za-z.,\d])({NUMBER})(?=\s?[-~～–]\s?{NUMBER}\s?%)",
        lambda found, line: f"百分之{line.number(found[1])}" if line.chinese else None,
        "%％",
    ),
    rule(
        rf"(?<![A-Za-z.,\d])({NUMBER})([ -]?)({_either(_UNITS)})(?![A-Za-z0-9²³/])(?:\.(?=\s[a-z]))?",
        _measure,
        _D,
    ),
    rule(
        r"(?<=\d\sft\s)(\d{1,2})\sin(?:\.|(?![\w]))",
        lambda found, line: f"{line.number(found[1])} {plural('inch', found[1])}",
        "f",
    ),
    rule(rf"(?<=[\w元塊])\s?/\s?({_either(_PER)})(?![A-Za-z0-9])", _per, "/"),
    rule(rf"(?<![A-Za-z.,\d])(?<![A-Za-z]\d-)({NUMBER})({_LATIN_LARGE})(?![A-Za-z0-9])", _scaled, "kKMmBbTl"),
)
