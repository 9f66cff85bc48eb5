"""The words of a sentence's caption, and when each of them is heard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from vtuber.core import sound
from vtuber.core.events import Chunk, Sound, Timed, Word
from vtuber.core.text import is_unspaced
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech.alignment import aligned
from vtuber.voice.speech.articulation import Phoneme, spans, visemes

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
    """Seconds of silence after ``text`` at the usual rate, about as people who talk make them."""
    if SENTENCE_END.search(text):
        return 0.4
    return 0.16 if CLAUSE_END.search(text) else 0.02


def spread(words: Sequence[str], start: float, end: float) -> list[Word]:
    """Spreads ``words`` over the time from ``start`` to ``end``, each as long as its share of the weight."""
    sizes = [weight(word) for word in words]
    edges = start + (end - start) * np.cumsum([0.0, *sizes]) / max(sum(sizes), 1.0)
    return [
        Word(word, round(float(begin), 3), round(float(stop), 3))
        for word, begin, stop in zip(words, edges[:-1], edges[1:], strict=True)
    ]


def moved(timed: Iterable[Timed], seconds: float) -> list[Timed]:
    """The same, so many seconds later."""
    return [
        replace(each, start=round(each.start + seconds, 3), end=round(each.end + seconds, 3))
        for each in timed
    ]


def interleaved(pcm: bytes, timed: Iterable[Timed], begun: float) -> Iterator[Chunk]:
    """The sound in chunks, each word before the chunk it begins in. ``pcm`` begins at ``begun`` seconds."""
    step = round(CHUNK * sound.RATE) * sound.SAMPLE_BYTES
    waiting = list(timed)
    for at in range(0, len(pcm), step):
        chunk = pcm[at : at + step]
        begun += sound.seconds(chunk)
        while waiting and waiting[0].start < begun:
            yield waiting.pop(0)
        yield Sound(chunk)
    yield from waiting


def silent(text: str) -> Iterator[Chunk]:
    """Silence for as long as it takes to read ``text``, with the words of its caption."""
    yield from interleaved(*unspoken(split(text)), 0.0)


def unspoken(words: Sequence[str]) -> tuple[bytes, list[Timed]]:
    """Silence for as long as it takes to read ``words``, and when each of them is read."""
    length = weight("".join(words)) / READING
    return sound.silence(length), [*spread(words, 0.0, length)]


def trimmed(
    samples: sound.Samples, phonemes: Sequence[Phoneme], words: Sequence[str], rate: float
) -> tuple[bytes, list[Timed]]:
    """The sound without the silence around it, with a natural pause behind it; its words and visemes."""
    phonemes = aligned(samples, phonemes)
    trimmer = sound.Trimmer()
    kept = np.concatenate([trimmer.feed(samples), trimmer.finish(pause(words[-1]) / rate)])
    length = len(kept) / sound.RATE
    found: list[Timed] = [
        Word(text, *span) for text, span in zip(words, spans(phonemes, len(words)), strict=True)
    ]
    found += visemes(phonemes)
    timed = []
    for each in sorted(found, key=lambda each: each.start):
        start, end = (round(min(max(at - trimmer.skipped, 0.0), length), 3) for at in (each.start, each.end))
        timed.append(replace(each, start=start, end=end))
    return sound.to_pcm(kept), timed
