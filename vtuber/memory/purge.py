"""What is to be forgotten: noted at once, carried out where it is stored as soon as that can be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from vtuber.core.events import Answerable, Batch
from vtuber.memory.note import Answer, Note, called, key_of, lead_key
from vtuber.moderation.revocation import Revocation

T = TypeVar("T")
Some = dict[T, None]
"""A set that keeps its order: the oldest comes first."""


@dataclass(slots=True)
class Purge:
    """All of some people's, and single things that were said. WHO is ``note.key_of``."""

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
        """Takes all of it in. Returns how many of the oldest had to go so that ``limit`` of each are kept."""
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
        """That much was carried out."""
        for own, gone in zip(self._shelves(), purge._shelves(), strict=True):
            for each in gone:
                own.pop(each, None)

    def whole(self, who: str, name: str) -> bool:
        """Whether everything of somebody goes, who is ``called`` so."""
        return who in self.people or any(
            name == wanted and who.startswith((f"{platform}:", "#")) for platform, wanted in self.names
        )

    def without_words(self, who: str, words: Iterable[str]) -> tuple[str, ...]:
        """What is left of what they wrote. Clean."""
        return tuple(said for said in words if (who, said) not in self.words)

    def left_of(
        self, stored: Mapping[str, Note], batch: Batch, answers: Iterable[str]
    ) -> tuple[dict[str, Note], list[str]]:
        """What is left of what is known of the batch's people, and of what was said to its lead."""
        left = {
            who: Note(note.name, note.messages, self.without_words(who, note.words))
            for who, note in stored.items()
            if not self.whole(who, note.called)
        }
        lead = lead_key(batch)
        if lead in self.people or (lead in stored and lead not in left):
            return left, []
        return left, [heard for heard in answers if (lead, heard) not in self.answers]

    def takes(self, answer: Answer) -> bool:
        """Whether an answer goes."""
        if answer.key in self.people or (answer.key, answer.heard) in self.answers:
            return True
        return bool(self.names) and self.whole(answer.key, called(answer.name))

    def _shelves(self) -> tuple[dict[object, None], ...]:
        return self.people, self.names, self.words, self.answers  # type: ignore[return-value]


def is_person(event: Answerable, platform: str, who: str) -> bool:
    """Whether the event is of somebody told by id or by name."""
    author = event.author
    if event.platform != platform:
        return False
    return author.id == who or called(author.name) == called(who) or author.login == called(who)


def of_person(platform: str, who: str) -> Purge:
    """Of somebody told by id or by name."""
    return Purge(people={key_of(platform, who): None}, names={(platform, called(who)): None})


def of_revocation(revocation: Revocation) -> Purge:
    """Of what a moderator deleted."""
    platform = revocation.deletion.platform
    keys = {who: key_of(platform, who) for who in revocation.authors}
    if not revocation.expels:
        return Purge(words={(keys[who], text): None for who, text in revocation.lines})
    logins = (who for who in revocation.authors if who.startswith("@"))  # nobody knows their ids
    return Purge(
        people=dict.fromkeys(keys.values()), names={(platform, called(login)): None for login in logins}
    )
