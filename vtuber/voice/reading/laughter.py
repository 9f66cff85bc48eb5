"""Laughter, chat's short forms, and what is drawn out: laughed once, said once."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, Say, rule, table

_SHORT = table(
    "lol=haha=哈哈; lmao=haha=哈哈; rofl=haha=哈哈; gg=G G=G G; ggwp=G G, well played=G G; "
    "wp=well played=打得好; thx=thanks=謝謝; ty=thank you=謝謝; tysm=thank you so much=謝謝; "
    "plz=please=拜託; pls=please=拜託; omg=oh my god=oh my god; btw=by the way=by the way; "
    "idk=I don't know=I don't know; brb=be right back=馬上回來; nvm=never mind=沒事; "
    "gl=good luck=祝好運; hf=have fun=玩得開心; glhf=good luck, have fun=祝好運; np=no problem=沒問題; "
    "imo=in my opinion=我覺得; imho=in my humble opinion=我覺得; ikr=I know, right=對吧; "
    "tbh=to be honest=老實說; ngl=not gonna lie=老實說; rn=right now=現在; ofc=of course=當然; "
    "jk=just kidding=開玩笑的; gn=good night=晚安; gm=good morning=早安; idc=I don't care=我不在乎; "
    "cya=see you=掰掰; bc=because=因為; smh=shaking my head=搖頭; irl=in real life=現實中; dm=D M=D M; "
    "afk=A F K=A F K; fyi=F Y I=F Y I; tmr=tomorrow=明天; ppl=people=人; abt=about=關於; ur=your=你的; "
    "tfw=that feeling when=當你; mfw=my face when=當我; wtf=W T F=W T F"
)
_ONLY_SMALL = frozenset(["bc", "ur", "gm", "gn", "rn", "dm", "hf", "gl", "wp", "np", "ty", "jk", "abt"])
_TAKE = frozenset("我你他她好太真不又怎為誰這那板嗚救笑可啊你妳完輸啦囉喔")
"""What may follow a number that is no number but a sound: 「555我輸了」."""
_NO_END = re.compile(r"[是號碼第共花有要到於為約剩過賺只滿\d$:：=#＝]\s*$")


def _short(found: re.Match[str], line: Line) -> str | None:
    word = found.group()
    small = word.lower()
    if small not in _SHORT or (small in _ONLY_SMALL and word != small):
        return None
    if word == "LOL" and line.chinese:  # a game
        return "L O L"
    return _SHORT[small][line.chinese]


def _sound(said: str) -> Say:
    """A number that is a sound, where it stands alone or at an end of a clause."""

    def say(found: re.Match[str], line: Line) -> str | None:
        before, after = line.before(found.start(), 8), line.after(found.end(), 1)
        if not line.chinese or _NO_END.search(before):
            return None
        starts = not before.strip() or not before.rstrip()[-1].isalnum()
        ends = not after or not after.isalnum()
        if not ends and not (starts and after in _TAKE):
            return None
        return said

    return say


def _bye(found: re.Match[str], line: Line) -> str | None:
    said = _sound("掰掰")(found, line)
    return "" if said and line.before(found.start(), 2) == "掰掰" else said


def _looped(found: re.Match[str], line: Line) -> str | None:
    if len(line.chars) * 2 > len(line.text) or not any(map(str.isalpha, found[1])):
        return None
    return found[1] * 2


def _marks(found: re.Match[str], _: Line) -> str:
    marks = found.group()
    return next((mark for mark in marks if mark in "?？"), marks[0])


RULES = (
    rule(r"([哈呵嘿嘻])\1{2,}", lambda found, _: found[1] * 2, "哈呵嘿嘻"),
    rule(
        r"(?<![a-z])(?:b?w?a{0,3}(?:ha+){3,}h?|a+(?:ha+){2,}h?)(?![a-z])",
        lambda *_: "haha",
        "hH",
        flags=re.IGNORECASE,
    ),
    rule(
        r"(?<![a-z])h?(?:eh){2,}e?(?:he)*(?![a-z])|(?<![a-z])(?:he){3,}(?![a-z])",
        lambda *_: "hehe",
        "hH",
        flags=re.IGNORECASE,
    ),
    rule(
        r"(?<![a-z])(?:lo{2,}l|(?:lo){2,}l|lmf?ao+|ro+fl)(?![a-z])",
        lambda _, line: "哈哈" if line.chinese else "haha",
        "lLrR",
        flags=re.IGNORECASE,
    ),
    rule(
        r"(?<![A-Za-z0-9_.])[wWｗ]{3,}(?![A-Za-z0-9_.])",
        lambda _, line: "哈哈" if line.chinese else "haha",
        "wWｗ",
    ),
    rule(r"(?<![A-Za-z])[kK]{4,}(?![A-Za-z])", lambda _, line: "哈哈" if line.chinese else "haha", "kK"),
    rule(r"(?<![\d.,])5{3,}(?![\d.,]\d|\d)", _sound("嗚嗚嗚"), "5"),
    rule(r"(?<![\d.,])6{3,}(?![\d.,]\d|\d)", _sound("六六六"), "6"),
    rule(r"(?<![\d.,])88(?:8*|6)(?![\d.,]\d|\d)", _bye, "8"),
    rule(r"(?<![\d.,])23{2,}(?![\d.,]\d|\d)", _sound("哈哈"), "3"),
    rule(
        r"(?<![\d.,])94(?=[狂帥愛猛神強棒讚爽想要在這不])",
        lambda _, line: "就是" if line.chinese else None,
        "4",
    ),
    rule(
        r"(?<![\d.,])484(?=[\u4e00-\u9fff])(?![元個人塊])",
        lambda _, line: "是不是" if line.chinese else None,
        "4",
    ),
    rule(r"(?<![A-Za-z0-9_@#/.-])[A-Za-z]{2,5}(?![A-Za-z0-9_/]|\.\w|['’]\w)", _short),
    rule(r"([^\W\d_])\1\1(?P<read>\1+)", lambda *_: ""),
    rule(r"(\w{2,12}?|[^\W\d]{1,6}[ ,，!！]{1,2})\1{3,}", _looped),
    rule(r"[!！?？]{2,}|[~～]{2,}", _marks, "!！?？~～"),
)
