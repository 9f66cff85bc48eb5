"""How English words sound, as hibari-tts works it out: for voices whose models read the same alphabet."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from hibari.g2p import G2P
from hibari.g2p.normalize import normalize
from hibari.tts import ASSETS

from vtuber.voice.embedded.dictionary import PackedDictionary
from vtuber.voice.reading.speakable import pronounced, without_foreign

LONGEST_WORD = 40
"""Characters of a word that are spoken at most."""

_READ_AS = str.maketrans({"。": ".", "、": ",", "⁄": "/"} | dict.fromkeys('"[](){}<>*_`“”|^~\\', " "))
_NUMBER = re.compile(r"^(no|fig)\.(?=\W*$)", re.IGNORECASE)


@cache
def alphabet() -> dict[str, int]:
    """The number of each phoneme, tone and mark: hibari's models and Kokoro's have the same."""
    numbers: dict[str, int] = json.loads(Path(ASSETS, "vocab.json").read_text(encoding="utf-8"))
    return numbers


@cache
def reader() -> EnglishReader:
    """The one that all voices share. Its dictionaries take half a second to load."""
    return EnglishReader()


@lru_cache(maxsize=4096)
def said(word: str, *, before_number: bool) -> str:
    """What of ``word`` can be pronounced in English, in plain letters; "" when nothing can.

    "no." would be read as "number", as before one.
    """
    plain = unicodedata.normalize("NFKC", word).translate(_READ_AS)
    latin = without_foreign(plain, wide=False)
    kept = pronounced(" ".join(part[:LONGEST_WORD] for part in latin.split()))
    return kept if before_number else _NUMBER.sub(r"\1 .", kept)


class EnglishReader:
    """Reads for several threads, one after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._g2p: Any = G2P()
        lexicon, tagger = self._g2p.lexicon, self._g2p.tagger
        for words in (lexicon.golds, lexicon.silvers):
            words.d = PackedDictionary(words.d)
        tagger.weights = PackedDictionary(tagger.weights)
        self._g2p.oov("warm")

    def read(self, words: Sequence[str]) -> list[tuple[str, int]]:
        """The phonemes of each word as it is read out ("$3": "three", "dollars"), and whose they are.

        A word may have none, and several may belong to one of ``words``, told by its index.
        """
        with self._lock:
            groups = self._read(" ".join(filter(None, words)))
        owners = _owners(words, [text for text, _ in groups])
        return [(phonemes, owner) for (_, phonemes), owner in zip(groups, owners, strict=True)]

    def _read(self, text: str) -> list[tuple[str, str]]:
        """Each word of ``text`` as it is read out, with its phonemes."""
        g2p = self._g2p
        try:
            tokens = g2p.phonemize_tokens(g2p.tokenize(normalize(text)))
        except Exception:  # noqa: BLE001  (its rules have gaps, such as numbers too large for its words)
            first, _, rest = text.partition(" ")
            return self._read(first) + self._read(rest) if rest else []
        groups = [("", "")]
        for token in tokens:
            word, phonemes = groups[-1]
            groups[-1] = (word + token.text, phonemes + (token.phonemes or ""))
            if token.whitespace:
                groups.append(("", ""))
        return groups


def _owners(words: Sequence[str], read: Sequence[str]) -> list[int]:
    """For each word as it is read out ("three", "dollars") the index of the word it stands for ("$3")."""
    owners = [0] * len(read)
    said = [(part, owner) for owner, word in enumerate(words) for part in word.split()]
    matcher = SequenceMatcher(None, [part for part, _ in said], list(read), autojunk=False)
    for _, begin, end, read_begin, read_end in matcher.get_opcodes():
        for at in range(read_begin, read_end):
            share = (at - read_begin) * (end - begin) // (read_end - read_begin)
            owners[at] = said[max(0, begin + share if begin < end else begin - 1)][1] if said else 0
    return owners
