"""The stage's timeline: what is heard when, whoever is watching."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count

from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.errors import BanbanError
from vtuber.core.events import Clip, Sound, Spoken, Word
from vtuber.core.text import escaped
from vtuber.stage import Screen
from vtuber.stage.cues import (
    ClipBegins,
    ClipEnds,
    ClipSound,
    ClipWord,
    Cue,
    Feels,
    Hushed,
    Rested,
    Thinking,
    Withdrawn,
)
from vtuber.stage.track import Track

log = logging.getLogger(__name__)

LEAD = 0.04
"""Seconds between the moment sound is sent out of silence and the moment it is heard."""

CLOSE = 0.01
"""Sound that arrives this many seconds before it is due still follows what came before without a gap."""

AHEAD = 8.0
"""No screen is sent more sound than this many seconds before it is heard."""

PIECE = round(sound.MOUTH_STEP * sound.RATE) * sound.SAMPLE_BYTES * 25
"""Bytes of sound in one cue at most: one second, a whole number of mouth steps."""


class _Run:
    """One clip on its way over the stage."""

    def __init__(self, number: int, clip: Clip) -> None:
        self.number = number
        self.clip = clip
        self.track = Track(clip.sentence.text)
        self.limit = asyncio.timeout(None)  # a hush lets it expire
        self.announced = False
        self.complete = False
        self.error: Exception | None = None
        self.cut_at: float | None = None

    def spoken(self) -> Spoken:
        until = now() if self.cut_at is None else self.cut_at
        complete = self.complete and self.cut_at is None
        began = self.track.began
        return Spoken(
            sentence=self.clip.sentence,
            heard=self.clip.sentence.text if complete else self.track.heard(until),
            complete=complete,
            began=began if began is not None and began <= until else None,
        )


class Stage:
    """Plays clips one after another, without gaps, in the order in which ``play`` was called."""

    def __init__(self, screens: Sequence[Screen] = ()) -> None:
        self._screens = tuple(screens)
        self._moods: dict[str, str] = {}
        self._broken: set[int] = set()
        self._numbers = count(1)
        self._runs: list[_Run] = []
        self._writing = asyncio.Lock()
        self._cursor = float("-inf")
        self._silenced = asyncio.Event()

    async def play(self, clip: Clip) -> Spoken:
        """Returns when the clip's last sample was heard, or soon after a hush.

        A voice that fails on the way (BanbanError) makes it incomplete: what was sent is still heard. Any
        other exception of ``clip.chunks`` is raised, also after what was sent was heard. Cancelling this
        while its sound is on the stage is a hush.
        """
        run = _Run(next(self._numbers), clip)
        self._runs.append(run)
        try:
            await self._perform(run)
        except asyncio.CancelledError:
            if run in self._runs and run.announced:
                run.cut_at = now()
                self._runs.remove(run)
                self.hush()
            raise
        finally:
            if run in self._runs:
                self._runs.remove(run)
        if run.error is not None:
            raise run.error
        return run.spoken()

    def hush(self) -> None:
        """Silence at once: whatever was not heard yet never will be."""
        self._cut(self._runs)
        self._cursor = float("-inf")
        self._tell(Hushed())
        self._silenced.set()
        self._silenced = asyncio.Event()

    def withdraw(self, turn: int, *, finish: bool = False) -> None:
        """Whom ``turn`` answers is told no longer, and unless she may ``finish`` she says no more of it.

        What is heard of another turn is left alone, but for its last moment when sound of both is on its way.
        """
        runs = [run for run in self._runs if run.clip.sentence.turn == turn and not finish]
        if any(run.announced for run in runs):
            self.hush()
        else:
            self._cut(runs)
        self._tell(Withdrawn(turn, finish))

    def is_heard(self, turn: int) -> bool:
        """Whether a sentence of ``turn`` is being heard."""
        return any(run.spoken().began is not None for run in self._runs if run.clip.sentence.turn == turn)

    def remaining(self) -> float:
        """Seconds of sound still to be heard, as far as it has been sent."""
        return max(0.0, self._cursor - now())

    async def quiet(self, less_than: float = 0.0) -> None:
        """Waits until no more than ``less_than`` seconds of sound are left, or until a hush."""
        while (left := self.remaining() - less_than) > 0:
            try:
                async with asyncio.timeout(max(left, 0.001)):
                    await self._silenced.wait()
            except TimeoutError:
                continue

    def thinking(self, name: str, text: str, platform: str, turn: int = 0, *, speaker: str = "") -> None:
        """``speaker`` has chosen to answer ``name``, who wrote ``text``, and has nothing to say yet."""
        self._tell(Thinking(name, text, platform, turn, speaker))

    def mood(self, speaker: str = "") -> str:
        """The mood that ``speaker`` was last given; "" for the everyday face."""
        return self._moods.get(speaker, "")

    def feel(self, mood: str, *, speaker: str = "") -> None:
        """Gives ``speaker`` a mood for all that has none of its own."""
        self._moods[speaker] = mood
        self._tell(Feels(mood, speaker))

    def rest(self, *, speaker: str = "") -> None:
        """``speaker``'s reply is over, and no other has begun."""
        self._tell(Rested(speaker))

    def _cut(self, runs: Sequence[_Run]) -> None:
        at = now()
        for run in list(runs):
            run.cut_at = at
            run.limit.reschedule(at)
        self._runs = [run for run in self._runs if run.cut_at is None]

    async def _perform(self, run: _Run) -> None:
        try:
            async with run.limit, AsyncExitStack() as stack:
                close = getattr(run.clip.chunks, "aclose", None)
                if close is not None:
                    stack.push_async_callback(close)
                async with self._writing:
                    await self._write(run)
                await self._reach(run)
        except TimeoutError:
            if run.cut_at is None:
                raise

    async def _write(self, run: _Run) -> None:
        try:
            async for chunk in run.clip.chunks:
                if run.cut_at is not None:
                    return  # hushed in the very step in which the chunk came
                self._announce(run)
                if isinstance(chunk, Word):
                    run.track.word(chunk)
                    self._tell(ClipWord(run.number, chunk))
                else:
                    await self._write_sound(run, chunk)
            run.complete = True
        except BanbanError as error:
            log.warning("She was cut short: %s", escaped(error.what))
        except Exception as error:  # noqa: BLE001  # raised by `play`, once what was sent has been heard
            run.error = error
        if run.announced and run.cut_at is None:
            self._tell(ClipEnds(run.number, max(self._cursor, now())))

    async def _write_sound(self, run: _Run, chunk: Sound) -> None:
        for begin in range(0, len(chunk.pcm), PIECE):
            pcm = chunk.pcm[begin : begin + PIECE]
            if (early := self.remaining() - AHEAD) > 0:
                await asyncio.sleep(early)
                if run.cut_at is not None:
                    return
            at = self._due()
            run.track.sound(at, sound.seconds(pcm))
            self._cursor = at + sound.seconds(pcm)
            self._tell(ClipSound(run.number, pcm, sound.mouth(pcm), at))

    def _announce(self, run: _Run) -> None:
        if not run.announced:
            run.announced = True
            sentence = run.clip.sentence
            sentence = replace(sentence, mood=sentence.mood or self.mood(sentence.speaker))
            self._tell(ClipBegins(run.number, sentence, self._due()))

    def _due(self) -> float:
        """When the next sample is heard: straight after the last one, if that can still be done."""
        return self._cursor if self._cursor >= now() + CLOSE else now() + LEAD

    async def _reach(self, run: _Run) -> None:
        """Waits until the clip's last sample was heard."""
        if run.track.end is not None:
            await asyncio.sleep(run.track.end - now())

    def _tell(self, cue: Cue) -> None:
        for index, screen in enumerate(self._screens):
            try:
                screen.show(cue)
            except Exception as error:  # noqa: BLE001  # one screen failing never stops the others
                if index not in self._broken:
                    self._broken.add(index)
                    log.error("%s failed to show a cue: %s", type(screen).__name__, escaped(repr(error)))  # noqa: TRY400
