"""Dates, years and times of day."""

from __future__ import annotations

import re
from datetime import date

from vtuber.voice.reading.line import Line, rule

_D = "0123456789"
_NAMES = "January|February|March|April|May|June|July|August|September|October|November|December"
_MONTHS = _NAMES.split("|")
_MONTH = f"({_NAMES}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
_YEAR = "((?:1[0-9]|20)[0-9]{2})"
_AM = r"([aApP])\.?[mM](?:\.(?!\s*$)|(?<=\.m)\.)?(?![A-Za-z])"
_SURELY_YEAR = re.compile(r"\b(?:in|since|year|of|from)\s$", re.IGNORECASE)
_NO_YEAR = re.compile(
    r"\b(?:about|over|than|under|only|got|have|has|won|lost|paid|almost|nearly|exactly|hit)\s$|[#$]$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s(?:[a-z]+s|people|men|women|children|[a-z]+ing)\b(?<!\swas)(?<!\sis)(?<!\shas)(?<!\sthis)(?<!\svs)"
)
_ROW = re.compile(r"(?:\d{1,2}[:：]\d{1,2}[、,，]\s?){1,6}$")
"""Others before a score or a time: they are all the same."""
_SCORES = re.compile(
    r"(?:領先|落後|贏|輸|比數|比分|打平|平手|勝|敗|擊敗|得分)|\b(?:won|win|wins|lost|lose|score|scored|beat|lead|leads|leading|tied|tie|versus|vs|ratio)\b",
    re.IGNORECASE,
)


def _chinese_date(line: Line, year_: str, month: str, day: str) -> str:
    said = f"{line.spelled(year_)}年" if year_ else ""
    said += f"{line.number(str(int(month)))}月"
    return said + (f"{line.number(str(int(day)))}日" if day else "")


def _date(line: Line, year_: str, month: str, day: str) -> str | None:
    try:
        date(int(year_ or "2000"), int(month), int(day))
    except ValueError:
        return None
    if line.chinese:
        return _chinese_date(line, year_, month, day)
    return f"{_MONTHS[int(month) - 1]} {line.ordinal(int(day))}" + (
        f", {line.year(int(year_))}" if year_ else ""
    )


def _month_name(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3]))


def _named(found: re.Match[str], line: Line) -> str | None:
    """ "Dec. 24", "July 4th, 2025"."""
    day = int(found[2])
    if not 1 <= day <= 31:
        return None
    month, behind = _month_name(found[1]), found[3]
    if line.chinese:
        return _chinese_date(line, behind or "", str(_MONTHS.index(month) + 1), found[2])
    return f"{month} {line.ordinal(day)}" + (f", {line.year(int(behind))}" if behind else "")


def _named_behind(found: re.Match[str], line: Line) -> str | None:
    """ "29 November 2026", "the 4th of July"."""
    if line.chinese or not 1 <= int(found[1]) <= 31:
        return None
    article = "" if re.search(r"\b(?:the|every|this)\s$", line.before(found.start(), 8)) else "the "
    return f"{article}{line.ordinal(int(found[1]))} of {_month_name(found[2])}"


def _month_and_day(found: re.Match[str], line: Line) -> str | None:
    """ "11/29", where it is no fraction."""
    month, day = int(found[1]), int(found[2])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    before, after = line.before(found.start(), 12), line.after(found.end(), 3)
    if line.chinese:
        if re.match(r"\s?(?:的?機率|個|份|以上|的人|杯|塊|片|強|路|碗|顆|瓶|條|包)", after):
            return None
        if (
            day <= 10
            and month < day
            and not re.search(r"(?:在|於|到|期|截止|今天|明天|昨天|生日|是|[,，、(（~～-])\s?$", before)
            and after[:1] not in "(（~～-"
        ):
            return None
        return _chinese_date(line, "", found[1], found[2])
    dated = re.search(
        r"\b(?:on|until|till|by|from|before|after|since|to|date|is|starting|through)\s$", before
    )
    return _date(line, "", found[1], found[2]) if dated or day > 12 else None


def _part_of_day(hour: int, half: str, before: str) -> str:
    if re.search(r"[上下]午\s?$|早上\s?$|晚上\s?$|中午\s?$|半夜\s?$|凌晨\s?$|[早晚]\s?$", before):
        return ""
    if half == "a":
        return "凌晨" if hour in (12, 1, 2, 3, 4) else "早上"
    return "中午" if hour == 12 else "下午" if hour < 6 else "晚上"


def _time(found: re.Match[str], line: Line) -> str | None:
    hour, minute, second, half = found[1], found[2], found[3], (found[4] or "").lower()
    if int(hour) > 24 or int(minute) > 59:
        return None
    if line.digits:
        return found.group()
    row = _ROW.search(line.before(found.start(), 40))
    begin = found.start() - (len(row.group()) if row else 0)
    near = line.before(begin, 10) + "|" + line.after(found.end(), 6)
    if not half and not second and _SCORES.search(near):
        return None
    if line.chinese:
        return _chinese_time(
            line,
            int(hour),
            int(minute),
            second,
            _part_of_day(int(hour), half, line.before(found.start())) if half else "",
        )
    if not int(hour) and not int(minute) and not second and not half:
        return "midnight"
    said = line.number(str(int(hour)))
    if int(hour) > 12 and not int(minute) and not second:
        said += " hundred"
    if int(minute) or second:
        said += f" oh {line.number(minute[1])}" if minute[0] == "0" and int(minute) else ""
        said += f" {line.number(minute)}" if minute[0] != "0" else ""
    if second and int(second):
        said += f" and {line.number(str(int(second)))} seconds"
    return said + (f" {half.upper()} M" if half else "")


def _chinese_time(line: Line, hour: int, minute: int, second: str | None, part: str) -> str:
    said = f"{part}{line.number(str(hour), counts=True)}點"
    if minute == 30 and not second:
        return said + "半"
    if minute:
        said += ("零" if minute < 10 else "") + line.number(str(minute)) + "分"
    return said + (f"{line.number(str(int(second)))}秒" if second and int(second) else "")


def _clock(found: re.Match[str], line: Line) -> str | None:
    """ "7pm", "7-9pm"."""
    first, last, half = found[1], found[2], found[3].lower()
    if int(last) > 12 or int(first or "1") > 12:
        return None
    if line.chinese:
        begin = f"{line.number(str(int(first)), counts=True)}點到" if first else ""
        part = _part_of_day(int(last), half, line.before(found.start()))
        return f"{part}{begin}{line.number(str(int(last)), counts=True)}點"
    begin = f"{line.number(str(int(first)))} to " if first else ""
    return f"{begin}{line.number(str(int(last)))} {half.upper()} M"


def _year(found: re.Match[str], line: Line) -> str | None:
    value, before = int(found[1]), line.before(found.start())
    if line.chinese:
        return None
    if _SURELY_YEAR.search(before):
        return (
            line.year(value)
            if value >= 1400 and not (_COUNTED.match(line.after(found.end())) and "of" in before[-4:])
            else None
        )
    if value < 1900 or _NO_YEAR.search(before) or _COUNTED.match(line.after(found.end())):
        return None
    return line.year(value)


def _decade(found: re.Match[str], line: Line) -> str | None:
    century, tens = found[1], int(found[2])
    if line.chinese or (tens < 20 and not (century and tens in (0, 10))):
        return None
    if (
        not century
        and not re.search(
            r"\b(?:the|my|his|her|their|your|our|early|mid|late|'|’)[ -]?$",
            line.before(found.start()),
            re.IGNORECASE,
        )
        and found.group()[0] not in "'’"
    ):
        return None
    first = f"{line.number(century)} " if century else ""
    if not tens:
        return {"20": "two thousands"}.get(century, f"{first}hundreds")
    said = line.number(str(tens))
    return first + (f"{said[:-1]}ies" if said.endswith("y") else f"{said}s")


_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}


def _digit_by_digit(found: re.Match[str], line: Line) -> str | None:
    """A year in Chinese."""
    return line.spelled(found[1]) if line.chinese else None


def _days(found: re.Match[str], _: Line) -> str:
    return f"{_DAYS[found[1]]} to {_DAYS[found[2]]}"


def _duration(found: re.Match[str], line: Line) -> str:
    """ "8h 30m"."""
    hours, minutes = (line.number(one, counts=True) for one in found.groups())
    if line.chinese:
        return f"{hours}小時{minutes}分鐘"
    return f"{hours} hour{'s' * (found[1] != '1')} {minutes} minute{'s' * (found[2] != '1')}"


def _years(found: re.Match[str], line: Line) -> str | None:
    """Both of "1939-1945"."""
    first, last = int(found[1]), int(found[2])
    if line.chinese or not first < last < first + 300 or _COUNTED.match(line.after(found.end())):
        return None
    return f"{line.year(first)} to {line.year(last)}"


def _quarter(found: re.Match[str], line: Line) -> str:
    """ "2023Q4"."""
    if line.chinese:
        return f"{line.spelled(found[1])}年第{line.number(found[2])}季"
    return f"{line.year(int(found[1]))} Q {line.number(found[2])}"


CALENDAR = (
    rule(rf"(?<![A-Za-z])({'|'.join(_DAYS)})[-–]({'|'.join(_DAYS)})(?![A-Za-z])\.?", _days, "-–"),
    rule(
        rf"(?<![\d.]){_YEAR}([/.-])(\d{{1,2}})\2(\d{{1,2}})(?![\d/])",
        lambda found, line: _date(line, found[1], found[3], found[4]),
        _D,
    ),
    rule(
        rf"(?<![\d./])(\d{{1,2}})([/.-])(\d{{1,2}})\2{_YEAR}(?!\d)",
        lambda found, line: _date(line, found[4], found[1], found[3]),
        _D,
    ),
    rule(
        r"(?<![\d./])(\d{1,2})/(\d{1,2})/(\d{2})(?![\d/])",
        lambda found, line: None if line.chinese else _date(line, f"20{found[3]}", found[1], found[2]),
        "/",
    ),
)
"""Before telephones are read."""
RULES = (
    rule(r"(?<![\w.,$€£-])(1[5-9]\d\d|20\d\d)\s?[-–]\s?(1[5-9]\d\d|20\d\d)(?![\w%-]|[.,]\d)", _years, "-–"),
    rule(r"(?<![\w.,])(20\d\d)\s?Q([1-4])(?![A-Za-z0-9])", _quarter, "Q"),
    rule(
        r"(?:\d|[日號])\s?[(（](?P<read>[一二三四五六日])[)）]",
        lambda found, line: f"星期{found['read']}" if line.chinese else None,
        "(（",
    ),
    rule(r"(?<!\d)((?:19|20)\d\d)(?=\s?[-–~～到至]\s?(?:19|20)\d\d(?!\d))", _digit_by_digit, _D),
    rule(r"(?<=(?:19|20)\d\d[-–~～到至])((?:19|20)\d\d)(?!\d)", _digit_by_digit, _D),
    rule(r"(?<=[從在到自])((?:19|20)\d\d)(?![\d,.]|[個元人塊多萬分名位次年])", _digit_by_digit, _D),
    rule(r"(?<![A-Za-z\d.])(\d{1,2})\s?h\s?(\d{1,2})\s?m(?:in)?(?![A-Za-z])", _duration, _D),
    rule(
        rf"(?<![A-Za-z]){_MONTH}\.?\s(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s{_YEAR})?(?![\d:%]|,\d|\.\d|\s?[AaPp]\.?[Mm])",
        _named,
        _D,
    ),
    rule(rf"(?<![\w.])(\d{{1,2}})(?:st|nd|rd|th)?(?:\sof)?\s{_MONTH}(?![A-Za-z])", _named_behind, _D),
    rule(
        rf"(?<![A-Za-z]){_MONTH}\.(?!\w)(?!\s*$)",
        lambda found, line: (
            None if found[1] in ("May", "March", "June", "July") or line.chinese else _month_name(found[1])
        ),
        ".",
    ),
    rule(
        r"(?<!\d)(\d0)(?=年代)",
        lambda found, line: line.spelled(found[1]) if line.chinese else None,
        "年",
    ),
    rule(
        r"(?<!\d)(\d{4})(?=\s?年(?!級|前|後|以))",
        lambda found, line: line.spelled(found[1]) if line.chinese else None,
        "年",
    ),
    rule(
        r"(?<!\d)(\d{4})(?=\s?[-–~～到至]\s?\d{4}\s?年)",
        lambda found, line: line.spelled(found[1]) if line.chinese else None,
        "年",
    ),
    rule(
        r"(?<![\d:：.])(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?(?:\s?" + _AM + r")?(?![\d:：]|\.\d)", _time, _D
    ),
    rule(r"(?<![\d:.,$])(?:(\d{1,2})\s?[-–~～]\s?)?(\d{1,2})\s?" + _AM, _clock, _D),
    rule(r"(?<![\d/.-])(\d{1,2})/(\d{1,2})(?![\d/.]|-\d)", _month_and_day, "/"),
    rule(r"(?<![\w.])['’]?(\d{2})?(\d0)['’]?s(?![A-Za-z])", _decade, "s"),
    rule(rf"(?<![\w.,$€£-]){_YEAR}(?![\w%]|[.,:/]\d|-\d{{3}})", _year, "12"),
)
