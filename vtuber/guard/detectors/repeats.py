"""Finds what she says again and again over a whole show."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.spelling import copy_key, normalize
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.own_lines import OwnLines

SENTENCES, OPENINGS = 400, 12
"""How many sentences, and how many beginnings of replies, are remembered."""
SHORTEST = 12
"""Letters of the shortest sentence that counts, where a Chinese character counts as three."""
_END = ",.!?，。！？、~～…:：;；—"
_OPENING = re.compile(rf"\W*(?P<words>[^\W{_END}][^{_END}\n]{{0,23}}[{_END}]+\s*)(?=\w)")


class Repeats:
    """Takes out what has worn off. Canon, and what somebody wrote for her to say, is excused."""

    doors = frozenset((Door.SPOKEN,))

    def __init__(self, settings: Settings, character: Character) -> None:
        options = settings.guard.repeats
        self._action = Action(options.action)
        self._most, self._most_openings = options.sentences, options.openings
        self._sentences = _Memory(SENTENCES)
        self._openings = _Memory(OPENINGS)
        self._here: set[str] = set()
        self._own = OwnLines.said_for(character)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        text = passage.text
        key = copy_key(normalize(text))
        if passage.form_of or _length(key) < SHORTEST or self._own.excuses(passage):
            return
        if not passage.before.strip():
            self._here.clear()
        is_new = key not in self._here  # the same in one reply is a loop, which somebody else looks for
        self._here.add(key)
        if (self._sentences.count(key) if is_new else 0) > self._most:
            yield Finding("built in: repeat", "what she has said again and again", self._action)
        elif not passage.before.strip() and (opening := _OPENING.match(text)):
            begins = copy_key(normalize(opening["words"]))
            if begins and self._openings.count(begins) > self._most_openings:
                reason = "how she has begun again and again"
                yield Finding("built in: repeat", reason, self._action, *opening.span("words"))

    def unsay(self, texts: Sequence[str]) -> None:
        for key in {copy_key(normalize(text)) for text in texts}:
            self._sentences.forget(key)
        if texts and (opening := _OPENING.match(texts[0])):
            self._openings.forget(copy_key(normalize(opening["words"])))


class _Memory:
    """How often each of the last things was said."""

    def __init__(self, size: int) -> None:
        self._last: deque[str] = deque()
        self._times: Counter[str] = Counter()
        self._size = size

    def count(self, key: str) -> int:
        """Remembers it. Returns how often it is remembered."""
        self._last.append(key)
        self._times[key] += 1
        self._forget(self._last.popleft() for _ in range(len(self._last) - self._size))
        return self._times[key]

    def forget(self, key: str) -> None:
        """The last time does not count."""
        if self._times[key]:
            self._last.reverse()
            self._last.remove(key)
            self._last.reverse()
            self._forget((key,))

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._times[key] -= 1
            if not self._times[key]:
                del self._times[key]


def _length(key: str) -> int:
    return sum(1 if char.isascii() else 3 for char in key)
