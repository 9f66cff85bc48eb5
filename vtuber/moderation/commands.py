"""Moderators' commands ("!hush", "!say hello"): tells them from chat, and whether the author may use them.

A command by somebody who may not use it is no command here; like one for another bot, it is not answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vtuber import config
from vtuber.core.events import ChatMessage
from vtuber.core.text import INVISIBLE
from vtuber.moderation.command_table import CommandTable
from vtuber.moderation.trust import AccessControl, Trust, plain

_ENDS = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
_OTHER_BOTS = "!"
"""What commands for other bots begin with, whatever the prefix is here."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command by somebody who may use it, or the typo of somebody who may use others."""

    name: str
    """A key of ``COMMANDS``; "" when there is nothing to carry out, and then ``problem`` says why."""
    argument: str
    trust: Trust
    """How far its author is trusted."""
    message: ChatMessage
    problem: str = ""
    stray: bool = False
    """No command here is like it: it may be meant for another bot."""


class CommandParser:
    """Raises ConfigError for names and operators that are not certain."""

    def __init__(self, gate: config.Gate, bots: Iterable[str] = ()) -> None:
        """``bots`` are accounts without trust, whatever the platform says: anybody makes them write."""
        self.table = CommandTable(gate)
        self.trusted = AccessControl(gate.operators, bots)
        prefixes = {_OTHER_BOTS, self.table.prefix} if not self.table.prefix[-1].isalnum() else {_OTHER_BOTS}
        self._command = re.compile(rf"(?:{'|'.join(map(re.escape, prefixes))})[^\W_]")

    def parse(self, message: ChatMessage) -> Command | None:
        """The command in a message, or None when it is chat: no command, or not one for its author.

        What was paid for is chat, and so is what was written in another channel. Somebody trusted who
        mistypes gets a Command with a ``problem``.
        """
        word, argument = self._split(message)
        if not word or message.money is not None or message.shared_from:
            return None
        trust = self.trusted.of(message.platform, message.author)
        name = self.table.find(word)
        if name and self.table.may(trust, name):
            return Command(name, argument, trust, message)
        if trust is Trust.EVERYONE or not (name or re.match(r"\w", word)):
            return None  # "!!!" is excitement
        if name:
            problem = f"{self.table.typed(name)} is only for {self.table.who(name)}s"
            return Command("", argument, trust, message, problem)
        near = self.table.nearest(word, trust)
        if not near and self.table.prefix.isalnum():
            return None  # with a prefix like "hey", chat begins with it too
        choice = ", ".join(map(self.table.typed, self.table.open_to(trust)))
        hint = f"did you mean {self.table.usage(near)}?" if near else f"the commands are {choice}"
        problem = f"there is no command {self.table.prefix}{word[:20]}; {hint}"
        return Command("", argument, trust, message, problem, stray=not near)

    def is_for_a_bot(self, message: ChatMessage) -> bool:
        """Whether it is a command, for another bot or by somebody who may not use it. Paid ones are chat."""
        if message.money is not None or message.text[:1].isalnum():
            return False
        if self._command.match(plain(_without_mention(message))):
            return True
        word, _ = self._split(message)
        return self.table.find(word) != ""

    def _split(self, message: ChatMessage) -> tuple[str, str]:
        """The word after the prefix, and the rest; "" when the message does not begin with the prefix."""
        first, _, rest = _without_mention(message).partition(" ")
        word = plain(first)
        if not word.startswith(self.table.prefix):
            return "", ""
        word = word.removeprefix(self.table.prefix)
        if not word:  # "! skip"
            word, _, rest = rest.lstrip().partition(" ")
        return plain(word), _without_invisible_ends(rest)


def _without_invisible_ends(text: str) -> str:
    return _ENDS.sub("", text)


def _without_mention(message: ChatMessage) -> str:
    """The text without the "@name" that platforms put before a reply."""
    text = message.text.strip()
    return text.partition(" ")[2].strip() if message.reply_to and text.startswith("@") else text
