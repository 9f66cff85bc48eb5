"""Folds a text for patterns, place by place: small letters, plain quotes, Traditional characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from vtuber.core.chinese import pairs

_SENTENCE = re.compile(r"[^.!?。!?…\n]*(?:\.(?=\w)[^.!?。!?…\n]*)*[.!?。!?…\n]*")


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    quotes = {ord(quote): plain for quote, plain in zip("’‘“”「」『』", "''" + '"' * 6, strict=True)}
    # One spelling where Taiwan and OpenCC's standard differ; "you" to a woman is you.
    ours = {ord(other): usual for other, usual in zip("爲裏臺着妳衆羣", "為裡台著你眾群", strict=True)}
    traditional = {ord(char): other.translate(ours) for char, other in pairs("STCharacters.txt").items()}
    return traditional | ours | quotes


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    """The text in small letters and Traditional characters, as long as it was: places stay the same."""
    if text.isascii():
        return text.lower()
    return "".join(map(_plain, text)).translate(_table())


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char).casefold()
    return plain if len(plain) == 1 else char


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of the text begins and ends."""
    for match in _SENTENCE.finditer(text):
        if match.group().strip():
            yield match.start(), match.end()
