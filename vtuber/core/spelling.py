"""Makes other spellings of the same text equal: for filters (``normalize``) and for copies (``copy_key``)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

from vtuber.core.text import invisible

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
    marks = [range(0x300, 0x370), range(0x483, 0x48A), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00)]
    marks += [range(0x20D0, 0x2100), range(0xFE20, 0xFE30)]  # those that fit any letter
    table.update(dict.fromkeys(chain(*marks, invisible())))
    return table


_TABLE = _table()
_LONG_RUN = re.compile(r"(.)\1{3,}")


@lru_cache(maxsize=2048)
def normalize(text: str) -> str:
    """Makes letters small, plain and Latin where they only look otherwise, and cuts runs to three.

    "Ｂáаaaaad" becomes "baaad".
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
"""Characters: in lines no longer than this, repeated syllables count once."""


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
