"""One thread that keeps OBS showing what it should, whether OBS is there or not.

Only that thread sends requests. The library's own thread receives, and wakes ours when the connection ends.
"""

from __future__ import annotations

import base64
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import Any, TypeVar

from obswebsocket import exceptions

from vtuber import config
from vtuber.core.backoff import Backoff
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.stage.obs.client import SWITCH_ON, ObsClient, OnEvent
from vtuber.stage.obs.inventory import Inventory
from vtuber.stage.obs.picture import Picture
from vtuber.stage.obs.targets import Program, Setting, Target

log = logging.getLogger(__name__)

T = TypeVar("T")

PART = "stage.obs"

PACE_SECONDS = 0.1
"""Between two captions; words that come faster are shown together."""
LOOK_SECONDS = 5.0
"""Between two checks that OBS is there and still has the sources and scenes."""
RETRY_SECONDS = (1.0, 10.0)
"""Before another attempt to connect: the first wait, and the longest."""
GOODBYE_SECONDS = 0.8
"""For the last update, when the show ends."""
WAITING = 16
"""How many requests may wait for the thread."""

NOT_THERE = "OBS is not connected"


@dataclass(slots=True)
class _Applied:
    """A target that was changed."""

    before: Setting
    now: Setting
    """What it was set to."""
    is_certain: bool = True
    """Whether it still is so, as far as we know; not on a new connection."""


class _Every:
    """Something that is done again and again, so many seconds after it was done before."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = -math.inf if seconds < math.inf else math.inf

    @property
    def left(self) -> float:
        """Seconds until it is due; a day where it never is."""
        return min(max(0.0, self._due - time.monotonic()), 86_400.0)

    def is_due(self) -> bool:
        """Whether it is to be done now; then it counts as done."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + self._seconds
        return True


class Link:
    """Keeps OBS showing the latest picture.

    ``report`` is called in its thread, with whether OBS can be used, whenever ``health`` changes;
    ``on_event`` in the receiving thread. ``frames`` is given a picture of the program (JPEG) every
    ``frame_seconds``. One that ``looks_on`` writes no caption either; it is to be shown no picture.
    """

    def __init__(
        self,
        settings: config.Obs,
        password: str,
        report: Callable[[bool], None],
        *,
        on_event: OnEvent | None = None,
        frames: Callable[[bytes], None] = lambda _: None,
        looks_on: bool = False,
    ) -> None:
        self._settings = settings
        self._password = password
        self._report = report
        self._on_event = on_event
        self._frames = frames
        self._looks_on = looks_on
        self._place = f"{settings.host}:{settings.port}"
        self._thread = Thread(target=self._run, name="obs", daemon=True)
        self._wanted = Picture()
        self._waiting: deque[Callable[[ObsClient | None], None]] = deque()
        self._woken = Event()
        self._stopping = Event()
        self._client: ObsClient | None = None
        self._caption: str | None = None
        """What OBS shows as far as we know; None on a new connection."""
        self._applied: dict[Target, _Applied] = {}
        self._missing: set[Target] = set()
        """What was not there when it was to be changed; looked for again at every look."""
        self.inventory = Inventory()
        """What OBS had at the last look."""
        self.tried = Event()
        self.health = Health(PART, State.DOWN, f"connecting to OBS at {self._place}")

    def start(self) -> None:
        self._thread.start()

    def show(self, picture: Picture) -> None:
        """Has OBS show it soon. Returns at once."""
        if picture != self._wanted:
            self._wanted = picture
            self._woken.set()

    def ask(self, work: Callable[[ObsClient], T]) -> Future[T]:
        """Has the thread do it soon. The future fails with StageError when OBS is not there or goes away."""
        answer: Future[T] = Future()

        def do(client: ObsClient | None) -> None:
            if not answer.set_running_or_notify_cancel():
                return  # nobody waits for it any more
            if client is None:
                answer.set_exception(StageError(NOT_THERE, hint=SWITCH_ON))
                return
            try:
                answer.set_result(work(client))
            except StageError as error:
                answer.set_exception(error)
            except Exception as error:
                answer.set_exception(client.explained(error))
                raise  # the connection is of no use

        if self.health.state.is_away or len(self._waiting) >= WAITING:
            do(None)
        else:
            self._waiting.append(do)
            self._woken.set()
        return answer

    def stop(self) -> None:
        """Blocks for about a second at most, even when OBS hangs."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(GOODBYE_SECONDS)
        client = self._client
        if self._thread.is_alive() and client is not None:
            client.hang_up()
            self._thread.join(0.2)
        self._refuse_waiting()

    def _run(self) -> None:
        backoff = Backoff(*RETRY_SECONDS)
        while not self._stopping.is_set():
            self._client = client = ObsClient(
                self._settings, self._password, ended=self._woken, on_event=self._on_event
            )
            try:
                client.connect()
                self._serve(client, backoff)
            except StageError as error:
                self._set_health(State.DOWN, error.what, error.hint)
            except Exception as error:  # noqa: BLE001  # the library lets anything escape
                trouble = client.explained(error)
                self._set_health(State.DOWN, trouble.what, trouble.hint)
            finally:
                self._disconnect()
                self.tried.set()
            wait = backoff.next()
            if backoff.is_resting:
                self._set_health(backoff.state, self.health.what + backoff.note, self.health.hint)
            self._stopping.wait(wait)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        while self._waiting:
            with suppress(IndexError):  # the other thread was faster
                self._waiting.popleft()(None)

    def _serve(self, client: ObsClient, backoff: Backoff) -> None:
        """Keeps OBS up to date until the connection fails (raises) or the show ends (returns)."""
        self._caption = None
        for applied in self._applied.values():
            applied.is_certain = False
        looking, captioning = _Every(LOOK_SECONDS), _Every(PACE_SECONDS)
        framing = _Every(self._settings.frame_seconds or math.inf)
        while client.connected():
            if looking.is_due():
                self._look(client)
                backoff.reset()  # it answers
            self._woken.clear()
            stopping = self._stopping.is_set()
            picture = Picture() if stopping else self._wanted
            while self._waiting:
                self._waiting.popleft()(client)
            self._change(client, picture.changed)
            if not self._is_shown(picture.caption) and (stopping or captioning.is_due()):
                self._show_caption(client, picture.caption)
            if stopping:
                return
            self.tried.set()
            if framing.is_due():
                self._take_frame(client)
            waits = [looking.left, framing.left]
            if not self._is_shown(picture.caption):
                waits.append(captioning.left)
            self._woken.wait(min(waits))
        raise exceptions.ConnectionFailure

    def _look(self, client: ObsClient) -> None:
        """Which sources and scenes there are, and whether the ones in config.toml are among them."""
        self.inventory = Inventory.of(client)
        self._missing.clear()
        problem = self.inventory.problem(self._settings)
        if client.is_old:
            problem = StageError(
                f"OBS {client.version} at {self._place} is too old for some of this", hint="update OBS"
            )
        if problem is None:
            self._set_health(State.OK, f"OBS {client.version} at {self._place}")
        else:
            self._set_health(State.LIMITED, problem.what, problem.hint)

    def _is_shown(self, caption: str) -> bool:
        """Whether nothing is to be written: it is, there is nowhere to write it, or nothing may be."""
        is_there = self._settings.caption_source in self.inventory.texts
        return caption == self._caption or not is_there or self._looks_on

    def _show_caption(self, client: ObsClient, caption: str) -> None:
        source = self._settings.caption_source
        done = client.ask("SetInputSettings", inputName=source, inputSettings={"text": caption}, overlay=True)
        if done is None:  # it was taken away; the next look says whether it is back
            self.inventory = replace(self.inventory, texts=())
        self._caption = None if done is None else caption

    def _change(self, client: ObsClient, wanted: Mapping[Target, str | bool]) -> None:
        """Changes what is wanted otherwise, and changes back what no longer is."""
        for target, setting in wanted.items():
            applied = self._applied.get(target)
            is_done = applied is not None and applied.is_certain and applied.now == setting
            if target in self._missing or is_done:
                continue
            before = applied.before if applied is not None else target.read(client)
            if before is None or not target.write(client, setting):
                self._missing.add(target)
                continue
            self._applied[target] = _Applied(before, setting)
        for target in [target for target in self._applied if target not in wanted]:
            self._change_back(client, target, self._applied.pop(target))

    def _change_back(self, client: ObsClient, target: Target, applied: _Applied) -> None:
        """A scene goes to the idle one, if there is one. What the streamer changed meanwhile stays."""
        before = applied.before
        now = target.read(client)
        if now is None or applied.now == before or not target.holds(now, applied.now):
            return
        if isinstance(target, Program) and self._settings.idle_scene in self.inventory.scenes:
            before = self._settings.idle_scene
        target.write(client, before)

    def _take_frame(self, client: ObsClient) -> None:
        with suppress(StageError):  # nothing that could be drawn
            self._frames(take_frame(client, self._settings.frame_width))

    def _set_health(self, state: State, what: str, hint: str = "") -> None:
        health = Health(PART, state, what, hint)
        if health != self.health:
            self.health = health
            self._report(not state.is_away)
            log.log(logging.INFO if state is State.OK else logging.WARNING, "%s", what)


def take_frame(client: ObsClient, width: int) -> bytes:
    """The program as a JPEG of this width. Raises StageError when OBS draws none."""
    scene = (client.ask("GetCurrentProgramScene") or {}).get("currentProgramSceneName", "")
    options: dict[str, Any] = {"imageFormat": "jpg", "imageWidth": width, "imageCompressionQuality": 75}
    answer = client.ask("GetSourceScreenshot", sourceName=scene, **options)
    _, _, data = str((answer or {}).get("imageData", "")).partition(",")
    if not data:
        raise StageError("OBS gives no picture of the program", hint="show a scene that is not empty")
    try:
        return base64.b64decode(data)
    except ValueError:
        raise StageError("OBS gives a picture of the program that is none") from None
