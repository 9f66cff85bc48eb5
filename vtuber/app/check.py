"""`banban check`: tries every part the way a show would, and says what to do about what would not work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from vtuber.app import sentence, terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.running import Flags, run
from vtuber.brain.choice import languages
from vtuber.config import Settings
from vtuber.config.file import located
from vtuber.core import clock, limits, registry
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError
from vtuber.core.events import Sound
from vtuber.core.health import Health, State
from vtuber.listeners import Listener
from vtuber.show.show import Show
from vtuber.show.speaker import Speaker
from vtuber.voice import Utterance

HEARING_SECONDS = 10.0
"""How long a listener may take to reach its chat."""
_GREETINGS = {"English": "Hello.", "Chinese": "你好。", "Japanese": "こんにちは。"}


class _Reporting(Protocol):
    def health(self) -> Health: ...


def command(config: Path | None, flags: Flags, *, as_json: bool, verbose: bool) -> bool:
    """Shows how every part is. Gives whether all of them work."""
    with settings_with_brain(config, flags, verbose=verbose) as settings:

        async def checkup() -> list[Health]:
            with terminal.Starting() as progress:
                return await check(settings, progress)

        tried = run(checkup) or []
    parts = [replace(health, what=located(health.what, config, flags)) for health in tried]
    if as_json:
        rows = [health.row() for health in parts]
        terminal.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    else:
        terminal.show_health("banban check", parts)
    return not any(health.state.is_away for health in parts)


async def check(settings: Settings, progress: Progress) -> list[Health]:
    """Every part's health after it was tried. Never raises for a part that would not work."""
    show = Show(settings)
    (speaker,), memory = show.speakers, show.memory
    trials: list[tuple[_Reporting, Callable[[], Awaitable[Health | None]]]] = [
        (speaker.brain, lambda: _say_a_sentence(speaker, progress)),
        (speaker.voice, lambda: _say_something(speaker)),
        (memory, memory.start),
        (show.server, show.server.start),
        *((screen, screen.start) for screen in show.screens),
    ]
    try:
        chats = await _try_chats(show.listeners)
        found = [await _try(part, start) for part, start in trials]
        show.journal.open()
        return [
            *chats,
            speaker.character.health(),
            *found,
            show.journal.health(),
            limits.health(show.journal.folder),
        ]
    finally:
        await show.stop()


async def _say_a_sentence(speaker: Speaker, progress: Progress) -> Health:
    await speaker.start_brain(progress)
    progress(1.0, "waiting for a sentence of the model")
    return await sentence.ask(speaker)


async def _try_chats(listeners: Sequence[Listener]) -> list[Health]:
    """All at once: one that is out of reach takes its time."""
    return await asyncio.gather(*(_try(listener, partial(_listen, listener)) for listener in listeners))


async def _try(part: _Reporting, start: Callable[[], Awaitable[Health | None]]) -> Health:
    try:
        with registry.named(part):
            if (found := await start()) is not None:
                return found
    except BanbanError as error:
        return Health(part.health().part, State.DOWN, f"{error.where}: {error.what}".lstrip(": "), error.hint)
    return part.health()


async def _listen(listener: Listener) -> Health:
    """Listens until the chat was reached or is known to be out of reach; how it is then."""
    await listener.start()

    async def hear() -> None:
        async with aclosing(listener.events()) as events:
            async for _ in events:  # whatever comes: a chat that is left says nothing of how it was
                pass

    hearing = asyncio.create_task(hear())
    reached = asyncio.create_task(listener.availability.until_ready())
    try:
        with clock.outside():
            await asyncio.wait(
                [hearing, reached], timeout=HEARING_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        if hearing.done():
            hearing.result()
        found = listener.health()
        if found.state is State.DOWN and not found.hint:  # nothing has failed yet, and nothing has come
            return replace(found, hint="check the network")
        return found
    finally:
        hearing.cancel()
        reached.cancel()
        await asyncio.gather(hearing, reached, return_exceptions=True)


async def _say_something(speaker: Speaker) -> None:
    """A word in each of her languages."""
    await speaker.voice.start()
    for language in languages(speaker.character):
        async with aclosing(speaker.voice.speak(Utterance(_GREETINGS[language]))) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Sound):
                    break
