"""Finds the words of a list in text, however they are dressed up: b.a.d, b a d, b@d, baaad, ᏴᎪᎠ, b😀a😀d."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from operator import add

import decancer_py

from vtuber.core.spelling import normalize
from vtuber.guard.word_files import shipped

NAME_WORD_LENGTH = 5
"""Words of at least this length are found in the middle of names, too."""
BACKWARDS_LENGTH = 5
"""Latin words of at least this length are found backwards, too: an override shows them forwards."""
_REGEX = "re:"

_DISGUISES = {
    "a": "a4@*", "b": "b8", "c": "c(", "e": "e3*", "g": "g9", "i": "i1!|*", "l": "l1|",
    "o": "o0*", "s": "s5$", "t": "t7+", "u": "u*", "z": "z2",
}  # fmt: skip
_INSIDE = r"[.\-_~'·/]?"  # f.uck
_INSIDE_SPACED = r"[.\-_~'·/]?(?: {1,2}[.\-_~'·/]?)?"
_APART = r"[ .\-_~'·,/]{1,3}"  # f u c k
_FRAME = r"(?P<f>[a-z])(?P=f)+"  # xXbadXx
_BETWEEN_WORDS = r"[ .\-_~'·,/]{0,3}"

_CLASSES = str.maketrans(
    {sign: letter for letter, signs in _DISGUISES.items() for sign in signs if sign not in "*l"}
    | {"l": "i", "|": "i", "1": "i", "*": "*"}
    | dict.fromkeys(".-_~'·/, ")
)
"""Whatever stands for a letter becomes that letter, and what may stand between letters vanishes."""
_STARRED = str.maketrans(dict.fromkeys("aeiou", "*"))
_RUN = re.compile(r"(.)\1+", re.DOTALL)
_LONG_RUN_APART = re.compile(rf"([a-z])(?:{_APART}\1){{3,}}")
_BEGINNING = 4

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SPREAD = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){2,}")  # b|a|d
_NOT_LETTERS = re.compile(r"[\W_]+")
_SIGNS = r"(?:[^\w\s.,!?;:'\"()\[\]{}<>…，。！？、；：「」『』（）《》·/~—-]){1,3}"
_SIGNS_WITHIN = re.compile(rf"(?<=[^\W_]){_SIGNS}(?=[^\W_])")  # b|ad, 壞*蛋
_ALPHABET = (
    # Chinese and Japanese characters that are drawn for Latin letters, as people write with them.
    "a卂丹 b乃 c匚亡 d刀 e乇モヨ f下千 g厶ム h卄廾ん i丨工 j丿ノ k长ズ l乚レ m爪从"
    " n几冂 o口の p尸卩ア r尺 s丂 t丅イ u凵ひ w山 x乂メ y丫 z乙"
)
_DRAWN = {ord(sign): signs[0] for signs in _ALPHABET.split() for sign in signs[1:]}
_DRAWN_LETTERS = re.compile(rf"[{''.join(map(chr, _DRAWN))}a-z0-9]{{3,}}")


class WordList:
    """Words, and regular expressions after "re:". What is searched must be ``normalize``d."""

    def __init__(self, entries: Iterable[str]) -> None:
        entries = tuple(entries)
        self._harmless: tuple[str, ...] = ()
        words = [entry for entry in entries if not entry.startswith(_REGEX)]
        expressions = [entry.removeprefix(_REGEX) for entry in entries if entry.startswith(_REGEX)]
        self._words = Words(words, closely=True)
        self._inside_names = Words((word for word in words if len(word) >= NAME_WORD_LENGTH), anywhere=True)
        self._expression = re.compile("|".join(expressions)) if expressions else None

    @classmethod
    def shipped(cls, name: str) -> WordList:
        """The built-in lists of a policy."""
        listed = cls(entries(name))
        listed._harmless = tuple(normalize(entry.text) for entry in shipped() if entry.harmless)
        return listed

    def find(self, normalized: str) -> str:
        """A word that is in the text, or ""."""
        for phrase in self._harmless:
            normalized = normalized.replace(phrase, " ")
        if self._expression is not None and (match := self._expression.search(normalized)):
            return str(match.group())
        return self._words.find(normalized)

    def find_in_name(self, normalized: str) -> str:
        """A word that is in a name, where it may have no space around it; or ""."""
        return self.find(normalized) or self._inside_names.find(normalized)


def entries(policy: str) -> tuple[str, ...]:
    """The words of the built-in lists of a policy, without those that need more than to be there."""
    return tuple(
        entry.text.replace("*", "")
        for entry in shipped()
        if entry.policy == policy and not entry.harmless and len(entry.parts) == 1
    )


@lru_cache(maxsize=2048)
def readings(normalized: str) -> tuple[str, ...]:
    """How a line may be read: as it is; without what stands between its letters; and by their looks."""
    found = {normalized: None}
    for apart in (_SPREAD, _SIGNS_WITHIN):
        found[apart.sub(lambda letters: _NOT_LETTERS.sub("", letters.group()), normalized)] = None
    if not normalized.isascii():
        for reading in list(found):
            found[_by_looks(reading)] = None
            found[_DRAWN_LETTERS.sub(lambda drawn: drawn.group().translate(_DRAWN), reading)] = None
    return tuple(found)


def _by_looks(text: str) -> str:
    """The text in the letters that those of other scripts look like."""
    try:
        return normalize(str(decancer_py.parse(text)))
    except ValueError:  # half a character, or too much from right to left
        return text


class Words:
    """Finds words in ``normalize``d text. A line costs the same however many words there are.

    A Latin word stands alone (none is found in Scunthorpe), unless ``anywhere``, which names need; words
    of other scripts are found wherever they are. A spelling without any letter (455) is a number.
    ``closely``: a Latin word is found with digits at its ends, framed (xxbadxx), and if long backwards.
    """

    def __init__(self, words: Iterable[str], *, anywhere: bool = False, closely: bool = False) -> None:
        self._words = sorted({word for word in (normalize(word).strip() for word in words) if word})
        self._backwards = {word[::-1]: word for word in self._words if closely and _is_long_and_latin(word)}
        self._words += sorted(self._backwards.keys() - set(self._words))
        self._anywhere, self._closely = anywhere, closely
        self._patterns: dict[str, re.Pattern[str]] = {}  # made when they are first needed: most never are

    def find(self, normalized: str) -> str:
        """One of the words that is there, or ""."""
        if not self._words:
            return ""
        return next(filter(None, map(self._find, readings(normalized))), "")

    def _find(self, normalized: str) -> str:
        starred = "*" in normalized
        index = self._starred_index if starred else self._index
        found = index.candidates(_skeleton(normalized, starred=starred))
        places = ((place, word) for word in found if (place := self._place(word, normalized)) is not None)
        word = min(places, default=(None, ""))[1]
        return self._backwards.get(word, word)

    def _place(self, word: str, normalized: str) -> tuple[bool, int] | None:
        """Where the word is: those that stand alone come first, and among them the leftmost."""
        alone = not self._anywhere and _is_latin(word[0]) and _is_latin(word[-1])
        pattern = self._patterns.get(word)
        if pattern is None:
            together, *apart = _spellings(word)
            if alone and self._closely:
                together = rf"(?:{_FRAME})?\d*{together}\d*(?(f)(?P=f){{2,}})"
            spellings = "|".join((together, *apart))
            whole = f"(?<![a-z0-9])(?:{spellings})(?![a-z0-9])" if alone else spellings
            pattern = self._patterns[word] = re.compile(whole)
        for match in pattern.finditer(_cut_runs_apart(normalized)):
            if any(map(str.isalpha, match.group())) or not any(map(str.isalpha, word)):
                return not alone, match.start()
        return None

    @cached_property
    def _index(self) -> _Index:
        return _Index(self._words, starred=False)

    @cached_property
    def _starred_index(self) -> _Index:
        """For text with a "*", which may stand for any vowel."""
        return _Index(self._words, starred=True)


class _Index:
    """Words by how their skeleton begins, so that few of them are looked for in a text."""

    def __init__(self, words: Iterable[str], *, starred: bool) -> None:
        self._words: dict[str, list[tuple[str, str]]] = {}
        for word in words:
            skeleton = _skeleton(word, starred=starred)
            self._words.setdefault(skeleton[:_BEGINNING], []).append((skeleton, word))
        self._lengths = sorted({len(beginning) for beginning in self._words})
        self._pairs = frozenset(beginning[:2] for beginning in self._words)
        self._short = bool(self._lengths) and self._lengths[0] < 2

    def candidates(self, skeleton: str) -> list[str]:
        """The words whose skeleton is in that of a text: those that are there, and a few that are not."""
        found: dict[str, None] = {}
        if not self._short and self._pairs.isdisjoint(map(add, skeleton, skeleton[1:])):
            return []  # a glance, for most of chat
        for at in range(len(skeleton) + 1):
            for length in self._lengths:
                for whole, word in self._words.get(skeleton[at : at + length], ()):
                    if skeleton.startswith(whole, at):
                        found[word] = None
        return list(found)


def _skeleton(normalized: str, *, starred: bool) -> str:
    """What all spellings of a word have in common; with ``starred``, every vowel is a "*"."""
    plain = normalized.translate(_CLASSES)
    return _RUN.sub(r"\1", plain.translate(_STARRED) if starred else plain)


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_long_and_latin(word: str) -> bool:
    return len(word) >= BACKWARDS_LENGTH and word.isascii() and word.isalpha()


def _spellings(word: str) -> tuple[str, ...]:
    """A word written together (f.uck), and, if Latin, letter by letter (f u c k).

    Chinese has no spaces between words, so one there may be the end of a clause: a word with one in it must
    begin or end where no other character is. A comma always ends one.
    """
    parts = _cut_runs_apart(word).split()
    together = _BETWEEN_WORDS.join(_INSIDE.join(_letters(part)) for part in parts)
    if not any(map(_is_latin, word)):
        spaced = together.replace(_INSIDE, _INSIDE_SPACED)
        return together, f"(?<![{_CJK}]){spaced}", f"{spaced}(?![{_CJK}])"
    apart = _APART.join(_letter(letter, 1) for letter in normalize("".join(parts)))
    return together, apart


def _cut_runs_apart(text: str) -> str:
    """Cuts "a.a.a.a" to three letters, as ``normalize`` cuts "aaaa", in the words and in the text."""
    return _LONG_RUN_APART.sub(r"\1 \1 \1", text)


def _letters(word: str) -> list[str]:
    """A pattern for each letter, doubled ones together."""
    return [_letter(match[1], len(match[0])) for match in re.finditer(r"(.)\1*", word)]


def _letter(letter: str, count: int) -> str:
    """So many of a letter, or up to three more. Repeats are bounded: nothing here backtracks far."""
    if not _is_latin(letter):
        return _INSIDE.join([re.escape(letter)] * count)
    choice = f"[{re.escape(_DISGUISES.get(letter, letter))}]"
    # A first letter without a repeat lets the engine skip the word at a glance.
    return f"{choice}{choice}{{{count - 1},{count + 2}}}"
