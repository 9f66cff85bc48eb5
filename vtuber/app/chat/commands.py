"""What may be typed in a talk beside what is said to her: "!why", "!model her.gguf".

The prefix is the show's (``gate.prefix``); "/" does as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from vtuber.app.desk.menu import Entry, Menu
from vtuber.core.errors import BanbanError
from vtuber.moderation.trust import plain

_COMMANDS = {
    "why": ("", "show the parts of the last prompt in tokens, and how much came from the cache"),
    "regenerate": ("", "answer the same message again; only the new answer is remembered"),
    "model": ("[PATH]", "show the model and its speed; with PATH: load another GGUF"),
    "help": ("", "show this list"),
}
SLASH = "/"


@dataclass(frozen=True, slots=True)
class TerminalCommand:
    name: str
    """One of those in the list."""
    argument: str = ""


def menu(prefix: str) -> Menu:
    """The commands, for whoever types."""
    return Menu(
        prefix, [Entry(prefix + name, argument, does) for name, (argument, does) in _COMMANDS.items()]
    )


def help_text(prefix: str) -> str:
    """The list of commands."""
    return "\n".join(
        [*Menu.rows(menu(prefix).entries), f"{SLASH} does as well as {prefix}; Ctrl-C ends the chat"]
    )


def parse(line: str, prefix: str = "!") -> TerminalCommand | str:
    """The command in a line, or the text in it that is for her. Raises BanbanError for an unknown command."""
    first, _, rest = line.partition(" ")
    word = plain(first)  # whoever writes Chinese may type it in full width
    if word.startswith(SLASH * 2):
        return line[1:]
    mark = next((mark for mark in (plain(prefix), SLASH) if word.startswith(mark)), "")
    name = word.removeprefix(mark)
    if not mark or (mark != SLASH and not _is_meant(name, mark)):
        return line
    if name not in _COMMANDS:
        near = get_close_matches(name, _COMMANDS, n=1)
        choice = (
            f"did you mean {mark}{near[0]}?" if near else ", ".join(f"{mark}{known}" for known in _COMMANDS)
        )
        raise BanbanError(f"there is no command {mark}{name[:20]}", hint=choice)
    return TerminalCommand(name, rest.strip().strip("\"'"))


def _is_meant(name: str, mark: str) -> bool:
    """Whether it is meant as a command: "!!!" is excitement, and chat may begin with "hey"."""
    return name in _COMMANDS or (bool(re.match(r"\w", name)) and not mark.isalnum())
