"""OBS as a screen: captions in a text source, and scenes, sources, filters and hotkeys that follow the show.

The loop knows what should be shown (``Obs``); one thread keeps OBS so (``Link``). The loop leaves it no more
than the latest picture and a few requests, so a slow OBS or none at all costs the show nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import Any

from vtuber import config
from vtuber.character import Character
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.deeds import kind_of
from vtuber.core.errors import ConfigError, StageError
from vtuber.core.events import Deletion, StreamStatus
from vtuber.core.health import Health, State
from vtuber.core.text import clean, escaped
from vtuber.record.facts import ChatReceived, CommandGiven, Fact, Facts, SceneChanged, StreamChanged
from vtuber.stage.cues import Cue
from vtuber.stage.obs.changes import Changes, Watcher
from vtuber.stage.obs.client import ANSWER_SECONDS, PASSWORD, ObsClient
from vtuber.stage.obs.inventory import missing
from vtuber.stage.obs.link import NOT_THERE, PART, Link, take_frame
from vtuber.stage.obs.picture import Picture

log = logging.getLogger(__name__)

FIRST_TRY_SECONDS = 1.5

SCENE_LETTERS = 100
"""Of a scene's name, which OBS lets be of any length, so many are told and kept in the journal."""


class Obs:
    """The screen, and the studio. While OBS is not there the show goes on, and the link tries again."""

    def __init__(self, settings: config.Settings, character: Character) -> None:
        """Raises ConfigError for a command that does not exist."""
        del character  # the face is on the overlay page
        self.availability = Availability()
        self.live: bool | None = None
        """Whether OBS streams; None while nobody knows."""
        self.scene = ""
        """The one on program; "" while nobody knows."""
        self.latest_frame = b""
        """The program as a JPEG, taken every ``frame_seconds``."""
        self._settings = settings.stage.obs
        _check_commands(self._settings)
        self._changes = Changes(self._settings)
        self._watcher = Watcher()
        self._over: dict[str, asyncio.TimerHandle] = {}
        self._looks_on = False
        self._facts = Facts()
        self._picture = Picture()
        self._link: Link | None = None

    async def start(self) -> None:
        """Returns after the first attempt to connect, however it went."""
        if not self._settings.enabled:
            return
        loop = asyncio.get_running_loop()

        def in_loop(act: Callable[..., None]) -> Callable[..., None]:
            def call(*args: Any) -> None:
                with suppress(RuntimeError):  # the loop is closed: the program ends
                    loop.call_soon_threadsafe(partial(act, *args))

            return call

        self._link = Link(
            self._settings,
            os.environ.get(PASSWORD, ""),
            in_loop(self._report),
            on_event=in_loop(self._take_event),
            frames=in_loop(self._keep_frame),
            looks_on=self._looks_on,
        )
        self._act()
        self._link.start()
        await clock.in_thread(self._link.tried.wait, FIRST_TRY_SECONDS)

    def look_on(self) -> None:
        """A rehearsal in front of a running stream switches nothing that viewers see."""
        self._looks_on = True

    def follow(self, facts: Facts) -> None:
        """Changes what is bound to what happens, and tells which scene is shown and whether OBS streams."""
        self._facts = facts
        facts.subscribe(self._note)

    def show(self, cue: Cue) -> None:
        if self._link is not None:
            self._watcher.take(cue)
            self._picture = self._picture.after(cue)
            self._act()

    async def stop(self) -> None:
        """Leaves OBS with an empty caption and all else as it was before, if it answers within a second."""
        for timer in self._over.values():
            timer.cancel()
        self._over.clear()
        link, self._link = self._link, None
        if link is not None:
            await clock.in_thread(link.stop)
        self.availability.set(ready=False)

    def health(self) -> Health:
        if not self._settings.enabled:
            return Health(PART, State.OFF, "not used")
        if self._link is None:
            return Health(PART, State.DOWN, "not started")
        return self._link.health

    # What it is told to do.

    def choose_scene(self, name: str) -> str:
        """Shows one of the scenes that config allows. Says what it does; raises StageError."""
        link, allowed = self._connected(), self._settings.scenes
        if not allowed:
            raise StageError("no scene may be chosen", hint="list those that may in stage.obs.scenes")
        by_plain_name = {one.casefold(): one for one in allowed}
        scene = by_plain_name.get(name.strip().casefold())
        if scene is None:
            near = get_close_matches(name.strip().casefold(), by_plain_name, n=1)
            hint = f"did you mean {by_plain_name[near[0]]}?" if near else f"there are {', '.join(allowed)}"
            raise StageError("there is no such scene", hint=hint)
        if scene not in link.inventory.scenes:
            raise missing("scene", scene, link.inventory.scenes)
        self._order("SetCurrentProgramScene", sceneName=scene)
        return f"OBS shows {scene}"

    def set_streaming(self, *, live: bool) -> str:
        """Starts or ends the stream, where config allows it. Says what it does; raises StageError."""
        self._connected()
        if not self._settings.stream_commands:
            raise StageError("the stream is not started or ended by commands here",
                             hint="set stage.obs.stream_commands = true")  # fmt: skip
        if self.live is live:
            return "OBS streams already" if live else "OBS does not stream"
        self._order("StartStream" if live else "StopStream")
        return "OBS starts the stream" if live else "OBS ends the stream"

    async def frame(self, width: int | None = None) -> bytes:
        """The program as a JPEG of this width in pixels. Raises StageError when OBS gives none in time."""
        wide = width or self._settings.frame_width
        answer = asyncio.wrap_future(self._connected().ask(lambda client: take_frame(client, wide)))
        try:
            with clock.outside():
                return await asyncio.wait_for(answer, ANSWER_SECONDS + 1)
        except TimeoutError:
            raise StageError("OBS does not answer") from None

    def _connected(self) -> Link:
        if self._link is None or not self.availability.is_ready:
            raise StageError(NOT_THERE)
        return self._link

    def _order(self, name: str, **data: Any) -> None:
        """Has OBS do it soon. What comes of it is in the log."""

        def do(client: ObsClient) -> None:
            if client.ask(name, **data) is None:
                log.warning("OBS refuses %s", name)

        if self._link is not None:
            self._link.ask(do)

    # What happens.

    def _act(self) -> None:
        """Has OBS be as it should now."""
        if self._looks_on:
            return
        changes, watcher = self._changes, self._watcher
        begun = [
            changes.does(watcher.doing),
            changes.feels(watcher.mood),
            changes.pauses(paused=watcher.paused),
        ]
        for change in filter(None, begun):
            self._press(change.hotkey)
        self._show()

    def _show(self) -> None:
        self._picture = replace(self._picture, changed=self._changes.now())
        if self._link is not None:
            self._link.show(self._picture)

    def _press(self, hotkey: str) -> None:
        if hotkey:
            self._order("TriggerHotkeyByName", hotkeyName=hotkey)

    def _note(self, fact: Fact) -> None:
        match fact:
            case ChatReceived(event=event, drop="") if not isinstance(event, Deletion | StreamStatus):
                if (kind := kind_of(event)) and (change := self._settings.events.get(kind.value)):
                    self._happen(f"event {kind}", change)
            case CommandGiven(order=order) if change := self._settings.commands.get(order):
                self._happen(f"command {order}", change)

    def _happen(self, name: str, change: config.ObsChange) -> None:
        if self._link is None or self._looks_on:
            return
        if timer := self._over.pop(name, None):
            timer.cancel()
        self._changes.happens(name, change)
        self._press(change.hotkey)
        self._show()
        if change.seconds:
            self._over[name] = asyncio.get_running_loop().call_later(change.seconds, self._end, name)

    def _end(self, name: str) -> None:
        self._over.pop(name, None)
        self._changes.over(name)
        self._show()

    # What the link's threads tell, in the loop.

    def _report(self, ready: bool) -> None:  # noqa: FBT001  # a callback
        newly = ready and not self.availability.is_ready
        self.availability.set(ready=ready)
        if not ready:
            self.live, self.scene = None, ""
        elif newly and self._link is not None:
            asking = asyncio.wrap_future(self._link.ask(_state_of))
            asking.add_done_callback(self._take_state)

    def _take_state(self, asking: asyncio.Future[tuple[str, bool]]) -> None:
        if not asking.cancelled() and asking.exception() is None:
            scene, live = asking.result()
            self._take_scene(scene)
            self._take_live(live=live)

    def _take_event(self, name: str, data: Mapping[str, Any]) -> None:
        match name, data:
            case "CurrentProgramSceneChanged", {"sceneName": str(scene)}:
                self._take_scene(scene)
            case "StreamStateChanged", {"outputState": "OBS_WEBSOCKET_OUTPUT_STARTED"}:
                self._take_live(live=True)
            case "StreamStateChanged", {"outputState": "OBS_WEBSOCKET_OUTPUT_STOPPED"}:
                self._take_live(live=False)

    def _take_scene(self, scene: str) -> None:
        if scene != self.scene:
            self.scene = scene
            self._facts.tell(SceneChanged(clean(scene, SCENE_LETTERS)))

    def _take_live(self, *, live: bool) -> None:
        before, self.live = self.live, live
        if live is not before and (live or before is not None):  # that it does not stream yet is no news
            self._facts.tell(StreamChanged(live))
            log.info("OBS: the stream has %s", "begun" if live else "ended")

    def _keep_frame(self, frame: bytes) -> None:
        self.latest_frame = frame


def _state_of(client: ObsClient) -> tuple[str, bool]:
    """The scene on program, and whether OBS streams."""
    scene = (client.ask("GetCurrentProgramScene") or {}).get("currentProgramSceneName", "")
    return str(scene), bool((client.ask("GetStreamStatus") or {}).get("outputActive"))


def _check_commands(settings: config.Obs) -> None:
    for name in settings.commands:
        if name not in config.Commands.model_fields:
            near = get_close_matches(name, config.Commands.model_fields, n=1)
            raise ConfigError(
                f"there is no command {escaped(name)!r}",
                where="stage.obs.commands",
                hint=f"did you mean {near[0]!r}?" if near else "the commands stand in gate.commands",
            )
