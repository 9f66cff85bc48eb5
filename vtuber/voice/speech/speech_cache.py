"""Lines that come often (greetings, thanks, spare lines) are made once.

What a voice made of a whole utterance is kept in memory, and on disk once it is said a second time: what was
said to one viewer stays there only if it was said again. Whoever is forgotten takes all of it with them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from vtuber.core import clock, sound
from vtuber.core.events import Chunk, Sound
from vtuber.voice.speech.speech_files import SpeechFiles

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
MEMORY = 8 * MEGABYTE
"""Bytes of sound that are kept in memory: about three minutes."""
LONGEST = 12.0
"""Seconds of an utterance that is worth its place."""
WAITING = 32
"""Utterances that wait to be written, at most."""
READ_SECONDS = 0.3
"""A disk that needs longer is slower than a voice."""
DISK_SECONDS = 3.0
"""How long the show waits for the disk when it begins, and when it ends."""


@dataclass(slots=True)
class _Speech:
    """What a voice made of an utterance, as it came."""

    items: Sequence[Chunk]
    size: int
    """Bytes of sound."""
    on_disk: bool


def folder() -> Path:
    """Where speech is kept between shows."""
    return user_cache_path("banban", appauthor=False) / "speech-cache"


class SpeechCache:
    """Gives again what was made before. Nothing that is wrong with the disk ends a sentence."""

    def __init__(self, files: SpeechFiles | None = None) -> None:
        """Without ``files`` it is off, and keeps nothing at all."""
        self.asked = 0
        """Utterances that it was asked for."""
        self.hits = 0
        """Those of them that it had."""
        self._files = files
        self._memory: OrderedDict[str, _Speech] = OrderedDict()
        self._held = 0
        self._there: set[str] = set()  # on disk
        self._writes = files is not None
        self._waiting: dict[str, tuple[str, Sequence[Chunk]]] = {}
        self._clearing = False
        self._clearings = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Looks for what is on disk."""
        if self._files:
            try:
                async with asyncio.timeout(DISK_SECONDS):
                    self._there = await clock.in_thread(self._files.open)
            except (OSError, TimeoutError) as error:
                self._give_up(error)

    async def speech(
        self, key: str, text: str, make: Callable[[], AsyncGenerator[Chunk, None]]
    ) -> AsyncGenerator[Chunk, None]:
        """What is kept under ``key``; else what ``make`` gives, which is kept once it is there whole."""
        if not self._files:
            async with aclosing(make()) as made:
                async for item in made:
                    yield item
            return
        self.asked += 1
        clearings = self._clearings
        if kept := await self._find(key, text):
            self.hits += 1
            for item in kept:
                yield item
            return
        items, seconds = list[Chunk](), 0.0
        async with aclosing(make()) as made:
            async for item in made:
                seconds += sound.seconds(item.pcm) if isinstance(item, Sound) else 0.0
                if seconds <= LONGEST:
                    items.append(item)
                yield item
        if seconds <= LONGEST and clearings == self._clearings and _is_heard(items):
            self._keep(key, items, on_disk=False)

    def clear(self) -> None:
        """Forgets all at once; the files are deleted as soon as that can be done."""
        if not self._files:
            return
        self._clearings += 1
        self._clearing = True
        self._memory.clear()
        self._there.clear()
        self._waiting.clear()
        self._held = 0
        self._work_on()

    async def close(self) -> None:
        """Ends what is being done on disk."""
        task, self._task = self._task, None
        if task:
            with clock.outside():
                await asyncio.wait([task], timeout=DISK_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self.hits:
            log.info("%d of %d pieces of speech were there already", self.hits, self.asked)

    async def _find(self, key: str, text: str) -> Sequence[Chunk] | None:
        if speech := self._memory.get(key):
            self._memory.move_to_end(key)
            if not speech.on_disk and self._writes and len(self._waiting) < WAITING:
                speech.on_disk = True
                self._waiting[key] = text, speech.items
                self._work_on()
            return speech.items
        if key not in self._there or not self._files:
            return None
        clearings, items = self._clearings, None
        try:
            async with asyncio.timeout(READ_SECONDS):
                items = await clock.in_thread(self._files.load, key, text)
        except TimeoutError:
            log.debug("the cache of speech is slow")
        if clearings != self._clearings:
            return None
        if items is None:
            self._there.discard(key)
        else:
            self._keep(key, items, on_disk=True)
        return items

    def _keep(self, key: str, items: Sequence[Chunk], *, on_disk: bool) -> None:
        if key in self._memory:
            return
        size = sum(len(item.pcm) for item in items if isinstance(item, Sound))
        self._memory[key] = _Speech(items, size, on_disk)
        self._held += size
        while self._held > MEMORY:
            _, oldest = self._memory.popitem(last=False)
            self._held -= oldest.size

    def _work_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Does on disk what is to be done, one after another."""
        files = self._files
        while files and (self._clearing or self._waiting):
            if self._clearing:
                self._clearing = False
                try:
                    await clock.in_thread(files.clear)
                except OSError as error:
                    log.warning(
                        "what she said cannot be deleted from %s (%s): delete this folder",
                        files.folder,
                        error.strerror,
                    )
                continue
            key = next(iter(self._waiting))
            text, items = self._waiting.pop(key)
            try:
                if await clock.in_thread(files.save, key, text, items) and not self._clearing:
                    self._there.add(key)
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Writes nothing more in this show."""
        if self._writes and self._files:
            why = error.strerror or "it does not answer"
            log.warning(
                "her speech cannot be kept in %s (%s); each show makes it anew", self._files.folder, why
            )
        self._writes = False
        self._waiting.clear()


def _is_heard(items: Sequence[Chunk]) -> bool:
    pcm = b"".join(item.pcm for item in items if isinstance(item, Sound))
    return sound.loudness(sound.from_pcm(pcm)) > sound.QUIET


def build(megabytes: int) -> SpeechCache:
    """The one on this machine. 0 megabytes: none."""
    return SpeechCache(SpeechFiles(folder(), megabytes * MEGABYTE) if megabytes else None)
