"""Finds that she takes back what is sacred to her: canon, which the streamer writes in plain sentences.

First, quickly: is the sentence about something that a sentence of canon is about? If so, the model that
speaks is asked whether it goes against that. Where none can judge in time, words alone decide (``stance``).
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.backoff import Backoff
from vtuber.core.errors import BrainError
from vtuber.guard import HERS, Action, Door, Finding, Judge, Passage
from vtuber.guard.canon.stance import Fact, facts
from vtuber.guard.canon.subject import shared
from vtuber.guard.own_lines import OwnLines

log = logging.getLogger(__name__)

FIRST_SECONDS = 0.12
"""How long a reply may wait for a judgement before any of it is heard…"""
LATER_SECONDS = 0.8
"""…and while something of it is: less than a short sentence takes."""
RETRY_SECONDS, LONGEST_RETRY = 60.0, 3600.0
"""A model that was late is not asked for so long; twice as long each time."""
_READ = 400
"""Characters at the end of a sentence that are judged…"""
_LINE_READ = 200
"""…and of the line that she answers."""
_SAMPLE = 100
"""Characters of what the model judges to show how quick it is."""
_SENTENCE_ENDS = re.compile(r"(?:[.!?…](?=\s|$)|[。！？])[\"'”’』」)）\s]*")


class Canon:
    """Asks the model once it was shown to be quick enough (``consult``); until then words decide."""

    doors = HERS

    def __init__(self, settings: Settings, character: Character) -> None:
        options = settings.guard.canon
        self._action = Action(options.action)
        self._certain, self._certain_words = options.certain, options.certain_words
        self._name = character.name
        self._sample = character.persona[:_SAMPLE]
        self._own = OwnLines.of(character)
        self._entries = [(entry, tuple(facts((entry,), character.names))) for entry in character.canon]
        self._judge: Judge | None = None
        self._seconds = 0.0
        """What a judgement takes, as far as is known."""
        self._backoff = Backoff(RETRY_SECONDS, LONGEST_RETRY)
        self._rests_until = 0.0
        """Words decide until then."""

    # By words alone.

    def detect(self, passage: Passage) -> Iterator[Finding]:
        if not self._asks(passage):
            yield from self._by_words(passage)

    def _by_words(self, passage: Passage) -> Iterator[Finding]:
        sentence, whole = _sentence(passage), _is_whole(passage)
        for _, its_facts in self._entries:
            if any(fact.weigh(sentence, whole=whole) > self._certain_words for fact in its_facts):
                if not self._own.excuses(passage):
                    yield self._finding()
                return

    # By the model.

    async def consult(self, judge: Judge) -> None:
        """Has the model judge something, to see whether it can, and how long that takes.

        One that cannot now is tried again later.
        """
        if not self._entries:
            return
        self._judge, self._seconds = judge, math.inf  # so it stays, should whoever calls this lose patience
        canon = self._entries[0][0]
        try:
            await _judged(judge, self._question(canon, canon, ""))  # which has more to read than the next one
            _, took = await _judged(judge, self._question(canon, self._sample, ""))
        except Exception:
            self._seconds = 0.0
            self._rest()
            raise
        self._seconds = took
        if self._seconds > FIRST_SECONDS:
            log.info("a judgement about canon takes %.2f seconds: her words decide at first", self._seconds)

    def doubts(self, passage: Passage) -> bool:
        return self._asks(passage) and bool(self._touched(passage)) and not self._own.excuses(passage)

    async def ask(self, passage: Passage) -> Iterator[Finding]:
        """Raises TimeoutError when the model is late, and what it raises."""
        question = self._question(
            " ".join(self._touched(passage)),
            _sentence(passage),
            "" if self._is_about(_sentence(passage)) else passage.asked[:_LINE_READ],
        )
        began = clock.now()
        try:
            async with asyncio.timeout(self._patience(passage)):
                likely = await self._judge(question) if self._judge else None
        except Exception:
            self._rest()
            raise
        if likely is None:  # another brain answers now, that cannot
            self._rest()
            return self._by_words(passage)
        self._backoff.reset()
        self._seconds += (clock.now() - began - self._seconds) / 4
        return iter((self._finding(),) if likely > self._certain else ())

    def _rest(self) -> None:
        self._rests_until = clock.now() + self._backoff.next()

    def _asks(self, passage: Passage) -> bool:
        """Whether the model judges this passage. One that begins a reply in mid-sentence must not wait."""
        if self._judge is None or passage.door is not Door.SPOKEN:
            return False
        if _moment() < self._rests_until or self._seconds > self._patience(passage):
            return False
        return _is_whole(passage)

    @staticmethod
    def _patience(passage: Passage) -> float:
        return LATER_SECONDS if passage.before.strip() else FIRST_SECONDS

    def _touched(self, passage: Passage) -> list[str]:
        """What of canon the sentence is about; if nothing, what the line is about that it answers."""
        for text in (_sentence(passage), passage.asked[:_LINE_READ]):
            if touched := [entry for entry, own in self._entries if _is_about(text, own)]:
                return touched
        return []

    def _is_about(self, text: str) -> bool:
        return any(_is_about(text, own) for _, own in self._entries)

    def _question(self, canon: str, sentence: str, asked: str) -> str:
        """What two questions have in common stands first: it is read once."""
        line = f"A viewer wrote: “{asked}” " if asked else ""
        return (
            f"This is sacred to {self._name}, and always true of {self._name}: “{canon}” To mention it, to "
            f"quote or mock those who doubt it, and to refuse to deny it all keep to it. {line}"
            f"{self._name} says: “{sentence}” Does {self._name} go against it here, by denying it, taking it "
            "back or acting against it? Answer with yes or no."
        )

    def _finding(self) -> Finding:
        return Finding("built in: canon", "she takes back what is sacred to her", self._action)


def _moment() -> float:
    """On the show's clock. What is warmed up in a thread has none, and no rest is longer than for ever."""
    try:
        return clock.now()
    except RuntimeError:
        return math.inf


async def _judged(judge: Judge, question: str) -> tuple[float, float]:
    """How likely yes is, and how many seconds that took to tell. Raises BrainError where nothing can tell."""
    began = clock.now()
    likely = await judge(question)
    if likely is None:
        raise BrainError("no model is there that can judge")
    return likely, clock.now() - began


def _is_about(text: str, its_facts: tuple[Fact, ...]) -> bool:
    return any(shared(fact.terms, text) for fact in its_facts)


def _is_whole(passage: Passage) -> bool:
    """Whether it is not only the first few words of a reply."""
    return bool(passage.before.strip()) or bool(_SENTENCE_ENDS.search(passage.text))


def _sentence(passage: Passage) -> str:
    """The text, with what was said before of the same sentence."""
    begins = 0
    for end in _SENTENCE_ENDS.finditer(passage.before):
        begins = end.end()
    return (passage.before[begins:] + passage.text)[-_READ:]
