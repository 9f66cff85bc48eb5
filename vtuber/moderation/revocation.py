"""What moderators deleted: a deletion with all that it concerns, and a record of the latest ones.

The platform's own timestamps tell whether something was written before the deletion; where there are none,
what arrives within ``LATE`` seconds of the deletion counts as written before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtuber.core.events import Answerable, Author, ChatMessage, Deletion, Redemption, is_paid
from vtuber.core.recent import Recent
from vtuber.core.spelling import copy_key, normalize
from vtuber.core.text import clean

LATE = 5.0
"""Seconds by which a message may arrive later than its deletion."""
SHORTEST_TIMEOUT = 1.0
"""Seconds after a timeout in which its author cannot have written again."""
REPEATS = 60.0
"""Seconds in which the words of a deleted message are not taken again from its author."""
WORDS_LIMIT = 200
"""Characters of a message that are kept."""
KEPT = 20_000
"""At least so many of the latest deletions are known."""


def cut(text: str) -> str:
    """A message's text as it is kept: clean, and no longer than ``WORDS_LIMIT``."""
    return clean(text, WORDS_LIMIT)


@dataclass(frozen=True, slots=True)
class Revocation:
    """A deletion, and what is known of what it deletes."""

    deletion: Deletion
    authors: frozenset[str] = frozenset()
    """The known ids of those whose messages are deleted: of all in ``lines``."""
    lines: frozenset[tuple[str, str]] = frozenset()
    """(author id, ``cut`` text) of the deleted messages; empty when all of an author's are."""
    answers: frozenset[str] = frozenset()
    """What was heard lately in answer, and is deleted too."""

    @property
    def expels(self) -> bool:
        """Whether all of an author's messages are deleted: a timeout or a ban."""
        return bool(self.deletion.author_id) and not self.deletion.message_id

    @property
    def clears(self) -> bool:
        """Whether all of a channel's chat is deleted."""
        return not self.deletion.message_id and not self.deletion.author_id

    def takes(self, event: Answerable) -> bool:
        """Whether this event is deleted.

        With an author, everything of theirs in the channel is. With a whole chat, its messages are;
        subscriptions, gifts and the like stay. With a message, so is whatever its author says in the same
        words, such as a reward's text, unless they gave money.
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
        """Whether this event is not to be remembered: after a timeout or a ban, in any channel."""
        if self.expels:
            return event.platform == self.deletion.platform and self.is_of(event.author)
        return self.takes(event)

    def is_of(self, author: Author) -> bool:
        """Whether something of this author is deleted. IRC may give their login alone: "@login"."""
        if author.id in self.authors:
            return True
        login = self.deletion.author_id
        return login.startswith("@") and login[1:].casefold() in author.names

    def says(self, event: Answerable, words: str) -> bool:
        """Whether these words of the event's author are deleted."""
        who = event.author.id
        return (
            event.platform == self.deletion.platform
            and who in self.authors
            and (who, cut(words)) in self.lines
        )

    def _is_in_the_same_words(self, event: Answerable) -> bool:
        return gave_nothing(event) and self.says(event, event.text)

    def repeats(self, buzz: str) -> bool:
        """Whether what the room repeats is a deleted line."""
        if self.clears:
            return bool(buzz)
        return bool(buzz) and copy_key(normalize(buzz)) in (
            copy_key(normalize(text)) for _, text in self.lines
        )


def gave_nothing(event: Answerable) -> bool:
    """Whether no money was given for it. Points do not count: they can be given back."""
    return not is_paid(event) or isinstance(event, Redemption)


def was_before(sent: float, at: float, deletion: Deletion) -> bool:
    """Whether something ``sent`` and received (``at``) then was written before the deletion."""
    if sent and deletion.sent:
        return sent <= deletion.sent + SHORTEST_TIMEOUT
    return at <= deletion.at + LATE


class RecentRevocations:
    """Recognizes what was deleted when it comes late, comes twice, or is given back to the inbox."""

    def __init__(self) -> None:
        self._messages: Recent[tuple[str, str], None] = Recent(KEPT)
        self._words: Recent[tuple[str, str, str], float] = Recent(KEPT)
        self._swept: Recent[tuple[str, str, str], Revocation] = Recent(KEPT)
        self._anything = False

    def add(self, revocation: Revocation) -> None:
        """Takes in a revocation that has just been made."""
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
