"""The table of orders: what each is called, who may give it, and how what follows it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from vtuber import config
from vtuber.core.errors import ConfigError
from vtuber.moderation.trust import Trust, plain

LIKENESS = 0.7
"""How like a name a word must be to be a slip of it. Other bots have commands too: "!so" is not "!slow"."""

LONGEST_SECONDS = 3600.0
"""Of a silence, and between two answers."""
LONGEST_MINUTES = 7 * 24 * 60.0
"""For so long somebody may be ignored, if not for good."""


@dataclass(frozen=True, slots=True)
class Order:
    usage: str
    """What follows the name: "" for nothing, else such as "TEXT"; what may be left out is in brackets."""
    help: str


ORDERS: dict[str, Order] = {
    "hush": Order("", "silence now: she drops what she says and thinks"),
    "skip": Order("", "she drops this reply and goes on with the next"),
    "pause": Order("", "she finishes, and takes nothing more from chat"),
    "resume": Order("", "she goes on, out of any pause or silence"),
    "mute": Order("SECONDS", "silence from now on, for so long"),
    "say": Order("TEXT", "she says exactly this"),
    "ask": Order("TEXT", "she answers this next"),
    "ignore": Order("@NAME [MINUTES]", "nothing of theirs is answered (until the end)"),
    "unignore": Order("@NAME", "what they write is answered again"),
    "forget": Order("@NAME", "all that is remembered of them is gone"),
    "topic": Order("[TEXT]", "what the stream is about right now; without a text: nothing in particular"),
    "mood": Order("[NAME]", "her mood where she shows no other; without a name: none"),
    "slow": Order("SECONDS", "she begins one answer in so many seconds at most; 0: as they come"),
    "status": Order("", "how she is"),
    "help": Order("[COMMAND]", "what you may order, or what one command does"),
    "forgetme": Order("", "all that is remembered of you is gone"),
}
"""By their own names, which are config's too."""


class Orders:
    """The table as config has it. Raises ConfigError for a prefix or name that cannot be told from others."""

    def __init__(self, gate: config.Gate) -> None:
        self.prefix = plain(gate.prefix).strip()
        if not re.fullmatch(r"\S+", self.prefix):
            raise ConfigError(
                "this is no sign in one piece", where="gate.prefix", hint='write one such as "!"'
            )
        self._who = {order: Trust[getattr(gate.commands, order).who.upper()] for order in ORDERS}
        self._called: dict[str, str] = {}  # the order by each of its names
        self._names: dict[str, str] = {}  # its first name by the order
        for order in ORDERS:
            for name in getattr(gate.commands, order).names or (order,):
                self._call(order, name)

    def _call(self, order: str, name: str) -> None:
        where = f"gate.commands.{order}.names"
        word = plain(name)
        if not re.fullmatch(r"\S+", word) or word.startswith(self.prefix):
            raise ConfigError(
                f"{name!r} is no name of a command", where=where, hint="write one word, without the prefix"
            )
        if word in self._called:
            raise ConfigError(
                f"{name!r} is a name of gate.commands.{self._called[word]} too",
                where=where,
                hint=f"give it to gate.commands.{order} or to gate.commands.{self._called[word]}, once",
            )
        self._called[word] = order
        self._names.setdefault(order, name)

    def find(self, word: str) -> str:
        """The order that goes by this name, with or without the prefix, or ""."""
        return self._called.get(plain(word).removeprefix(self.prefix), "")

    def nearest(self, word: str, trust: Trust) -> str:
        """The order that was probably meant, among those that such people may give; "" for none."""
        names = [name for name, order in self._called.items() if self.may(trust, order)]
        word = plain(word).removeprefix(self.prefix)[:40]
        near = get_close_matches(word, names, n=1, cutoff=LIKENESS)
        return self._called[near[0]] if near else ""

    def who(self, order: str) -> Trust:
        """Who is trusted just enough for it."""
        return self._who[order]

    def may(self, trust: Trust, order: str) -> bool:
        return trust >= self._who[order]

    def open_to(self, trust: Trust) -> list[str]:
        """All that such people may give."""
        return [order for order in ORDERS if self.may(trust, order)]

    def called(self, order: str) -> str:
        """What is typed for it: "!hush"."""
        return self.prefix + self._names[order]

    def usage(self, order: str) -> str:
        """How it is written: "!say TEXT"."""
        return f"{self.called(order)} {ORDERS[order].usage}".rstrip()


# What follows the name.


class Misuse(Exception):  # noqa: N818  # it is raised as one says it
    """What follows the name is not what the order needs. Says what is wrong with it, or nothing."""


def text(argument: str) -> str:
    """Raises Misuse when there is none."""
    if not argument:
        raise Misuse
    return argument


def seconds(argument: str, least: float) -> float:
    """A number of them, at most ``LONGEST_SECONDS``. Raises Misuse."""
    return _number(text(argument), least, LONGEST_SECONDS, "seconds")


def whom(argument: str) -> str:
    """The name (or id) without the "@", which may be a wide one. Raises Misuse."""
    return text(re.sub(r"^\s*[@＠]?", "", argument).strip())


def whom_and_how_long(argument: str) -> tuple[str, float]:
    """ "@NAME [MINUTES]": the name, and seconds (infinite without a number). Raises Misuse.

    A name may hold spaces; what looks like a number behind it is minutes.
    """
    name, _, last = argument.strip().rpartition(" ")
    if name and re.match(r"[+-]?\d", last):
        return whom(name), _number(last, 0.1, LONGEST_MINUTES, "minutes") * 60
    return whom(argument), float("inf")


def _number(digits: str, least: float, most: float, unit: str) -> float:
    try:
        number = float(digits)
    except ValueError:
        raise Misuse(f"{digits[:20]!r} is no number of {unit}") from None
    if not least <= number <= most:
        raise Misuse(f"{unit} are from {least:g} to {most:g}")
    return number
