"""Moderators' commands about single sentences of hers: which are heard, and how good they were."""

from __future__ import annotations

import logging

from vtuber.core.text import clean, escaped
from vtuber.guard import Door
from vtuber.moderation import command_table
from vtuber.moderation.command_table import CommandTable, UsageError
from vtuber.moderation.commands import Command
from vtuber.moderation.trust import plain
from vtuber.show.audited import AuditedGuard
from vtuber.show.hold_to_air import AirSentence, HoldToAir
from vtuber.show.orders import Act, Refusal
from vtuber.show.ratings import GRADES, Ratings

log = logging.getLogger(__name__)

LONGEST_SECONDS = 60.0
"""The longest time after which a sentence airs by itself."""

TOLD_LENGTH = 60
"""So many characters of a sentence are told."""


class AirCommands:
    """Whether her sentences wait for a yes, what becomes of each, and what is kept of her last reply."""

    def __init__(self, air: HoldToAir, ratings: Ratings, guard: AuditedGuard, table: CommandTable) -> None:
        self._air = air
        self._ratings = ratings
        self._guard = guard
        self._table = table

    def acts(self) -> dict[str, Act]:
        """By the command's name."""
        return {
            "air": self._switch,
            "yes": self._yes,
            "no": self._no,
            "edit": self._edit,
            "rate": self._rate,
        }

    def _switch(self, command: Command) -> str:
        """Switches hold-to-air on, off, or to so many seconds; without an argument, tells what waits."""
        wanted = plain(command.argument)
        if not wanted:
            return self._told()
        if wanted == "off":
            self._air.switch(on=False)
            return "her sentences are heard at once"
        if wanted == "on":
            self._air.switch(on=True)
            return f"each sentence waits for {self._table.typed('yes')} or {self._table.typed('no')}"
        seconds = command_table.seconds(wanted, least=1)
        if seconds > LONGEST_SECONDS:
            raise UsageError(f"the seconds must be between 1 and {LONGEST_SECONDS:g}")
        self._air.switch(on=True, seconds=seconds)
        return f"each sentence is heard after {seconds:g} seconds, unless {self._table.typed('no')}"

    def _yes(self, command: Command) -> str:
        return self._decide(command, allowed=True)

    def _no(self, command: Command) -> str:
        return self._decide(command, allowed=False)

    def _edit(self, command: Command) -> str:
        number, words = command_table.number_and_text(command.argument)
        if not words:
            if self._air.keep(number) is None:
                raise self._none(number)
            return f"{number} waits for other words"
        verdict = self._guard.judge(words, Door.SPOKEN, "edited sentence")
        if not verdict.allowed:
            raise Refusal(f"a filter stopped this: {verdict.reason}")
        edited = self._air.edit(number, words, command=command.message.id)
        if edited is None:
            raise self._none(number)
        return f"she says that instead of {number}"

    def _rate(self, command: Command) -> str:
        turn, rating = command_table.turn_and_text(command.argument)
        if plain(rating) in GRADES:
            rating = plain(rating)
        try:
            said = self._ratings.rate(rating, command=command.message.id, turn=turn)
        except OSError as error:
            log.warning("the rating was not kept: %s", escaped(str(error)))
            raise Refusal(f"the rating was not kept: {error.strerror}") from error
        if not said:
            raise Refusal("that reply can no longer be rated" if turn else "she has said nothing yet")
        return f"kept: {self._shown(said)}"

    def _decide(self, command: Command, *, allowed: bool) -> str:
        number = command_table.number(command.argument) if command.argument else None
        decided = self._air.decide(number, allowed=allowed, command=command.message.id)
        if decided is None:
            raise self._none(number)
        return f"{decided.number} is heard" if allowed else f"{decided.number} is not heard"

    @staticmethod
    def _none(number: int | None) -> Refusal:
        return Refusal(f"no sentence {number} waits" if number else "no sentence waits")

    def _told(self) -> str:
        waiting = "; ".join(map(self._line, self._air.waiting))
        return waiting or ("no sentence waits" if self._air.on else "her sentences are heard at once")

    def _line(self, held: AirSentence) -> str:
        return f"{held.number}: {self._shown(held.sentence.text)}"

    def _shown(self, words: str) -> str:
        """As far as it may be written in chat."""
        words = clean(words, TOLD_LENGTH)
        return words if self._guard.judge(words, Door.WRITTEN, "sentence").allowed else "(…)"
