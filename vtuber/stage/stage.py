"""The stage: plays clips, keeps the time of all that is heard, and sends it to the screens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count

from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.deeds import Deed
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
    Held,
    Hushed,
    Rested,
    Thinking,
    Withdrawn,
)
from vtuber.stage.playhead import Playhead
from vtuber.stage.timeline import ClipTimeline

log = logging.getLogger(__name__)

LEAD = 0.04
"""Seconds between the moment sound is sent out of silence and the moment it is heard."""

CLOSE = 0.01
"""Sound that arrives this many seconds before it is due still follows what came before without a gap."""

AHEAD = 8.0
"""No screen is sent more sound than this many seconds before it is heard."""

PIECE = round(sound.MOUTH_STEP * sound.RATE) * sound.SAMPLE_BYTES * 25
"""Bytes of sound in one cue at most: one second, a whole number of mouth steps."""


class _Playback:
    """One clip that is being played."""

    def __init__(self, number: int, clip: Clip) -> None:
        self.number = number
        self.clip = clip
        self.timeline = ClipTimeline(number, clip.sentence)
        self.limit = asyncio.timeout(None)  # a hush lets it expire
        self.announced = False
        self.complete = False
        self.error: Exception | None = None
        self.cut_at: float | None = None

    def spoken(self) -> Spoken:
        until = now() if self.cut_at is None else self.cut_at
        complete = self.complete and self.cut_at is None
        began = self.timeline.began
        return Spoken(
            sentence=self.clip.sentence,
            heard=self.clip.sentence.text if complete else self.timeline.heard(until),
            complete=complete,
            began=began if began is not None and began <= until else None,
        )


class Stage:
    """Plays clips one after another, without gaps, in the order in which ``play`` was called."""

    def __init__(self, screens: Sequence[Screen] = (), names: Mapping[str, str] | None = None) -> None:
        """``names`` tells what the audience calls each speaker, by id."""
        self._shows: list[tuple[str, Callable[[Cue], None]]] = [
            (type(screen).__name__, screen.show) for screen in screens
        ]
        self._names = dict(names or {})
        self._moods: dict[str, str] = {}
        self._broken: set[int] = set()
        self._numbers = count(1)
        self._playing: list[_Playback] = []
        self._playhead = Playhead(self._send)
        self._writing = asyncio.Lock()
        self._cursor = float("-inf")
        self._silenced = asyncio.Event()

    def watch(self, show: Callable[[Cue], None], name: str) -> None:
        """``show`` is sent every cue from now on, as a screen is. It neither waits nor raises."""
        self._shows.append((name, show))

    async def play(self, clip: Clip) -> Spoken:
        """Returns when the clip's last sample was heard, or soon after a hush.

        A voice that fails on the way (BanbanError) makes it incomplete: what was sent is still heard. Any
        other exception of ``clip.chunks`` is raised, also after what was sent was heard. Cancelling this
        while its sound is on the stage is a hush.
        """
        playback = _Playback(next(self._numbers), clip)
        self._playing.append(playback)
        try:
            await self._perform(playback)
        except asyncio.CancelledError:
            if playback in self._playing and playback.announced:
                self._remove(playback)
                self.hush()
            raise
        finally:
            self._remove(playback)
        if playback.error is not None:
            raise playback.error
        return playback.spoken()

    def hush(self) -> None:
        """Silences all that plays, at once. What was not heard by now never is."""
        self._cut(self._playing)
        self._cursor = float("-inf")
        self._send(Hushed())
        self._silenced.set()
        self._silenced = asyncio.Event()

    def withdraw(self, turn: int, *, finish: bool = False) -> None:
        """Takes a turn's reply back: whoever it answers is named no longer, and nothing more of it is heard.

        A reply that may ``finish`` is heard to its end. Another turn's goes on, unless sound of both has been
        sent already.
        """
        taken = [one for one in self._playing if one.clip.sentence.turn == turn and not finish]
        if any(playback.announced for playback in taken):
            self.hush()
        else:
            self._cut(taken)
        self._send(Withdrawn(turn, finish))

    def is_heard(self, turn: int) -> bool:
        """Whether a sentence of ``turn`` is being heard."""
        mine = (playback for playback in self._playing if playback.clip.sentence.turn == turn)
        return any(playback.spoken().began is not None for playback in mine)

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

    def thinking(
        self,
        name: str,
        text: str,
        platform: str,
        turn: int = 0,
        *,
        speaker: str = "",
        deed: Deed | None = None,
    ) -> None:
        """``speaker`` has chosen to answer ``name``, who wrote ``text``, and has nothing to say yet."""
        self._send(Thinking(name, text, platform, turn, speaker, deed))

    def mood(self, speaker: str = "") -> str:
        """The mood that ``speaker`` was last given; "" for the everyday face."""
        return self._moods.get(speaker, "")

    def feel(self, mood: str, *, speaker: str = "") -> None:
        """Gives ``speaker`` a mood for all that has none of its own."""
        self._moods[speaker] = mood
        self._send(Feels(mood, speaker))

    def rest(self, *, speaker: str = "") -> None:
        """``speaker``'s reply is over, and no other has begun."""
        self._send(Rested(speaker))

    def hold(self, *, paused: bool, silent_until: float) -> None:
        """She answers nobody while ``paused``, and says nothing ``silent_until`` then (show clock)."""
        self._send(Held(paused, silent_until))

    def _remove(self, playback: _Playback) -> None:
        if playback in self._playing:
            self._playing.remove(playback)
            self._playhead.leave(playback.timeline)

    def _cut(self, playbacks: Sequence[_Playback]) -> None:
        at = now()
        for playback in list(playbacks):
            self._remove(playback)
            playback.cut_at = at
            playback.limit.reschedule(at)

    async def _perform(self, playback: _Playback) -> None:
        try:
            async with playback.limit, AsyncExitStack() as stack:
                close = getattr(playback.clip.chunks, "aclose", None)
                if close is not None:
                    stack.push_async_callback(close)
                async with self._writing:
                    await self._write(playback)
                await self._reach(playback)
        except TimeoutError:
            if playback.cut_at is None:
                raise

    async def _write(self, playback: _Playback) -> None:
        try:
            async for chunk in playback.clip.chunks:
                if playback.cut_at is not None:
                    return  # hushed while the chunk was on its way
                self._announce(playback)
                if isinstance(chunk, Word):
                    self._send(ClipWord(playback.number, chunk, playback.timeline.add_word(chunk)))
                    self._playhead.follow(playback.timeline)
                else:
                    await self._write_sound(playback, chunk)
            playback.complete = True
        except BanbanError as error:
            log.warning("the voice stopped in the middle of a sentence: %s", escaped(error.what))
        except Exception as error:  # noqa: BLE001  # raised by `play`, once what was sent has been heard
            playback.error = error
        if playback.announced and playback.cut_at is None:
            self._send(ClipEnds(playback.number, max(self._cursor, now())))

    async def _write_sound(self, playback: _Playback, chunk: Sound) -> None:
        for begin in range(0, len(chunk.pcm), PIECE):
            pcm = chunk.pcm[begin : begin + PIECE]
            if (early := self.remaining() - AHEAD) > 0:
                await asyncio.sleep(early)
                if playback.cut_at is not None:
                    return
            at = self._due()
            offset = playback.timeline.add_sound(at, sound.seconds(pcm))
            self._cursor = at + sound.seconds(pcm)
            self._send(ClipSound(playback.number, pcm, sound.mouth(pcm), at, offset))
            self._playhead.follow(playback.timeline)

    def _announce(self, playback: _Playback) -> None:
        if not playback.announced:
            playback.announced = True
            sentence = playback.clip.sentence
            sentence = replace(sentence, mood=sentence.mood or self.mood(sentence.speaker))
            name = self._names.get(sentence.speaker, "")
            self._send(ClipBegins(playback.number, sentence, self._due(), name))

    def _due(self) -> float:
        """When the next sample is heard: straight after the last one, if that can still be done."""
        return self._cursor if self._cursor >= now() + CLOSE else now() + LEAD

    async def _reach(self, playback: _Playback) -> None:
        """Waits until the clip's last sample was heard."""
        if playback.timeline.end is not None:
            await asyncio.sleep(playback.timeline.end - now())

    def _send(self, cue: Cue) -> None:
        for index, (name, show) in enumerate(self._shows):
            try:
                show(cue)
            except Exception as error:  # noqa: BLE001  # one screen failing never stops the others
                if index not in self._broken:
                    self._broken.add(index)
                    log.error("%s failed to show a cue: %s", name, escaped(repr(error)))  # noqa: TRY400
