"""A voice, watched: whatever it does that a voice must not, it fails like one that has no sound."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TypeGuard, TypeVar

from vtuber.core import clock, sound
from vtuber.core.errors import BanbanError, VoiceError
from vtuber.core.events import Chunk, Sound, Viseme, Word
from vtuber.core.health import Health, State
from vtuber.voice import HasSpeakers, Pronouncing, Utterance, Voice
from vtuber.voice.reading.speakable import likely_forms, weight
from vtuber.voice.speech import captions

log = logging.getLogger(__name__)

T = TypeVar("T")

STARTING = 60.0
"""Seconds that a voice may take to start."""
FIRST_SOUND = 15.0
"""Seconds until the first sound of a sentence, for voices that give themselves no deadline."""
NEXT_SOUND = 10.0
"""Seconds between two sounds of it."""
_CLOSING = 5.0
"""Seconds that a voice may take to stop."""
_FAR_TOO_LONG = 6.0
"""A voice whose sound is so many times as long as it takes to read the text is talking nonsense."""
_NEVER_TOO_LONG = 15.0
"""Seconds of sound that are not too long for any text."""
_MOST_SILENT = 1000
"""Words, shapes and empty sounds in a row, beside ten for each character: it would never come to an end."""
_MOST_FORMS = 20
"""So many ways in which one text may be pronounced, at most."""

_END = object()


class WatchedVoice:
    """The voice called ``name``, which may come from elsewhere. Whatever it raises becomes a VoiceError."""

    def __init__(self, name: str, voice: Voice) -> None:
        self.voice = voice
        self._name = name
        self._says_forms = isinstance(voice, Pronouncing)

    @property
    def languages(self) -> frozenset[str]:
        try:
            return frozenset(self.voice.languages)
        except Exception:  # noqa: BLE001  # whatever it was, the other voices speak
            return frozenset()

    @property
    def is_ready(self) -> bool:
        try:
            return self.voice.availability.is_ready
        except Exception:  # noqa: BLE001  # the same
            return False

    async def start(self) -> None:
        await self._called(self.voice.start, clock.now() + STARTING)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        most = max(_NEVER_TOO_LONG, _FAR_TOO_LONG * weight(utterance.text) / captions.READING)
        seconds, silent, deadline = 0.0, 0, clock.now() + FIRST_SOUND
        try:
            items = aiter(self.voice.speak(utterance))
        except Exception as error:
            raise self._failed(error) from error
        try:
            while True:
                item: object = await self._called(partial(anext, items, _END), deadline)
                if item is _END:
                    return
                if not _is_valid(item):
                    raise self._error("sends what is neither sound nor words")
                silent += 1
                if isinstance(item, Sound) and item.pcm:
                    seconds += sound.seconds(item.pcm)
                    silent, deadline = 0, clock.now() + NEXT_SOUND
                if seconds > most or silent > _MOST_SILENT + 10 * len(utterance.text):
                    raise self._error("did not come to an end")
                yield item
        finally:
            if close := getattr(items, "aclose", None):
                with suppress(VoiceError):
                    await self._called(close, clock.now() + _CLOSING)

    def pronounced(self, text: str) -> list[str]:
        """All that it may pronounce of a text; what is likely, of a voice that does not say or failed to."""
        if self._says_forms and isinstance(self.voice, Pronouncing):
            try:
                found = [*islice(self.voice.pronounced(text), _MOST_FORMS)]
            except Exception as error:  # noqa: BLE001  # the guard judges what is likely, and she speaks
                self._forget_forms(repr(error))
            else:
                if all(isinstance(form, str) for form in found):
                    return found
                self._forget_forms("no texts")
        return [*likely_forms(text)]

    def has_speaker(self, name: str) -> bool | None:
        """Whether it has that speaker; None where nobody knows, as of voices from elsewhere."""
        try:
            return self.voice.has_speaker(name) if isinstance(self.voice, HasSpeakers) else None
        except Exception:  # noqa: BLE001  # then it is asked for it
            return None

    async def stop(self) -> None:
        """A voice that fails now is only told of: nobody waits for it any more."""
        try:
            await self._called(self.voice.stop, clock.now() + _CLOSING)
        except VoiceError as error:
            log.warning("while it was stopped: %s", error.what)

    def health(self) -> Health:
        try:
            health = self.voice.health()
        except Exception as error:  # noqa: BLE001  # no report of a part ends the show
            health, why = None, f": {error!r}"
        else:
            why = ""
        if isinstance(health, Health):
            return health
        what = f"the voice {self._name} cannot say how it is{why}"
        return Health("voice", State.DOWN, what, "report that to whoever made it")

    def _forget_forms(self, why: str) -> None:
        """From now on there are as many forms of each text as of a voice that does not say."""
        self._says_forms = False
        log.warning("the voice %s cannot say what it pronounces (%s): the likely is judged", self._name, why)

    async def _called(self, do: Callable[[], Awaitable[T]], deadline: float) -> T:
        try:
            async with asyncio.timeout_at(deadline):
                return await do()
        except TimeoutError:
            raise self._error("does not answer") from None
        except VoiceError:
            raise
        except BanbanError as error:
            raise VoiceError(error.what, where=error.where, hint=error.hint) from error
        except Exception as error:
            raise self._failed(error) from error
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise self._error("gave up by itself") from error

    def _failed(self, error: Exception) -> VoiceError:
        log.debug("the voice %s failed", self._name, exc_info=error)
        return self._error(f"failed ({type(error).__name__})")

    def _error(self, what: str) -> VoiceError:
        return VoiceError(f"the voice {self._name} {what}", where="voice")


def _is_valid(item: object) -> TypeGuard[Chunk]:
    """Whether it is what a voice may send; its samples are whole, its times numbers."""
    if isinstance(item, Sound):
        return isinstance(item.pcm, bytes | bytearray) and len(item.pcm) % sound.SAMPLE_BYTES == 0
    if isinstance(item, Word | Viseme):
        named = item.text if isinstance(item, Word) else item.shape
        return isinstance(named, str) and all(map(_is_time, (item.start, item.end)))
    return False


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
