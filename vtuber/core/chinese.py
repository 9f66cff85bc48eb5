"""Chinese: how it is written simplified, and where its words begin and end."""

from __future__ import annotations

from functools import cache
from importlib import resources

import rjieba

_COMMON = "\u9fff"
"""Rarer characters are not met, and nothing says how they sound."""
_VARIANTS = {"妳": "你", "您": "你", "祢": "你", "她": "他", "牠": "他", "肏": "操", "姦": "奸"}  # fmt: skip


def is_han(letter: str) -> bool:
    """Whether it is a Chinese character, which Japanese and Korean write, too."""
    return "\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff" or letter == "〇"


def is_in_chinese(text: str) -> bool:
    """Whether it is written in Chinese, for the greater part."""
    return 4 * sum(map(is_han, text)) > len("".join(text.split()))


@cache
def simplified() -> dict[str, str]:
    """Traditional characters, and variants of them, to simplified ones."""
    variants: dict[str, str] = {}
    for name in ("HKVariantsRev.txt", "TWVariantsRev.txt", "JPShinjitaiCharacters.txt"):
        variants |= pairs(name)
    plain = pairs("TSCharacters.txt")
    found = {one: plain.get(other, other) for one, other in (variants | _VARIANTS).items()} | plain
    return {one: other for one, other in found.items() if one != other}


def pairs(name: str) -> dict[str, str]:
    """A dictionary of OpenCC: one character a line, and the first of those that it becomes."""
    found = {one: others[0] for one, others in choices(name).items()}
    return {one: other for one, other in found.items() if len(one) == len(other) == 1 and other <= _COMMON}


def choices(name: str) -> dict[str, list[str]]:
    """All of such a dictionary: words, and what each may become."""
    lines = (resources.files("opencc_purepy") / "dicts" / name).read_text(encoding="utf-8").splitlines()
    return {one: others.split(" ") for one, others in (line.split("\t") for line in lines if "\t" in line)}


def words(text: str) -> list[str]:
    """The words of a text in simplified characters; joined they are the text.

    Characters that are no word of the dictionary are taken together where they look like one: so names are
    found, and words too many.
    """
    return rjieba.cut(text, True)  # noqa: FBT003  # with guesses
