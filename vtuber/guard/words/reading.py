"""Reads a text as letters, each with its place in the text: with or without what only may be one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from vtuber.core.chinese import is_han
from vtuber.guard.words.letters import CLASS, LETTERS, SENTENCE, SPACE, STAR, VOWELS

_LONGEST_RUN = 8
"""Repeats of a letter that are kept: more say no more."""
_FARTHEST = 24
"""Characters between two letters of one word."""
FAR = SENTENCE + 1
_BARS = frozenset("|!+")
_DRAWN_AS = (
    # Chinese and Japanese characters that are drawn for Latin letters, as people write with them.
    "a卂丹 b乃 c匚亡 d刀 e乇モヨ f下千 g厶ム h卄廾ん i丨工 j丿ノ k长ズ l乚レ m爪从"
    " n几冂 o口の p尸卩ア r尺 s丂 t丅イ u凵ひ w山 x乂メ y丫 z乙"
)
_DRAWN = {ord(sign): signs[0] for signs in _DRAWN_AS.split() for sign in signs[1:]}
_DRAWN_LETTERS = re.compile(rf"[{''.join(map(chr, _DRAWN))}a-zA-Z0-9]{{3,}}")
_ART = {
    "|\\|": "n", "|\\/|": "m", "/\\/\\": "m", "\\/\\/": "w", "|-|": "h", "|_|": "u", "|<": "k", "|{": "k",
    "|)": "d", "|>": "p", "|3": "b", "|2": "r", "/\\": "a", "\\/": "v", "()": "o", "[]": "o", "vv": "w",
    "VV": "w", "ph": "f", "Ph": "f", "PH": "f", "|=": "f", "}{": "x", "><": "x", "(_)": "u", "|_": "l",
}  # fmt: skip
_ART_SIGNS = re.compile("|".join(map(re.escape, sorted(_ART, key=len, reverse=True))))
_PARTED = re.compile(r"(?<!\S)[^\s]([|!+])[^\s](?:\1[^\s])+(?![^\s,.，。])")
"""A word of which every second sign is the same one: c|h|!|n|k."""
_INNER_BAR = re.compile(r"(?<=[^\s|·])\|(?=[^\s|·])")
_MOST_BARS = 6
"""Of a text in which each may be a letter or part two of them."""
_MOST_CAPITALS = 4
_STARS = re.compile(f"[{''.join(sorted(VOWELS))}*]+")
_LAST_SIGNS = re.compile(r"^[^!]*!+\s*$")
_NOTHING = "\u200b"


@dataclass(slots=True)
class Reading:
    """The letters of a text in a row, what stands before each, and where each is."""

    text: str
    letters: str = ""
    gaps: list[int] = field(default_factory=list)
    """What stands before each letter; one more for what stands behind the last."""
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    skeleton: str = ""
    """The class of each run of letters. In it words are searched for."""
    runs: list[int] = field(default_factory=list)
    """The letter with which each run begins; one more for the end."""

    def chunk(self, place: int) -> tuple[int, int]:
        """From where to where the letters go on without any gap."""
        first = last = place
        while first > 0 and not self.gaps[first]:
            first -= 1
        while last + 1 < len(self.letters) and not self.gaps[last + 1]:
            last += 1
        return first, last + 1


def read(  # noqa: C901  # one loop, as quick as it can be
    text: str, *, doubt: int = 1, bars: bool = True, stars: bool = False
) -> Reading:
    """What is a letter with at most that ``doubt`` is one; without ``bars``, none of "|!+" is.

    With ``stars``, "*" is a letter, too.
    """
    reading = Reading(text)
    gaps, begins, ends, runs = reading.gaps, reading.begins, reading.ends, reading.runs
    letters: list[str] = []
    skeleton: list[str] = []
    gap = width = repeats = 0
    ends_sentence = False
    last = same = ""
    for place, char in enumerate(text):
        found, between, doubtful = LETTERS[char]
        if doubtful and (doubtful > doubt or (char in _BARS and not bars)):
            found = ""
        elif stars and char == STAR:
            found = STAR
        if not found:
            if between:
                if ends_sentence and between == SPACE:
                    between = SENTENCE
                ends_sentence = char == "." and not gap and not is_han(last)
                gap = max(gap, between)
                width += 1
            elif letters and not gap:
                ends[-1] = place + 1  # a mark on the letter, or nothing at all
            continue
        if width > _FARTHEST:
            gap = FAR
        for letter in found:
            repeats = repeats + 1 if letter == same and not gap else 1
            same = letter
            kind = CLASS.get(letter, letter)
            if kind != last:
                skeleton.append(kind)
                runs.append(len(letters))
                last = kind
            elif repeats > _LONGEST_RUN:
                ends[-1] = place + 1
                continue
            letters.append(letter)
            gaps.append(gap)
            begins.append(place)
            ends.append(place + 1)
            gap = width = 0
        ends_sentence = False
    runs.append(len(letters))
    gaps.append(gap or FAR)
    reading.letters, reading.skeleton = "".join(letters), "".join(skeleton)
    return reading


@lru_cache(maxsize=64)
def readings(text: str) -> tuple[Reading, ...]:
    """The ways to read a text; one, for most."""
    found = [*_in_doubt(text)]
    for other in _redrawn(text):
        found += _in_doubt(other)
    return tuple(found)


def _in_doubt(text: str) -> Iterator[Reading]:
    yield read(text)
    doubtful = {char: LETTERS[char].doubt for char in set(text) if LETTERS[char].doubt}
    if not doubtful or (doubtful.keys() == {"!"} and _LAST_SIGNS.search(text)):
        return
    if 1 in doubtful.values():
        yield read(text, doubt=0)
    if any(doubt == 2 and _is_beside_letters(char, text) for char, doubt in doubtful.items()):
        yield read(text, doubt=2)
    if doubtful.keys() & _BARS and doubtful.keys() - _BARS:
        yield read(text, bars=False)


def _is_beside_letters(char: str, text: str) -> bool:
    """Whether a sign may be a letter of a word: it stands right behind one, or right before."""
    place = text.index(char)
    last = text.rindex(char)
    return text[max(0, place - 1) : place].isalnum() or text[last + 1 : last + 2].isalnum()


@lru_cache(maxsize=64)
def starred(text: str) -> tuple[Reading, ...]:
    """The ways to read a text in which a "*" stands for a vowel. Their skeletons have a star for each."""
    if STAR not in text:
        return ()
    found = read(text, bars=False, stars=True)
    stars = "".join(map(_star, found.skeleton))
    kept = [
        place for place, kind in enumerate(stars) if not place or kind != STAR or stars[place - 1] != STAR
    ]
    found.skeleton = "".join(stars[place] for place in kept)
    found.runs = [*(found.runs[place] for place in kept), len(found.letters)]
    return (found,)


def with_stars(skeleton: str) -> str:
    """The skeleton of a word of which all vowels are stars."""
    return _STARS.sub(STAR, skeleton)


def _star(kind: str) -> str:
    return STAR if kind in VOWELS else kind


def _redrawn(text: str) -> Iterator[str]:
    """The text with letters in the place of what is drawn like them, as long as it was."""
    if not text.isascii():
        drawn = _DRAWN_LETTERS.sub(lambda match: match.group().translate(_DRAWN), text)
        drawn = drawn.replace("ſ", "f")  # an "s", too
        if drawn != text:
            yield drawn
        yield from _with_small_letters(drawn)
    if "|" in text or "!" in text or "+" in text:
        yield from _parted(text)
    art = _ART_SIGNS.sub(lambda match: _ART[match.group()].ljust(len(match.group()), _NOTHING), text)
    if art != text:
        yield art


def _with_small_letters(text: str) -> Iterator[str]:
    """The text with small letters where their capitals look like others, as "Σ" does: all, or one of them."""
    unlike = [char for char in sorted(set(text)) if not char.isascii() and _is_unlike_small(char)]
    if not unlike:
        return
    yield text.translate({ord(char): char.lower() for char in unlike})
    for char in unlike[:_MOST_CAPITALS] if len(unlike) > 1 else ():
        yield text.replace(char, char.lower())


def _is_unlike_small(char: str) -> bool:
    small = char.lower()
    return small != char and len(small) == 1 and LETTERS[small].letters not in ("", LETTERS[char].letters)


def _parted(text: str) -> Iterator[str]:
    """The text with gaps for signs that are letters elsewhere in it."""
    alternating = _PARTED.sub(_without_parting, text)
    found = {alternating, _INNER_BAR.sub("·", alternating)}
    bars = [match.start() for match in _INNER_BAR.finditer(text)]
    if text.count("|") > 1 and len(bars) <= _MOST_BARS:
        found |= {f"{text[:bar]}·{text[bar + 1 :]}" for bar in bars}
    yield from sorted(found - {text})


def _without_parting(match: re.Match[str]) -> str:
    """The same with a sign that is no letter in every second place."""
    letters = match[0][::2]
    return "·".join(letters) + match[0][2 * len(letters) - 1 :]
