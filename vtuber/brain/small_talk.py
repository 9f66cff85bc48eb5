"""What a model that is too small to think of answers is helped with: lines of hers that fit the question.

The embedded model follows what it has just read, and little else. What is like a line of the character's
small talk is answered with hers; where one is near, it stands before the question; what is like nothing that
she knows gets a line for that. The model is not asked in a language that it cannot speak.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from vtuber.character import Character, Talk
from vtuber.core.deeds import amount as price
from vtuber.core.deeds import written
from vtuber.core.events import (
    Answerable,
    ChatMessage,
    Follow,
    Gift,
    Money,
    Raid,
    Redemption,
    Subscription,
)
from vtuber.core.spelling import copy_key, normalize

VIEWER = "{viewer}"
"""In a reply: the name of whoever asked."""
AMOUNT = "{amount}"
"""In a reply: how much or how many of it they gave, where that is known."""
ALIKE = 0.5
"""So like a known line (0..1) must be what is answered with its reply."""
_RELATED = 0.35
"""So like one must be for the model to be of any use: it is shown that line, and then the question."""
_NEAREST = 2
"""So many lines stand before a question."""
_FOREIGN, _SYLLABLES = 0x250, 0x1100
"""Behind the Latin letters; and where Hangul, kana and Chinese begin."""
_PAIR = 0.5
"""Two words in a row count so much of what each of them does."""
_OTHER_SUBJECT = 0.85
"""Two lines are less alike when neither holds the other's rarest word."""
_CHARACTER_WEIGHT = 3
"""A Chinese character says as much as so many letters."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SPELLED = {
    "u": "you", "ur": "your", "r": "are", "im": "i am", "i'm": "i am", "ive": "i have", "i've": "i have",
    "you're": "you are", "youre": "you are", "what's": "what is", "whats": "what is", "who's": "who is",
    "whos": "who is", "where's": "where is", "how's": "how is", "hows": "how is", "it's": "it is",
    "its": "it is", "that's": "that is", "thats": "that is", "let's": "lets", "don't": "do not",
    "dont": "do not",
    "can't": "can not", "cant": "can not", "cannot": "can not", "isn't": "is not", "aren't": "are not",
    "gonna": "going to", "wanna": "want to", "gotta": "got to", "favourite": "favorite", "fav": "favorite",
    "pls": "please", "plz": "please", "ya": "you",
}  # fmt: skip
_ASKS = re.compile(
    r"\W*(?:what|who|whose|why|how|when|where|which|do|does|did|is|are|can|could|would|will|should)\b"
)
_ENDINGS = ("ing", "ed", "es", "s")
_LEAST_STEM = 3
_KINDS: dict[type, str] = {
    Subscription: "subscription",
    Gift: "gift",
    Raid: "raid",
    Follow: "follow",
    Redemption: "redemption",
}


class Near(NamedTuple):
    """A known line, and how like it is to what was asked."""

    likeness: float
    says: str
    talk: int


@dataclass(frozen=True, slots=True)
class _Line:
    says: str
    talk: int
    words: frozenset[str]
    subject: str
    """Its rarest word."""
    weight: float


def how_much(event: Answerable) -> str:
    """How much or how many somebody gave or brought: "US$50.00", "5 gifts"; "" when nobody knows."""
    match event:
        case ChatMessage(money=Money() as money):
            return price(money)
        case Subscription(months=months) if months > 1:
            return f"{months} months"
        case Gift(count=count):
            return "a gift" if count == 1 else f"{count} gifts"
        case Raid(viewers=viewers) if viewers > 1:
            return f"{viewers} people"
        case _:
            return ""


class SmallTalk:
    """One character's, for as long as a show lasts: replies to the same thing take turns."""

    def __init__(self, character: Character) -> None:
        self._talks = character.small_talk or tuple(_talks(character))
        self._names = _any_of(character.names)
        self._wishes = character.needs_better_brain
        self._given: Counter[int | str] = Counter()
        lines = [(says, index) for index, talk in enumerate(self._talks) for says in talk.says]
        self._same = {copy_key(normalize(says)): (says, index) for says, index in reversed(lines)}
        found = [(says, index, self._words(says)) for says, index in lines]
        often = Counter(word for _, _, words in found for word in words)
        self._rare = math.log(len(lines) + 1.0)
        self._weights = {
            word: math.log((len(lines) + 1) / count) * (_PAIR if " " in word else 1)
            for word, count in often.items()
        }
        self._lines = [
            _Line(
                says,
                index,
                words,
                max(words, key=self._rarity, default=""),
                math.fsum(map(self._weight, words)),
            )
            for says, index, words in found
        ]

    def answer(self, event: Answerable, name: str) -> str:
        """What she says to it without asking a model; "" when only a model can tell. ``name`` wrote it."""
        deed, text = self._for_deed(event), written(event)
        words = self._for_words(text) if text.strip() or not deed else ""
        said = " ".join(filter(None, (deed, words)))
        return said.replace(AMOUNT, how_much(event)).replace(VIEWER, name)

    def nearest(self, text: str, name: str) -> Iterator[tuple[str, str]]:
        """A few known lines with a reply each, the nearest last."""
        taken: list[Near] = []
        for near in self._ranked(text):
            if near.likeness < _RELATED or len(taken) == _NEAREST:
                break
            if near.talk not in {other.talk for other in taken}:
                taken.append(near)
        for near in reversed(taken):
            yield near.says, self._talks[near.talk].replies[0].replace(VIEWER, name)

    def best(self, text: str) -> Near | None:
        """The known line that is most like it."""
        return next(iter(self._ranked(text)), None)

    def is_foreign(self, text: str) -> bool:
        """Whether more of it is written in other letters than in Latin ones. Her own name does not count."""
        latin = foreign = 0
        for char in filter(str.isalpha, self._without_names(text.casefold())):
            if ord(char) < _FOREIGN:
                latin += 1
            else:
                foreign += _CHARACTER_WEIGHT if ord(char) >= _SYLLABLES else 1
        return foreign > latin

    def _for_words(self, text: str) -> str:
        if self.is_foreign(text):
            return self._turn("foreign", fitting(self._wishes, text))
        near = self.best(text)
        if near and near.likeness >= ALIKE:
            return self._turn(near.talk, self._talks[near.talk].replies)
        if near and near.likeness >= _RELATED:
            return ""
        return self._on("question" if _is_question(text) else "remark")

    def _for_deed(self, event: Answerable) -> str:
        paid = isinstance(event, ChatMessage) and event.money is not None
        return self._on("paid" if paid else _KINDS.get(type(event), ""), how_much(event))

    def _on(self, kind: str, amount: str = "") -> str:
        """What she says to that kind of thing; "" when the character has nothing for it.

        She says the amount if it is known, and she has such a reply.
        """
        for index, talk in enumerate(self._talks):
            if kind and talk.on == kind:
                with_amount = [reply for reply in talk.replies if AMOUNT in reply]
                without = [reply for reply in talk.replies if AMOUNT not in reply]
                return self._turn(index, with_amount if amount and with_amount else without)
        return ""

    def _turn(self, key: int | str, replies: Sequence[str]) -> str:
        self._given[key] += 1
        return replies[(self._given[key] - 1) % len(replies)] if replies else ""

    def _ranked(self, text: str) -> list[Near]:
        """All known lines that have anything in common with it, the most like it first."""
        plain = self._without_names(normalize(text)).strip()
        if found := self._same.get(copy_key(plain)) if plain else None:
            return [Near(1.0, *found)]
        words = self._words(text)
        weight = math.fsum(map(self._weight, words))
        subject = max(words, key=self._rarity, default="")
        near = []
        for line in self._lines:
            if common := math.fsum(map(self._weight, words & line.words)):
                other = subject not in line.words and line.subject not in words
                likeness = 2 * common / (weight + line.weight) * (_OTHER_SUBJECT if other else 1)
                near.append(Near(likeness, line.says, line.talk))
        return sorted(near, key=lambda one: -one.likeness)

    def _rarity(self, word: str) -> tuple[float, str]:
        return self._weight(word), word

    def _weight(self, word: str) -> float:
        """The rarer the more."""
        return self._weights.get(word, self._rare * (_PAIR if " " in word else 1))

    def _words(self, text: str) -> frozenset[str]:
        """Its words in one spelling, alone and in pairs."""
        found = [
            _stem(part)
            for word in _WORD.findall(self._without_names(normalize(text)))
            for part in _SPELLED.get(word.replace("’", "'"), word).split()
        ]
        return frozenset([*found, *(f"{one} {other}" for one, other in pairwise(found))])

    def _without_names(self, text: str) -> str:
        """Calling her by name changes nothing."""
        return self._names.sub(" ", text)


def fitting(lines: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of the lines that are Chinese if the text is, and not if it is not; all where there are none."""
    every = tuple(lines)
    return tuple(line for line in every if _is_chinese(line) == _is_chinese(text)) or every


def _talks(character: Character) -> Iterator[Talk]:
    """What her examples say of small talk, for a character without any of its own."""
    for example in character.examples:
        says = re.sub(r"\[[^\]]*\]", "", example.text).strip()
        if says and not _is_chinese(example.reply):
            reply = re.sub(rf"\b{re.escape(example.viewer)}\b", VIEWER, example.reply, flags=re.IGNORECASE)
            yield Talk((says,), (reply,))


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds a name, but no part of a longer word in Latin letters."""
    known = (re.escape(normalize(name)) for name in sorted(names, key=len, reverse=True))
    return re.compile("|".join(rf"(?<![a-z]){name}(?![a-z])" for name in known))


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "？")) or bool(_ASKS.match(normalize(text)))


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def _stem(word: str) -> str:
    """Without its ending and doubled letters: "goooood" and "goods" are "god"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            word = word[: -len(ending)]
            break
    return re.sub(r"(.)\1+", r"\1", word)
