"""Finds messages that order the model about: to drop its rules, play somebody else, tell its prompt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.likeness.encodings import CODES, readings
from vtuber.guard.likeness.folding import folded, sentences
from vtuber.guard.likeness.score import Likeness

NOTES = ("[tries to give orders]", "[想下命令]")
"""What she reads instead, in English and Chinese: she answers that, in character."""
PLAIN, HIDDEN = 0.4, 1.0
"""How like an injection a text must be, and one that is read in another way."""
AUTHORS = 500
"""Viewers of whom it is remembered how often they tried."""


class Injections:
    """Viewers' orders to the model. Who goes on trying is not answered for some minutes."""

    doors = frozenset((Door.MESSAGE, Door.PROMPT))

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.injections.action)
        self._patience = settings.guard.injections.patience
        self._likeness = Likeness("injection")
        self._tries: OrderedDict[tuple[str, str], int] = OrderedDict()

    def detect(self, passage: Passage) -> Iterator[Finding]:
        text = passage.text
        begin, how = self._found(text)
        if begin is None:
            return
        note = NOTES[any("\u3400" <= char <= "\u9fff" for char in text)]
        rule = f"built in: injection{how and f', {how}'}"
        yield Finding(rule, "an order to the model", self._action, begin, instead=note)
        if passage.door is Door.MESSAGE and passage.author and self._is_enough(passage.author):
            yield Finding("built in: injections", "one order to the model after another", Action.BLOCK)

    def _found(self, text: str) -> tuple[int | None, str]:
        """Where it begins, if there is one, and how it is hidden."""
        whole = self._likeness.score(text)
        if whole > PLAIN:
            return self._begins(text), ""
        # In a long message the rest may be harmless.
        parts = list(sentences(folded(text)))
        if len(parts) > 1:
            for begin, end in parts:
                if self._likeness.score(text[begin:end]) > PLAIN:
                    return begin, ""
        for how, read in readings(text):
            if self._likeness.score(read) > (PLAIN if how in CODES else HIDDEN):
                return 0, how
        return None, ""

    def _begins(self, text: str) -> int:
        """The first sentence that is like one; what stands before it is left."""
        parts = list(sentences(folded(text)))
        for begin, end in parts[:-1]:
            if self._likeness.score(text[begin:end]) > PLAIN:
                return begin
        return parts[-1][0] if len(parts) > 1 and self._likeness.score(text[parts[-1][0] :]) > PLAIN else 0

    def _is_enough(self, author: tuple[str, str]) -> bool:
        if not self._patience:
            return False
        tries = self._tries.pop(author, 0) + 1
        self._tries[author] = tries
        if len(self._tries) > AUTHORS:
            self._tries.popitem(last=False)
        return tries >= self._patience
