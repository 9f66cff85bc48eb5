"""Zhuyin that chat writes in place of characters, 「好ㄉ」 or 「ㄏㄏ」. Whole syllables are left."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule

_LETTERS = "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙㄚㄛㄜㄝㄞㄟㄠㄡㄢㄣㄤㄥㄦㄧㄨㄩ"
_ALONE = dict(
    zip(
        "ㄅㄇㄈㄉㄊㄋㄌㄍㄏㄑㄓㄔㄕㄗㄚㄛㄜㄝㄞㄟㄠㄡㄢㄣ",
        "吧嗎飯的他呢了個呵去這吃是在啊喔呃欸愛欸凹喔安嗯",
        strict=True,
    )
)
"""The character that one stands for."""
_BEFORE_A_WORD = {"ㄋ": "你", "ㄅ": "不"}
"""And where no word is over before it: 「ㄋ好」, 「ㄅ要」."""
_NOT = tuple("行要會是知用能想可好對敢")
_TWICE = {
    "ㄏ": "呵呵", "ㄎ": "科科", "ㄅ": "掰掰", "ㄣ": "嗯嗯", "ㄛ": "喔喔", "ㄚ": "啊啊", "ㄟ": "欸欸",
    "ㄜ": "呃呃",
}  # fmt: skip
_PAIRS = {"ㄔㄈ": "吃飯", "ㄅㄑ": "抱歉", "ㄅ歉": "抱歉"}
_HAN = re.compile("[\u4e00-\u9fff]")


def _said(found: re.Match[str], line: Line) -> str | None:
    written = found.group()
    if said := _PAIRS.get(written):
        return said
    letter = written[0]
    if len(written) > 1:
        return _TWICE.get(letter) if written == letter * len(written) else _both(written)
    before, after = line.before(found.start(), 1), line.after(found.end(), 1)
    if letter == "ㄅ" and after in _NOT:
        return "不"
    if letter in _BEFORE_A_WORD and _HAN.match(after) and not _HAN.match(before):
        return _BEFORE_A_WORD[letter]
    return _ALONE.get(letter)


def _both(written: str) -> str | None:
    """Two that stand for a character each: 「好ㄉㄚ」."""
    said = [_ALONE.get(letter, "") for letter in written]
    return "".join(said) if len(written) == 2 and written[1] in "ㄚㄛㄌㄟㄇ" and all(said) else None


RULES = (rule(rf"(?<![{_LETTERS}ˊˇˋ˙])(?:ㄅ歉|[{_LETTERS}]{{1,40}})(?![{_LETTERS}ˊˇˋ˙])", _said, _LETTERS),)
