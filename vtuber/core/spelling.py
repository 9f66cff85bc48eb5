"""The same words in other spellings: copies of a line, and words somebody tries to slip past a filter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LOOKALIKES = (
    # Cyrillic, Greek and phonetic letters that pass for Latin ones; small capitals; letters in boxes.
    ("авсеёнікмоорԛгѕтухуԁһјӏԝ", "abceehikmoopqrstuxydhjlw"),
    ("αβεικνορτυχγ", "abeiknoptuxy"),
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz"),
    ("ɑɡıøłđμ", "agiolđu"),
)


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for strange, plain in _LOOKALIKES:
        table.update(zip(map(ord, strange), plain, strict=True))
    table[ord("р")] = "p"  # Cyrillic er
    for first in (
        0x1F150,
        0x1F170,
        0x1F1E6,
    ):  # Ⓐ, Ⓐ in a square, flags' letters: no decomposition of their own
        table.update({first + index: chr(ord("a") + index) for index in range(26)})
    vanishing = (*range(0x300, 0x370), *range(0x200B, 0x2010), *range(0xFE00, 0xFE10), 0xAD, 0x2060, 0xFEFF)
    table.update(dict.fromkeys(vanishing))
    return table


_TABLE = _table()
_LONG_RUN = re.compile(r"(.)\1{3,}")


@lru_cache(maxsize=2048)
def normalize(text: str) -> str:
    """Lower-case, plain-width, without accents, look-alike letters made Latin, runs cut to three.

    "Ｂáаaaaad" gives "baaad". Idempotent for what it is used for: two spellings of a word give one.
    """
    if text.isascii():
        normalized = text.lower()
    else:
        normalized = unicodedata.normalize("NFKD", text).casefold().translate(_TABLE)
        normalized = unicodedata.normalize("NFC", normalized)
    return _LONG_RUN.sub(lambda run: run[1] * 3, normalized)


_NOT_WORDS = re.compile(r"[\W_]+")
_RUN = re.compile(r"(\D)\1+")
_SYLLABLES = re.compile(r"(\D{1,4}?)\1+")
_LAUGHTER = 24
"""Lines no longer than this are searched for repeated syllables."""


@lru_cache(maxsize=2048)
def copy_key(normalized: str) -> str:
    """What is left of a ``normalize``ed line when emphasis is taken away: equal for near-identical lines.

    Repeated words and letters (and, in short lines, syllables) count once; punctuation and spaces do not
    count: "LOL!!! lol" and "lollol" give "lol". Of a line without letters and digits its signs are left.
    """
    words = normalized.split()
    once = "".join(dict.fromkeys(words)) if len(words) > 1 else normalized
    letters = _NOT_WORDS.sub("", once) or once
    repeats = _SYLLABLES if len(letters) <= _LAUGHTER else _RUN
    return repeats.sub(lambda repeat: repeat[1], letters)


_DISGUISES = {
    "a": "a4@*", "b": "b8", "c": "c(", "e": "e3*", "g": "g9", "i": "i1!|*", "l": "l1|",
    "o": "o0*", "s": "s5$", "t": "t7+", "u": "u*", "z": "z2",
}  # fmt: skip
_INSIDE = r"[.\-_~'·/]?"  # f.uck
_APART = r"[ .\-_~'·,/]{1,3}"  # f u c k
_BETWEEN_WORDS = r"[ .\-_~'·,/]{0,3}"


class Words:
    """Finds words in ``normalize``ed text, however they are dressed up: b.a.d, b a d, b@d, baaad.

    A Latin word stands alone (none is found in Scunthorpe), unless ``anywhere``, which names need; words
    of other scripts are found wherever they are. A spelling without any letter (455) is a number.
    """

    def __init__(self, words: Iterable[str], *, anywhere: bool = False) -> None:
        normalized = sorted({word for word in (normalize(word).strip() for word in words) if word})
        latin = [word for word in normalized if not anywhere and _is_latin(word[0]) and _is_latin(word[-1])]
        # Words that stand alone are tried only where a word begins, which is most of the speed.
        alone = f"(?<![a-z0-9])(?:{_any_of(latin)})(?![a-z0-9])"
        within = _any_of(word for word in normalized if word not in latin)
        self._patterns = [re.compile(alone)] if latin else []
        self._patterns += [re.compile(within)] if within else []
        self._words = {word: re.compile(_any_of([word])) for word in normalized}

    def find(self, normalized: str) -> str:
        """One of the words that is there, or ""."""
        for pattern in self._patterns:
            for match in pattern.finditer(normalized):
                found = match.group()
                if any(char.isalpha() for char in found):
                    return next(word for word, spelling in self._words.items() if spelling.fullmatch(found))
        return ""


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _any_of(words: Iterable[str]) -> str:
    return "|".join(spelling for word in words for spelling in _spellings(word))


def _spellings(word: str) -> tuple[str, ...]:
    """A word written together (f.uck), and, if Latin, letter by letter (f u c k).

    Chinese has no spaces between words, so one there, or a comma, is the end of a clause.
    """
    parts = word.split()
    together = _BETWEEN_WORDS.join(_INSIDE.join(_letters(part)) for part in parts)
    if not any(map(_is_latin, word)):
        return (together,)
    apart = _APART.join(_letter(letter, 1) for part in parts for letter in part)
    return together, apart


def _letters(word: str) -> list[str]:
    """A pattern for each letter, doubled ones together."""
    return [_letter(match[1], len(match[0])) for match in re.finditer(r"(.)\1*", word)]


def _letter(letter: str, count: int) -> str:
    """So many of a letter, or up to three more. Repeats are bounded: nothing here backtracks far."""
    if not _is_latin(letter):
        return re.escape(letter) * count
    choice = f"[{re.escape(_DISGUISES.get(letter, letter))}]"
    # A first letter without a repeat lets the engine skip the word at a glance.
    return f"{choice}{choice}{{{count - 1},{count + 2}}}"
