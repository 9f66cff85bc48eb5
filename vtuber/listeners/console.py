"""The terminal as chat: whoever types there is the broadcaster. Input from a pipe or a file works too.

Where a line editor reads the keys, it hands the lines over, and standard input is left to it.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from uuid import uuid4

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.events import Author, ChatMessage, Role
from vtuber.core.health import Health, State
from vtuber.core.text import clean

LINE_LIMIT = 8192
"""Characters of a line that are used; the rest of it is read and dropped."""
LINES_WAITING = 64
"""Lines read ahead of the show. A program that writes more waits."""

_KEYS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
"""What arrows and other keys send where no editor reads them, and colours: an escape, and all of it."""

YOU = Author("you", "you", frozenset({Role.BROADCASTER}))
"""Whoever types in the terminal."""


class Console:
    """Reads in a daemon thread: it may wait for a key for ever without delaying the program's end."""

    def __init__(self, settings: Settings) -> None:  # noqa: ARG002 - every listener is made this way
        self.availability = Availability(ready=True)
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(LINES_WAITING + 1)
        self._room = threading.Semaphore(LINES_WAITING)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._show = uuid4().hex[:8]
        self._count = 0
        self._trouble = ""
        self._ended = ""

    async def start(self) -> None: ...

    def feed(self) -> Callable[[str], bool]:
        """Leaves standard input alone. Returns what takes a line, in any thread: False when too many wait."""
        self._loop = asyncio.get_running_loop()

        def take(line: str) -> bool:
            return self._room.acquire(blocking=False) and self._give(line)

        return take

    def read_input(self) -> None:
        """Reads standard input from now on, also where it was fed before."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="console", daemon=True).start()

    async def events(self) -> AsyncGenerator[ChatMessage, None]:
        """What is typed, until the input ends. Lines that are typed before wait."""
        if self._loop is None:  # nobody feeds it
            self.read_input()
        while not self._ended:
            line = await self._lines.get()
            if line is None:
                self._ended = self._trouble or "no more lines can be typed: the input was closed"
                self.availability.set(ready=False)
                return
            self._room.release()
            if text := clean(_KEYS.sub("", line)):
                self._count += 1
                message_id = f"{self._show}-{self._count}"
                yield ChatMessage(message_id, "console", "console", YOU, text, clock.now())

    def health(self) -> Health:
        if self._ended:
            return Health("chat.console", State.OFF, self._ended)
        return Health("chat.console", State.OK, "type messages here")

    def _read(self) -> None:
        """The thread: lines to the loop, and None when there are no more."""
        try:
            # A file of our own: the interpreter, when it ends, waits for the lock of sys.stdin, which a
            # thread that waits for a key would hold.
            with open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False) as file:
                while (line := file.readline(LINE_LIMIT)) and self._hand_over(line):
                    while line and not line.endswith("\n"):
                        line = file.readline(LINE_LIMIT)  # what is left of a giant
        except (AttributeError, OSError, ValueError):
            self._trouble = (
                "not running in a terminal"  # closed, or never there: sys.stdin is None under pythonw
            )
        self._give(None)

    def _hand_over(self, line: str) -> bool:
        self._room.acquire()
        return self._give(line)

    def _give(self, line: str | None) -> bool:
        assert self._loop is not None  # noqa: S101 - set before the thread begins
        try:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
        except RuntimeError:  # the loop is closed, the show is over
            return False
        return True
