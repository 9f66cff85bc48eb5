"""What moderators order her from chat: "!hush", "!say hello".

Who may order comes from the platform's own roles and from ``gate.operators``, never from what somebody
wrote or calls themselves. For everybody else a command is a line of chat like any other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches

from vtuber import config
from vtuber.errors import ConfigError
from vtuber.events import Author, ChatMessage, Role

TRUSTED = frozenset((Role.BROADCASTER, Role.MODERATOR, Role.OPERATOR))

NAMES_ARE_UNIQUE = frozenset(("twitch",))
"""Platforms where a name belongs to one account (a login, or the login in other case); only there an operator
can be told by name. Elsewhere anybody may take any name, and the id must be given."""


@dataclass(frozen=True, slots=True)
class Order:
    """One that moderators may give."""

    usage: str
    """What follows the name: "" for nothing, else such as "TEXT"."""
    help: str
    who: frozenset[Role] = TRUSTED
    needs_argument: bool = False


ORDERS: dict[str, Order] = {
    "hush": Order("", "silence now: she drops what she says and thinks"),
    "skip": Order("", "she drops this reply and goes on with the next"),
    "pause": Order("", "she finishes and takes no more messages"),
    "resume": Order("", "she goes on after !pause or !hush"),
    "say": Order("TEXT", "she says exactly this", needs_argument=True),
    "ignore": Order("@NAME [MINUTES]", "nothing of theirs is answered (until the end)", needs_argument=True),
    "status": Order("", "how she is"),
}


@dataclass(frozen=True, slots=True)
class Command:
    """An order by somebody who may give it."""

    name: str
    """A key of ``ORDERS``; "" when it cannot be carried out, and then ``problem`` says why."""
    argument: str
    by: Author
    message: ChatMessage
    problem: str = ""


class Commands:
    """Tells orders from chat. Raises ConfigError for an operator who cannot be told for sure."""

    def __init__(self, gate: config.Gate) -> None:
        self._prefix = _plain(gate.prefix)
        self._operators = frozenset(_operator(entry) for entry in gate.operators)

    def roles(self, platform: str, author: Author) -> frozenset[Role]:
        """What the platform says of them, and OPERATOR when (and only when) the config says so."""
        roles = author.roles - {Role.OPERATOR}
        return roles | {Role.OPERATOR} if self._is_operator(platform, author) else roles

    def parse(self, message: ChatMessage) -> Command | None:
        """The order in a message, or None when it is chat: no order, or by somebody who may not.

        A paid message is always chat. Somebody trusted who mistypes gets a Command with a ``problem``.
        """
        first, _, argument = _line(message).partition(" ")
        if _plain(first) == self._prefix:  # "! skip"
            second, _, argument = argument.lstrip().partition(" ")
            first += second
        first = _plain(first)
        if not first.startswith(self._prefix) or message.money is not None:
            return None
        roles = self.roles(message.platform, message.author)
        if not roles & TRUSTED:
            return None
        name, argument = first.removeprefix(self._prefix).casefold(), argument.strip()
        if not re.match(r"\w", name):
            return None  # "!!!" is excitement
        order = ORDERS.get(name)
        if order is not None and not roles & order.who:
            return None
        problem = self._unknown(name) if order is None else self._misuse(name, argument)
        return Command("" if problem else name, argument, message.author, message, problem)

    def help(self) -> dict[str, str]:
        """What may be ordered, and what it does: "!say TEXT" → "she says exactly this"."""
        return {self._usage(name): order.help for name, order in ORDERS.items()}

    def _is_operator(self, platform: str, author: Author) -> bool:
        if (platform, author.id) in self._operators:
            return True
        if platform not in NAMES_ARE_UNIQUE or not author.name.isascii():
            return False  # in another script it is not the login, though some such letters look like it
        return (platform, author.name.lower()) in self._operators and not author.name.isdecimal()

    def _usage(self, name: str) -> str:
        return f"{self._prefix}{name} {ORDERS[name].usage}".rstrip()

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, ORDERS, n=1)
        hint = f"did you mean {self._prefix}{near[0]}?" if near else f"there are {', '.join(ORDERS)}"
        return f"{self._prefix}{name[:20]} is unknown; {hint}"

    def _misuse(self, name: str, argument: str) -> str:
        fits = bool(argument) or not ORDERS[name].needs_argument
        if fits and name == "ignore":
            fits = ignored(argument) is not None
        return "" if fits else f"write it as {self._usage(name)}"


def ignored(argument: str) -> tuple[str, float] | None:
    """Whom "@NAME [MINUTES]" means, without the "@", and for how many seconds. None when it means nobody.

    A name may hold spaces; a number at the end is minutes.
    """
    name, _, last = argument.rpartition(" ")
    seconds = float("inf")
    if name and re.fullmatch(r"[0-9]{1,5}(\.[0-9])?", last):
        seconds = float(last) * 60
    else:
        name = argument
    name = name.strip().removeprefix("@").strip()
    return (name, seconds) if name else None


def _operator(entry: str) -> tuple[str, str]:
    platform, colon, who = (part.strip() for part in entry.partition(":"))
    platform = platform.lower()
    if not (platform and colon and who):
        raise ConfigError(
            f"{entry!r} does not say who on which platform",
            where="gate.operators",
            cure='write "twitch:their_name" or "youtube:UC…" (the id of their channel)',
        )
    if platform == "youtube" and not re.fullmatch(r"UC[\w-]{22}", who):
        raise ConfigError(
            f"{entry!r} is a name, which anybody on YouTube may take",
            where="gate.operators",
            cure='write the id of their channel: "youtube:UC" and 22 more characters',
        )
    return platform, who.removeprefix("@").lower() if platform in NAMES_ARE_UNIQUE else who


def _line(message: ChatMessage) -> str:
    """The line without the "@name" that platforms put before a reply."""
    text = message.text.strip()
    return text.partition(" ")[2].strip() if message.reply_to and text.startswith("@") else text


def _plain(text: str) -> str:
    """In plain width: "！ｈｕｓｈ" is "!hush"."""
    return unicodedata.normalize("NFKC", text)
