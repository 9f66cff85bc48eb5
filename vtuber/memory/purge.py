"""What is to be forgotten. It is noted at once, and removed from the store as soon as that can be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from vtuber.core.events import Answerable, Batch
from vtuber.memory.profile import Answer, Profile, called, key_of, lead_key
from vtuber.moderation.revocation import Revocation

T = TypeVar("T")
Some = dict[T, None]
"""A set that keeps its order: the oldest comes first."""


@dataclass(slots=True)
class Purge:
    """Everything of some people, and single things that were said. WHO is ``profile.key_of``."""

    people: Some[str] = field(default_factory=dict)
    """WHO."""
    names: Some[tuple[str, str]] = field(default_factory=dict)
    """(platform, name): whoever is ``called`` so."""
    words: Some[tuple[str, str]] = field(default_factory=dict)
    """(WHO, what they wrote)."""
    answers: Some[tuple[str, str]] = field(default_factory=dict)
    """(WHO, what was heard in answer to them)."""

    def __len__(self) -> int:
        return len(self.people) + len(self.names) + len(self.words) + len(self.answers)

    def add(self, other: Purge, limit: int) -> int:
        """Takes ``other`` in, and keeps the newest ``limit`` of each kind. Returns how many were dropped."""
        lost = 0
        for own, more in zip(self._shelves(), other._shelves(), strict=True):
            own.update(more)
            over = max(0, len(own) - limit)
            for oldest in list(islice(own, over)):
                del own[oldest]
            lost += over
        return lost

    def first(self, count: int) -> Purge:
        """Up to ``count`` of each kind, the oldest."""
        some = Purge()
        for own, given in zip(self._shelves(), some._shelves(), strict=True):
            given.update(dict.fromkeys(islice(own, count)))
        return some

    def done(self, purge: Purge) -> None:
        """Removes what was carried out."""
        for own, gone in zip(self._shelves(), purge._shelves(), strict=True):
            for each in gone:
                own.pop(each, None)

    def whole(self, who: str, name: str) -> bool:
        """Whether everything of somebody is to be forgotten, whose ``called`` name is given."""
        return who in self.people or any(
            name == wanted and who.startswith((f"{platform}:", "#")) for platform, wanted in self.names
        )

    def without_words(self, who: str, words: Iterable[str]) -> tuple[str, ...]:
        """What is left of what they wrote."""
        return tuple(said for said in words if (who, said) not in self.words)

    def left_of(
        self, stored: Mapping[str, Profile], batch: Batch, answers: Iterable[str]
    ) -> tuple[dict[str, Profile], list[str]]:
        """What is left of the profiles of the batch's people, and of what was said to its lead."""
        left = {
            who: replace(one, words=self.without_words(who, one.words))
            for who, one in stored.items()
            if not self.whole(who, one.called)
        }
        lead = lead_key(batch)
        if lead in self.people or (lead in stored and lead not in left):
            return left, []
        return left, [heard for heard in answers if (lead, heard) not in self.answers]

    def takes(self, answer: Answer) -> bool:
        """Whether an answer is to be forgotten."""
        if answer.key in self.people or (answer.key, answer.heard) in self.answers:
            return True
        return bool(self.names) and self.whole(answer.key, called(answer.name))

    def _shelves(self) -> tuple[dict[object, None], ...]:
        return self.people, self.names, self.words, self.answers  # type: ignore[return-value]


def is_person(event: Answerable, platform: str, who: str) -> bool:
    """Whether the event's author is ``who``, an id or a name."""
    author = event.author
    if event.platform != platform:
        return False
    return author.id == who or called(author.name) == called(who) or author.login == called(who)


def of_person(platform: str, who: str) -> Purge:
    """Everything of somebody, given by id or by name."""
    return Purge(people={key_of(platform, who): None}, names={(platform, called(who)): None})


def of_revocation(revocation: Revocation) -> Purge:
    """What a moderator deleted."""
    platform = revocation.deletion.platform
    keys = {who: key_of(platform, who) for who in revocation.authors}
    if not revocation.expels:
        return Purge(words={(keys[who], text): None for who, text in revocation.lines})
    logins = (who for who in revocation.authors if who.startswith("@"))  # nobody knows their ids
    return Purge(
        people=dict.fromkeys(keys.values()), names={(platform, called(login)): None for login in logins}
    )
