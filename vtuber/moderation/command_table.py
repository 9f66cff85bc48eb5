"""The table of moderators' commands: what each is called, who may use it, and how its argument is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from vtuber import config
from vtuber.core.errors import ConfigError
from vtuber.moderation.reach import LEAST_TRUST, Reach
from vtuber.moderation.trust import Trust, plain

T = TypeVar("T")

LIKENESS = 0.7
"""How like a command a word must be to be a typo of it. "!so", another bot's, is not "!slow"."""

LONGEST_SECONDS = 3600.0
"""The longest silence, and the longest pause between two answers."""

LONGEST_MINUTES = 7 * 24 * 60.0
"""The longest time for which somebody can be ignored, other than until the show ends."""

LOUDNESS = (-40.0, -9.0)
"""LUFS: the quietest and the loudest that she can be made."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    argument: str
    """What follows the name: "" for nothing, else such as "TEXT"; what may be left out is in brackets."""
    reaches: Reach
    help: str


COMMANDS: dict[str, CommandSpec] = {
    "hush": CommandSpec("", Reach.VOICE, "she stops talking now and stays silent for a few seconds"),
    "skip": CommandSpec("", Reach.VOICE, "she drops this reply and goes on with the next one"),
    "pause": CommandSpec("", Reach.VOICE, "she finishes this reply, then answers nobody until resumed"),
    "resume": CommandSpec("", Reach.VOICE, "ends a pause or silence"),
    "mute": CommandSpec(
        "SECONDS", Reach.VOICE, "she stops talking now and stays silent for this many seconds"
    ),
    "say": CommandSpec("TEXT", Reach.VOICE, "she says exactly this"),
    "ask": CommandSpec("TEXT", Reach.VOICE, "she answers this next"),
    "ignore": CommandSpec(
        "@NAME [MINUTES]",
        Reach.PEOPLE,
        "she does not answer this viewer, for these minutes or until the show ends",
    ),
    "unignore": CommandSpec("@NAME", Reach.PEOPLE, "she answers this viewer again"),
    "held": CommandSpec("", Reach.STATE, "lists the messages that wait for a moderator"),
    "allow": CommandSpec("NUMBER", Reach.PEOPLE, "she answers a message that waits for a moderator"),
    "deny": CommandSpec("NUMBER", Reach.PEOPLE, "she does not answer a message that waits for a moderator"),
    "next": CommandSpec(
        "NUMBER or @NAME", Reach.PEOPLE, "she answers this waiting message, or this viewer's, next"
    ),
    "drop": CommandSpec(
        "NUMBER or @NAME", Reach.PEOPLE, "she does not answer this waiting message, or this viewer's next one"
    ),
    "air": CommandSpec(
        "[on|off|SECONDS]",
        Reach.VOICE,
        "each sentence waits for a yes, or for these seconds without a no; without an argument: lists them",
    ),
    "yes": CommandSpec(
        "[NUMBER]", Reach.VOICE, "a sentence that waits to be heard is; without NUMBER: the next"
    ),
    "no": CommandSpec("[NUMBER]", Reach.VOICE, "a sentence that waits to be heard is not"),
    "edit": CommandSpec(
        "NUMBER [TEXT]",
        Reach.VOICE,
        "a sentence that waits is heard with these words instead; without TEXT: it waits for them",
    ),
    "rate": CommandSpec(
        "[#TURN] good|bad|TEXT",
        Reach.STATE,
        "how good her last reply was, or that turn's, or what she should have said; it is kept",
    ),
    "forget": CommandSpec("@NAME", Reach.MEMORY, "deletes everything she remembers about this viewer"),
    "topic": CommandSpec(
        "[TEXT]", Reach.TOPIC, "tells her what the stream is about now; without TEXT: no topic"
    ),
    "mood": CommandSpec(
        "[NAME]", Reach.MOOD, "her mood when a reply sets none; without NAME: her normal mood"
    ),
    "voice": CommandSpec(
        "[NAME]", Reach.SOUND, "the voice that she speaks with; without NAME: the one in the config file"
    ),
    "loudness": CommandSpec(
        "[LUFS]", Reach.SOUND, "how loud she is, from -40 to -9; without LUFS: as in the config file"
    ),
    "slow": CommandSpec("SECONDS", Reach.VOICE, "at most one answer in this many seconds; 0: no limit"),
    "scene": CommandSpec("NAME", Reach.SCENE, "OBS shows this scene, of those that stage.obs.scenes lists"),
    "stream": CommandSpec(
        "start|stop",
        Reach.STREAM,
        "starts or ends the stream in OBS, if stage.obs.stream_commands allows it",
    ),
    "status": CommandSpec("", Reach.STATE, "shows the state of the show"),
    "help": CommandSpec("[COMMAND]", Reach.STATE, "lists your commands, or explains one"),
    "forgetme": CommandSpec("", Reach.OWN_MEMORY, "deletes everything she remembers about you"),
}
"""By the names that they have in config (``gate.commands``) and in code, whatever chat calls them."""


class CommandTable:
    """The commands as config has them. Raises ConfigError for a prefix or a name that cannot be used."""

    def __init__(self, gate: config.Gate) -> None:
        self.prefix = plain(gate.prefix).strip()
        if not re.fullmatch(r"\S+", self.prefix):
            raise ConfigError(
                "the prefix is empty or contains a space",
                where="gate.prefix",
                hint='write a prefix such as "!"',
            )
        self._who = {name: _trust(getattr(gate.commands, name).who, name) for name in COMMANDS}
        self._commands: dict[str, str] = {}  # the command by each word that chat may type for it
        self._words: dict[str, str] = {}  # the first of these words by command
        for name in COMMANDS:
            for word in getattr(gate.commands, name).names or (name,):
                self._add(name, word)

    def _add(self, name: str, word: str) -> None:
        where = f"gate.commands.{name}.names"
        typed = plain(word)
        if not re.fullmatch(r"\S+", typed) or typed.startswith(self.prefix):
            raise ConfigError(
                f"{word!r} cannot be the name of a command",
                where=where,
                hint="write one word, without the prefix",
            )
        if typed in self._commands:
            other = self._commands[typed]
            raise ConfigError(
                f"{word!r} is also a name of gate.commands.{other}",
                where=where,
                hint=f"use this name only once, in one of gate.commands.{name} and gate.commands.{other}",
            )
        self._commands[typed] = name
        self._words.setdefault(name, word)

    def find(self, word: str) -> str:
        """The command that chat calls by this word, with or without the prefix, or ""."""
        return self._commands.get(plain(word).removeprefix(self.prefix), "")

    def nearest(self, word: str, trust: Trust) -> str:
        """The command that was probably meant, among those that ``trust`` may use; "" when none is near."""
        words = [typed for typed, name in self._commands.items() if self.may(trust, name)]
        word = plain(word).removeprefix(self.prefix)[:40]
        near = get_close_matches(word, words, n=1, cutoff=LIKENESS)
        return self._commands[near[0]] if near else ""

    def who(self, name: str) -> Trust:
        """The least trust with which the command may be used."""
        return self._who[name]

    def may(self, trust: Trust, name: str) -> bool:
        """Whether somebody with this trust may use the command."""
        return trust >= self._who[name]

    def open_to(self, trust: Trust) -> list[str]:
        """All commands that somebody with this trust may use."""
        return [name for name in COMMANDS if self.may(trust, name)]

    def typed(self, name: str) -> str:
        """What is typed for the command: "!hush"."""
        return self.prefix + self._words[name]

    def usage(self, name: str) -> str:
        """The command with its argument: "!say TEXT"."""
        return f"{self.typed(name)} {COMMANDS[name].argument}".rstrip()


def _trust(who: str, name: str) -> Trust:
    """Whom config names; where it names nobody, whoever may reach what the command changes."""
    return Trust[who.upper()] if who else LEAST_TRUST[COMMANDS[name].reaches]


# Reading a command's argument.


class UsageError(Exception):
    """The argument is not what the command needs. The message says what is wrong with it, or is empty."""


def text(argument: str) -> str:
    """The argument itself. Raises UsageError when it is empty."""
    if not argument:
        raise UsageError
    return argument


def seconds(argument: str, least: float) -> float:
    """A number of seconds from ``least`` to ``LONGEST_SECONDS``. Raises UsageError."""
    return _number(text(argument), least, LONGEST_SECONDS, "seconds")


def loudness(argument: str) -> float:
    """A loudness in LUFS. Raises UsageError."""
    return _number(argument, *LOUDNESS, "LUFS")


def number(argument: str) -> int:
    """The number of a held message, with or without "#". Raises UsageError."""
    digits = text(argument).removeprefix("#").strip()
    if not (digits.isdecimal() and len(digits) < 10):
        raise UsageError(f"{digits[:20]!r} is not a number")
    return int(digits)


def choice(argument: str, choices: Mapping[str, T]) -> T:
    """What stands behind one of these words. Raises UsageError."""
    word = plain(text(argument)).strip()
    if word not in choices:
        raise UsageError
    return choices[word]


def number_and_text(argument: str) -> tuple[int, str]:
    """Reads "NUMBER [TEXT]"; the text is "" where there is none. Raises UsageError."""
    digits, _, rest = text(argument).partition(" ")
    return number(digits), rest.strip()


def turn_and_text(argument: str) -> tuple[int | None, str]:
    """Reads "[#TURN] TEXT". Raises UsageError."""
    first, _, rest = text(argument).partition(" ")
    if re.fullmatch(r"#\d{1,9}", first):
        return number(first), text(rest.strip())
    return None, argument


def viewer(argument: str) -> str:
    """A viewer's name (or id) without the "@", which may be a full-width one. Raises UsageError."""
    return text(re.sub(r"^\s*[@＠]?", "", argument).strip())


def viewer_and_seconds(argument: str) -> tuple[str, float]:
    """Reads "@NAME [MINUTES]": the name, and seconds (infinite without minutes). Raises UsageError.

    A name may contain spaces; what looks like a number at the end is minutes.
    """
    name, _, last = argument.strip().rpartition(" ")
    if name and re.match(r"[+-]?\d", last):
        return viewer(name), _number(last, 0.1, LONGEST_MINUTES, "minutes") * 60
    return viewer(argument), float("inf")


def _number(digits: str, least: float, most: float, unit: str) -> float:
    try:
        number = float(digits)
    except ValueError:
        raise UsageError(f"{digits[:20]!r} is not a number of {unit}") from None
    if not least <= number <= most:
        raise UsageError(f"the {unit} must be between {least:g} and {most:g}")
    return number
