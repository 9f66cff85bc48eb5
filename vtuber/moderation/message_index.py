"""Knows who wrote what lately, so that a deletion, which names little more than an id, can be understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vtuber.core.events import Answerable, ChatMessage, Deletion
from vtuber.core.recent import Recent
from vtuber.moderation.revocation import Revocation, cut, was_before

MESSAGES = 20_000
"""At least so many of the latest messages are known."""


class IndexedMessage(NamedTuple):
    """What is kept of a message."""

    channel: str
    author: str
    """The author's id."""
    text: str
    is_chat: bool
    """False for what comes with a subscription or the like."""
    sent: float
    at: float


class MessageIndex:
    """Takes a bounded amount of memory, and little time."""

    def __init__(self) -> None:
        self._messages: Recent[tuple[str, str], IndexedMessage] = Recent(MESSAGES)
        self._authors: Recent[tuple[str, str], str] = Recent(MESSAGES)

    def note(self, event: Answerable) -> None:
        """Takes in what somebody wrote or did, whether it will be answered or not."""
        author = event.author
        is_chat = isinstance(event, ChatMessage)
        line = IndexedMessage(event.channel, author.id, cut(event.text), is_chat, event.sent, event.at)
        self._messages.set((event.platform, event.id), line)
        for name in author.names:
            self._authors.set((event.platform, name), author.id)

    def author(self, platform: str, name: str) -> str | None:
        """The id of whoever last wrote under that name (any case, with or without an "@")."""
        return self._authors.get((platform, name.removeprefix("@").casefold()))

    def revocation(self, deletion: Deletion) -> Revocation:
        """The deletion with all that is known of what it deletes."""
        if deletion.message_id:
            return self._of_message(deletion)
        if deletion.author_id:
            return Revocation(deletion, frozenset((self._expelled(deletion),)))
        lines = frozenset(self._cleared(deletion))
        return Revocation(deletion, frozenset(author for author, _ in lines), lines)

    def _of_message(self, deletion: Deletion) -> Revocation:
        line = self._messages.get((deletion.platform, deletion.message_id))
        if line is None:
            return Revocation(deletion)
        said = [(line.author, line.text)] if line.text else []
        return Revocation(deletion, frozenset((line.author,)), frozenset(said))

    def _expelled(self, deletion: Deletion) -> str:
        given = deletion.author_id
        known = self.author(deletion.platform, given) if given.startswith("@") else None
        return known or given

    def _cleared(self, deletion: Deletion) -> Iterator[tuple[str, str]]:
        """(author, text) of the channel's chat."""
        for (platform, _), line in self._messages.items():
            if (
                platform == deletion.platform
                and line.channel == deletion.channel
                and line.is_chat
                and line.text
                and was_before(line.sent, line.at, deletion)
            ):
                yield line.author, line.text
