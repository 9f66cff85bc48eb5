"""What of a viewer's past is told beside what they ask: what goes with it, else what is newest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vtuber.core.spelling import normalize

WORDS_LIMIT = 80
"""Characters of what they wrote."""
ANSWER_LIMIT = 120
"""Characters of what she told them."""
LEAST = 24
"""Fewer characters of something say nothing."""

_TERM = re.compile(r"[a-z0-9']{3,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
# Greetings, laughter, and the words that stand in any sentence.
_COMMON = frozenset(
    """
    hello hey heya again bye morning evening night good lol lmao haha hahaha thanks thank thx
    welcome please yes yeah yep nope okay the and you your yours are was were been has have had did
    does that this these those then than them they their there here with from for not but can could
    will would should just like about what when where which who whose why how she her his him its
    it's i'm don't all any some one out got get know think remember really very much now today
    stream
    你好 大家 晚安 早安 哈哈 哈囉 我們 你們 什麼 怎麼 可以
    還是 真的 今天 記得 還記 我们 你们 什么 怎么 还是 记得 还记
    """.split()  # noqa: SIM905  # reads better
)
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*\s*")


def recalled(asked: str, words: Sequence[str], answers: Sequence[str], room: int) -> tuple[str, str]:
    """Of what a viewer wrote and was told before (oldest first), one of each, cut to ``room`` characters.

    "" where there is nothing worth telling, or no room for it.
    """
    about = _topics(asked)
    said = _best(about, [text for text in words if text != asked], worth=1)
    told = _best(about | _topics(said), answers, worth=0)
    said = shortened(said, min(WORDS_LIMIT, room)) if room >= min(LEAST, len(said)) else ""
    room = min(ANSWER_LIMIT, room - len(said))
    told = shortened(_from_where_it_matters(told, about, room), room) if room >= min(LEAST, len(told)) else ""
    return said, told


def shortened(text: str, limit: int) -> str:
    """At most so many characters of a text, which ends at a word where it can."""
    if len(text) <= limit:
        return text
    head = text[: max(0, limit - 1)]
    before, space, _ = head.rpartition(" ")
    at_word = text[len(head)].isspace() or not space or len(before) < limit * 2 // 3
    return (head if at_word else before).rstrip(" ,;:，、；：") + "…"


def _best(about: frozenset[str], texts: Sequence[str], worth: int) -> str:
    """The text that has most to do with it; the newest, among equals with ``worth`` topics at least."""
    ranked = [
        (len(topics & about), place)
        for place, topics in enumerate(map(_topics, texts))
        if len(topics) >= worth
    ]
    return texts[max(ranked)[1]] if ranked else ""


def _from_where_it_matters(text: str, about: frozenset[str], limit: int) -> str:
    """The text, or what is left of it from the first sentence on that has to do with what is asked."""
    if len(text) <= limit:
        return text
    for sentence in _SENTENCE.finditer(text):
        if about & _topics(sentence.group()):
            return text[min(sentence.start(), len(text) - limit) :].lstrip()
    return text


def _topics(text: str) -> frozenset[str]:
    """What a text is about, roughly: its words of three letters and more, and pairs of Chinese characters."""
    found: set[str] = set()
    for word in _TERM.findall(normalize(text)):
        found.update(_pairs(word) if word[0] > "\u3000" else [word.removesuffix("'s")])
    return frozenset(found - _COMMON)


def _pairs(word: str) -> Iterable[str]:
    return (word[place : place + 2] for place in range(len(word) - 1))
