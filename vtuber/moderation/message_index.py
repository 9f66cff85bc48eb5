"""Who wrote what lately. A deletion names little more than an id; here is what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vtuber.core.events import Answerable, ChatMessage, Deletion
from vtuber.core.recent import Recent
from vtuber.moderation.revocation import Revocation, cut, was_before

LINES = 20_000
"""So many of the latest messages at least are known."""


class Line(NamedTuple):
    """What is kept of a message."""

    channel: str
    author: str
    """Its author's id."""
    text: str
    is_chat: bool
    """A subscription's words, say, are none."""
    sent: float
    at: float


class MessageIndex:
    """Bounded, and cheap enough for any chat."""

    def __init__(self) -> None:
        self._lines: Recent[tuple[str, str], Line] = Recent(LINES)
        self._authors: Recent[tuple[str, str], str] = Recent(LINES)

    def note(self, event: Answerable) -> None:
        """Somebody wrote (or did) something, whether she will answer it or not."""
        author = event.author
        is_chat = isinstance(event, ChatMessage)
        line = Line(event.channel, author.id, cut(event.text), is_chat, event.sent, event.at)
        self._lines.set((event.platform, event.id), line)
        for name in author.names:
            self._authors.set((event.platform, name), author.id)

    def author(self, platform: str, name: str) -> str | None:
        """The id of whoever wrote last under that name, in any case and with or without an "@"."""
        return self._authors.get((platform, name.removeprefix("@").casefold()))

    def revocation(self, deletion: Deletion) -> Revocation:
        """All that is known of what the deletion takes away."""
        if deletion.message_id:
            return self._of_message(deletion)
        if deletion.author_id:
            return Revocation(deletion, frozenset((self._expelled(deletion),)))
        lines = frozenset(self._cleared(deletion))
        return Revocation(deletion, frozenset(author for author, _ in lines), lines)

    def _of_message(self, deletion: Deletion) -> Revocation:
        line = self._lines.get((deletion.platform, deletion.message_id))
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
        for (platform, _), line in self._lines.items():
            if (
                platform == deletion.platform
                and line.channel == deletion.channel
                and line.is_chat
                and line.text
                and was_before(line.sent, line.at, deletion)
            ):
                yield line.author, line.text
