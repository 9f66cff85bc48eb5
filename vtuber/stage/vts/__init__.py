"""VTube Studio as a screen: her mouth and mood move a Live2D model, hotkeys follow moods and events.

Her mouth is VTube Studio's own parameter ``MouthOpen``, and one of this program's for each vowel
(``BanbanA`` …); each mood is one, too (``BanbanHappy``). A model uses those that its maker has mapped.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff
from vtuber.core.clock import now
from vtuber.core.health import Health, State
from vtuber.core.http import FAILURES
from vtuber.core.mouth import CLOSED, SHAPES
from vtuber.core.text import clean, escaped
from vtuber.stage.cues import ClipBegins, ClipSound, Cue, Feels, Hushed, Rested, Thinking, Withdrawn
from vtuber.stage.vts.client import ALLOW_SECONDS, DENIED, VtsClient, VtsError, connected, default_path
from vtuber.stage.vts.mouth import Mouth, MouthTrack

log = logging.getLogger(__name__)

PART = "stage.vts"

START_SECONDS = 1.5
"""How long the show's start waits for the first attempt to connect."""
FRAME_SECONDS = 1 / 30
"""Between two positions of the mouth."""
LEAD = 0.03
"""Seconds by which a position is sent before it is heard: VTube Studio draws it in its next frames."""
ALIVE_SECONDS = 0.5
"""Parameters that are not sent again within a second are given back to the streamer's own tracking."""
LOOK_SECONDS = 10.0
"""Between two looks at which hotkeys the model has."""
RETRY_SECONDS = (1.0, 10.0)
"""Before another attempt to connect: the first wait, and the longest."""
HOTKEYS = 20
"""How many may wait to be pressed; the oldest makes room."""

NAME_LENGTH = 40
"""Characters of a name in VTube Studio that are shown."""

MOUTH = "MouthOpen"
VOWELS = {shape: f"Banban{shape}" for shape in SHAPES if shape != CLOSED}
TOGGLE = "ToggleExpression"
"""The type of a hotkey that is pressed again to take its expression back."""


class VTubeStudio:
    """The screen. While VTube Studio is not there the show goes on, and it is tried again."""

    def __init__(self, settings: Settings, character: Character, path: Path | None = None) -> None:
        """``path``: where the token is kept."""
        self.availability = Availability()
        self._settings = settings.stage.vts
        self._moods = {mood: parameter(mood) for mood in character.moods}
        self._path = path or default_path()
        self._place = f"{self._settings.host}:{self._settings.port}"
        self._track = MouthTrack()
        self._mood = self._given_mood = ""
        self._moods_to_come: deque[tuple[float, str]] = deque(maxlen=HOTKEYS)
        """When a sentence begins to be heard (show clock), and its mood."""
        self._pressed: deque[str] = deque(maxlen=HOTKEYS)
        """The hotkeys of events, as long as they are still to be pressed."""
        self._worn = ""
        """The hotkey of the mood that the model was last given."""
        self._hotkeys: dict[str, str] = {}
        """The model's, by name, each with its type."""
        self._model = ""
        self._changed = asyncio.Event()
        self._tried = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._health = Health(PART, State.DOWN, f"connecting to VTube Studio at {self._place}")

    async def start(self) -> None:
        """Returns after the first attempt to connect, or while somebody is to click "Allow"."""
        if self._settings.enabled:
            self._running = asyncio.create_task(self._run())
            with suppress(TimeoutError):
                async with asyncio.timeout(START_SECONDS):
                    await self._tried.wait()

    async def stop(self) -> None:
        """Ends the connection. Within a second the streamer's own tracking has the mouth again."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        self.availability.set(ready=False)

    def show(self, cue: Cue) -> None:
        match cue:
            case ClipSound():
                self._track.add(cue)
            case ClipBegins(sentence=sentence, at=at):
                self._moods_to_come.append((at, sentence.mood))
            case Feels(mood=mood):
                self._given_mood = self._mood = mood
            case Thinking(deed=deed) if deed is not None:
                self._press(self._settings.events.get(deed.kind.value, ""))
            case Hushed() | Withdrawn(finish=False):
                self._track.clear()
                self._moods_to_come.clear()
            case Rested():
                self._mood = self._given_mood
            case _:
                return
        self._changed.set()

    def health(self) -> Health:
        if not self._settings.enabled:
            return Health(PART, State.OFF, "not used")
        return self._health

    def _press(self, hotkey: str) -> None:
        if hotkey and self._running is not None:
            self._pressed.append(hotkey)

    # The connection.

    async def _run(self) -> None:
        backoff = Backoff(*RETRY_SECONDS)
        while True:
            least = 0.0
            try:
                async with connected(self._settings.host, self._settings.port) as client:
                    await self._sign_in(client)
                    backoff.reset()
                    await self._serve(client)
            except VtsError as error:
                self._set_health(State.DOWN, error.what, error.hint)
                least = ALLOW_SECONDS if error.number == DENIED else 0.0  # no window every second
            except (TimeoutError, *FAILURES) as error:
                log.debug("%s: %s", self._place, escaped(repr(error)))
                self._set_health(State.DOWN, f"VTube Studio does not answer at {self._place}", _SWITCH_ON)
            except Exception as error:  # whatever it is, the show goes on
                log.debug("VTube Studio", exc_info=error)
                self._set_health(State.DOWN, f"VTube Studio: {escaped(repr(error))}")
            finally:
                self._tried.set()
            wait = backoff.next()
            if backoff.is_resting:
                self._set_health(backoff.state, self._health.what + backoff.note, self._health.hint)
            await asyncio.sleep(max(least, wait))

    async def _sign_in(self, client: VtsClient) -> None:
        asks = "VTube Studio asks whether banban may move the model"
        self._set_health(State.DOWN, asks, "click Allow in VTube Studio")
        await client.sign_in(self._path)
        for what, name in (*self._moods.items(), *VOWELS.items()):
            limits = {"min": 0, "max": 1, "defaultValue": 0}
            await client.ask("ParameterCreation", parameterName=name, explanation=f"banban: {what}", **limits)

    async def _serve(self, client: VtsClient) -> None:
        """Keeps the model as it should be, until the connection fails."""
        sent: dict[str, float] = {}
        sent_at = looked_at = float("-inf")
        self._pressed.clear()  # what was to be pressed while nobody was there
        while True:
            self._changed.clear()  # what comes from here on is seen in the next round
            time = now()
            if time - looked_at >= LOOK_SECONDS:
                await self._look(client)
                self._tried.set()  # the first attempt went well
                looked_at = time
            while self._moods_to_come and self._moods_to_come[0][0] <= time + LEAD:
                self._mood = self._moods_to_come.popleft()[1] or self._given_mood
            await self._wear(client)
            while self._pressed:
                await self._trigger(client, self._pressed.popleft())
            mouth = self._track.at(time + LEAD)
            values = self._values(mouth)
            keeps_alive = (mouth is not None or self._mood) and time - sent_at >= ALIVE_SECONDS
            if values != sent or keeps_alive:
                await _inject(client, values)
                sent, sent_at = values, time
            await self._next(time, speaking=mouth is not None)

    async def _next(self, time: float, *, speaking: bool) -> None:
        """Waits until there may be something else to send."""
        if speaking:
            await asyncio.sleep(FRAME_SECONDS)
            return
        idle = ALIVE_SECONDS if self._mood else LOOK_SECONDS
        until = self._track.until_more(time + LEAD)
        with suppress(TimeoutError):
            async with asyncio.timeout(idle if until is None else max(FRAME_SECONDS, min(idle, until))):
                await self._changed.wait()

    def _values(self, mouth: Mouth | None) -> dict[str, float]:
        mouth = mouth or Mouth()
        vowels = {name: mouth.opened if shape == mouth.shape else 0.0 for shape, name in VOWELS.items()}
        moods = {name: float(mood == self._mood) for mood, name in self._moods.items()}
        return {MOUTH: mouth.opened, **vowels, **moods}

    async def _look(self, client: VtsClient) -> None:
        """Which hotkeys the model has, and whether those in config.toml are among them."""
        answer = await client.ask("HotkeysInCurrentModel")
        rows = _rows(answer, "availableHotkeys")
        self._hotkeys = {str(row.get("name", "")): str(row.get("type", "")) for row in rows}
        self._model = clean(str(answer.get("modelName", "")), NAME_LENGTH)
        wanted = [*self._settings.moods.values(), *self._settings.events.values()]
        missing = next((name for name in wanted if name and name not in self._hotkeys), "")
        if not answer.get("modelLoaded", True):
            self._set_health(State.LIMITED, "VTube Studio has no model loaded", "load one there")
        elif missing:
            near = get_close_matches(missing, self._hotkeys, n=1) or [*self._hotkeys]
            names = ", ".join(clean(name, NAME_LENGTH) for name in near[:8])
            hint = f"its hotkeys are {names}" if near else "it has no hotkeys with names"
            self._set_health(State.LIMITED, f'the model has no hotkey "{escaped(missing)}"', escaped(hint))
        else:
            self._set_health(State.OK, f"VTube Studio at {self._place}, {escaped(self._model)}")

    async def _wear(self, client: VtsClient) -> None:
        """Has the model show the mood, and no longer the one before."""
        hotkey = self._settings.moods.get(self._mood, "")
        if hotkey != self._worn:
            await self._turn(client, self._worn, on=False)
            await self._turn(client, hotkey, on=True)
            self._worn = hotkey

    async def _turn(self, client: VtsClient, hotkey: str, *, on: bool) -> None:
        """Presses a mood's hotkey. One that turns an expression on and off is pressed only if it is not so.

        VTube Studio may have been started anew since it was pressed, and the streamer presses it, too.
        """
        if self._hotkeys.get(hotkey) == TOGGLE:
            if await _is_shown(client, hotkey) is not on:
                await self._trigger(client, hotkey)
        elif on:
            await self._trigger(client, hotkey)

    async def _trigger(self, client: VtsClient, hotkey: str) -> None:
        if hotkey in self._hotkeys:
            try:
                await client.ask("HotkeyTrigger", hotkeyID=hotkey)
            except VtsError as error:  # it is not the time for it (a full queue, no model)
                log.debug("%s", error)

    def _set_health(self, state: State, what: str, hint: str = "") -> None:
        health = Health(PART, state, what, hint)
        if health != self._health:
            self._health = health
            self.availability.set(ready=not state.is_away)


async def _inject(client: VtsClient, values: dict[str, float]) -> None:
    rows: list[dict[str, Any]] = [{"id": name, "value": value} for name, value in values.items()]
    await client.ask("InjectParameterData", faceFound=False, mode="set", parameterValues=rows)


async def _is_shown(client: VtsClient, hotkey: str) -> bool | None:
    """Whether the expression of that hotkey is shown; None when VTube Studio does not say."""
    try:
        answer = await client.ask("ExpressionState", details=True)
    except VtsError as error:
        log.debug("%s", error)
        return None
    for expression in _rows(answer, "expressions"):
        if any(row.get("name") == hotkey for row in _rows(expression, "usedInHotkeys")):
            return expression.get("active") is True
    return None


def _rows(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects in an answer; what is none is left out."""
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def parameter(mood: str) -> str:
    """The parameter of a mood: Latin letters and digits, as VTube Studio wants them."""
    letters = re.sub(r"[^A-Za-z0-9]", "", mood.title())[:20]
    return f"Banban{letters}" if letters else f"BanbanMood{sum(map(ord, mood)) % 10_000}"


_SWITCH_ON = (
    "start VTube Studio, switch on Settings → General → Allow Plugin API access, and compare its port"
)
