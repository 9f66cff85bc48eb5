"""`banban models` and `banban models get`: which models are here, and fetching others."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from vtuber.app import terminal
from vtuber.app.running import Flags, interruptible, settings_of
from vtuber.brain.templates.formats import alike
from vtuber.core.text import escaped
from vtuber.models import machine, store
from vtuber.models.choices import CHOICES, Place, gigabytes, judge
from vtuber.models.gguf import Header
from vtuber.models.machine import Machine
from vtuber.models.store import Malformed, StoredModel

_PLACES = {Place.CARD: "green", Place.MEMORY: "green", Place.NOWHERE: "red"}


def command(config: Path | None, flags: Flags) -> None:
    """Lists the models on this machine."""
    with settings_of(config, flags) as settings, interruptible():
        with terminal.Starting() as progress:
            found = store.look(settings, progress)
        show_models(*found, machine.this())


def get(name: str | None) -> None:
    """Fetches the model of that name; without one, lists those to begin with."""
    terminal.set_up_logging(verbose=False)
    if name is None:
        show_choices()
        return
    from vtuber.models import get as hub  # noqa: PLC0415  # the list need not load the hub's library

    with interruptible(), Fetching() as watch:
        model = hub.get(name, machine.this(), watch)
    show_fetched(model)


class Fetching:
    """A download: a bar with its speed, or without a terminal a line for each tenth of it."""

    def __init__(self) -> None:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=terminal.err, transient=True)
        self._tenths = 0

    def __enter__(self) -> Self:
        if terminal.err.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if terminal.err.is_terminal:
            self._bars.stop()

    def tell(self, words: str) -> None:
        terminal.err.print(Text(escaped(words)))

    def begin(self, there: int, whole: int) -> None:
        self._bars.add_task("fetching", total=whole, completed=there)

    def advance(self, more: int) -> None:
        self._bars.advance(TaskID(0), more)
        tenths = int(self._bars.tasks[0].percentage // 10)
        if tenths > self._tenths and not terminal.err.is_terminal:
            terminal.err.print(f"{tenths}0%")
        self._tenths = tenths


def show_models(models: list[StoredModel], malformed: list[Malformed], machine: Machine) -> None:
    """What is on disk, and what of it fits this machine."""
    cards = "".join(f", {card.name} with {gigabytes(card.memory)}" for card in machine.cards)
    table = Table(
        title=f"models on this machine ({gigabytes(machine.memory)} of RAM{cards})", title_justify="left"
    )
    for column in ("model", "details", "fits"):
        table.add_column(column, overflow="fold")
    for model in models:
        header, fit = model.header, judge(model.header.size, machine)
        facts = (
            f"{gigabytes(header.size)}, {header.quantization}",
            f"{header.parameters / 1e9:.3g} billion parameters",
            f"{header.context or '?'} tokens",
            f"format {_format(header)}",
            *(["can see images"] if model.has_projector else []),
        )
        table.add_row(
            Text(escaped(header.name)).append(f"\n{escaped(str(header.path))}", style="dim"),
            Text("\n".join(map(escaped, facts))),
            Text(fit.verdict, style="yellow" if fit.tight else _PLACES[fit.place]).append(
                f"\n{escaped(fit.why)}", style="dim"
            ),
        )
    terminal.out.print(table)
    for file in malformed:
        terminal.out.print(Text(escaped(f"{file.path}: {file.why}"), style="yellow"))


def _format(header: Header) -> str:
    if not header.chat_template:
        return "not in the file"
    known = alike(header.chat_template)
    return known.name if known else "the model's own"


def show_choices() -> None:
    """Models to begin with."""
    table = Table(
        title="To download: banban models get NAME, or banban models get OWNER/REPOSITORY",
        title_justify="left",
    )
    table.add_column("name", no_wrap=True)
    for column in ("speaks", "size, fits"):
        table.add_column(column, overflow="fold")
    here = machine.this()
    for choice in CHOICES:
        fit = judge(choice.bytes, here)
        name = Text(choice.name).append(f"\n{choice.repo}", style="dim")
        speaks = Text(choice.languages).append(f"\n{choice.licence}", style="dim")
        size = Text(f"{choice.parameters}, {choice.size}\n")
        size.append(fit.verdict, style="yellow" if fit.tight else _PLACES[fit.place])
        table.add_row(name, speaks, size)
    terminal.out.print(table)


def show_fetched(model: Header) -> None:
    """What came, and the line that uses it."""
    path = f'"{model.path}"' if " " in str(model.path) else str(model.path)
    use = f"banban live --model {path}"
    if model.is_projector:
        use = f"the models in the same folder can now see images: {path}"
    terminal.out.print(Text(escaped(use)), soft_wrap=True)
