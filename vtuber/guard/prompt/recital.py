"""Whether somebody recites a secret text in another form: backwards, shifted, spelled out, coded…

Each form of the secret is a string; a run of it that is too long for chance, in the same form of what is
said, is a recital. Chinese texts are looked at word by word only (``prompt_leak``), and backwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from vtuber.core.spelling import normalize
from vtuber.guard.likeness.encodings import coded, readings
from vtuber.guard.prompt.prompt_leak import letters

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[\u3400-\u9fff]+")
_VOWELS = re.compile(r"[aeiou0-9]+")
_PERSON = re.compile(
    r"\b(?:you(?:'re|r|rs|rself)?|i(?:'m)?|my|mine|myself|me|she|her|hers|herself|they|their|we|our"
    r"|am|are|is|be|was|were|has|have|does|do|says?|should|must|will|would|to)\b"
)
_RULE = re.compile(
    r"\b(?:never|always|no|not|don't|must|only|avoid)\b|不准|不要|不可|不得|絕不|從不|永遠|必須|一律|只能"
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+")


@dataclass(frozen=True, slots=True)
class Form:
    """A secret text in one form."""

    name: str
    made: Callable[[str], str]
    """Makes the form of what is said."""
    secret: str
    length: int
    """Letters in a row that are no coincidence."""
    blocks: frozenset[str]
    """Every run of half that length in ``secret``."""
    holds_plain: bool = False
    """Whether the text itself, word for word, has the same form."""

    def is_in(self, plain: str) -> bool:
        form, half = self.made(plain), self.length // 2
        for at in range(0, len(form) - half + 1, half):  # each long run has one of these in it
            if form[at : at + half] in self.blocks:
                begins = range(max(0, at - half), min(at, len(form) - self.length) + 1)
                if any(form[begin : begin + self.length] in self.secret for begin in begins):
                    return True
        return False


class Recital:
    """Finds a secret text in other forms."""

    def __init__(self, text: str) -> None:
        plain = normalize(text)
        self._plain = _form("as it is", letters, letters, plain, 24)
        self._forms = (
            _form("shifted letters", _steps, _steps, plain, 24, holds_plain=True),
            _form("shifted letters", _steps, _mirrored, plain, 24),
            _form("scrambled words", _sorted, _sorted, plain, 30, holds_plain=True),
            _form("scrambled words", _sorted, _sorted_without_ay, plain, 24),
            _form("scrambled words", _sorted, _sorted_without_way, plain, 24),
            _form("without vowels", _consonants, _consonants_alone, plain, 22),
            _form("first letters", letters, _initials, plain, 10),
            _form("first letters", _initials, letters, plain, 10),
            _form("words backwards", letters, _backward_order, plain, 30),
            _form("with other words between", letters, _every_second, plain, 20),
            _form("with other words between", letters, _every_other, plain, 20),
        )
        rules = (_no_person(sentence) for sentence in _SENTENCE.findall(plain) if _RULE.search(sentence))
        self._rules = _form("in another person", str, _no_person, " ".join(rules), 24)

    @classmethod
    def of(cls, text: str) -> Recital:
        """The same, made once for all that ask for it."""
        return _shared(text)

    def form_in(self, text: str) -> str:
        """In which form the text recites the secret; "": in none."""
        for _ in coded(text):
            return "in a code"
        plain = normalize(text)
        is_plain = self._plain.is_in(plain)
        for form in self._forms:
            if not (is_plain and form.holds_plain) and form.is_in(plain):
                return form.name
        if self._rules.is_in(plain):
            return self._rules.name
        if is_plain:
            return ""
        return next((name for name, read in readings(text) if self._plain.is_in(normalize(read))), "")


@lru_cache(maxsize=4)
def _shared(text: str) -> Recital:
    return Recital(text)


def _form(
    name: str,
    secret: Callable[[str], str],
    said: Callable[[str], str],
    plain: str,
    length: int,
    *,
    holds_plain: bool = False,
) -> Form:
    made, half = secret(plain), length // 2
    blocks = frozenset(made[at : at + half] for at in range(len(made) - half + 1))
    return Form(name, said, made, length, blocks, holds_plain)


@lru_cache(maxsize=16)
def _words(plain: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(plain))


@lru_cache(maxsize=16)
def _steps(plain: str) -> str:
    """From each Latin letter to the next, how far in the alphabet: the same however all are shifted."""
    found = [ord(char) - 97 for char in plain if "a" <= char <= "z"]
    return "".join(chr(97 + (after - before) % 26) for before, after in pairwise(found))


def _mirrored(plain: str) -> str:
    """The same for letters that were read from the end of the alphabet."""
    return "".join(chr(97 + (97 - ord(step)) % 26) for step in _steps(plain))


@lru_cache(maxsize=16)
def _consonants(plain: str) -> str:
    return _VOWELS.sub("", "".join(_words(plain)))


def _consonants_alone(plain: str) -> str:
    """Consonants of a text that has few vowels: with them it is judged as it is."""
    written = "".join(_words(plain))
    without = _consonants(plain)
    return without if len(written) - len(without) < len(written) / 5 else ""


def _initials(plain: str) -> str:
    return "".join(word[0] for word in _words(plain))


@lru_cache(maxsize=16)
def _sorted(plain: str) -> str:
    """Each word's letters in the order of the alphabet: the same however they are mixed."""
    return "".join("".join(sorted(word)) for word in _words(plain))


def _sorted_without_ay(plain: str) -> str:
    """The same of what is said in pig Latin."""
    words = _words(plain)
    if sum(word.endswith("ay") for word in words) <= len(words) / 2:
        return ""
    return _sorted(" ".join(word.removesuffix("ay") for word in words))


def _sorted_without_way(plain: str) -> str:
    """The same, where words with a vowel in front got a "way"."""
    return _sorted_without_ay(re.sub(r"way\b", "ay", plain))


def _backward_order(plain: str) -> str:
    return "".join(reversed(_words(plain)))


def _every_second(plain: str) -> str:
    return "".join(_words(plain)[::2])


def _every_other(plain: str) -> str:
    return "".join(_words(plain)[1::2])


def _no_person(plain: str) -> str:
    return letters(_PERSON.sub(" ", plain))
