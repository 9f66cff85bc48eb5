"""A rehearsal: a recorded chat played through the real show, and what came of it in figures.

Without a seed the show runs in real time, like a live one. With a seed it runs in simulated time: the chat
waits while she thinks and nobody waits while she speaks, so that the same seed makes the same choices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.listeners.replay import Replay
from vtuber.show.show import Show

LAST_WORDS = 120.0
"""Seconds after the recording's end in which paid messages are still answered."""


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
    show = Show(settings, seed=seed, ears=[recording])

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
    await show.deaf.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            while not show.idle:  # noqa: ASYNC110  # looked at so rarely that an event is not worth it
                await asyncio.sleep(0.1)
    show.over.set()
