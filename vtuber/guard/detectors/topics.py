"""Finds talk about what the character sidesteps, such as politics, and gives one of her lines instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vtuber.character import SHEET, Character, Sidestep
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.core.text import is_cjk
from vtuber.guard import HERS, Action, Door, Finding, Passage
from vtuber.guard.own_lines import OwnLines
from vtuber.guard.topic import ENOUGH, Topic, shipped

_HERS = 0.25
"""How much more certain it must be of her own words, which end a reply, than of a message."""
_CHARACTER_WEIGHT = 3
"""A Chinese character says as much as so many Latin letters."""


@dataclass(slots=True)
class _Lines:
    """What she says about a topic, by language; they take turns."""

    topic: Topic
    says: tuple[str, ...]
    given: dict[bool, int] = field(default_factory=dict)
    last: tuple[object, str] = ("", "")

    def next(self, passage: Passage, *, chinese: bool) -> str:
        """The next one. Judging another form of the same sentence gives the same line."""
        place = (passage.asked, passage.before) if passage.door in HERS else object()
        if place != self.last[0]:
            fitting = [line for line in self.says if _is_chinese(line) is chinese] or list(self.says)
            turn = self.given.get(chinese, 0)
            self.given[chinese] = turn + 1
            self.last = place, fitting[turn % len(fitting)] if fitting else ""
        return self.last[1]


class Topics:
    """The topics of the character's ``[[sidestep]]`` tables. Raises ConfigError for one without words."""

    doors = HERS | {Door.MESSAGE, Door.PROMPT}

    def __init__(self, settings: Settings, character: Character) -> None:
        self._action = Action(settings.guard.topics.action)
        self._suspects = settings.guard.model.use
        """Whether somebody asks about what may be talk about a topic."""
        self._names = tuple(name.casefold() for name in character.names)
        self._own = OwnLines.of(character)
        self._topics = [_lines(sidestep, character) for sidestep in character.sidesteps]

    def detect(self, passage: Passage) -> Iterator[Finding]:
        for lines in self._topics:
            name = lines.topic.name
            if self._is_about(lines, passage):
                instead = lines.next(passage, chinese=self._asks_in_chinese(passage))
                yield Finding(f"sidestep: {name}", f"talk about {name}", self._action, instead=instead)
            elif self._suspects and self._is_suspicious(lines, passage):
                yield Finding(f"sidestep: {name}?", f"perhaps talk about {name}", Action.SPEAK)

    def _is_about(self, lines: _Lines, passage: Passage) -> bool:
        """Hers counts with what she said right before it, and with what she was asked."""
        topic = lines.topic
        if passage.door not in HERS:
            return topic.is_about(passage.text)
        if not topic.points(passage.text):
            return False
        is_about = (
            topic.is_about(passage.text, _HERS)
            or (bool(passage.before) and topic.is_about(passage.window, _HERS))
            or (bool(passage.asked) and topic.is_about(passage.asked))
        )
        return is_about and not self._own.excuses(passage)

    def _is_suspicious(self, lines: _Lines, passage: Passage) -> bool:
        if passage.door is not Door.SPOKEN or lines.topic.points(passage.window) < ENOUGH - 1:
            return False
        return not self._own.excuses(passage)

    def _asks_in_chinese(self, passage: Passage) -> bool:
        """By the line that she answers, where there is one; her name in it says nothing."""
        text = (passage.asked or passage.text).casefold()
        for name in self._names:
            text = text.replace(name, " ")
        return _is_chinese(text)


def _lines(sidestep: Sidestep, character: Character) -> _Lines:
    topic = Topic.of(sidestep.topic, sidestep.about)
    if topic.is_empty:
        raise ConfigError(
            f"nothing is known about the topic {sidestep.topic!r}",
            where=f"{character.folder / SHEET}: sidestep",
            hint=f"list words that are about it (about = […]), or name one of {', '.join(shipped())}",
        )
    return _Lines(topic, sidestep.says or character.refusals)


def _is_chinese(text: str) -> bool:
    chinese = sum(map(is_cjk, text))
    return chinese * _CHARACTER_WEIGHT > sum(char.isascii() and char.isalpha() for char in text)
