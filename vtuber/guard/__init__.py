"""The guard: the one place that every text passes before the model reads it, she says it, or a page shows it.

``guard.Guard`` asks each detector and gives one verdict. A detector is one file in ``detectors`` behind the
small interface here; one from elsewhere registers as an entry point in the group ``banban.guard``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol, runtime_checkable

PARTS = {
    "words": "vtuber.guard.detectors.words:Words",
    "phrases": "vtuber.guard.detectors.phrases:Phrases",
    "patterns": "vtuber.guard.detectors.patterns:Patterns",
    "tokens": "vtuber.guard.detectors.tokens:ControlTokens",
    "links": "vtuber.guard.detectors.links:Links",
    "contact": "vtuber.guard.detectors.contact:Contact",
    "confession": "vtuber.guard.detectors.confession:Confession",
    "prompt": "vtuber.guard.detectors.prompt:RecitedPrompt",
    "injections": "vtuber.guard.detectors.injections:Injections",
    "spam": "vtuber.guard.detectors.spam:Spam",
    "repeats": "vtuber.guard.detectors.repeats:Repeats",
    "canon": "vtuber.guard.detectors.canon:Canon",
    "topics": "vtuber.guard.detectors.topics:Topics",
    "model": "vtuber.guard.detectors.model:Model",
    "length": "vtuber.guard.detectors.length:Length",
}
"""In the order in which they are asked. Each has a section of its name in ``[guard]``."""

WINDOW = 80
"""Letters of what came before that are judged together with a text: words are cut in two to get through."""


class Door(StrEnum):
    """Where a text is on its way to."""

    MESSAGE = "message"
    """What a viewer wrote, to be answered."""
    NAME = "name"
    """What a viewer calls themselves."""
    PROMPT = "prompt"
    """What else the model reads: memories, topics, titles of rewards, what chat repeats."""
    SPOKEN = "spoken"
    """What she says."""
    SHOWN = "shown"
    """What others wrote, on a page."""
    WRITTEN = "written"
    """What she writes in chat."""


HERS = frozenset((Door.SPOKEN, Door.WRITTEN))
"""Doors of her own words."""
THEIRS = frozenset(Door) - HERS
"""Doors of what others wrote."""
ALL = frozenset(Door)


class Action(StrEnum):
    """What becomes of a text, from mild to strict."""

    SPEAK = "speak"
    SOFTEN = "soften"
    """It goes on without what was found in it."""
    REPLACE = "replace"
    """Something harmless takes its place, and ends the reply."""
    DROP = "drop"
    """It is left out, and what belongs to it too: the rest of the reply, or the answer to a message."""
    HOLD = "hold"
    """It waits for a moderator."""
    BLOCK = "block"
    """It is left out, and its author is not answered for some minutes."""

    @property
    def severity(self) -> int:
        return list(Action).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector has against a text."""

    rule: str
    """For the journal: "gate.words: bad". Built-in words are not spelled out."""
    reason: str
    """For people: "a word in gate.words"."""
    action: Action = Action.REPLACE
    begin: int = 0
    end: int | None = None
    """Where it stands in the text; None: up to its end."""
    instead: str = ""
    """What is said in place of the sentence; "": one of the character's refusals.
    Where the action is "soften": what stands in place of what was found."""
    secret: bool = False
    """Whether logs and journals are not told of it either: they get the text without what was found."""

    @property
    def is_suspicion(self) -> bool:
        """Whether it decides nothing: the detector is not sure, and one that asks may find out."""
        return self.action is Action.SPEAK


@dataclass(frozen=True)
class Passage:
    """A text at a door, with what a detector may want to know about it."""

    text: str
    door: Door
    before: str = ""
    """What stands right before it: earlier sentences of the reply, or the line that is read with it."""
    author: tuple[str, str] | None = None
    """(platform, id) of whoever wrote it."""
    asked: str = ""
    """The line that she answers."""
    form_of: Passage | None = None
    """The text as it is shown, where this is how a voice pronounces it."""
    others: tuple[Finding, ...] = ()
    """For those that ask: what is suspected (``Finding.is_suspicion``), or was found and is mild."""

    @cached_property
    def lead(self) -> str:
        """The end of ``before``: ``WINDOW`` letters and digits, and what stands between them."""
        letters = 0
        for place in range(len(self.before) - 1, -1, -1):
            letters += self.before[place].isalnum()
            if letters >= WINDOW:
                return self.before[place:]
        return self.before

    @cached_property
    def window(self) -> str:
        """The text behind its lead."""
        return f"{self.lead}{self.text}"

    def found(self, begin: int, end: int) -> tuple[int, int] | None:
        """Where in the text something stands that was found in ``window``; None: only in what came before."""
        begins = len(self.lead)
        return (max(0, begin - begins), end - begins) if end > begins else None

    def search(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """Where in the text ``pattern`` fits: its plain form (NFKC) with what came before."""
        plain = unicodedata.normalize("NFKC", self.window)
        same = len(plain) == len(self.window)  # else nobody knows where, and it is all of the text
        lead = len(unicodedata.normalize("NFKC", self.lead))
        for match in pattern.finditer(plain):
            if match.end() > lead:
                yield (max(0, match.start() - lead), match.end() - lead) if same else (0, len(self.text))


class Detector(Protocol):
    """Finds one kind of thing. Made with the whole Settings and the Character. Raises ConfigError.

    What it raises later, the guard takes as its strictest answer.
    """

    doors: Collection[Door]
    """Where it is asked."""

    def detect(self, passage: Passage) -> Iterable[Finding]:
        """All that it has against the passage, at once: it is called in the event loop."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A detector of what may be spread over two texts."""

    def may_begin(self, text: str) -> int:
        """How many letters at the end of ``text`` may begin, as half of it at least, what it looks for."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A detector that remembers what she has said."""

    def unsay(self, texts: Sequence[str]) -> None:
        """Nobody heard the reply that was cut into these."""
        ...


@runtime_checkable
class Asking(Protocol):
    """A detector that may have to ask somebody else, a model for instance."""

    def doubts(self, passage: Passage) -> bool:
        """Whether it is worth asking; quick."""
        ...

    async def ask(self, passage: Passage) -> Iterable[Finding]:
        """What the other has against it. May be cancelled; what is late counts as its strictest answer."""
        ...


Judge = Callable[[str], Awaitable[float | None]]
"""Answers a question of yes or no: how likely yes is (0..1); None where nothing can tell. May fail."""


@runtime_checkable
class Consulting(Protocol):
    """A detector with questions for the model that speaks."""

    async def consult(self, judge: Judge) -> None:
        """Takes note of the model, which has started, and may try it. What it raises means: do without."""
        ...
