"""A rehearsal: a recorded chat played through the real show, and what came of it in figures.

Without a seed the show runs in real time, like a live one. With a seed it runs in simulated time: the chat
waits while she thinks and nobody waits while she speaks, so that the same seed makes the same choices.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from vtuber import __version__
from vtuber.app import comparison, output, terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.running import Flags, run
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError
from vtuber.core.text import escaped
from vtuber.listeners.replay import Replay
from vtuber.record import decisions
from vtuber.record.decisions import DecisionFile, Rehearsed
from vtuber.record.facts import Subscriber
from vtuber.show.show import Show
from vtuber.voice.router import AUTO, OFFLINE

LAST_WORDS = 120.0
"""Seconds after the recording's end in which paid messages are still answered."""


SEED = 1
"""What a rehearsal that is recorded begins with, unless another seed is given."""


def command(
    config: Path | None,
    flags: Flags,
    *,
    no_model: bool,
    seed: int | None,
    seconds: float | None,
    figures: Path | None,
    record: Path | None,
    expect: Path | None,
    verbose: bool,
) -> bool:
    """Plays the recording, and shows what came of it; also as JSON in the file ``figures``.

    ``record`` is written with all that was decided. ``expect`` is such a file: the rehearsal is played as
    that one was, and compared with it. Whether it went as expected. Raises BanbanError.
    """
    for path in filter(None, (record, figures)):
        output.check(path, Path(flags["chat.replay.file"]))
    expected = decisions.header(expect) if expect else None
    if expected:
        seed = expected.seed if seed is None else seed
        seconds = seconds or expected.seconds
        flags["chat.replay.speed"] = flags["chat.replay.speed"] or expected.speed
        no_model = no_model or (expected.no_model and not flags["brain.model"])
    if no_model:
        flags |= {"brain.use": "lines", "voice.use": flags["voice.use"] or "silent"}
    if record and seed is None:
        seed = SEED
    with (
        settings_with_brain(config, flags, verbose=verbose, servers=seed is None) as settings,
        tempfile.TemporaryDirectory(prefix="banban-") as folder,
    ):
        made = Path(folder) / "decisions.jsonl" if record or expect else None
        report = _rehearsed(settings, seed=seed, seconds=seconds, no_model=no_model, made=made)
        if report is None:
            return not made
        show_figures(report)
        if figures:
            output.write(figures, (json.dumps(report, indent=2) + "\n").encode())
        if made and not report["complete"]:
            terminal.tell("the rehearsal was stopped: it is neither recorded nor compared")
            return False
        return made is None or _kept(made, record=record, expect=expect)


def _kept(made: Path, *, record: Path | None, expect: Path | None) -> bool:
    """Compares what was decided, and then keeps it. Whether it went as expected."""
    as_expected = True
    if expect:
        as_expected = comparison.command(expect, made, (str(expect), "this rehearsal"))
        version = decisions.header(expect).version
        if not as_expected and version != __version__:
            terminal.tell(f"{expect} was made by banban {version}, and this is banban {__version__}")
    if record:
        output.write(record, made.read_bytes())
        terminal.tell(f"what was decided is in {record}; compare with it: --expect {record}")
    return as_expected


def _rehearsed(
    settings: Settings, *, seed: int | None, seconds: float | None, no_model: bool, made: Path | None
) -> dict[str, Any] | None:
    """The figures; None where it was stopped before there were any. ``made``: a file for its decisions."""
    file: DecisionFile | None = None
    if made and seed is not None:
        replay = settings.chat.replay
        how = Rehearsed(seed, replay.speed, seconds, no_model, Path(replay.file).name, __version__)
        file = DecisionFile(made, how)

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
                note=file.note if file else None,
            )

    try:
        return run(rehearsal, simulated=seed is not None)
    finally:
        if file:
            _close(file)


def _close(file: DecisionFile) -> None:
    try:
        file.close()
    except OSError as error:
        raise BanbanError(f"cannot be written: {error.strerror}", where=str(file.path)) from None


def settings_for(settings: Settings) -> Settings:
    """The same show without the rest of the world: no other chat, no real memory, no OBS, no sound card, any
    free port.

    And without voices from a network, unless config names one.
    """
    use = settings.voice.use
    return settings.model_copy(
        update={
            "voice": settings.voice.model_copy(update={"use": OFFLINE if use == (AUTO,) else use}),
            "chat": settings.chat.model_copy(
                update={
                    "console": False,
                    "twitch": settings.chat.twitch.model_copy(update={"channels": ()}),
                    "youtube": settings.chat.youtube.model_copy(update={"streams": ()}),
                }
            ),
            "memory": settings.memory.model_copy(update={"use": "forgetful"}),
            "stage": settings.stage.model_copy(
                update={
                    "port": 0,
                    "obs": settings.stage.obs.model_copy(update={"enabled": False}),
                    "vts": settings.stage.vts.model_copy(update={"enabled": False}),
                    "audio": settings.stage.audio.model_copy(update={"device": ""}),
                }
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
    note: Subscriber | None = None,
) -> dict[str, Any]:
    """Plays ``chat.replay.file`` to its end and gives the figures (``Metrics.report``), ready for JSON.

    ``note`` is told each fact of the show.
    """
    settings = settings_for(settings)
    recording = Replay(settings)
    show = Show(settings, seed=seed, listeners=[recording])
    complete = True
    if note:
        show.facts.subscribe(note)

    ending = asyncio.create_task(_end_when_answered(show))
    try:
        await show.run(progress=progress, on_air=lambda: on_air(show), seconds=seconds)
    except asyncio.CancelledError:
        if not show.metrics.messages:
            raise
        complete = False
        # Whoever stops a rehearsal wants to see how it went so far.
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
    return show.metrics.report(show.inbox.dropped) | {
        "waiting": len(show.inbox),
        "seed": show.seed,
        "complete": complete,
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
