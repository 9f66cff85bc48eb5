"""Access control: who is trusted how much.

It is decided by the platform's own roles and by ``gate.operators``, never by what somebody writes or calls
themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum

from vtuber.core.errors import ConfigError
from vtuber.core.events import Author, Role
from vtuber.core.recent import Recent
from vtuber.core.text import visible

NAMES_ARE_UNIQUE = frozenset(("twitch",))
"""Platforms where a name belongs to one account (a login, or the login in other case). Only there can an
operator be given by name; elsewhere anybody may take any name, and the id is needed."""

SEEN = 2000
"""At least so many of the latest trusted people are known by name."""

Key = tuple[str, str]
"""(platform, id or name)."""


class Trust(IntEnum):
    """More trust includes everything that less trust allows. What that is stands in ``reach``."""

    EVERYONE = 0
    """Any viewer, whether they come every day, subscribe or pay."""
    OPERATOR = 1
    """Whom config trusts."""
    MODERATOR = 2
    BROADCASTER = 3
    """Who has the channel, and whoever types in the terminal."""
    PROGRAM = 4
    """The show itself, by its code and config. Nobody in chat, and no model, is ever trusted so."""

    def __str__(self) -> str:
        return self.name.lower()


class AccessControl:
    """Raises ConfigError for an operator whose entry does not name one account."""

    def __init__(self, operators: Iterable[str], bots: Iterable[str] = ()) -> None:
        """``bots``: as ``accounts`` reads them. Whatever the platform says, they are no moderators."""
        self._operators = frozenset(map(_operator, operators))
        self._bots = accounts(bots)
        self._seen: Recent[Key, Trust] = Recent(SEEN)
        self._names: Recent[Key, Key] = Recent(SEEN)

    def of(self, platform: str, author: Author) -> Trust:
        """The trust in the author of a message."""
        if Role.BROADCASTER in author.roles:
            return Trust.BROADCASTER
        if Role.MODERATOR in author.roles and not self._is_bot(platform, author):
            return Trust.MODERATOR
        return Trust.OPERATOR if self._is_operator(platform, author) else Trust.EVERYONE

    def note(self, platform: str, author: Author) -> None:
        """Takes in who wrote, so that ``known`` knows them."""
        trust = self.of(platform, author)
        who = (platform, plain(author.id))
        if trust or who in self._seen:  # or: are trusted no longer
            self._seen.set(who, trust)
        if trust:
            for place in (platform, ""):
                for name in {plain(author.name), *author.names}:
                    self._names.set((place, name), who)

    def known(self, platform: str, who: str, channel: str = "") -> Trust:
        """The trust in somebody given by name or id; EVERYONE when nothing is known of them.

        ``platform`` "" means any.
        """
        key = (platform, plain(who))
        if platform in NAMES_ARE_UNIQUE and key[1] == plain(channel.lstrip("#")):
            return Trust.BROADCASTER
        seen = self._seen.get(self._names.get(key) or key) or Trust.EVERYONE
        named = key in self._operators or (platform, who) in self._operators
        return max(seen, Trust.OPERATOR if named else Trust.EVERYONE)

    def _is_bot(self, platform: str, author: Author) -> bool:
        names = (plain(author.id), plain(author.name), author.login)
        return any((place, name) in self._bots for place in (platform, "") for name in names)

    def _is_operator(self, platform: str, author: Author) -> bool:
        if (platform, author.id) in self._operators:
            return True
        if platform not in NAMES_ARE_UNIQUE:
            return False
        # Without a login, the name is one unless it is in another script, where some letters look like it.
        login = author.login or (author.name.lower() if author.name.isascii() else "")
        return (platform, login) in self._operators and not login.isdecimal()


def plain(text: str) -> str:
    """Makes letters plain and small, without what is invisible: "！ＨＵＳＨ" becomes "!hush"."""
    return unicodedata.normalize("NFKC", visible(text)).casefold()


def accounts(entries: Iterable[str]) -> frozenset[Key]:
    """Reads "platform:name or id"; without a platform, it is the name on all of them (platform "")."""
    read = (entry.rpartition(":") for entry in entries)
    return frozenset((platform.strip().lower(), plain(who.strip()).lstrip("@")) for platform, _, who in read)


def _operator(entry: str) -> Key:
    platform, colon, who = (part.strip() for part in entry.partition(":"))
    platform = platform.lower()
    if not (platform and colon and who):
        raise ConfigError(
            f"{entry!r} has no platform or no name",
            where="gate.operators",
            hint='write "twitch:their_name" or "youtube:UC…" (the id of their channel)',
        )
    if platform == "youtube" and not re.fullmatch(r"UC[\w-]{22}", who):
        raise ConfigError(
            f"{entry!r} is a name, and on YouTube anybody can take any name",
            where="gate.operators",
            hint='write the id of their channel: "youtube:UC" and 22 more characters',
        )
    return platform, who.removeprefix("@").lower() if platform in NAMES_ARE_UNIQUE else who
