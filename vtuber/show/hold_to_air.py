"""Hold-to-air: each sentence waits for a moderator's yes before anybody hears it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum

from vtuber.core import clock
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Sentence, Sound
from vtuber.record.facts import Facts, SentenceAired, SentenceHeldToAir

PATIENCE = 120.0
"""A sentence that waits for a yes is not said when nobody has said anything for so many seconds."""

PREVIEW_SECONDS = 10.0
"""How long a voice may take to speak a sentence to a moderator alone."""
PREVIEWS = 2
"""So many at once: the voice is needed on air."""

Speak = Callable[[str], AsyncGenerator[Chunk, None]]
"""Gives the sound of a text in the voice of whoever is to say it."""


class Decision(StrEnum):
    """What became of a sentence that waited."""

    YES = "yes"
    NO = "no"
    EDITED = "edited"
    UNANSWERED = "unanswered"
    """Nobody said anything: it is said where a silence means yes, else it is not."""
    OFF = "off"
    """Hold-to-air was switched off: it is said."""
    CUT = "cut"
    """The reply was cut."""


_AIRS = (Decision.YES, Decision.EDITED, Decision.OFF)


@dataclass(eq=False, slots=True)
class AirSentence:
    """A sentence that waits."""

    number: int
    """By which moderators call it; no two of a show have the same."""
    sentence: Sentence
    until: float
    """When it is decided without anybody (show clock)."""
    speak: Speak
    decided: asyncio.Future[Decision]
    limit: asyncio.Timeout | None = None
    """Ends the wait at ``until``."""
    is_edited: bool = False
    """Somebody writes other words for it: a silence is no yes."""

    @property
    def left(self) -> float:
        """Seconds until it is decided without anybody."""
        return max(0.0, self.until - clock.now())


class HoldToAir:
    """While it is on, sentences are let through one by one, in the order in which they came.

    With ``seconds``, one airs when nobody has said no for so long; without, it needs a yes.
    """

    def __init__(self, facts: Facts, *, on: bool = False, seconds: float | None = None) -> None:
        self.on = on
        self.seconds = seconds
        self._facts = facts
        self._waiting: dict[int, AirSentence] = {}
        self._count = 0
        self._previews = asyncio.Semaphore(PREVIEWS)
        self._moved = asyncio.Event()

    @property
    def waiting(self) -> tuple[AirSentence, ...]:
        """Those about which nobody has decided, in the order in which they are heard."""
        return tuple(one for one in self._waiting.values() if not one.decided.done())

    def switch(self, *, on: bool, seconds: float | None = None) -> None:
        """From now on. Where it is switched off, all that waits airs."""
        self.on, self.seconds = on, seconds
        if not on:
            for one in self.waiting:
                self._decide(one, Decision.OFF)

    async def passed(self, sentence: Sentence, speak: Speak) -> Sentence | Decision:
        """The sentence as it airs, once it does and all before it have; the decision when it does not."""
        if not (self.on or self._waiting):
            return sentence
        held = self._hold(sentence, speak)
        try:
            decision = await self._decision(held)
            while next(iter(self._waiting)) != held.number:
                await self._moved.wait()
        finally:
            del self._waiting[held.number]
            self._move()
        is_allowed = self.seconds is not None and not held.is_edited
        airs = decision in _AIRS or (decision is Decision.UNANSWERED and is_allowed)
        return held.sentence if airs else decision

    def decide(self, number: int | None, *, allowed: bool, command: str) -> AirSentence | None:
        """A moderator says whether it airs; without a number, the first that waits. None: there is none."""
        found = self._find(number)
        if found is not None:
            self._decide(found, Decision.YES if allowed else Decision.NO, command)
        return found

    def keep(self, number: int) -> AirSentence | None:
        """It waits until somebody has written other words for it, or says yes. None: it does not wait."""
        found = self._find(number)
        if found is not None and found.limit is not None:
            found.is_edited = True
            found.until = clock.now() + PATIENCE
            found.limit.reschedule(found.until)
        return found

    def edit(self, number: int, text: str, *, command: str) -> AirSentence | None:
        """It airs with these words. None: no such sentence waits."""
        found = self._find(number)
        if found is not None:
            found.sentence = replace(found.sentence, text=text)
            self._decide(found, Decision.EDITED, command)
        return found

    def drop(self, turn: int) -> None:
        """Nothing of that turn airs."""
        for one in self.waiting:
            if one.sentence.turn == turn:
                self._decide(one, Decision.CUT)

    async def clear(self) -> None:
        """Waits until nothing waits."""
        while self._waiting:
            await self._moved.wait()

    async def preview(self, number: int) -> bytes | None:
        """Its sound (``Sound.pcm``), for a moderator alone; None when no such sentence waits.

        Raises TimeoutError after ``PREVIEW_SECONDS``, and VoiceError, also where ``PREVIEWS`` are heard.
        """
        found = self._find(number)
        if found is None:
            return None
        if self._previews.locked():
            raise VoiceError("others listen to sentences that wait")
        async with (
            self._previews,
            asyncio.timeout(PREVIEW_SECONDS),
            aclosing(found.speak(found.sentence.text)) as chunks,
        ):
            return b"".join([chunk.pcm async for chunk in chunks if isinstance(chunk, Sound)])

    def _find(self, number: int | None) -> AirSentence | None:
        return next((one for one in self.waiting if number in (None, one.number)), None)

    def _hold(self, sentence: Sentence, speak: Speak) -> AirSentence:
        self._count += 1
        until = clock.now() + (PATIENCE if self.seconds is None else self.seconds)
        decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        held = AirSentence(self._count, sentence, until, speak, decided)
        if not self.on:  # it comes behind others that were held
            held.decided.set_result(Decision.OFF)
        self._waiting[held.number] = held
        self._facts.tell(SentenceHeldToAir(sentence.turn, sentence.index, held.number, sentence.text))
        return held

    async def _decision(self, held: AirSentence) -> Decision:
        try:
            async with asyncio.timeout(held.left) as held.limit:
                return await held.decided
        except TimeoutError:
            if not held.decided.cancelled():  # somebody decided at that very moment
                return held.decided.result()
            self._tell(held, Decision.UNANSWERED)
            return Decision.UNANSWERED

    def _decide(self, held: AirSentence, decision: Decision, command: str = "") -> None:
        held.decided.set_result(decision)
        self._tell(held, decision, command)

    def _tell(self, held: AirSentence, decision: Decision, command: str = "") -> None:
        sentence = held.sentence
        self._facts.tell(
            SentenceAired(sentence.turn, sentence.index, held.number, decision, sentence.text, command)
        )

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
