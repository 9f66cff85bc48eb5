"""Ways to write a word so that a filter overlooks it: each takes a text and dice, and gives another text."""

from __future__ import annotations

import json
import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from importlib import resources

from vtuber.core.chinese import is_han, simplified
from vtuber.guard.words.pinyin import pinyin, spellings, syllables

Disguise = Callable[[str, random.Random], str]

_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7+"}
_SQUARES = {"o": 0x1F17E, "a": 0x1F170, "b": 0x1F171, "p": 0x1F17F}
_BETWEEN_WORDS = " "


def _between(signs: str) -> Disguise:
    """A sign between all letters of each word."""

    def disguise(text: str, dice: random.Random) -> str:
        sign = dice.choice(signs)
        return _BETWEEN_WORDS.join(sign.join(_units(word)) for word in text.split(" "))

    return disguise


def _once(signs: list[str]) -> Disguise:
    """A sign somewhere in the longest word."""

    def disguise(text: str, dice: random.Random) -> str:
        words = text.split(" ")
        longest = max(range(len(words)), key=lambda number: len(words[number]))
        units = _units(words[longest])
        if len(units) > 1:
            place = dice.randrange(1, len(units))
            words[longest] = "".join(units[:place]) + dice.choice(signs) + "".join(units[place:])
        return _BETWEEN_WORDS.join(words)

    return disguise


def _each(choose: Callable[[str, random.Random], str]) -> Disguise:
    def disguise(text: str, dice: random.Random) -> str:
        return "".join(choose(char, dice) for char in text)

    return disguise


def _units(word: str) -> list[str]:
    """Characters with what belongs to them: a mark stays with its letter."""
    units: list[str] = []
    for char in word:
        if units and (unicodedata.category(char)[0] == "M" or unicodedata.category(char) == "Cf"):
            units[-1] += char
        else:
            units.append(char)
    return units


@cache
def _alike() -> dict[str, list[str]]:
    """Letters of any script that Unicode calls confusable with a small Latin one."""
    path = resources.files("confusable_homoglyphs") / "confusables.json"
    found: dict[str, list[str]] = defaultdict(list)
    for strange, others in json.loads(path.read_text(encoding="utf-8")).items():
        if len(strange) == 1 and not strange.isascii() and unicodedata.category(strange)[0] == "L":
            for other in others:
                plain = other["c"].lower()
                if len(plain) == 1 and plain.isascii() and plain.isalpha():
                    found[plain].append(strange)
    return found


def _marked(char: str, dice: random.Random) -> str:
    return char + dice.choice("\u0301\u0336\u20e3\u0489\u032e") if char.isalpha() else char


def _look_alike(char: str, dice: random.Random) -> str:
    return dice.choice(_alike().get(char.lower()) or [char])


def _leet(char: str, dice: random.Random) -> str:
    return dice.choice(_LEET.get(char.lower(), char))


def _cyrillic(char: str, _: random.Random) -> str:
    return dict(zip("aceikopsxyuhbmt", "асеікорѕхуцһьмт", strict=True)).get(char, char)


def _mathematical(char: str, dice: random.Random) -> str:
    if not (char.isascii() and char.isalpha()):
        return char
    return chr(dice.choice((0x1D41A, 0x1D4B6 + 26, 0x1D5BA, 0x1D68A)) + ord(char.lower()) - ord("a"))


def _wide(char: str, _: random.Random) -> str:
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


def _square(char: str, _: random.Random) -> str:
    if not (char.isascii() and char.isalpha()):
        return char
    return chr(_SQUARES.get(char.lower(), 0x1F170 + ord(char.lower()) - ord("a")))


def _flag(char: str, _: random.Random) -> str:
    return chr(0x1F1E6 + ord(char.lower()) - ord("a")) if char.isascii() and char.isalpha() else char


def _capital(char: str, _: random.Random) -> str:
    """Only its own: that of "ſ" is "S", another letter."""
    return char.upper() if char.upper().lower() == char else char


def _circle(char: str, _: random.Random) -> str:
    return chr(0x24D0 + ord(char.lower()) - ord("a")) if char.isascii() and char.isalpha() else char


def _repeated(text: str, dice: random.Random) -> str:
    places = [place for place, char in enumerate(text) if char.isalpha()] or [0]
    place = dice.choice(places)
    return text[:place] + text[place] * dice.randint(3, 6) + text[place + 1 :]


def _digits(text: str, dice: random.Random) -> str:
    return f"{text}{dice.randint(1, 999)}"


def _other_script(text: str, _: random.Random) -> str:
    to_simplified = simplified()
    to_traditional = {plain: full for full, plain in reversed(to_simplified.items()) if is_han(full)}
    other = "".join(to_simplified.get(char, char) for char in text)
    return other if other != text else "".join(to_traditional.get(char, char) for char in text)


def _said(char: str) -> str:
    return pinyin(simplified().get(char, char)) or char


def _pinyin(text: str, dice: random.Random) -> str:
    """All in pinyin, with or without spaces."""
    return dice.choice((" ", "")).join(map(_said, text))


def _zhuyin(text: str, _: random.Random) -> str:
    signs = {code: spelling for spelling, code in spellings().items() if not spelling.isascii()}
    return "".join(
        signs.get(spellings().get(_said(char), ""), char) if is_han(char) else char for char in text
    )


def _one_in_pinyin(text: str, dice: random.Random) -> str:
    place = dice.choice([place for place, char in enumerate(text) if is_han(char)] or [0])
    return text[:place] + _said(text[place]) + text[place + 1 :]


@cache
def _homophones() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for char in map(chr, range(0x4E00, 0x9FA6)):
        if len(syllables(char)) == 1:
            found[pinyin(char)].append(char)
    return found


def homophone(text: str, dice: random.Random) -> str:
    """Other characters of the same sound, all of them: for entries that are listed with their sound."""
    return "".join(dice.choice(_homophones().get(pinyin(char)) or [char]) for char in text)


_HIDDEN = {
    "marks": _each(_marked),
    "joiners": _between("\u200b\u200c\u200d\u2060"),
    "ignorables": _between("\u00ad\u034f\ufe0f\u180b\U000e0061\u115f\u3164"),
    "a space": _once([" "]),
    "spaced out": lambda text, _: " ".join(unit for unit in _units(text) if unit != " "),
    "signs": _between(".-_*|~/·"),
    "a sign": _once([*".-_*|~/", "™", "♥"]),
    "emoji": _between("🔥😀❤💀"),
    "an emoji": _once(["🔥", "😀", "❤️", "👨‍👩‍👧"]),
    "repeats": _repeated,
    "digits behind": _digits,
}  # fmt: skip
ENGLISH: dict[str, Disguise] = _HIDDEN | {
    "look-alikes": _each(_look_alike),
    "Cyrillic": _each(_cyrillic),
    "mathematical": _each(_mathematical),
    "leet": _each(_leet),
    "full width": _each(_wide),
    "squares": _each(_square),
    "flags": _each(_flag),
    "circles": _each(_circle),
    "capitals": _each(_capital),
}
CHINESE: dict[str, Disguise] = _HIDDEN | {
    "the other script": _other_script,
    "pinyin": _pinyin,
    "a pinyin": _one_in_pinyin,
    "zhuyin": _zhuyin,
}
SOUNDS = ("pinyin", "a pinyin", "zhuyin")
