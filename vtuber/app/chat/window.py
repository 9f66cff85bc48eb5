"""A talk at the desk: what is typed and what she answers, above the line that is typed next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples

from vtuber.app.chat.commands import menu
from vtuber.app.desk.desk import Desk
from vtuber.app.desk.editor import Hands
from vtuber.app.desk.history import TypedLines, default_path
from vtuber.app.desk.line import below, line
from vtuber.app.desk.status import fitting

if TYPE_CHECKING:
    from vtuber.app.chat import Talk

TOO_MANY = "she answers one line after the other, and many wait: this one was not sent"


class TalkWindow:
    """``say`` and ``tell`` are a talk's; ``open`` it once she can be asked."""

    def __init__(self) -> None:
        self._desk: Desk | None = None
        self._her = ""
        self._said = ""
        self._model = ""
        self._prefix = ""

    def open(self, talk: Talk) -> None:
        """Takes the terminal, in the talk's loop."""
        take = talk.console.feed()
        self._her, self._prefix = talk.character.name, talk.prefix
        self._model = talk.health()[0].what

        def send(text: str) -> str:
            if not take(text):
                return TOO_MANY
            desk.write(line(("name", talk.name or "you"), f": {text}"))
            return ""

        desk = Desk(
            Hands(send, broken=talk.console.read_input),
            menu(talk.prefix),
            TypedLines(default_path()),
            self._status,
        )
        self._desk = desk
        desk.open()

    def close(self) -> None:
        """Gives the terminal back."""
        if self._desk is not None:
            self._desk.close()

    def say(self, sentence: str) -> None:
        """A sentence of hers; "" ends the reply."""
        self._said += sentence
        if self._desk is None:
            return
        reply = line(("her", self._her), f": {self._said.strip()}")
        self._desk.speak(reply if sentence else None)
        if not sentence:
            self._desk.write(reply)
            self._said = ""

    def tell(self, words: str) -> None:
        """What a command comes to."""
        if self._desk is not None:
            for row in words.split("\n"):
                self._desk.write(below(row))

    def _status(self, width: int) -> StyleAndTextTuples:
        pieces = [(0, self._model), (1, f"{self._prefix}help: commands"), (2, "Ctrl-C: end")]
        return [("", f" {fitting(pieces, width - 1)}")]
