"""Tells a thought that no tag opens ("Okay, the user says hello…") from what a character says.

A thought talks about whom it answers and how to answer. Three kinds of sign are known: the asker in the third
person, a plan for the reply, and words that only a prompt has. The first words tell whether more should be
waited for; what was waited for is weighed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[\u4e00-\u9fff]|[^\w\s]")
_SENTENCES = re.compile(r"[^.!?。！？\n]*[.!?。！？\n]+[\"'”’」』)）\s]*|[^.!?。！？\n]+$")

# How a thought may begin: rows of words, each with its alternatives ("!": any other than these).
_OPENERS = frozenset(
    (
        "okay",
        "ok",
        "alright",
        "hmm",
        "hm",
        "well",
        "so",
        "now",
        "first",
        "right",
        "then",
        "got",
        *"嗯好的首先那麼么",
    )
)
_MOST_OPENERS = 3
_TELLS = (
    "says said say asks asked is was wants wanted just greets greeted mentions mentioned seems sent wrote"
    " writes has gave likes"
)
_TELLS_CHINESE = "說 说 問 问 在 想 提 要 剛 刚 跟 向"
_PLANS = (
    "respond reply answer think craft write acknowledge greet produce generate figure stay keep consider be"
)
_NEEDS = "need needs should must have want will can could"
_USER = "user viewer chatter asker"
_NO_USER = "! interface interfaces name manual count counter id account"
_ABOUT = "person question message prompt request persona character conversation"
_ROWS = (
    ("the this our", _USER, _NO_USER),
    ("the this our", _ABOUT, f"{_TELLS} to about in of for a"),
    ("user viewer", _TELLS),
    ("we i", "have", "a", f"{_ABOUT} {_USER} chat"),
    ("the this", "user's viewer's"),
    ("we i", _NEEDS, "to", _PLANS),
    ("we i", _NEEDS, _PLANS),
    ("i'll we'll", _PLANS),
    ("need must should", "to", _PLANS),
    ("let", "me", "think craft respond write consider analyze break come figure recall"),
    ("let's", "craft respond write think produce break analyze answer"),
    ("用", "戶 户"),
    ("使", "用", "者"),
    ("這 这", "位 個 个", "用 使 觀 观 粉"),
    ("觀 观", "眾 众"),
    ("我", "需 應 应 要 得", "要 該 该 以 用", "以 用 回 保 扮 簡 简 根 先 在 考"),
)

_ASKER = re.compile(
    r"\b(?:the|this)\s+(?:user|viewer|chatter|asker)(?:'s)?\b(?!\s*(?:interface|name\s+is|manual|count))"
    r"|\buser\s+(?:\w+\s+)?(?:says|said|asks|asked|is asking|wants)\b"
    r"|[用][戶户](?:\w{0,12}[問问說说想提要聊])?|使用者(?!手冊|介面|名稱|體驗)|[這这][位個个][觀观][眾众]|[觀观][眾众]\w{0,12}[問问說说]",
    re.IGNORECASE,
)
_ASKER_TELLS = re.compile(
    r"\b(?:user|viewer|chatter|asker)\b(?:\s+\w+)?\s+(?:says?|said|ask(?:s|ed|ing)?|wants?|greet(?:s|ed|ing)?|tell(?:s|ing)"
    r"|mention(?:s|ed|ing)?|seems|sent|wrote|talk(?:s|ing)|say(?:s|ing)|likes|thinks)\b"
    r"|(?:用[戶户]|使用者|[觀观][眾众])\w{0,12}[問问說说想提要聊]",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:i|we)(?:'ll| (?:should|need to|must|have to|will|want to|can|could))\s+(?:\w+\s+)?(?:respond|reply"
    r"|answer|craft|acknowledge|greet|produce|write|stay|keep (?:it|the)|be (?:brief|short|playful))\b"
    r"|\b(?:need|must|should|have) to (?:respond|reply|answer|stay in|keep it|be)\b"
    r"|\blet(?:'s| me) (?:think|craft|respond|write|consider|analy[sz]e|break|produce)\b"
    r"|\bkeep it (?:short|brief|light|simple)\b|\b(?:one|two|short|brief) sentences?\b"
    r"|我(?:需要|應該|应该|要|得)\w{0,12}(?:回[應应答覆复]|保持|扮演)|讓我想想|让我想想",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\bin[ -]character\b|\b(?:system )?prompt\b|\bpersona\b|\binstructions\b"
    r"|\b(?:the|my|a short) (?:response|reply)\b|\bas (?:banban|an ai)\b"
    r"|角色|人設|人设|提示[詞词]|[語语][氣气]|口吻|身份回",
    re.IGNORECASE,
)


def begins_like_one(text: str, asker: str) -> bool | None:
    """Whether ``text`` begins like a thought; None while it is too early to tell."""
    words = _words(text)
    at = 0
    while at < len(words) and (words[at] in _OPENERS or not words[at][0].isalnum()):
        at += 2 if words[at : at + 2] == ["got", "it"] else 1
    rest = words[at:]
    if not rest:
        return None if sum(word.isalnum() for word in words) <= _MOST_OPENERS else False
    ended = not (text[-1].isalnum() or text[-1] in "'’")
    if not ended and len(rest) == 1 and any(opener.startswith(rest[0]) for opener in _OPENERS):
        return None
    told = [_match(rule, rest, ended=ended) for rule in (*_PARSED, *_rows_about(asker))]
    if True in told:
        return True
    return None if None in told else False


def weigh(text: str, asker: str) -> int:
    """How many kinds of sign of a thought are in it; a user who says something counts twice."""
    signs = (_ASKER, _ASKER_TELLS, _PLAN, _PROMPT)
    return sum(bool(sign.search(text)) for sign in signs) + _tells_of(text, asker)


def without(text: str, asker: str) -> str:
    """What follows the thoughts in ``text``; all of it where it is none."""
    if weigh(text, asker) < 2:
        return text
    sentences = _SENTENCES.findall(text)
    last = max((at for at, sentence in enumerate(sentences) if weigh(sentence, asker)), default=-1)
    return "".join(sentences[last + 1 :]).lstrip()


Row = tuple[frozenset[str], ...]


def _row(*steps: str) -> Row:
    return tuple(frozenset(step.split()) for step in steps)


_PARSED = tuple(_row(*row) for row in _ROWS)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold().replace("’", "'"))


def _match(row: Row, words: Sequence[str], *, ended: bool) -> bool | None:
    """Whether the words begin as the row does; None when they may yet. ``ended``: the last one is whole."""
    for at, step in enumerate(row):
        if at == len(words):
            return None
        fits = (words[at] in step) != ("!" in step)
        if at == len(words) - 1 and not ended:
            if at == len(row) - 1 and fits and "!" not in step:
                return True
            return None if "!" in step or any(one.startswith(words[at]) for one in step) else False
        if not fits:
            return False
    return True


def _rows_about(asker: str) -> Iterator[Row]:
    """What tells of somebody: "Kai says"."""
    if name := _words(asker):
        yield _row(*name, f"{_TELLS} {_TELLS_CHINESE}")


def _tells_of(text: str, asker: str) -> bool:
    if not asker.strip():
        return False
    tells = "|".join((*_TELLS.split(), *_TELLS_CHINESE.split()))
    return bool(re.search(rf"(?<!\w){re.escape(asker)}\s*(?:{tells})", text, re.IGNORECASE))
