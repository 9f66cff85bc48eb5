"""What the commands have in common: their options, their settings, and how they run."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from vtuber.config import Settings
from vtuber.config.file import load, located
from vtuber.core.clock import SimulatedLoop
from vtuber.core.errors import BanbanError

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option("--config", help="config.toml to use; without it, the one in this folder.")
]
Who = Annotated[str | None, typer.Option("--character", help="A folder in characters/, or a path.")]
Model = Annotated[str | None, typer.Option("--model", help="A GGUF file for her brain.")]
Voice = Annotated[str | None, typer.Option("--voice", help="hibari (embedded) or edge (online).")]
Port = Annotated[int | None, typer.Option("--port", help="Where the overlay is served.")]
Speed = Annotated[
    float | None, typer.Option("--speed", help="How many times faster the recording is played.")
]
For = Annotated[float | None, typer.Option("--for", help="End by itself after so many seconds.", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Tell more in the log.")]


def path(given: str | None) -> str | None:
    """A path from the command line counts from the working folder, not from config.toml's."""
    return str(Path(given).expanduser().absolute()) if given else None


@contextmanager
def settings_of(config: Path | None, flags: dict[str, Any]) -> Iterator[Settings]:
    """The settings. What a part finds wrong with an option later is told with the option's place, too."""
    settings = load(config, flags)
    try:
        yield settings
    except BanbanError as error:
        error.where = located(error.where, config, flags)
        raise


def run(main: Callable[[], Coroutine[Any, Any, T]], *, simulated: bool = False) -> T | None:
    """Runs it to its end. Ctrl-C and SIGTERM stop it in order, and count as a good end (None)."""

    async def stoppable() -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # we are in one
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):  # SIGHUP: the terminal's window was closed
            with suppress(NotImplementedError, AttributeError):  # Windows has neither to hear
                loop.add_signal_handler(getattr(signal, name), task.cancel)
        return await main()

    with asyncio.Runner(loop_factory=SimulatedLoop if simulated else None) as runner:
        try:
            return runner.run(stoppable())
        except (KeyboardInterrupt, asyncio.CancelledError):
            return None
