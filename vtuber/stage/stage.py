"""The stage: plays clips, keeps the time of all that is heard, and sends it to the screens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from itertools import count

from vtuber.core import mouth, sound
from vtuber.core.clock import now
from vtuber.core.deeds import Deed
from vtuber.core.errors import BanbanError
from vtuber.core.events import Clip, Sentence, Sound, Spoken, Viseme, Word
from vtuber.core.text import escaped
from vtuber.stage import Screen
from vtuber.stage.cues import (
    Alert,
    ChatLine,
    ClipBegins,
    ClipEnds,
    ClipSound,
    ClipWord,
    Cue,
    Feels,
    Held,
    Hushed,
    Ready,
    Rested,
    Thinking,
    Vanished,
    Withdrawn,
)
from vtuber.stage.playhead import Playhead
from vtuber.stage.timeline import ClipTimeline

log = logging.getLogger(__name__)

LEAD = 0.04
"""Seconds between the moment sound is sent out of silence and the moment it is heard."""

CLOSE = 0.01
"""Sound that arrives this many seconds before it is due still follows what came before without a gap."""

HAND_OVER = 0.1
"""A reply begins on the screens so many seconds before the one before it is over. Until then it can be taken
back, and nobody notices."""

AHEAD = 8.0
"""No screen is sent more sound than this many seconds before it is heard."""

PIECE = round(mouth.STEP * sound.RATE) * sound.SAMPLE_BYTES * 50
"""Bytes of sound in one cue at most: one second, a whole number of mouth steps."""


Before = Callable[[], Awaitable[None]]
"""What is done before the first of a clip is sent to the screens."""


class _Playback:
    """One clip that is being played."""

    def __init__(self, number: int, clip: Clip, before: Before | None) -> None:
        self.number = number
        self.clip = clip
        self.before = before
        """Awaited before anything of it is sent."""
        self.timeline = ClipTimeline(number, clip.sentence)
        self.visemes: list[Viseme] = []
        """Of which not all is heard in the sound that has come."""
        self.limit = asyncio.timeout(None)  # a hush lets it expire
        self.announced = False
        self.written = False
        """Whether all of its sound has come."""
        self.complete = False
        self.error: Exception | None = None
        self.cut_at: float | None = None

    def spoken(self) -> Spoken:
        until = now() if self.cut_at is None else self.cut_at
        complete = self.complete and self.cut_at is None
        began, end = self.timeline.began, self.timeline.end
        is_heard = began is not None and began <= until
        return Spoken(
            sentence=self.clip.sentence,
            heard=self.clip.sentence.text if complete else self.timeline.heard(until),
            complete=complete,
            began=began if is_heard else None,
            ended=min(end, until) if is_heard and end is not None else None,
        )


class Stage:
    """Plays clips one after another, without gaps, in the order in which ``play`` was called."""

    def __init__(
        self, screens: Sequence[Screen] = (), names: Mapping[str, str] | None = None, *, muted: bool = False
    ) -> None:
        """``names`` tells what the audience calls each speaker, by id.

        ``muted``: screens are sent silence in place of her sound; mouth and captions stay as they are.
        """
        self._muted = muted
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
        self._turn = 0
        """Whose sentence was sent last."""
        self._changed = asyncio.Event()

    def watch(self, show: Callable[[Cue], None], name: str) -> None:
        """``show`` is sent every cue from now on, as a screen is. It neither waits nor raises."""
        self._shows.append((name, show))

    async def play(self, clip: Clip, before: Before | None = None) -> Spoken:
        """Returns when the clip's last sample was heard, or soon after a hush.

        Nothing of it is sent to the screens until ``before`` has returned.
        A voice that fails on the way (BanbanError) makes it incomplete: what was sent is still heard. Any
        other exception of ``clip.chunks`` is raised, also after what was sent was heard. Cancelling this
        while its sound is on the stage is a hush.
        """
        playback = _Playback(next(self._numbers), clip, before)
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
        self._change()

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
        return any(spoken.began is not None for spoken in self.so_far(turn))

    def is_sent(self, turn: int) -> bool:
        """Whether the screens have a sentence of ``turn`` that is not over. It can only be silenced then."""
        return any(one.announced for one in self._playing if one.clip.sentence.turn == turn)

    def so_far(self, turn: int) -> list[Spoken]:
        """What was heard by now of those sentences of ``turn`` that are not over."""
        return [one.spoken() for one in self._playing if one.clip.sentence.turn == turn]

    def coming(self) -> list[tuple[Sentence, float]]:
        """The sentences whose sound has not come to its end, and how many seconds of each there are."""
        return [(one.clip.sentence, one.timeline.seconds) for one in self._playing if not one.written]

    def remaining(self) -> float:
        """Seconds of sound still to be heard, as far as it has been sent."""
        return max(0.0, self._cursor - now())

    async def quiet(self, less_than: float = 0.0) -> None:
        """Waits until no more than ``less_than`` seconds of sound are left, or until a hush."""
        while (left := self.remaining() - less_than) > 0:
            await self.change(left)

    async def change(self, seconds: float) -> None:
        """Waits until more is to be heard than before, or less; or for ``seconds``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

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

    def tell(self, cue: Ready | ChatLine | Alert | Vanished) -> None:
        """Sends what is shown beside her."""
        self._send(cue)

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
        self._change()

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
                await self._announce(playback)
                if playback.cut_at is not None:
                    return  # hushed while the chunk was on its way
                match chunk:
                    case Sound():
                        await self._write_sound(playback, chunk)
                    case Word():
                        self._send(ClipWord(playback.number, chunk, playback.timeline.add_word(chunk)))
                        self._playhead.follow(playback.timeline)
                    case Viseme():
                        playback.visemes.append(chunk)
            playback.complete = playback.timeline.is_whole
        except BanbanError as error:
            log.warning("the voice stopped in the middle of a sentence: %s", escaped(error.what))
        except Exception as error:  # noqa: BLE001  # raised by `play`, once what was sent has been heard
            playback.error = error
        playback.written = True
        self._change()
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
            self._send(self._with_mouth(playback, pcm, at, offset))
            self._playhead.follow(playback.timeline)
            self._change()

    def _with_mouth(self, playback: _Playback, pcm: bytes, at: float, offset: float) -> ClipSound:
        samples = sound.from_pcm(pcm)
        shapes = mouth.shapes(samples, playback.visemes, offset)
        end = playback.timeline.seconds
        playback.visemes = [viseme for viseme in playback.visemes if viseme.end > end]
        heard = bytes(len(pcm)) if self._muted else pcm
        return ClipSound(playback.number, heard, mouth.openness(samples), shapes, at, offset)

    async def _announce(self, playback: _Playback) -> None:
        """Tells the screens, when its turn has come, unless it is cut before."""
        if playback.clip.sentence.turn != self._turn:
            await self.quiet(HAND_OVER)
        if playback.before is not None and not playback.announced and playback.cut_at is None:
            await playback.before()
        if not playback.announced and playback.cut_at is None:
            playback.announced = True
            sentence = playback.clip.sentence
            self._turn = sentence.turn
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
