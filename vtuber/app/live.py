"""`banban live`: the show goes on air."""

from __future__ import annotations

from pathlib import Path

from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.running import Flags, run
from vtuber.show.show import Show


def command(config: Path | None, flags: Flags, *, seconds: float | None, verbose: bool) -> None:
    """Runs the show until it is stopped, or for ``seconds``. Raises BanbanError when it cannot begin."""
    with settings_with_brain(config, flags, verbose=verbose) as settings:

        async def broadcast() -> None:
            show = Show(settings)
            with terminal.Starting() as progress:
                await show.run(
                    progress=progress,
                    on_air=lambda: terminal.show_start(
                        progress, f"{show.speakers[0].character.name} is on air", show.health()
                    ),
                    seconds=seconds,
                )

        run(broadcast)
