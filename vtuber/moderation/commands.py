"""What moderators order her from chat: "!hush", "!say hello". Tells orders from chat, and who may give them.

For whoever may not, a command is a line of chat like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vtuber import config
from vtuber.core.events import ChatMessage
from vtuber.moderation.orders import Orders
from vtuber.moderation.trust import Trust, Trusted, plain


@dataclass(frozen=True, slots=True)
class Command:
    """An order by somebody who may give it, or the slip of somebody who may give others."""

    order: str
    """A key of ``ORDERS``; "" when there is nothing to carry out, and then ``problem`` says why."""
    argument: str
    trust: Trust
    """By which they may."""
    message: ChatMessage
    problem: str = ""
    stray: bool = False
    """Nothing like it is known here: it may well be meant for another bot."""


class Commands:
    """Raises ConfigError for names and operators that cannot be told for sure."""

    def __init__(self, gate: config.Gate) -> None:
        self.orders = Orders(gate)
        self.trusted = Trusted(gate.operators)

    def parse(self, message: ChatMessage) -> Command | None:
        """The order in a message, or None when it is chat: no order, or by somebody who may not.

        What was paid for is chat, and so is what was written in another channel. Somebody trusted who
        mistypes gets a Command with a ``problem``.
        """
        word, argument = self._split(message)
        if not word or message.money is not None or message.shared_from:
            return None
        trust = self.trusted.of(message.platform, message.author)
        order = self.orders.find(word)
        if order and self.orders.may(trust, order):
            return Command(order, argument, trust, message)
        if trust is Trust.EVERYONE or not (order or re.match(r"\w", word)):
            return None  # "!!!" is excitement
        if order:
            problem = f"for {self.orders.called(order)} you must be {self.orders.who(order)}"
            return Command("", argument, trust, message, problem)
        near = self.orders.nearest(word, trust)
        if not near and self.orders.prefix.isalnum():
            return None  # "hey" and the like begin what is no order too
        choice = ", ".join(map(self.orders.called, self.orders.open_to(trust)))
        hint = f"did you mean {self.orders.usage(near)}?" if near else f"there are {choice}"
        problem = f"there is no {self.orders.prefix}{word[:20]}; {hint}"
        return Command("", argument, trust, message, problem, stray=not near)

    def _split(self, message: ChatMessage) -> tuple[str, str]:
        """The word behind the prefix, and the rest; "" when the line does not begin with the prefix."""
        first, _, rest = _line(message).partition(" ")
        word = plain(first)
        if not word.startswith(self.orders.prefix):
            return "", ""
        word = word.removeprefix(self.orders.prefix)
        if not word:  # "! skip"
            word, _, rest = rest.lstrip().partition(" ")
        return plain(word), rest.strip()


def _line(message: ChatMessage) -> str:
    """The line without the "@name" that platforms put before a reply."""
    text = message.text.strip()
    return text.partition(" ")[2].strip() if message.reply_to and text.startswith("@") else text
