"""Moderators' commands about single messages that wait: those in the queue, and those held for them."""

from __future__ import annotations

from collections.abc import Callable

from vtuber.core.events import Answerable
from vtuber.core.text import clean
from vtuber.guard import Door
from vtuber.moderation import command_table
from vtuber.moderation.command_table import CommandTable, UsageError
from vtuber.moderation.commands import Command
from vtuber.show.audited import AuditedGuard
from vtuber.show.held import HeldMessage
from vtuber.show.orders import Act, Refusal
from vtuber.show.performer import Performer

HELD_LENGTH = 60
"""So many characters of a held message are told."""


class WaitingCommands:
    """``next`` and ``drop`` take a message's id, the number of a held one, or a viewer's name."""

    def __init__(
        self,
        performer: Performer,
        table: CommandTable,
        *,
        guard: AuditedGuard,
        shown: Callable[[str], str],
        when: Callable[[], str],
    ) -> None:
        """``shown`` gives a viewer's name as it may be written, ``when`` words for a silence that is left."""
        self._performer = performer
        self._table = table
        self._guard = guard
        self._shown = shown
        self._when = when

    def acts(self) -> dict[str, Act]:
        """By the command's name."""
        return {
            "held": self._held,
            "allow": self._allow,
            "deny": self._deny,
            "next": self._next,
            "drop": self._drop,
        }

    def _next(self, command: Command) -> str:
        event = self._found(command)
        if event is None:
            return self._decide(command, allowed=True)
        self._performer.prefer(event)
        after = " once she is resumed" if self._performer.agenda.paused else self._when()
        return f"she answers {self._shown(event.author.name)} next{after}"

    def _drop(self, command: Command) -> str:
        event = self._found(command)
        if event is None:
            return self._decide(command, allowed=False)
        if not self._performer.drop(event):
            raise Refusal(f"she answers that already; {self._table.typed('skip')} stops it")
        return f"she does not answer {self._shown(event.author.name)}"

    def _found(self, command: Command) -> Answerable | None:
        """The message that is meant; None for one that is held. Raises Refusal where there is none."""
        wanted = command_table.text(command.argument)
        if event := self._performer.find(wanted):
            return event
        name = wanted.removeprefix("@").casefold()
        for held in self._performer.agenda.held:
            event = held.pick.event
            if event.id == wanted or name in event.author.names:
                raise Refusal(f"it is held; {self._table.typed('allow')} {held.number} lets her answer it")
        try:
            command_table.number(wanted)
        except UsageError:
            raise Refusal("no such message waits") from None
        return None

    def _held(self, _: Command) -> str:
        return "; ".join(map(self._told, self._performer.agenda.held)) or "no message waits"

    def _told(self, held: HeldMessage) -> str:
        """The message, as far as it may be written in chat."""
        event, verdict = held.pick.event, held.verdict
        words = clean(verdict.text, HELD_LENGTH)
        if not self._guard.judge(words, Door.WRITTEN, "held message", about=event.id).allowed:
            words = ""
        told = f"{held.number}: {self._shown(event.author.name)} ({verdict.reason})"
        return f"{told}: {words}" if words else told

    def _allow(self, command: Command) -> str:
        return self._decide(command, allowed=True)

    def _deny(self, command: Command) -> str:
        return self._decide(command, allowed=False)

    def _decide(self, command: Command, *, allowed: bool) -> str:
        number = command_table.number(command.argument)
        pick = self._performer.decide(number, allowed=allowed, command=command.message.id)
        if pick is None:
            typed = self._table.typed("held")
            raise Refusal(f"no message {number} waits; {typed} lists those that do")
        name = self._shown(pick.event.author.name)
        return f"she will answer {name}{self._when()}" if allowed else f"she does not answer {name}"
