"""The commands that may be typed: which of them a line may become, and what each one does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from vtuber.moderation.command_table import COMMANDS, CommandTable
from vtuber.moderation.trust import Trust, plain


@dataclass(frozen=True, slots=True)
class Entry:
    typed: str
    """With its prefix: "!say"."""
    argument: str
    """What follows: "TEXT", "[NAME]"; "" for nothing."""
    help: str

    @property
    def usage(self) -> str:
        return f"{self.typed} {self.argument}".rstrip()


class Menu(Completer):
    """Completes the first word of a line to a command."""

    def __init__(self, prefix: str, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._prefix = prefix

    def matching(self, text: str) -> list[Entry]:
        """The commands that the line may become; with an argument, the one that it is."""
        word, space, _ = text.lstrip().partition(" ")
        word = plain(word)
        if not word.startswith(self._prefix):
            return []
        return [
            entry
            for entry in self.entries
            if (plain(entry.typed) == word if space else plain(entry.typed).startswith(word))
        ]

    @staticmethod
    def rows(entries: Sequence[Entry]) -> list[str]:
        """The commands, each with what it does, below each other."""
        width = max((get_cwidth(entry.usage) for entry in entries), default=0)
        return [f"{entry.usage}{' ' * (width - get_cwidth(entry.usage))}  {entry.help}" for entry in entries]

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The commands, for the Tab key."""
        del complete_event
        text = document.text_before_cursor
        if " " in text:
            return
        for entry in self.matching(text):
            yield Completion(entry.typed + (" " if entry.argument else ""), start_position=-len(text))


def moderators_menu(table: CommandTable) -> Menu:
    """What the broadcaster may type during a show."""
    entries = [
        Entry(table.typed(name), COMMANDS[name].argument, COMMANDS[name].help)
        for name in table.open_to(Trust.BROADCASTER)
    ]
    return Menu(table.prefix, entries)
