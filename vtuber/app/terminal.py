"""What a streamer sees in the terminal: the log, the progress of a start, tables and errors.

With ``--plain``, or where no terminal is, there are no colours and nothing moves. While a line editor has the
terminal (``app.desk``), the log goes there. Nothing from chat reaches the terminal raw: every line passes
``text.escaped`` once more on its way out.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from typing import Self

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from vtuber.core.errors import BanbanError
from vtuber.core.health import Health, State
from vtuber.core.masking import masked
from vtuber.core.text import escaped

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_COLOURS = {
    State.OK: "green",
    State.LIMITED: "yellow",
    State.DOWN: "red",
    State.RESTING: "red",
    State.OFF: "dim",
}


_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""What JSON lets stand as it is, and what many programs take for the end of a line."""
_EARLY_END: list[Callable[[], None]] = []


_show: ContextVar[str] = ContextVar("show", default="")
"""Whose lines these are, where several shows write to one terminal."""


def lines_are_of(show: str) -> None:
    """Every line of the log and every error that this task and its children write begins with that name."""
    _show.set(show)


def _of_show(text: str) -> str:
    return f"{show}: {text}" if (show := _show.get()) else text


class _SafeFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = _of_show(masked(super().format(record)))
        return "\n".join(escaped(line) for line in text.split("\n"))


class _ColourHandler(logging.Handler):
    """The log in a terminal: the time of day, and a word where it is more than ordinary."""

    def emit(self, record: logging.LogRecord) -> None:
        style = "red" if record.levelno >= logging.ERROR else "yellow"
        serious = record.levelno >= logging.WARNING
        word = f"{record.levelname.lower()}: " if serious else ""
        time = f"{datetime.fromtimestamp(record.created).astimezone():%H:%M} "
        err.print(Text.assemble((time, "dim"), (word + self.format(record), style if serious else "")))


_log_handler: logging.Handler = logging.NullHandler()


def set_up_logging(*, verbose: bool, plain: bool = False) -> None:
    """The program's own log on standard error; of the libraries, only warnings."""
    global _log_handler, out, err  # noqa: PLW0603  # one terminal, one log
    if plain or _is_dumb():
        out = Console(highlight=False, force_terminal=False, no_color=True)
        err = Console(stderr=True, highlight=False, soft_wrap=True, force_terminal=False, no_color=True)
    if err.is_terminal:
        _log_handler = _ColourHandler()
        _log_handler.setFormatter(_SafeFormatter("%(message)s"))
    else:
        _log_handler = logging.StreamHandler(sys.stderr)
        _log_handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[_log_handler], force=True)
    logging.getLogger("vtuber").setLevel(logging.DEBUG if verbose else logging.INFO)


def log_to(handler: logging.Handler | None) -> None:
    """The log goes to ``handler`` from now on; None: back to where it went before."""
    if handler is not None:
        handler.setFormatter(_SafeFormatter("%(message)s"))
    logging.getLogger().handlers[:] = [handler or _log_handler]


def can_edit() -> bool:
    """Whether somebody sits at a terminal in which a line can be edited."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return err.is_terminal and not _is_dumb() and all(map(_is_tty, streams))


def as_found() -> Callable[[], None]:
    """Notes how the terminal is set now; what is returned sets it so again. Safe to call from anywhere."""

    def end_modes() -> None:
        with suppress(OSError, ValueError, AttributeError):
            os.write(sys.stdout.fileno(), b"\x1b[?2004l\x1b[?25h\x1b[0m")

    try:
        import termios  # noqa: PLC0415  # not on Windows

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, AttributeError, OSError, ValueError):
        return lambda: None

    def leave() -> None:
        with suppress(termios.error, OSError, ValueError):
            termios.tcsetattr(number, termios.TCSANOW, before)
        end_modes()

    _EARLY_END[:] = [leave]
    return leave


def leave_as_found() -> None:
    """Before the program ends at once: the terminal is set as it was, if somebody edits in it."""
    for leave in _EARLY_END:
        leave()


def _is_dumb() -> bool:
    return os.environ.get("TERM", "") in ("dumb", "unknown")


def _is_tty(stream: object) -> bool:
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]  # it may be anything
    except (AttributeError, ValueError):
        return False


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
        words = Text(escaped(masked(health.what)))
        if health.hint:
            words.append(f"\n→ {escaped(masked(health.hint))}", style="italic")
        table.add_row(health.part, Text(health.state, style=_COLOURS[health.state]), words)
    out.print(table)


def show_start(
    progress: Starting, title: str, parts: list[Health], addresses: Sequence[tuple[str, str]] = ()
) -> None:
    """The start is over: the table of every part takes the place of its progress.

    Below it stands what each of the ``addresses`` is for, and the address on a line of its own: whole.
    """
    progress.done()
    show_health(title, parts)
    for use, address in addresses:
        tell(f"{use}:\n  {address}")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table of plain words."""
    table = Table(title=Text(title) if title else None, title_justify="left", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(escaped(cell)) for cell in row))
    out.print(table)


def write(text: str) -> None:
    """Text for other programs, as it is."""
    sys.stdout.write(text)


def write_row(row: Mapping[str, object]) -> None:
    """An object of JSON on a line, in UTF-8 whatever the terminal's own encoding is."""
    line = json.dumps(row, ensure_ascii=False).translate(_BREAKS) + "\n"
    data = line.encode("utf-8", "backslashreplace")  # an argument may hold half a character
    if (buffer := getattr(sys.stdout, "buffer", None)) is None:
        sys.stdout.write(data.decode("utf-8"))
        return
    sys.stdout.flush()
    buffer.write(data)


def show_error(error: BaseException) -> None:
    """One clear message."""
    err.print(
        Text("\n".join(escaped(line) for line in _of_show(masked(str(error))).split("\n")), style="red")
    )


def show_defect(error: BaseException, *, stopped: str = "the program") -> None:
    """A defect of ours, and what it has ``stopped``. Its traceback goes to a file, for a report."""
    folder = platformdirs.user_log_path("banban", appauthor=False)
    lines = masked("".join(traceback.format_exception(error)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"defect-{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}.txt"
        path.write_text(lines, encoding="utf-8", errors="backslashreplace")
        where = f"the details are in {path}"
    except OSError as trouble:
        where = f"the details could not be saved ({trouble.strerror})"
    show_error(
        BanbanError(f"a bug in banban stopped {stopped}; {where}", hint="report it, and attach that file")
    )


def tell(words: str) -> None:
    """Plain words. None of its lines is broken: an address in it can be clicked."""
    out.print(Text("\n".join(escaped(line) for line in words.split("\n"))), soft_wrap=True)


def say(sentence: str) -> None:
    """A sentence of a talk; "" ends the line."""
    out.print(Text(escaped(sentence)), end="" if sentence else "\n")


def can_ask() -> bool:
    """Whether somebody sits there who sees a question and can answer it."""
    return _is_tty(sys.stdin) and _is_tty(sys.stdout)


def ask(question: str, default: str) -> str:
    """What is typed in answer, or the default. Raises EOFError or KeyboardInterrupt where nothing is."""
    tell(question)
    if can_edit():
        from prompt_toolkit import prompt  # noqa: PLC0415  # only questions need it here

        return prompt(f"[{escaped(default)}] ").strip() or default
    out.print(f"[{escaped(default)}] ", end="", markup=False)
    if not (line := sys.stdin.readline()):
        raise EOFError
    return line.strip() or default
