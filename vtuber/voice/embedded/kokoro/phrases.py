"""A text in phrases that are spoken at once, and how each of them sounds: Chinese, English, or both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from vtuber.core.chinese import is_han
from vtuber.voice.embedded import english
from vtuber.voice.embedded.kokoro import mandarin
from vtuber.voice.embedded.kokoro.phonemes import phonemes
from vtuber.voice.pieces.breaks import is_abbreviated
from vtuber.voice.reading import Reading
from vtuber.voice.reading.speakable import weight
from vtuber.voice.speech import captions
from vtuber.voice.speech.articulation import Phoneme

LEAST = 8
"""A phrase has at least this weight (three Chinese characters) if it can: fewer sound torn off."""
FIRST = 50
"""The weight of the first phrase at most: its sound is waited for."""
LONGEST = 90
"""The weight of a phrase at most: about seven seconds."""
LONGEST_READING = 200
"""Characters that are said for one word at most."""
_GROWTH = 2.0
"""How many times as long as the last one a phrase may be: it is made while that one is heard."""
_ENOUGH = 25

_MARKS = str.maketrans(
    {
        "。": ".",
        "、": ",",
        "，": ",",
        "！": "!",
        "？": "?",
        "：": ":",
        "；": ";",
        "（": "(",
        "）": ")",
        "「": "“",
        "」": "”",
        "『": "“",
        "』": "”",
        "《": "“",
        "》": "”",
        "〈": "“",
        "〉": "”",
        "【": "“",
    }
    | {"】": "”", "～": "—", "~": "—", "–": "—", "·": " ", "・": " "}
)
_SOUNDLESS = re.compile(r'[^;:,.!?—…"()“”]+')


@dataclass(slots=True)
class Phrase:
    """Words that are spoken at once, or only shown."""

    words: list[str]
    said: list[str]
    """What is read for each word; "" for one that is not pronounced."""
    phonemes: str = ""
    owners: list[int | None] = field(default_factory=list)
    """The index of the word that each phoneme belongs to; None for what is between two."""

    def add(self, sounds: str, owner: int | None) -> None:
        """Adds those of ``sounds`` that the model knows."""
        known = [sound for sound in sounds if sound in english.alphabet()]
        self.phonemes += "".join(known)
        self.owners += [owner] * len(known)

    def timed(self, edges: Sequence[float]) -> list[Phoneme]:
        """The phonemes that were spoken, and when each is heard, by their ``edges``."""
        return [Phoneme(*each) for each in zip(self.phonemes, self.owners, edges, edges[1:], strict=False)]


class Reader:
    """Knows how phrases sound, in Taiwan or on the mainland."""

    def __init__(self, *, taiwan: bool) -> None:
        self._mandarin = mandarin.Reader(taiwan=taiwan)

    def pronounce(self, phrase: Phrase) -> None:
        """Fills in its phonemes."""
        if not any(char.isalnum() for said in phrase.said for char in said):
            return
        latin: list[tuple[str, int]] = []
        han: list[tuple[str, int]] = []
        for owner, said in enumerate(phrase.said):
            for chinese, run in mandarin.runs(said):
                if chinese:
                    self._flush_latin(phrase, latin)
                    han += [(char, owner) for char in run]
                elif any(map(str.isalnum, run)):
                    self._flush_han(phrase, han)
                    latin.append((run, owner))
                elif marks := _SOUNDLESS.sub("", run.translate(_MARKS)):
                    self._flush_latin(phrase, latin)
                    self._flush_han(phrase, han)
                    phrase.add(marks, owner)
        self._flush_latin(phrase, latin)
        self._flush_han(phrase, han)

    def _flush_han(self, phrase: Phrase, chars: list[tuple[str, int]]) -> None:
        """Chinese characters in a row."""
        owners = iter([owner for _, owner in chars])
        for _, syllables in self._mandarin.read("".join(char for char, _ in chars)) if chars else ():
            phrase.add(" " if phrase.phonemes else "", None)
            for syllable, owner in zip(syllables, owners, strict=False):
                phrase.add(phonemes(*syllable), owner)
        chars.clear()

    def _flush_latin(self, phrase: Phrase, runs: list[tuple[str, int]]) -> None:
        """English words in a row."""
        for sounds, place in english.reader().read([run.strip() for run, _ in runs]) if runs else ():
            phrase.add(" " if phrase.phonemes and sounds else "", None)
            phrase.add(sounds, runs[place][1])
        runs.clear()


@cache
def reader(*, taiwan: bool) -> Reader:
    """One for everybody. The first loads its dictionaries, for half a second."""
    return Reader(taiwan=taiwan)


def in_words(reading: Reading) -> tuple[list[str], list[str]]:
    """The words of the caption, and what is said for each."""
    words = captions.split(reading.text)
    around = zip(reading.by_word(words), [*words[1:], ""], strict=False)
    return words, [_said(read, after) for read, after in around]


def phrases(reading: Reading) -> Iterator[Phrase]:
    """A text as it is read, in phrases, none much longer than the one before."""
    words, said = in_words(reading)
    for begin, end in _cut(words, said):
        yield Phrase(words[begin:end], said[begin:end])


def _said(read: str, after: str) -> str:
    """What of a word can be pronounced; "" when nothing can."""
    parts = []
    for han, run in mandarin.runs(read):
        if han or not any(map(str.isalnum, run)):
            parts.append(run)
        else:
            parts.append(english.said(run, before_number=after[:1].isdigit()))
    said = "".join(parts)[:LONGEST_READING]
    return said if any(map(str.isalnum, said)) else ""


def _cut(words: Sequence[str], said: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where phrases begin and end: behind sentences and clauses, else between words if that is possible."""
    sizes = [weight(each) + (1.0 if each.isascii() and each else 0.0) for each in said]
    begin, most = 0, float(FIRST)
    while begin < len(words):
        end = _end_of_phrase(words, sizes, begin, most)
        yield begin, end
        most = min(LONGEST, max(_ENOUGH, _GROWTH * sum(sizes[begin:end])))
        begin = end


def _end_of_phrase(words: Sequence[str], sizes: Sequence[float], begin: int, most: float) -> int:
    size, clause = 0.0, 0
    for at in range(begin, len(words)):
        if size + sizes[at] > most and at > begin:
            return clause or _between_words(words, begin, at)
        size += sizes[at]
        if size < LEAST:
            continue
        if captions.SENTENCE_END.search(words[at]) and not is_abbreviated(words[at].rstrip(".")):
            return at + 1
        if captions.CLAUSE_END.search(words[at]):
            clause = at + 1
            if begin == 0:
                return clause
    return len(words)


def _between_words(words: Sequence[str], begin: int, end: int) -> int:
    """The last place up to ``end`` that is not inside a Chinese word."""
    text = "".join(word if len(word) == 1 and is_han(word) else " " for word in words[begin : end + 4])
    at = 0
    found = end
    for word in mandarin.words(text):
        if begin + at <= end and at > 0:
            found = begin + at
        at += len(word)
    return found
