"""Where a text may be cut that has no marks to cut it at: between its words, and better between its phrases.

Chinese and Japanese put no spaces between words. Chinese ones are found in a dictionary; Japanese ones begin
where hiragana end. What belongs together though there is a border in it stays together while it can:
numbers and what they count, names of several words, a word and the particles behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from vtuber.core import chinese
from vtuber.core.chinese import is_han
from vtuber.core.text import is_kana, is_unspaced

OPENERS = "“‘「『（《【〈([{"
_CLOSERS = "”’」』）》】〉)]}"

SURE = 3
"""A border between Chinese words is certain when so many more characters are there. Of the borders that are
found with less, every 90th (with two), 40th (with one) or third (with none) is gone when the text goes on."""
_QUOTED = 12
"""What is quoted is not parted when it has no more characters than that."""

# In simplified characters. A piece does not begin with the first, nor end with the others.
_BEHIND_OTHERS = """
的 了 着 著 过 地 得 们 吗 呢 吧 啊 喔 哦 呀 啦 嘛 耶 欸 诶 唷 哟 咧 啰 噜 捏 里 上 下 中 内 时 后 之后 的话
之一 起来 出来 下去 下来 个 位 元 块 岁 年 月 日 点 分 秒 次 只 张 杯 份 条 本 台
"""
_BEFORE_OTHERS = """
不 没 很 太 最 更 超 真 好 非常 比较 超级 在 把 被 给 跟 和 与 或 对 从 向 往 到 为 用 以 由 比 让 叫 请 是 有
要 会 能 可以 想 就 才 都 也 还 又 再 只 别 这 那 哪 每 各 某 第 一 几 多 两 我的 你的 他的 的 过得 如果 因为
所以 但是 虽然 而且 然后 不过 可是
"""
_BEHIND, _BEFORE = frozenset(_BEHIND_OTHERS.split()), frozenset(_BEFORE_OTHERS.split())
_NUMERALS = "〇零一二兩两三四五六七八九十百千萬万億亿"
_NUMERAL = re.compile(rf"[{_NUMERALS}半几]+")
_COUNT = re.compile(r"(?<![A-Za-z] )(?<![\w.,])\d[\d.,]*$", re.ASCII)
"""A number, unless it is the end of a name."""
_HAN = re.compile(r"[\u3400-\u9fff〇\U00020000-\U0003ffff]+")
_LAST_WORD = re.compile(r"[A-Za-z0-9][\w.+'’-]*\s*$")
_FIRST_WORD = re.compile(r"[A-Za-z0-9][\w.+'’-]*")


class Border(NamedTuple):
    """A place between two words."""

    at: int
    is_good: bool
    """Nothing belongs together across it."""


def borders(text: str, names: Collection[str] = ()) -> Iterator[Border]:
    """Where ``text``, which goes on, can be parted and surely no word of it; none of ``names`` either."""
    kept = _kept(text, names)
    words = _words(text)
    sure = len(text) - SURE if is_han(text[-1:]) else len(text)
    opened: list[int] = []
    for at in range(1, len(text)):
        last, char = text[at - 1], text[at]
        if last in OPENERS:
            opened.append(at)
        elif last in _CLOSERS and opened:
            opened.pop()
        if (
            not _is_between(last, char)
            or at in kept
            or (is_han(last) and is_han(char) and (at > sure or at not in words))
            or (opened and at - opened[-1] <= _QUOTED)
            or _is_counted(text[:at].rstrip(), char, words)
        ):
            continue
        yield Border(at, not _belongs_together(text[:at], text[at:], words))


def joins(last: str, char: str) -> bool:
    """Whether both are parts of one sign, as in emoji of several characters."""
    return (
        "\u200d" in (last, char)
        or char in "\ufe0e\ufe0f\u20e3"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or ("\U0001f1e6" <= last <= "\U0001f1ff" and "\U0001f1e6" <= char <= "\U0001f1ff")
        or unicodedata.category(char)[0] == "M"
    )


def _is_between(last: str, char: str) -> bool:
    """Whether a word may end between them, by what kinds of characters they are."""
    if not (char.isalnum() or char in OPENERS):
        return False
    if last.isspace():
        return True
    if last in OPENERS or not (is_unspaced(last) or is_unspaced(char)):
        return False
    if last in _NUMERALS and char in _NUMERALS:
        return False
    if is_kana(last) or is_kana(char):
        return _is_hiragana(last) and not _is_hiragana(char)
    return True


def _belongs_together(before: str, after: str, words: dict[int, str]) -> bool:
    last, char = before.rstrip()[-1], after[0]
    if last.isdigit() and is_han(char):
        return True
    if last.isascii() and char.isascii():
        return _is_name(before, after)
    if last.isascii() or char.isascii():
        return not before[-1].isspace() and last.isalnum()
    word, following = words.get(-len(before.rstrip()), ""), words.get(len(before), "")
    return word in _BEFORE or following in _BEHIND


def _is_counted(before: str, char: str, words: dict[int, str]) -> bool:
    """Whether a number ends there, and ``char`` begins what it counts."""
    if not is_han(char):
        return False
    return bool(_COUNT.search(before) or _NUMERAL.fullmatch(words.get(-len(before), "")))


def _is_name(before: str, after: str) -> bool:
    """Whether a name goes on across the space between two words: "RTX 4090", "Open AI"."""
    last, first = _LAST_WORD.search(before), _FIRST_WORD.match(after)
    if not last or not first or not (after[0].isupper() or after[0].isdigit()):
        return False
    word = last.group().rstrip()
    return word not in ("I", "A") and any(char.isupper() or char.isdigit() for char in word)


def _kept(text: str, names: Collection[str]) -> set[int]:
    """The places inside names, also of one that is not written to its end yet."""
    inside: set[int] = set()
    for name in names:
        begin = text.find(name)
        while begin >= 0:
            inside.update(range(begin + 1, begin + len(name)))
            begin = text.find(name, begin + 1)
        for size in range(2, len(name)):
            if text.endswith(name[:size]):
                inside.update(range(len(text) - size + 1, len(text)))
    return inside


@lru_cache(maxsize=8)
def _words(text: str) -> dict[int, str]:
    """The Chinese words in simplified characters, by where they begin and (negative) end."""
    found: dict[int, str] = {}
    for run in _HAN.finditer(text):
        begin = run.start()
        for word in chinese.words(_simplified(run.group())):
            found[begin] = found[-begin - len(word)] = word
            begin += len(word)
    return found


def _simplified(text: str) -> str:
    table = chinese.simplified()
    return "".join(table.get(char, char) for char in text)


def _is_hiragana(char: str) -> bool:
    return "\u3040" <= char <= "\u309f"
