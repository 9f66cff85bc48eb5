"""The desk: runs the editor in a thread of its own, and writes the log above it.

The terminal may stand still for as long as somebody marks text in it; the show never waits for it. Lines wait
for the terminal in a bounded store, where chat makes room first.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from prompt_toolkit.application import create_app_session
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text

from vtuber.app import terminal
from vtuber.app.desk.editor import Editor, Hands
from vtuber.app.desk.line import Line, below, fragments, line
from vtuber.app.desk.menu import Menu
from vtuber.record.facts import TOLD

log = logging.getLogger(__name__)

AT_ONCE = 10
"""How many lines of chat are written at once; in a flood, the latest ones."""
WRITE_EVERY = 0.15
"""Seconds between two writings."""
WAITING = 400
"""Lines that wait for a terminal that stands still."""
ASKED_SECONDS = 5.0
"""So long a second Ctrl-C means it."""
LEAVE_SECONDS = 1.0
"""How long the terminal may take to be given back."""


class _SteadyOutput(Vt100_Output):
    """Says where a paste begins and ends also while the log is written, and asks the terminal nothing."""

    def disable_bracketed_paste(self) -> None:
        """Is left to the end of all (``terminal.as_found``)."""


def steady_output() -> Output:
    """The terminal."""
    if sys.platform == "win32":
        return create_output()
    output = _SteadyOutput.from_pty(sys.stdout, os.environ.get("TERM"), ColorDepth.from_env())
    output.enable_cpr = False
    return output


class Desk:
    """``open`` it in the show's loop, and ``close`` it whatever happens. ``write`` may be called anywhere."""

    def __init__(
        self,
        hands: Hands,
        menu: Menu,
        history: History,
        status: Callable[[int], StyleAndTextTuples],
        *,
        question: str = "",
        make_input: Callable[[], Input] = create_input,
        make_output: Callable[[], Output] = steady_output,
    ) -> None:
        """``question`` is what Ctrl-C asks first; "" when it ends at once."""
        self._hands = replace(hands, notice=self.notice, interrupt=self.interrupt)
        self._menu, self._history, self._status = menu, history, status
        self._speech: Line | None = None
        self._question = question
        self._make_input, self._make_output = make_input, make_output
        self._waiting: deque[Line] = deque()
        self._left_out = 0
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._closing = False
        self._broken = False
        self._editor: Editor | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._show_loop: asyncio.AbstractEventLoop | None = None
        self._leave: Callable[[], None] = lambda: None
        self._handler = LineHandler(self.write)

    # What the show calls.

    def open(self) -> None:
        """Takes the terminal: from now on the log is written above what is typed."""
        self._show_loop = asyncio.get_running_loop()
        self._leave = terminal.as_found()
        self._thread = threading.Thread(target=self._live, name="desk", daemon=True)
        terminal.log_to(self._handler)
        self._thread.start()

    def close(self) -> None:
        """Gives the terminal back as it was found. Harmless when it was never opened, or twice."""
        if self._thread is None:
            return
        self._closing = True
        if self._own_loop is not None:
            with suppress(RuntimeError):  # it ended by itself
                self._own_loop.call_soon_threadsafe(self._exit)
        self._thread.join(LEAVE_SECONDS)
        self._leave()
        self._thread = None
        terminal.log_to(None)

    def write(self, one: Line) -> None:
        """Writes a line above what is typed. Never waits."""
        if self._broken:
            _tell(one)
            return
        with self._lock:
            self._waiting.append(one)
            if len(self._waiting) > WAITING:
                self._make_room()
        if self._own_loop is not None:
            with suppress(RuntimeError):
                self._own_loop.call_soon_threadsafe(self._news.set)

    def speak(self, speech: Line | None) -> None:
        """Shows what she is saying right now, below the log. Never waits."""
        self._speech = speech
        self.refresh()

    def refresh(self) -> None:
        """What stands below the log has changed. Never waits."""
        if self._own_loop is not None and self._editor is not None:
            with suppress(RuntimeError):
                self._own_loop.call_soon_threadsafe(self._editor.app.invalidate)

    def notice(self, words: str) -> None:
        """Something about what was typed."""
        self.write(line(("warning", words)))

    def means_it(self) -> bool:
        """The program got Ctrl-C's signal. Whether that ends the show, or was the first of two."""
        if self._thread is None or self._broken or self._is_meant():
            return True
        if self._show_loop is not None:  # a signal's handler may not wait for a lock
            self._show_loop.call_soon_threadsafe(self.notice, self._question)
        return False

    def _is_meant(self) -> bool:
        """Whether it was asked just before, or need not be. Notes when it is to be asked now."""
        before, now = self._asked_at, time.monotonic()
        if not self._question or now - before < ASKED_SECONDS:
            return True
        self._asked_at = now
        return False

    # In its own thread.

    def _live(self) -> None:
        try:
            with create_app_session(input=self._make_input(), output=self._make_output()) as session:
                asyncio.run(self._edit(session.input, session.output))
        except Exception as error:  # a terminal may do anything; the show goes on
            self._broken = True
            self._leave()
            terminal.log_to(None)
            for one in self._take():
                _tell(one)
            if self._show_loop is not None:
                with suppress(RuntimeError):
                    self._show_loop.call_soon_threadsafe(self._hands.broken)
            log.warning("the line editor has failed (%r); lines are read without it", error)
            log.debug("the desk", exc_info=error)
        finally:
            self._own_loop = None

    async def _edit(self, source: Input, output: Output) -> None:
        editor = Editor(
            self._hands,
            self._menu,
            self._history,
            self._status,
            lambda: self._speech,
            source=source,
            output=output,
        )
        self._editor, self._own_loop = editor, asyncio.get_running_loop()
        writing = asyncio.create_task(self._write(editor, output))

        def begin() -> None:
            if self._closing:
                editor.app.exit()

        try:
            await editor.app.run_async(pre_run=begin, handle_sigint=False, set_exception_handler=False)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            self._put(editor, output)

    def _exit(self) -> None:
        if self._editor is not None and self._editor.app.is_running:
            self._editor.app.exit()

    async def _write(self, editor: Editor, output: Output) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if not editor.app.is_running:
                await asyncio.sleep(0.01)
                self._news.set()
                continue
            editor.app.renderer.erase()
            self._put(editor, output)
            editor.app.invalidate()
            await asyncio.sleep(WRITE_EVERY)

    def _put(self, editor: Editor, output: Output) -> None:
        lines = self._take()
        if lines:
            text = [piece for one in lines for piece in (*fragments(one), ("", "\n"))]
            print_formatted_text(output, text, editor.style)

    def _take(self) -> list[Line]:
        with self._lock:
            lines = list(self._waiting)
            self._waiting.clear()
            left_out, self._left_out = self._left_out, 0
        spare = sum(one.is_chat for one in lines) - AT_ONCE
        taken: list[Line] = []
        for one in lines:
            if one.is_chat and spare > 0:
                spare -= 1
                left_out += 1
            else:
                taken.append(one)
        if left_out:
            taken.insert(0, below(("dim", f"({left_out:,} lines of chat are not shown)")))
        return taken

    def _make_room(self) -> None:
        oldest = next((one for one in self._waiting if one.is_chat), self._waiting[0])
        self._waiting.remove(oldest)
        self._left_out += 1

    def interrupt(self) -> None:
        """Ctrl-C was pressed in the editor. Where it is meant, the program gets the signal."""
        if not self._is_meant():
            self.notice(self._question)
            return
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        elif self._show_loop is not None:  # on Windows a signal is raised where it is handled
            with suppress(RuntimeError):
                self._show_loop.call_soon_threadsafe(signal.raise_signal, signal.SIGINT)


def _tell(one: Line) -> None:
    """Without the editor; nowhere, when the terminal is gone."""
    with suppress(OSError, ValueError):
        terminal.tell(one.text)


class LineHandler(logging.Handler):
    """Writes the log as lines: the time, and a word where it is more than ordinary."""

    def __init__(self, write: Callable[[Line], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == TOLD:
            return  # the narrator tells it
        first, *rest = self.format(record).split("\n")
        style = "error" if record.levelno >= logging.ERROR else "warning"
        if record.levelno < logging.WARNING:
            self._write(line(("dim", first)))
        else:
            self._write(line((style, f"{record.levelname.lower()}: {first}")))
        for words in rest:
            self._write(below(words))
