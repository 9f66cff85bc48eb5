"""What is known of one viewer, and the key under which it is stored."""

from __future__ import annotations

import re
import string
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256

from vtuber.core.deeds import written
from vtuber.core.events import Answerable, Batch
from vtuber.core.text import NAME_LIMIT, clean_name
from vtuber.moderation.revocation import cut

WORDS_KEPT = 12
"""How many of a viewer's last messages are kept."""
ANSWERS_KEPT = 3
"""How many of the last answers to a viewer are kept."""

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}:[A-Za-z0-9_.-]{1,64}")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def key_of(platform: str, author_id: str) -> str:
    """Who somebody is, as part of a key: at most 129 ASCII characters, different for any two people."""
    if _PLAIN.fullmatch(key := f"{platform}:{author_id}"):
        return key
    return "#" + sha256(ascii((platform, author_id)).encode()).hexdigest()


@lru_cache(maxsize=4096)
def called(name: str) -> str:
    """The name as it is compared: cleaned, without its "@", Latin letters in small."""
    return clean_name(name.removeprefix("@")).translate(_LOWER)


def lead_key(batch: Batch) -> str:
    """``key_of`` the author of the batch's lead."""
    return key_of(batch.lead.event.platform, batch.lead.event.author.id)


@dataclass(slots=True)
class Profile:
    """What is known of one viewer. The name is cut to its limit, and not cleaned yet."""

    name: str
    messages: int = 0
    words: tuple[str, ...] = ()
    """Their last messages, oldest first."""
    away: float = 0.0
    """For how many seconds they were away, when they came back lately; 0 for anybody else."""
    new: bool = False
    """Whether they were first heard of lately, though others were before."""
    called: str = field(init=False)
    """``called(name)``, kept so that one of many people is found by name quickly."""

    def __post_init__(self) -> None:
        self.called = called(self.name)

    def note(self, event: Answerable) -> None:
        """Takes in an event of theirs."""
        name = event.author.name[:NAME_LIMIT]
        if name != self.name:
            self.name, self.called = name, called(name)
        if words := written(event):
            self.messages += 1
            self.words = (*self.words[1 - WORDS_KEPT :], cut(words))

    def followed_by(self, newer: Profile | None) -> Profile:
        """This one and a newer one together."""
        if newer is None:
            return self
        words = (*self.words, *newer.words)[-WORDS_KEPT:]
        return replace(self, name=newer.name, messages=self.messages + newer.messages, words=words)

    def words_before(self, texts: Iterable[str]) -> tuple[str, ...]:
        """What they wrote before any of ``texts``, which are among their words too; oldest first."""
        words = [cut(said) for said in self.words]
        for text in texts:
            asked = cut(text)
            if asked in words:
                newest_first = words[::-1]
                words = words[: len(words) - 1 - newest_first.index(asked)]
        return tuple(filter(None, words))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard in answer to a viewer. All texts are clean."""

    speaker: str
    """The id of who said it."""
    key: str
    """``key_of`` the viewer."""
    name: str
    said: str
    """What the viewer had written."""
    heard: str
    at: float
    """Seconds since 1970, for it is read in later shows."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Profiles and answers on their way to the store."""

    viewers: dict[str, Profile]
    """By ``key_of`` the viewer."""
    answers: list[Answer] | deque[Answer]
