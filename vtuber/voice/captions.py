"""The words of a sentence's caption, and when each of them is heard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from vtuber.core import sound
from vtuber.core.events import Sound, Word
from vtuber.core.text import is_unspaced
from vtuber.voice.speakable import weight

READING = 12.5
"""How fast people read along, in weights per second (see ``speakable``): five Chinese characters."""

CHUNK = 0.25
"""Seconds of sound in one ``Sound``, at most."""

SENTENCE_END = re.compile(r"[.!?。！？…~～]\W*$")
CLAUSE_END = re.compile(r"[,;:，；：、—]\W*$")

_WIDE_OPENERS = "“‘「『（《【〈"


def split(text: str) -> list[str]:
    """The words of the caption. Joined, they are ``text`` without its white space.

    Each Chinese character is a word. Punctuation stays with the word it belongs to.
    """
    if text.isascii():
        return text.split()
    words: list[str] = []
    wide = spelled = False  # whether the word so far has an ideograph; has any letter
    previous = " "
    for char in text:
        if not char.isspace():
            begins = (_is_ideograph(char) and spelled) or (char.isalnum() and wide)
            begins = (begins or (char in _WIDE_OPENERS and spelled)) and previous not in _WIDE_OPENERS
            if previous.isspace() or begins:
                words.append("")
                wide = spelled = False
            words[-1] += char
            spelled = spelled or char.isalnum()
            wide = wide or _is_ideograph(char)
        previous = char
    return words


@lru_cache(maxsize=4096)
def _is_ideograph(char: str) -> bool:
    return is_unspaced(char) and char.isalnum()


def pause(text: str) -> float:
    """Seconds of silence that sound natural after ``text``."""
    if SENTENCE_END.search(text):
        return 0.2
    return 0.08 if CLAUSE_END.search(text) else 0.02


def spread(words: Sequence[str], start: float, end: float) -> list[Word]:
    """Spreads ``words`` over the time from ``start`` to ``end``, each as long as its share of the weight."""
    sizes = [weight(word) for word in words]
    edges = start + (end - start) * np.cumsum([0.0, *sizes]) / max(sum(sizes), 1.0)
    return [
        Word(word, round(float(begin), 3), round(float(stop), 3))
        for word, begin, stop in zip(words, edges[:-1], edges[1:], strict=True)
    ]


def interleaved(pcm: bytes, words: Sequence[Word], begun: float) -> Iterator[Sound | Word]:
    """The sound in chunks, each word before the chunk it begins in. ``pcm`` begins at ``begun`` seconds."""
    step = round(CHUNK * sound.RATE) * sound.SAMPLE_BYTES
    waiting = list(words)
    for at in range(0, len(pcm), step):
        chunk = pcm[at : at + step]
        begun += sound.seconds(chunk)
        while waiting and waiting[0].start < begun:
            yield waiting.pop(0)
        yield Sound(chunk)
    yield from waiting


def silent(text: str) -> Iterator[Sound | Word]:
    """Silence for as long as it takes to read ``text``, with the words of its caption."""
    words = split(text)
    length = weight("".join(words)) / READING
    yield from interleaved(sound.silence(length), spread(words, 0.0, length), 0.0)
