"""Keeps pending events: on a server, and in a file while that is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from vtuber.core import clock
from vtuber.core.backoff import Backoff
from vtuber.core.errors import PendingError, TakenError
from vtuber.core.events import Answerable, Deletion
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.pending.changes import HIGHEST, Added, Begun, Change, Deleted, Kept, Settled, dump, key_of, load
from vtuber.pending.file import PendingFile
from vtuber.pending.ledger import Ledger
from vtuber.pending.store import Store

log = logging.getLogger(__name__)

DEADLINE = 0.25
"""Seconds after which a server that has not written is left alone, and the file takes its place."""
LOOK_SECONDS = 10.0
"""Between two looks at a server to which nothing is written."""
FILE_SECONDS = 1.0
"""After which a disk that has not written holds up nobody any more."""
RETRY_SECONDS = 5.0
"""Until a file that could not be written is tried again, though nothing happens."""
OPEN_SECONDS = 5.0
"""How long a server, or a disk, may take to say what is stored."""
STOP_SECONDS = 0.7
BEGIN_SECONDS = 0.5
"""A reply begins after so many seconds also when nobody could write that it does."""
WAITING_LIMIT = 10_000
"""Changes that wait to be written. When there are more, they are not waited for."""
BUNDLE = 200
"""So many changes are written together."""
PAUSES = (0.25, 5.0)
"""The shortest and the longest between two attempts to reach a server that is away."""

Then = Callable[[], object]


class PendingEvents:
    """What is owed, in memory, and written down in the order in which it happened.

    Nothing waits for ``add`` and the like: ``then`` is called once the change is safe, on the server or in
    the file. Where both fail it is called as well, and health says that a crash would lose something.
    Without either, all is kept for one show alone.
    """

    def __init__(self, server: Store | None = None, file: PendingFile | None = None) -> None:
        self.ledger = Ledger()
        self._server = server
        self._file = file
        self._found: Callable[[list[Added]], None] = lambda _: None
        self._waiting: deque[tuple[Change | None, Then | None]] = deque()
        self._news = asyncio.Event()
        self._away = asyncio.Event()
        """Set while the server is not used."""
        self._since: list[Change] = []
        """What was written elsewhere since the server was given a copy of everything."""
        self._was_asked = False
        """Whether the server has said what it has."""
        self._late: list[Added] = []
        """What it said is owed, and nobody has been told of yet."""
        self._trouble: PendingError | None = None
        """Why the server is not used."""
        self._backoff = Backoff(*PAUSES)
        self._unsafe: PendingError | None = None
        """Why nothing can be written at all."""
        self._writing = False
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_kept(self) -> bool:
        """Whether anything outlives the program."""
        return self._server is not None or self._file is not None

    async def start(self) -> None:
        """Learns what is owed from before. What cannot be read is said.

        Raises TakenError when another program has this show.
        """
        if self._file is not None:
            await self._read_file(self._file)
        in_file = self.ledger.changes()
        if self._server is not None:
            await self._reach(self._server, in_file)
            self._late = []  # whoever starts this asks the ledger
        if not self.is_kept:
            return
        self._tasks = [asyncio.create_task(self._write_on(), name="pending events")]
        if self._server is not None:
            self._tasks.append(asyncio.create_task(self._mend(self._server), name="pending events' server"))

    def watch(self, found: Callable[[list[Added]], None]) -> None:
        """Calls ``found`` where a server can only be asked later, with what was owed there from before."""
        self._found = found

    # What happens.

    def add(self, event: Answerable, *, asked: bool = False, then: Then | None = None) -> None:
        """It is owed an answer, unless it came before. ``then`` is called in any case, in its turn."""
        key = key_of(event)
        if self.ledger.waits(key) or self.ledger.is_settled(key):
            self._put(None, then)
            return
        self._change(Added(self._next, event, time.time(), asked), then)

    def after(self, then: Then) -> None:
        """Calls ``then`` once all that happened before is safe: at once where it is."""
        if self._waiting or self._writing:
            self._put(None, then)
        else:
            self._call(then)

    def begin_soon(self, events: Collection[Answerable]) -> None:
        """Their answer is about to be heard."""
        for event in events:
            key = key_of(event)
            if self.ledger.waits(key) and not self.ledger.is_begun(key):
                self._change(Begun(self._next, key))

    async def begin(self, events: Collection[Answerable]) -> None:
        """The same: it is written when this returns, or ``BEGIN_SECONDS`` are over."""
        self.begin_soon(events)
        written = asyncio.get_running_loop().create_future()
        self.after(lambda: _set(written))
        with suppress(TimeoutError):
            async with asyncio.timeout(BEGIN_SECONDS):
                await written

    def wait_again(self, events: Collection[Answerable]) -> None:
        """Nothing of their answer was heard after all."""
        for event in events:
            key = key_of(event)
            if self.ledger.waits(key) and self.ledger.is_begun(key):
                self._change(Begun(self._next, key, begun=False))

    def settle(self, key: str) -> None:
        """The answer to what has that key was heard, or nobody wants one."""
        if self.ledger.waits(key):
            self._change(Settled(self._next, key))

    def delete(self, deletion: Deletion) -> None:
        """A moderator deleted something: also what comes again in the next show stays deleted."""
        self._change(Deleted(self._next, deletion, time.time()))

    def keep(self, state: dict[str, Any] | None) -> None:
        """How the show is from now on; None: it ends."""
        before = self.ledger.kept
        if (before.state if before else None) != state:
            self._change(Kept(self._next, state))

    @property
    def _next(self) -> int:
        """Higher than all before, also than those of a server that could not be asked yet."""
        return min(max(self.ledger.last + 1, int(time.time() * 1000)), HIGHEST)

    def _change(self, change: Change, then: Then | None = None) -> None:
        try:
            load(dump(change))
        except ValueError as error:  # it would keep all that follows from being written, too
            what = change.key if isinstance(change, Added) else change.do
            log.warning("%s cannot be written down: %s", escaped(what), escaped(str(error)[:200]))
            self._put(None, then)
        else:
            self.ledger.apply([change])
            self._put(change, then)

    def _put(self, change: Change | None, then: Then | None) -> None:
        if self._tasks and len(self._waiting) >= WAITING_LIMIT:
            self._unsafe = PendingError("more happens than can be written")
        if not self._tasks or len(self._waiting) >= WAITING_LIMIT:
            self._call(then)
            return
        self._waiting.append((change, then))
        self._news.set()

    def _call(self, then: Then | None) -> None:
        try:
            if then is not None:
                then()
        except Exception as error:  # whatever it was, the next event waits
            log.error("an event was not taken in: %s", escaped(repr(error)))  # noqa: TRY400  # in words
            log.debug("taking in", exc_info=error)

    # Writing.

    async def _write_on(self) -> None:
        while not (self._stopping and not self._waiting):
            if not self._waiting:
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self._unsafe is None else RETRY_SECONDS):
                        await self._news.wait()
            await self._write_bundle()

    async def _write_bundle(self) -> None:
        bundle = [self._waiting.popleft() for _ in range(min(len(self._waiting), BUNDLE))]
        changes = [change for change, _ in bundle if change is not None]
        self._writing = True
        try:
            if changes or self._unsafe is not None:
                await self._save(changes)
        except Exception as error:  # noqa: BLE001  # whatever it was, nobody may wait for ever
            self._unsafe = PendingError(f"what happened could not be written: {escaped(repr(error))}")
            log.error("%s", self._unsafe.what)  # noqa: TRY400  # in words
        finally:
            self._writing = False
        for _, then in bundle:
            self._call(then)

    async def _save(self, changes: Sequence[Change]) -> None:
        """On the server, else in the file; with all before, where that could not be written."""
        new = changes
        if self._unsafe is not None:
            changes = self.ledger.changes()
        server = self._server if self._trouble is None else None
        if server is not None and await self._write_to(server, changes, DEADLINE):
            self._unsafe = None
            return
        if self._server is not None:
            self._since += new
        await self._save_in_file(changes)

    async def _write_to(self, server: Store, changes: Sequence[Change], seconds: float) -> bool:
        """Whether it has them in so many seconds. If not, it is left alone."""
        try:
            async with asyncio.timeout(seconds):
                await server.write(changes)
        except Exception as error:  # noqa: BLE001  # whatever it was, the file takes its place
            self._lost(_failure(server, error))
            return False
        return True

    async def _save_in_file(self, changes: Sequence[Change]) -> None:
        if self._file is None:
            self._unsafe = self._trouble
            return
        try:
            async with asyncio.timeout(FILE_SECONDS):
                await self._file.write(changes)
        except TimeoutError:
            self._fail(_slow(self._file))
        except PendingError as error:
            self._fail(error)
        else:
            self._unsafe = None

    def _fail(self, error: PendingError) -> None:
        if self._unsafe is None:
            log.warning("what viewers are owed cannot be written down: %s", error)
        self._unsafe = error

    def _lost(self, error: PendingError) -> None:
        if self._trouble is None:
            log.warning("pending events: %s; a file takes its place until it is back", error.what)
        self._trouble = error
        self._away.set()

    # The stores.

    async def _read_file(self, file: PendingFile) -> None:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                self.ledger.apply(await file.open())
                await file.tidy()
        except TimeoutError:
            self._fail(_slow(file))
        except PendingError as error:
            self._fail(error)
        if file.unreadable:
            log.warning("%s: %d damaged lines were read past", file.place, file.unreadable)

    async def _reach(self, server: Store, missed: Sequence[Change]) -> None:
        """Asks the server what it has, and gives it what it ``missed``."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                if not self._was_asked:
                    await server.claim()
                self._learn(await server.open())
                await server.write(missed)
                while self._since:  # what happened meanwhile
                    since, self._since = self._since, []
                    await server.write(since)
        except Exception as error:
            if isinstance(error, TakenError) and not self._tasks:  # at the start
                raise
            self._lost(_failure(server, error))
            return
        self._trouble = self._unsafe = None
        self._backoff.reset()
        self._was_asked = True
        if self._file is not None:
            with suppress(PendingError, TimeoutError):
                async with asyncio.timeout(FILE_SECONDS):
                    await self._file.clear()

    def _learn(self, stored: Sequence[Change]) -> None:
        before = {added.key for added in self.ledger.waiting}
        self.ledger.apply(stored)
        self._late += [added for added in self.ledger.waiting if added.key not in before]

    async def _mend(self, server: Store) -> None:
        """Whenever the server is away, tries it until it is back, and gives it all that is known.

        While it is used, it is looked at: so it knows that we are alive, and we that it is.
        """
        while True:
            while not self._away.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._away.wait()
                if not self._away.is_set():
                    await self._write_to(server, (), OPEN_SECONDS)
            was_asked = self._was_asked
            while self._trouble is not None:
                await asyncio.sleep(self._backoff.next())
                self._since = []
                await self._reach(server, self.ledger.changes())
            self._away.clear()
            log.info("pending events: the server %s is back and has everything", server.place)
            late, self._late = [added for added in self._late if self.ledger.waits(added.key)], []
            if late or not was_asked:
                self._call(partial(self._found, late))

    async def stop(self) -> None:
        """Writes what is left, and closes."""
        self._stopping = True
        self._news.set()
        if self._tasks:
            writer, *others = self._tasks
            for task in others:
                task.cancel()
            with clock.outside():
                await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            writer.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._waiting:
            log.warning("%d changes of what viewers are owed could not be written", len(self._waiting))
        if self._server is not None:
            await self._server.close()

    def health(self) -> Health:
        """Where what is owed is kept, and how many are."""
        owed = f"{len(self.ledger)} owed" if len(self.ledger) else "nothing owed"
        if self._unsafe is not None:
            what = f"a crash would lose what viewers are owed: {self._unsafe.what}"
            return Health("pending", State.DOWN, what, self._unsafe.hint)
        if self._trouble is not None:
            what = f"in a file, for {self._trouble.what}{self._backoff.note}"
            return Health("pending", State.LIMITED, what, self._trouble.hint)
        if not self.is_kept:
            return Health("pending", State.OFF, "for this show alone")
        place = self._server.place if self._server else self._file.place if self._file else ""
        return Health("pending", State.OK, f"{owed}; kept {place}")


def _failure(server: Store, error: Exception) -> PendingError:
    """Why a server is not used, whatever it raised."""
    if isinstance(error, PendingError):
        return error
    why = "does not answer in time" if isinstance(error, TimeoutError) else f"failed: {escaped(repr(error))}"
    return PendingError(f"the server {why} ({server.place})")


def _slow(file: PendingFile) -> PendingError:
    return PendingError(
        "the disk does not answer",
        where=file.place,
        hint="see whether it is full, asleep or unplugged; or set pending.folder to a folder elsewhere",
    )


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
