"""What a streamer sees in the terminal: the log, the progress of a start, tables and errors.

Nothing from chat reaches the terminal raw: every line passes ``text.escaped`` once more on its way out.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import datetime
from typing import Self

import platformdirs
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from vtuber.core.errors import BanbanError
from vtuber.core.health import Health, State
from vtuber.core.text import escaped

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_COLOURS = {State.OK: "green", State.LIMITED: "yellow", State.DOWN: "red", State.OFF: "dim"}


class _SafeFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(escaped(line) for line in super().format(record).split("\n"))


def set_up_logging(*, verbose: bool) -> None:
    """The program's own log on standard error; of the libraries, only warnings."""
    handler: logging.Handler
    if err.is_terminal:
        handler = RichHandler(console=err, show_path=False, markup=False, highlighter=None)
        handler.setFormatter(_SafeFormatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("vtuber").setLevel(logging.DEBUG if verbose else logging.INFO)


class Starting:
    """The progress of a start: a bar, or without a terminal a line now and then. Over when it is ``done``."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=err, transient=True) if err.is_terminal else None
        self._told = ""

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
            self._bars.add_task("starting", total=1.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def __call__(self, share: float, words: str) -> None:
        if self._bars is not None:
            self._bars.update(TaskID(0), completed=share, description=escaped(words))
        elif words != self._told:
            err.print(Text(escaped(words)))
        self._told = words

    def done(self) -> None:
        """Takes the bar away: from now on the terminal is the streamer's."""
        if self._bars is not None:
            self._bars.stop()


def show_health(title: str, parts: list[Health]) -> None:
    """A table of every part, its state, and what to do about it."""
    table = Table(title=Text(title), title_justify="left", expand=False)
    for column in ("part", "state", ""):
        table.add_column(column, overflow="fold")  # a path is of use only whole
    for health in parts:
        words = Text(escaped(health.what))
        if health.hint:
            words.append(f"\n→ {escaped(health.hint)}", style="italic")
        table.add_row(health.part, Text(health.state, style=_COLOURS[health.state]), words)
    out.print(table)


def show_start(progress: Starting, title: str, parts: list[Health]) -> None:
    """The start is over: the table of every part takes the place of its progress."""
    progress.done()
    show_health(title, parts)


def write(text: str) -> None:
    """Text for other programs, as it is."""
    sys.stdout.write(text)


def show_error(error: BaseException) -> None:
    """One clear message."""
    err.print(Text("\n".join(escaped(line) for line in str(error).split("\n")), style="red"))


def show_defect(error: BaseException) -> None:
    """A defect of the program: its traceback goes to a file that can be sent along with a report."""
    folder = platformdirs.user_log_path("banban", appauthor=False)
    lines = "".join(traceback.format_exception(error))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"defect-{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}.txt"
        path.write_text(lines, encoding="utf-8", errors="backslashreplace")
        where = f"the details are in {path}"
    except OSError as trouble:
        where = f"the details could not be saved ({trouble.strerror})"
    show_error(
        BanbanError(f"a bug in banban stopped the program; {where}", hint="report it, and attach that file")
    )


def tell(words: str) -> None:
    """Plain words. None of its lines is broken: an address in it can be clicked."""
    out.print(Text("\n".join(escaped(line) for line in words.split("\n"))), soft_wrap=True)


def say(sentence: str) -> None:
    """A sentence of a talk; "" ends the line."""
    out.print(Text(escaped(sentence)), end="" if sentence else "\n")


def is_interactive() -> bool:
    """Whether somebody sits there who sees a question and can answer it."""
    try:
        return sys.stdin.isatty() and out.is_terminal
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def ask(question: str, default: str) -> str:
    """What is typed in answer. Raises EOFError or KeyboardInterrupt where there is no answer."""
    tell(question)
    return input(f"[{escaped(default)}] ").strip()
