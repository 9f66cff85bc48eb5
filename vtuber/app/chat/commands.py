"""What may be typed in a talk beside what is said to her: "/why", "/model her.gguf"."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from vtuber.core.errors import BanbanError
from vtuber.moderation.trust import plain

_COMMANDS = {
    "why": "show the parts of the last prompt in tokens, and how much came from the cache",
    "regenerate": "answer the same message again; only the new answer is remembered",
    "model": "show the model and its speed; /model PATH loads another GGUF",
    "help": "show this list",
}
HELP = "\n".join(
    [f"/{name:<11} {does}" for name, does in _COMMANDS.items()]
    + ["//…          send a message that begins with /; Ctrl-C ends the chat"]
)


@dataclass(frozen=True, slots=True)
class TerminalCommand:
    name: str
    """One of those in HELP."""
    argument: str = ""


def parse(line: str) -> TerminalCommand | str:
    """The command in a line, or the text in it that is for her. Raises BanbanError for an unknown command."""
    first, _, rest = line.partition(" ")
    word = plain(first)  # whoever writes Chinese may type it in full width
    if not word.startswith("/"):
        return line
    if word.startswith("//"):
        return line[1:]
    name = word.removeprefix("/")
    if name not in _COMMANDS:
        near = get_close_matches(name, _COMMANDS, n=1)
        choice = f"did you mean /{near[0]}?" if near else ", ".join(f"/{known}" for known in _COMMANDS)
        raise BanbanError(f"there is no command /{name[:20]}", hint=choice)
    return TerminalCommand(name, rest.strip().strip("\"'"))
