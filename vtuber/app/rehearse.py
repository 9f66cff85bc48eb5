"""A rehearsal: a recorded chat played through the real show, and what came of it in figures.

Without a seed the show runs in real time, like a live one. With a seed it runs in simulated time: the chat
waits while she thinks and nobody waits while she speaks, so that the same seed makes the same choices.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.running import Flags, run
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError
from vtuber.core.text import escaped
from vtuber.listeners.replay import Replay
from vtuber.show.show import Show

LAST_WORDS = 120.0
"""Seconds after the recording's end in which paid messages are still answered."""


def command(
    config: Path | None,
    flags: Flags,
    *,
    seed: int | None,
    seconds: float | None,
    figures: Path | None,
    verbose: bool,
) -> None:
    """Plays the recording, and shows what came of it; also as JSON in the file ``figures``."""
    with settings_with_brain(config, flags, verbose=verbose, servers=seed is None) as settings:

        async def rehearsal() -> dict[str, Any]:
            with terminal.Starting() as progress:
                return await rehearse(
                    settings,
                    seed=seed,
                    seconds=seconds,
                    progress=progress,
                    on_air=lambda show: terminal.show_start(
                        progress, f"{show.speakers[0].character.name} is rehearsing", show.health()
                    ),
                )

        report = run(rehearsal, simulated=seed is not None)
    if report is None:
        return
    show_figures(report)
    if figures:
        try:
            figures.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise BanbanError(f"cannot be written: {error.strerror}", where=str(figures)) from None


def settings_for(settings: Settings) -> Settings:
    """The same show without the rest of the world: no other chat, no real memory, no OBS, any free port."""
    return settings.model_copy(
        update={
            "chat": settings.chat.model_copy(
                update={
                    "console": False,
                    "twitch": settings.chat.twitch.model_copy(update={"channels": ()}),
                    "youtube": settings.chat.youtube.model_copy(update={"streams": ()}),
                }
            ),
            "memory": settings.memory.model_copy(update={"use": "forgetful"}),
            "stage": settings.stage.model_copy(
                update={"port": 0, "obs": settings.stage.obs.model_copy(update={"enabled": False})}
            ),
        }
    )


async def rehearse(
    settings: Settings,
    *,
    seed: int | None,
    seconds: float | None,
    progress: Progress,
    on_air: Callable[[Show], None],
) -> dict[str, Any]:
    """Plays ``chat.replay.file`` to its end and gives the figures (``Metrics.report``), ready for JSON."""
    settings = settings_for(settings)
    recording = Replay(settings)
    show = Show(settings, seed=seed, listeners=[recording])

    ending = asyncio.create_task(_end_when_answered(show))
    try:
        await show.run(progress=progress, on_air=lambda: on_air(show), seconds=seconds)
    except asyncio.CancelledError:
        if not show.metrics.messages:
            raise
        # Whoever stops a rehearsal wants to see how it went so far.
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
    return show.metrics.report(show.inbox.dropped) | {
        "waiting": len(show.inbox),
        "seed": show.seed,
        "recording": recording.health().what,
    }


async def _end_when_answered(show: Show) -> None:
    """Ends the show when the recording is over and nothing is left that she must answer."""
    await show.listeners_ended.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            while not show.idle:  # noqa: ASYNC110  # looked at so rarely that an event is not worth it
                await asyncio.sleep(0.1)
    show.over.set()


def show_figures(report: dict[str, Any]) -> None:
    """What a rehearsal came to."""
    counts = Table(title="the rehearsal", title_justify="left", show_header=False)
    dropped = ", ".join(f"{count} {reason}" for reason, count in report["dropped"].items()) or "none"
    reuse = report["prompt_reuse"]
    read, new, ahead = (report["tokens"][kind]["p50"] for kind in ("read", "new", "ahead"))
    tokens = (
        "–"
        if reuse is None
        else f"{read:g} ({new:g} of them in the question), {ahead:g} more between replies"
    )
    memory = report["rss_mb"]
    for name, value in (
        ("messages", report["messages"]),
        ("paid events", f"{report['paid']} ({report['paid_answered']} answered)"),
        ("replies", report["turns"]),
        ("dropped", dropped),
        ("prompt from the cache", "–" if reuse is None else f"{reuse:.1%}"),
        ("tokens read for a reply, median", tokens),
        ("memory (MiB)", f"{memory['start']:g} → {memory['end']:g}, peak {memory['peak']:g}"),
        ("still waiting at the end", report["waiting"]),
        ("seed", report["seed"]),
        ("recording", report["recording"]),
    ):
        counts.add_row(name, Text(escaped(str(value))))
    terminal.out.print(counts)
    delays = Table(title="milliseconds", title_justify="left")
    for column in ("", "p50", "p95", "p99", "max"):
        delays.add_column(column, justify="left" if not column else "right")
    rows = {name.replace("_", " "): values for name, values in report["latency_ms"].items()}
    rows["silence while chat waited"] = report["dead_air_ms"]
    rows["event loop lag"] = report["loop_lag_ms"]
    for name, values in rows.items():
        delays.add_row(name, *("–" if value is None else f"{value:,.0f}" for value in values.values()))
    terminal.out.print(delays)
