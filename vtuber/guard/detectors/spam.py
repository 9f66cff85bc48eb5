"""Finds spam in chat: advertisements and scams, walls of signs, the same invitation again and again."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.spelling import copy_key, normalize
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.likeness.score import Likeness

ADVERTISEMENT, INVITATION = 0.3, -0.5
"""How like spam a message must be by itself, and one that its author writes again."""
WALL = 160
"""Characters of the shortest wall."""
AUTHORS, LINES = 500, 5
"""Viewers of whom something is remembered, and lines of each."""
AGAIN = 3
"""How often one may not write the same invitation."""

_SIGN = re.compile(r"[^\w\s.,!?'\"。，！？、～~:：)(]")


class Spam:
    """What nobody wants an answer to. Who paid for it is thanked all the same."""

    doors = frozenset((Door.MESSAGE,))

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.spam.action)
        self._likeness = Likeness("spam")
        self._written: OrderedDict[tuple[str, str], Counter[str]] = OrderedDict()

    def detect(self, passage: Passage) -> Iterator[Finding]:
        text = passage.text
        score = self._likeness.score(text)
        if score > ADVERTISEMENT:
            yield Finding("built in: advertisement", "an advertisement", self._action)
        elif is_wall(text):
            yield Finding("built in: wall", "a wall of signs", self._action)
        elif passage.author and score > INVITATION and self._times(passage.author, text) >= AGAIN:
            yield Finding("built in: invitation", "the same invitation again and again", self._action)

    def _times(self, author: tuple[str, str], text: str) -> int:
        """How often the author has written nearly that."""
        written = self._written.pop(author, Counter())
        self._written[author] = written
        if len(self._written) > AUTHORS:
            self._written.popitem(last=False)
        key = copy_key(normalize(text))
        if key not in written and len(written) >= LINES:
            del written[next(iter(written))]
        written[key] += 1
        return written[key]


def is_wall(text: str) -> bool:
    """Whether it is long and says nothing: signs in rows, or one word over and over."""
    if len(text) < WALL:
        return False
    words = text.split()
    if len(words) > 1:
        return len(set(words)) <= len(words) / 10 or len(_SIGN.findall(text)) > len(text) / 2
    return len(set(text)) <= len(text) / 10 or len(_SIGN.findall(text)) > len(text) / 2
