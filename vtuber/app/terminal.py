"""What a streamer sees in the terminal: the log, the progress of a start, tables and errors.

Nothing from chat reaches the terminal raw: every line passes ``text.escaped`` once more on its way out.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import datetime
from typing import Any, Self

import platformdirs
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from vtuber.brain.templates.formats import alike
from vtuber.core.errors import BanbanError
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.models.choices import CHOICES
from vtuber.models.fit import Place, gigabytes, judge
from vtuber.models.header import Header
from vtuber.models.machine import Machine
from vtuber.models.store import Model, Odd

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_PLACES = {Place.CARD: "green", Place.MEMORY: "green", Place.NOWHERE: "red"}
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


class Fetching:
    """A download: a bar with its speed, or without a terminal a line for each tenth of it."""

    def __init__(self) -> None:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=err, transient=True)
        self._tenths = 0

    def __enter__(self) -> Self:
        if err.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if err.is_terminal:
            self._bars.stop()

    def tell(self, words: str) -> None:
        err.print(Text(escaped(words)))

    def begin(self, there: int, whole: int) -> None:
        self._bars.add_task("fetching", total=whole, completed=there)

    def advance(self, more: int) -> None:
        self._bars.advance(TaskID(0), more)
        tenths = int(self._bars.tasks[0].percentage // 10)
        if tenths > self._tenths and not err.is_terminal:
            err.print(f"{tenths}0%")
        self._tenths = tenths


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


def show_models(models: list[Model], odd: list[Odd], machine: Machine) -> None:
    """What is on disk, and what of it fits this machine."""
    cards = "".join(f", {card.name} with {gigabytes(card.memory)}" for card in machine.cards)
    table = Table(title=f"models, for {gigabytes(machine.memory)} of memory{cards}", title_justify="left")
    for column in ("model", "what it is", "fits"):
        table.add_column(column, overflow="fold")
    for model in models:
        header, fit = model.header, judge(model.header.size, machine)
        facts = (
            f"{gigabytes(header.size)}, {header.quantization}",
            f"{header.parameters / 1e9:.3g} billion parameters",
            f"{header.context or '?'} tokens",
            f"format {_format(header)}",
            *(["has eyes"] if model.eyes else []),
        )
        table.add_row(
            Text(escaped(header.name)).append(f"\n{escaped(str(header.path))}", style="dim"),
            Text("\n".join(map(escaped, facts))),
            Text(fit.verdict, style="yellow" if fit.tight else _PLACES[fit.place]).append(
                f"\n{escaped(fit.why)}", style="dim"
            ),
        )
    out.print(table)
    for file in odd:
        out.print(Text(escaped(f"{file.path}: {file.why}"), style="yellow"))


def _format(header: Header) -> str:
    if not header.chat_template:
        return "not told"
    known = alike(header.chat_template)
    return known.name if known else "of its own"


def show_choices() -> None:
    """Models to begin with."""
    table = Table(title="banban models get NAME, or get OWNER/REPOSITORY", title_justify="left")
    table.add_column("name", no_wrap=True)
    for column in ("speaks", "size", "licence"):
        table.add_column(column)
    for choice in CHOICES:
        name = Text(choice.name).append(f"\n{choice.repo}", style="dim")
        size = f"{choice.parameters}\n{choice.size}"
        table.add_row(name, choice.languages, size, choice.licence)
    out.print(table)


def show_fetched(model: Header) -> None:
    """What came, and the line that uses it."""
    path = f'"{model.path}"' if " " in str(model.path) else str(model.path)
    use = f"eyes for the models beside it: {path}" if model.sees else f"banban live --model {path}"
    out.print(Text(escaped(use)), soft_wrap=True)


def show_figures(report: dict[str, Any]) -> None:
    """What a rehearsal came to."""
    counts = Table(title="the rehearsal", title_justify="left", show_header=False)
    dropped = ", ".join(f"{count} {reason}" for reason, count in report["dropped"].items()) or "none"
    reuse = report["prompt_reuse"]
    read, new, ahead = (report["tokens"][kind]["p50"] for kind in ("read", "new", "ahead"))
    tokens = "–" if reuse is None else f"{read:g} (the question: {new:g}), {ahead:g} more while nobody waited"
    memory = report["rss_mb"]
    for name, value in (
        ("messages", report["messages"]),
        ("paid events", f"{report['paid']}, of which answered {report['paid_answered']}"),
        ("replies", report["turns"]),
        ("dropped", dropped),
        ("prompt from the cache", "–" if reuse is None else f"{reuse:.1%}"),
        ("tokens read for a reply, median", tokens),
        ("memory (MiB)", f"{memory['start']:g} → {memory['end']:g}, peak {memory['peak']:g}"),
        ("left waiting", report["waiting"]),
        ("seed", report["seed"]),
        ("recording", report["recording"]),
    ):
        counts.add_row(name, Text(escaped(str(value))))
    out.print(counts)
    delays = Table(title="milliseconds", title_justify="left")
    for column in ("", "p50", "p95", "p99", "max"):
        delays.add_column(column, justify="left" if not column else "right")
    rows = {name.replace("_", " "): values for name, values in report["latency_ms"].items()}
    rows["silence while chat waited"] = report["dead_air_ms"]
    rows["event loop's lag"] = report["loop_lag_ms"]
    for name, values in rows.items():
        delays.add_row(name, *("–" if value is None else f"{value:,.0f}" for value in values.values()))
    out.print(delays)


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
        where = f"its details are in {path}"
    except OSError as trouble:
        where = f"its details could not be kept ({trouble.strerror})"
    show_error(
        BanbanError(f"banban met a defect of its own; {where}", hint="please report it with that file")
    )


def tell(words: str) -> None:
    """Plain words. None of its lines is broken: an address in it can be clicked."""
    out.print(Text("\n".join(escaped(line) for line in words.split("\n"))), soft_wrap=True)


def say(sentence: str) -> None:
    """A sentence of a talk; "" ends the line."""
    out.print(Text(escaped(sentence)), end="" if sentence else "\n")
