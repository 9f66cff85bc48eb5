"""`banban live --show a.toml --show b.toml`: several shows in one process, each with settings of its own.

They share the machine and what their settings name alike (a model server, a memory), and nothing else: one
that cannot begin, or ends, leaves the others on air.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from vtuber import pending
from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.live import goodbye
from vtuber.app.one_show import only_one
from vtuber.app.running import Flags, run
from vtuber.config import Settings
from vtuber.config.file import located
from vtuber.core import clock
from vtuber.core.errors import BanbanError, ConfigError
from vtuber.show.show import Show


def command(
    files: Sequence[Path],
    flags: Flags,
    *,
    seconds: float | None,
    verbose: bool,
    plain: bool,
    dry: bool = False,
) -> None:
    """Runs a show for each settings file until all are stopped, or for ``seconds``.

    Raises BanbanError where one's settings are wrong, before any begins, and SystemExit(1) at the end when
    one could not begin, or a defect ended it.
    """
    flags = {**flags, "chat.console": False}  # one terminal cannot be everybody's chat
    found: dict[str, Settings] = {}
    for name, file in named(files).items():
        with settings_with_brain(file, flags, verbose=verbose, plain=plain) as settings:
            found[name] = settings
    check_ports(found)
    failed: list[str] = []

    async def broadcast() -> None:
        progress = _Progress(len(found))
        with progress.bar:
            async with asyncio.TaskGroup() as tasks:
                for (name, settings), file in zip(found.items(), files, strict=True):
                    one = _OneShow(name, file, flags, progress, failed)
                    tasks.create_task(one.run(settings, seconds=seconds, dry=dry))

    with ExitStack() as stack:
        for settings in found.values():
            stack.enter_context(only_one(settings))
        run(broadcast)
    if failed:
        raise SystemExit(1)


def named(files: Sequence[Path]) -> dict[str, Path]:
    """A short name for each show: its file's, with as much of the path as tells it from the others.

    Raises ConfigError where one file is given twice.
    """
    for depth in range(1, max(len(file.absolute().parts) for file in files) + 1):
        names = ["/".join(file.absolute().with_suffix("").parts[-depth:]) for file in files]
        if len(set(names)) == len(names):
            return dict(zip(names, files, strict=True))
    raise ConfigError(
        "one settings file is given twice", where="--show", hint="each show needs a settings file of its own"
    )


def check_ports(shows: Mapping[str, Settings]) -> None:
    """Raises ConfigError where two shows would serve their pages at one port."""
    taken: dict[int, str] = {}
    for name, settings in shows.items():
        port = settings.stage.port
        if port and (other := taken.setdefault(port, name)) != name:
            raise ConfigError(
                f"the shows {other} and {name} both want port {port}",
                where="stage.port",
                hint=f"give each a port of its own: stage.port = {port + 1} in {name}.toml",
            )


class _Progress:
    """How far all of them are, as one bar."""

    def __init__(self, shows: int) -> None:
        self.bar = terminal.Starting()
        self._shows = shows
        self._shares: dict[str, float] = {}

    def tell(self, name: str, share: float, words: str) -> None:
        self._shares[name] = share
        self.bar(sum(self._shares.values()) / self._shows, f"{name}: {words}")


@dataclass(slots=True)
class _OneShow:
    """One of them, from its start to its goodbye."""

    name: str
    file: Path
    flags: Flags
    progress: _Progress
    failed: list[str]
    """The names of those that could not begin, or that a defect ended."""

    async def run(self, settings: Settings, *, seconds: float | None, dry: bool) -> None:
        """Until it is over, cancelled, or cannot begin; only the second of these is raised."""
        terminal.lines_are_of(self.name)
        try:
            kept = None if dry else pending.build(settings)
            show = Show(settings, caches_speech=True, dry=dry, pending=kept)
            await self._broadcast(show, seconds=seconds, dry=dry)
        except BanbanError as error:
            error.where = located(error.where, self.file, self.flags)
            self.failed.append(self.name)
            terminal.show_error(error)
        except Exception as error:  # noqa: BLE001  # the others stay on air
            self.failed.append(self.name)
            terminal.show_defect(error, stopped="the show")

    async def _broadcast(self, show: Show, *, seconds: float | None, dry: bool) -> None:
        began: float | None = None

        def on_air() -> None:
            nonlocal began
            began = clock.now()
            how = "rehearses, dry" if dry else "is on air"
            title = f"{self.name}: {show.speakers[0].character.name} {how}"
            terminal.show_start(self.progress.bar, title, show.health(), show.server.addresses())

        try:
            await show.run(
                progress=lambda share, words: self.progress.tell(self.name, share, words),
                on_air=on_air,
                seconds=seconds,
            )
        finally:
            if began is not None:
                with suppress(OSError, ValueError):  # the terminal may be gone
                    terminal.tell(f"{self.name}: {goodbye(show, clock.now() - began)}")
