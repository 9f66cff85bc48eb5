"""Abbreviations, names with signs in them, and Roman numerals."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule, table

_TITLES = table(
    "Mr=Mister; Mrs=Missus; Ms=Miz; Dr=Doctor; Prof=Professor; Jr=Junior; Sr=Senior; Gen=General; "
    "Capt=Captain; Sgt=Sergeant; Lt=Lieutenant; Col=Colonel; Gov=Governor; Rev=Reverend; Bros=Brothers; "
    "Inc=Incorporated; Ltd=Limited; Corp=Corporation; Dept=Department; Ave=Avenue; Blvd=Boulevard; "
    "Rd=Road; Mt=Mount; Ft=Fort; Apt=Apartment; Mon=Monday; Tue=Tuesday; Tues=Tuesday; Wed=Wednesday; "
    "Thu=Thursday; Thur=Thursday; Thurs=Thursday; Fri=Friday; Sat=Saturday; etc=et cetera; "
    "approx=approximately; est=established; max=maximum; Sun=Sunday; e.g=for example; i.e=that is; "
    "vs=versus=對; feat=featuring; ft=featuring; dept=department; incl=including; min=minimum; "
    "avg=average; misc=miscellaneous; tel=telephone"
)
_ANY_CASE = ("vs", "etc", "e.g", "i.e")
_ALSO_WORDS = ("Mon", "Sat", "Sun", "max", "min", "est", "ft", "tel")
"""These may also be words, at the end of a sentence."""
_WITH_NUMBER = table(
    "no=number; nos=numbers; p=page; pp=pages; vol=volume; ch=chapter; chap=chapter; ep=episode; "
    "eps=episodes; lv=level; lvl=level; lvs=levels; fig=figure; sec=section; apt=apartment; "
    "ver=version; pt=part; pg=page; rm=room; st=stage"
)
_WITH_NUMBER_CHINESE = {"no": "第", "lv": "等級", "lvl": "等級"}
_PARTS = {"ep": "集", "vol": "集", "ch": "章", "s": "季"}
_KINGS = (
    r"(?:Louis|Henry|Elizabeth|Charles|George|Edward|Richard|James|William|Philip|Pope|Paul|Pius|Benedict|Leo"
    r"|Catherine|Alexander|Nicholas|Napoleon|Ramses|Ramesses|Ptolemy|Wilhelm|Friedrich|Frederick|Ivan|Peter|Mary)"
)
_ROMAN = r"(?=[IVX])(X{0,3}(?:IX|IV|V?I{0,3}))(?![A-Za-z0-9]|\.\w)"
_VALUES = {"I": 1, "V": 5, "X": 10}
_SHORTER = {
    "w/": ("with", "with"),
    "w/o": ("without", "without"),
    "b/c": ("because", "因為"),
    "c/o": ("care of", "care of"),
}


def roman(numeral: str) -> int:
    """The value of a Roman numeral up to XXXIX."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def _numeral(found: re.Match[str], line: Line) -> str | None:
    numeral = found[1]
    if not numeral or (
        len(numeral) == 1
        and (numeral != "V" or line.after(found.end(), 1) == ".")
        and not re.search(r"(?:War|Part|Chapter|Act|Phase|Type)\s$", line.before(found.start()))
    ):
        return None
    if re.search(rf"\b{_KINGS}\s$", line.before(found.start())):
        return f"the {line.ordinal(roman(numeral))}"
    if not line.before(found.start(), 1).isspace():
        return None
    return line.number(str(roman(numeral)))


def _title(found: re.Match[str], line: Line) -> str | None:
    word = found[1] if found[1] in _TITLES else found[1].lower()
    if word not in _TITLES or (word == found[1].lower() != found[1] and word not in _ANY_CASE):
        return None
    after = line.after(found.end(), 2)
    if word in _ALSO_WORDS and not re.match(r"\s?[\d:a-zA-Z]|,|$", after):
        return None
    return _TITLES[word][line.chinese] + ("." if found.group()[-1] == "." and not after.strip() else "")


def _saint(found: re.Match[str], line: Line) -> str:
    after = line.after(found.end(), 3)
    return (
        "Saint"
        if re.match(r"\s[A-Z]", after) and not re.search(r"[A-Z]\w+\s$", line.before(found.start()))
        else "Street"
    )


def _with_number(found: re.Match[str], line: Line) -> str | None:
    word = found[1].lower()
    if word in ("p", "sec", "st", "pt", "ch", "no") and "." not in found.group() and not found[1].istitle():
        return None
    if line.chinese:
        if word not in _WITH_NUMBER_CHINESE:
            return None
        return _WITH_NUMBER_CHINESE[word]
    said = _WITH_NUMBER[word][0]
    return (said.capitalize() if found[1].istitle() else said) + " "


def _part(found: re.Match[str], line: Line) -> str | None:
    return f"第{line.number(found[2])}{_PARTS[found[1].lower()]}" if line.chinese else None


def _world_war(found: re.Match[str], line: Line) -> str:
    first = found.group() in ("WWI", "WW1")
    if line.chinese:
        return "一戰" if first else "二戰"
    return f"World War {line.number('1' if first else '2')}"


def _season(found: re.Match[str], line: Line) -> str:
    """ "S2E05"."""
    season, episode = (line.number(str(int(one))) for one in found.groups())
    return f"第{season}季第{episode}集" if line.chinese else f"season {season} episode {episode}"


RULES = (
    rule(r"(?<![A-Za-z0-9])([Cc])\+\+", lambda found, _: f"{found[1].upper()} plus plus", "+"),
    rule(r"(?<![A-Za-z0-9])([A-G])[#♯](?![A-Za-z0-9#])", lambda found, _: f"{found[1]} sharp", "#♯"),
    rule(
        r"(?<![A-Za-z0-9])R&B(?![A-Za-z])|(?<![A-Za-z0-9])([A-Z])&([A-Z])(?![A-Za-z])",
        lambda found, _: f"{found.group()[0]} and {found.group()[2]}",
        "&",
    ),
    rule(r"(?<![A-Za-z0-9])WW(?:I{1,2}|[12])(?![A-Za-z0-9])", _world_war, "W"),
    rule(r"(?<![A-Za-z0-9])S(\d{1,2})\s?E[pP]?(\d{1,3})(?![A-Za-z0-9])", _season, "S"),
    rule(r"№\.?\s?(?=\d)", lambda _, line: "第" if line.chinese else "number ", "№"),
    rule(r"(?<![\d-])7-11(?![\d-])|(?<![A-Za-z\d])7-?[Ee]leven", lambda *_: "Seven Eleven", "7"),
    rule(
        r"(?<![A-Za-z])(?i:covid)-?19(?!\d)",
        lambda _, line: "Covid 十九" if line.chinese else "Covid nineteen",
        "1",
    ),
    rule(
        r"(?<![\d/.-])24/7(?![\d/])", lambda _, line: "全年無休" if line.chinese else "twenty-four seven", "7"
    ),
    rule(r"(?<![\d/.-])9/11(?![\d/])", lambda _, line: None if line.chinese else "nine eleven", "9"),
    rule(r"(?<![\d/.-])50/50(?![\d/])", lambda _, line: "一半一半" if line.chinese else "fifty fifty", "5"),
    rule(
        r"(?<![A-Za-z0-9])(?:[wW]/o|[wW]/|b/c|c/o)(?![/\w])",
        lambda found, line: _SHORTER[found.group().lower()][line.chinese],
        "/",
    ),
    rule(r"(?<![A-Za-z0-9])[wW]/(?=[a-z]{2})", lambda *_: "with ", "/"),
    rule(
        r"(?<![A-Za-z0-9.])(ep|vol|ch)\.?\s?(\d{1,4})(?![A-Za-z\d])[集章]?",
        _part,
        "0123456789",
        flags=re.IGNORECASE,
    ),
    rule(
        r"(?<![A-Za-z0-9.])(nos?|pp?|vol|ch(?:ap)?|eps?|lvl?s?|fig|sec|apt|ver|pt|pg|rm|st)\.?\s?(?=\d)",
        _with_number,
        "0123456789",
        flags=re.IGNORECASE,
    ),
    rule(r"(?<![A-Za-z0-9.])St\.", _saint, "S"),
    rule(r"(?<![A-Za-z0-9.])(?<!\d\s)([A-Za-z]{2,7}|e\.g|i\.e)\.(?![A-Za-z0-9])", _title, "."),
    rule(r"(?<![A-Za-z0-9])(vs)(?![A-Za-z0-9.])", _title, "vV", flags=re.IGNORECASE),
    rule(rf"(?<![A-Za-z0-9.])(?<=\s){_ROMAN}", _numeral, "IVX"),
    rule(r"(?<=[\u4e00-\u9fff])\s?&\s?(?=[\u4e00-\u9fff])", lambda *_: "和", "&"),
    rule(r"(?<=[\w\"”')\]])\s?&\s?(?=[\w\"“'(\[])", lambda *_: " and ", "&"),
    rule(r"(?<=\s)&(?=\s)", lambda *_: "and", "&"),
    rule(r"(?<![A-Za-z])tbsp\.?(?![A-Za-z])", lambda _, line: "大匙" if line.chinese else "tablespoon", "t"),
    rule(r"(?<![A-Za-z])tsp\.?(?![A-Za-z])", lambda _, line: "小匙" if line.chinese else "teaspoon", "t"),
    rule(
        r"(?<![A-Za-z0-9/])([A-Za-z])/([A-Za-z])(?![A-Za-z0-9/])",
        lambda found, _: f"{found[1]} {found[2]}",
        "/",
    ),
    rule(r"(?<=[A-Za-z]{2})/(?=[A-Za-z]{2})", lambda *_: " ", "/"),
)
