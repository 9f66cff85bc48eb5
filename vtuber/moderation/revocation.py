"""What moderators took away: a deletion with all that it concerns, and the record of those that came.

Whether something was written before it was deleted, the platform's own stamps tell; where it gives none,
what comes within ``LATE`` seconds of a deletion counts as written before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtuber.core.events import Answerable, Author, ChatMessage, Deletion, Redemption, is_paid
from vtuber.core.recent import Recent
from vtuber.core.spelling import copy_key, normalize
from vtuber.core.text import clean

LATE = 5.0
"""Seconds that a message may be slower on its way than the deletion of it."""
SHORTEST_TIMEOUT = 1.0
"""Seconds in which nobody can write again, whose words were removed."""
REPEATS = 60.0
"""For so long the words of a deleted message are not taken again."""
WORDS_LIMIT = 200
"""Characters that are kept of a message."""
KEPT = 20_000
"""So many of the latest deletions at least are known."""


def cut(text: str) -> str:
    """As much of what was written as is kept of it."""
    return clean(text, WORDS_LIMIT)


@dataclass(frozen=True, slots=True)
class Revocation:
    """A deletion, and what is known of what it takes away."""

    deletion: Deletion
    authors: frozenset[str] = frozenset()
    """The ids of those whose words go, as far as they are known: of all in ``lines``."""
    lines: frozenset[tuple[str, str]] = frozenset()
    """(author id, ``cut`` text) of messages that go; not told of an author, of whom all goes."""
    answers: frozenset[str] = frozenset()
    """What was heard lately in answer to it, and goes too."""

    @property
    def expels(self) -> bool:
        """Whether an author goes: a timeout or a ban."""
        return bool(self.deletion.author_id) and not self.deletion.message_id

    @property
    def clears(self) -> bool:
        """Whether all of a channel's chat goes."""
        return not self.deletion.message_id and not self.deletion.author_id

    def takes(self, event: Answerable) -> bool:
        """Whether this event goes.

        With an author goes everything of theirs in the channel. With a whole chat, its lines; subscriptions,
        gifts and the like, which are none, stay. With a message, whatever its author says in the same words,
        such as a reward's text, unless they gave money.
        """
        deletion = self.deletion
        if event.platform != deletion.platform:
            return False
        if deletion.message_id:
            return event.id == deletion.message_id or self._is_in_the_same_words(event)
        if self.expels and not self.is_of(event.author):
            return False
        if event.channel != deletion.channel or not was_before(event.sent, event.at, deletion):
            return False
        return self.expels or isinstance(event, ChatMessage) or self._is_in_the_same_words(event)

    def forgets(self, event: Answerable) -> bool:
        """Whether nothing of this event is to be remembered: of an author who goes, wherever they wrote."""
        if self.expels:
            return event.platform == self.deletion.platform and self.is_of(event.author)
        return self.takes(event)

    def is_of(self, author: Author) -> bool:
        """Whether something of this author goes. IRC may know them by their login alone: "@login"."""
        if author.id in self.authors:
            return True
        login = self.deletion.author_id
        return login.startswith("@") and login[1:].casefold() in author.names

    def says(self, event: Answerable, words: str) -> bool:
        """Whether these words, by the author of this event, go."""
        who = event.author.id
        return (
            event.platform == self.deletion.platform
            and who in self.authors
            and (who, cut(words)) in self.lines
        )

    def _is_in_the_same_words(self, event: Answerable) -> bool:
        return gave_nothing(event) and self.says(event, event.text)

    def repeats(self, buzz: str) -> bool:
        """Whether what the room repeats is a line that goes."""
        if self.clears:
            return bool(buzz)
        return bool(buzz) and copy_key(normalize(buzz)) in (
            copy_key(normalize(text)) for _, text in self.lines
        )


def gave_nothing(event: Answerable) -> bool:
    """Whether no money was given for it; points are no money, and are given back."""
    return not is_paid(event) or isinstance(event, Redemption)


def was_before(sent: float, at: float, deletion: Deletion) -> bool:
    """Whether something that was ``sent`` then, and came ``at`` that time, was there to be deleted."""
    if sent and deletion.sent:
        return sent <= deletion.sent + SHORTEST_TIMEOUT
    return at <= deletion.at + LATE


class Revoked:
    """Knows again what was deleted, when it comes late, comes twice or is given back."""

    def __init__(self) -> None:
        self._messages: Recent[tuple[str, str], None] = Recent(KEPT)
        self._words: Recent[tuple[str, str, str], float] = Recent(KEPT)
        self._swept: Recent[tuple[str, str, str], Revocation] = Recent(KEPT)
        self._anything = False

    def add(self, revocation: Revocation) -> None:
        """Notes it; it took place now."""
        self._anything = True
        deletion = revocation.deletion
        if deletion.message_id:
            self._messages.set((deletion.platform, deletion.message_id), None)
            for author, text in revocation.lines:
                self._words.set((deletion.platform, author, text), deletion.at)
            return
        for who in {*revocation.authors, deletion.author_id} if revocation.expels else ("",):
            self._swept.set((deletion.platform, deletion.channel, who.casefold()), revocation)

    def __contains__(self, event: Answerable) -> bool:
        if not self._anything:
            return False
        platform, author = event.platform, event.author
        if (platform, event.id) in self._messages:
            return True
        deleted = self._words.get((platform, author.id, cut(event.text)))
        if deleted is not None and event.at < deleted + REPEATS and gave_nothing(event):
            return True
        for who in ("", author.id.casefold(), *(f"@{name}" for name in author.names)):
            swept = self._swept.get((platform, event.channel, who))
            if swept is not None and swept.takes(event):
                return True
        return False
