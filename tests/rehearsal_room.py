"""A whole show with a scripted brain and voice, in simulated time, and somebody who types into it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import benchmarks.scripted  # registers the scripted parts
from vtuber import pending
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage, Event, Redemption, Role
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners import Listener
from vtuber.show.show import Show
from vtuber.show.speaker import Speaker
from vtuber.stage import Screen as AnyScreen
from vtuber.stage.cues import Cue

assert benchmarks.scripted

_ids = count(1)


def message(
    text: str,
    *,
    name: str = "mika",
    roles: frozenset[Role] = frozenset(),
    platform: str = "twitch",
    **more: Any,
) -> ChatMessage:
    number = next(_ids)
    return ChatMessage(f"m{number}", platform, "banban", Author(f"id-{name}", name, roles), text, **more)


def command(text: str) -> ChatMessage:
    """The same, by a moderator."""
    return message(text, name="mod", roles=frozenset((Role.MODERATOR,)))


class Chat:
    """A listener that can write and settle, and remembers what it was told. Hears only what a test types."""

    def __init__(self, *channels: str) -> None:
        self.channels = channels
        self.availability = Availability(ready=True)
        self.written: list[tuple[str, str]] = []
        """(text, the message's id that it replies to)."""
        self.settled: list[tuple[str, bool]] = []
        """(the redemption's id, whether it was answered)."""
        self.why_not = ""
        self.slowness = 0.0

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        await asyncio.Event().wait()
        yield message("never")

    def health(self) -> Health:
        return Health("chat.test", State.OK, "listening")

    def writes_in(self, platform: str, channel: str) -> bool:
        return platform == "twitch" and channel in self.channels

    async def write(self, channel: str, text: str, *, reply_to: str = "") -> str:
        assert channel in self.channels
        await asyncio.sleep(self.slowness)
        if not self.why_not:
            self.written.append((text, reply_to))
        return self.why_not

    def fulfil(self, redemption: Redemption) -> None:
        self.settled.append((redemption.id, True))

    def refund(self, redemption: Redemption) -> None:
        self.settled.append((redemption.id, False))


class Screen:
    """Remembers every cue and when it came."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.cues: list[tuple[float, Cue]] = []

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        self.cues.append((now(), cue))

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.screen", State.OK, "watching")


class Room:
    """The show, its screen, and what a test asks of them."""

    def __init__(
        self,
        folder: Path,
        listeners: Sequence[Listener] | None = (),
        *,
        screens: Sequence[AnyScreen] = (),
        speakers: Callable[[Settings], Sequence[Speaker]] | None = None,
        dry: bool = False,
        survives: bool = False,
        **settings: Any,
    ) -> None:
        self.screen = Screen()
        options: dict[str, Any] = {
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": folder / "shows"},
            "pending": {"folder": folder / "pending"},
        }
        for section, values in settings.items():
            options[section] = {**options.get(section, {}), **values}
        chosen = Settings.model_validate(options)
        self.show = Show(
            chosen,
            seed=7,
            speakers=speakers(chosen) if speakers else None,
            listeners=listeners,
            screens=[self.screen, *screens],
            dry=dry,
            pending=pending.build(chosen) if survives else None,
        )

    def types(self, text: str, **more: Any) -> ChatMessage:
        written = message(text, **more)
        self.show.receive(written)
        return written

    def commands(self, text: str, **more: Any) -> str:
        """By a moderator, or whoever is named. Returns what it did."""
        given = message(text, **more) if more else command(text)
        self.show.receive(given)
        return next((line["did"] for line in self.journal("command") if line["id"] == given.id), "")

    async def until(self, holds: Callable[[], Any], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)

    async def until_speaking(self) -> None:
        await self.until(lambda: self.show.stage.remaining() > 0)

    async def until_idle(self) -> None:
        await self.until(lambda: not self.show.performer.busy and not len(self.show.inbox))

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """The show's journal so far."""
        self.show.journal.flush()
        assert self.show.journal.path is not None
        lines = self.show.journal.path.read_text(encoding="utf-8").splitlines()
        return [record for record in map(json.loads, lines) if record["kind"] == kind]

    def heard(self) -> list[str]:
        return [reply["heard"] for reply in self.journal("reply")]


def perform(room: Callable[[], Room], scene: Callable[[Room], Awaitable[None]]) -> None:
    """Plays the scene in a running show, in simulated time."""

    async def main() -> None:
        stage = room()
        running = asyncio.create_task(stage.show.run(progress=lambda _share, _words: None, on_air=ready.set))
        scene_task = asyncio.create_task(_after(ready, lambda: scene(stage)))
        await asyncio.wait((running, scene_task), return_when=asyncio.FIRST_COMPLETED)
        stage.show.over.set()
        await running
        if not scene_task.done():
            scene_task.cancel()
        with suppress(asyncio.CancelledError):
            await scene_task

    ready = asyncio.Event()
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


async def _after(ready: asyncio.Event, scene: Callable[[], Awaitable[None]]) -> None:
    await ready.wait()
    await scene()
