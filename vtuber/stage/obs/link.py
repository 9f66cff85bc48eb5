"""The connection to OBS: one thread that keeps OBS showing what it should, whether OBS is there or not.

Only that thread sends requests. The library's own thread receives, and wakes ours when the connection ends.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from threading import Event, Thread
from typing import Any

import websocket
from obswebsocket import core, exceptions, requests

from vtuber import config
from vtuber.core.backoff import Backoff
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.stage.cues import Cue, Heard, Hushed, Rested, Withdrawn

log = logging.getLogger(__name__)

PART = "stage.obs"
PASSWORD = "BANBAN_OBS_PASSWORD"  # noqa: S105  # the variable's name

ANSWER_SECONDS = 3.0
"""An OBS that takes longer to answer is disconnected, and connected to again."""
PACE_SECONDS = 0.1
"""Between two updates; words that come faster are shown together."""
LOOK_SECONDS = 5.0
"""Between two checks that OBS is there and still has the sources and scenes."""
RETRY_SECONDS = (1.0, 10.0)
"""Before another attempt to connect: the first wait, and the longest."""
GOODBYE_SECONDS = 0.8
"""For the last update, when the show ends."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What OBS should show."""

    caption: str = ""
    """The sentence that is heard, so far. It stays until the first word of the next one."""
    speaking: bool = False
    """From the first sample of a reply until the reply is over."""
    turn: int | None = None
    """Of the last words that were heard."""
    speaker: str = ""

    def after(self, cue: Cue) -> Picture:
        """What it should show from now on."""
        match cue:
            case Heard(turn=turn, text=text, speaker=speaker):
                return Picture(text or self.caption, True, turn, speaker)  # noqa: FBT003  # its fields
            case Hushed() | Withdrawn(turn=self.turn, finish=False) | Rested(speaker=self.speaker):
                return Picture()
            case _:
                return self


class _ObsClient(core.obsws):  # type: ignore[misc]  # the library has no types
    """The library's client with deadlines, and without a thread that ends in a traceback.

    The library's own ``authreconnect`` is not used: a refused password ends its thread, and so does a
    connection that was reset.
    """

    def __init__(self, settings: config.Obs, password: str, woken: Event) -> None:
        super().__init__(settings.host, settings.port, password, legacy=False, timeout=ANSWER_SECONDS)
        self.woken = woken

    def connect(self) -> None:
        ws: Any = websocket.WebSocket()  # Any: half of its methods are untyped
        self.ws = ws
        ws.settimeout(ANSWER_SECONDS)
        ws.connect(f"ws://{self.host}:{self.port}", http_no_proxy=["*"])
        self._auth()
        ws.settimeout(None)  # events may be hours apart
        self.thread_recv = _Receiver(self)
        self.thread_recv.daemon = True
        self.thread_recv.start()

    def ask(self, name: str, **data: Any) -> dict[str, Any] | None:
        """OBS's answer, or None when it says no. Any exception means that the connection is of no use."""
        request = self.call(getattr(requests, name)(**data))
        return dict(request.datain) if request.status else None

    def connected(self) -> bool:
        return self.thread_recv is not None and bool(self.thread_recv.is_alive())

    def hang_up(self) -> None:
        """Ends the connection and whatever waits for an answer on it. May be called from any thread."""
        sock = self.ws.sock if self.ws is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for answered in list(self.events.values()):
            answered.set()

    def close(self) -> None:
        if self.thread_recv is not None:
            self.thread_recv.running = False
        self.hang_up()
        if self.thread_recv is not None:
            self.thread_recv.join(ANSWER_SECONDS)
        if self.ws is not None:
            self.ws.shutdown()


class _Receiver(core.RecvThread):  # type: ignore[misc]  # the library has no types
    def run(self) -> None:
        with suppress(Exception):  # whatever it is, the link sees that this thread has ended
            super().run()
        self.core.hang_up()
        self.core.woken.set()


class Link:
    """One thread that keeps OBS showing the latest picture.

    ``report`` is called in that thread, with whether OBS can be used, whenever ``health`` changes.
    """

    def __init__(self, settings: config.Obs, password: str, report: Callable[[bool], None]) -> None:
        self._settings = settings
        self._password = password
        self._report = report
        self._place = f"{settings.host}:{settings.port}"
        self._thread = Thread(target=self._run, name="obs", daemon=True)
        self._wanted = Picture()
        self._woken = Event()
        self._stopping = Event()
        self._client: _ObsClient | None = None
        self._version = ""
        self._caption: str | None = None
        """What OBS shows as far as we know; None on a new connection."""
        self._spoke: bool | None = None
        """Whether somebody spoke when the scene was last chosen; None on a new connection."""
        self._before = ""
        """The scene before the speaking scene; "" while we have not switched."""
        self._inputs: list[str] = []
        self._texts: list[str] = []
        self._scenes: list[str] = []
        self.tried = Event()
        self.health = Health(PART, State.DOWN, f"connecting to OBS at {self._place}")

    def start(self) -> None:
        self._thread.start()

    def show(self, picture: Picture) -> None:
        """Has OBS show it soon. Returns at once."""
        if picture != self._wanted:
            self._wanted = picture
            self._woken.set()

    def stop(self) -> None:
        """Blocks for about a second at most, even when OBS hangs."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(GOODBYE_SECONDS)
        client = self._client
        if self._thread.is_alive() and client is not None:
            client.hang_up()
            self._thread.join(0.2)

    def _run(self) -> None:
        backoff = Backoff(*RETRY_SECONDS)
        while not self._stopping.is_set():
            try:
                client = self._connect()
                backoff.reset()
                self._serve(client)
            except StageError as error:
                self._set_health(State.DOWN, error.what, error.hint)
            except Exception as error:  # noqa: BLE001  # the library lets anything escape
                log.debug("%s: %s", self._place, escaped(repr(error)))
                self._set_health(State.DOWN, f"OBS does not answer at {self._place}", _SWITCH_ON)
            finally:
                self._disconnect()
                self.tried.set()
            self._stopping.wait(backoff.next())

    def _connect(self) -> _ObsClient:
        self._client = client = _ObsClient(self._settings, self._password, self._woken)
        try:
            client.connect()
        except (exceptions.ConnectionFailure, websocket.WebSocketBadStatusException):
            raise self._refused(greeted=client.server_version is not None) from None
        self._version = (client.ask("GetVersion") or {}).get("obsVersion", "")
        return client

    def _refused(self, *, greeted: bool) -> StageError:
        if not greeted:
            return StageError(f"the program that answers at {self._place} is not OBS", hint=_SWITCH_ON)
        what = f"OBS at {self._place} " + (
            "refuses the password" if self._password else "asks for a password"
        )
        return StageError(
            what,
            hint=f"copy it from Tools → WebSocket Server Settings → Show Connect Info into {PASSWORD}",
        )

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _serve(self, client: _ObsClient) -> None:
        """Keeps OBS up to date until the connection fails (raises) or the show ends (returns)."""
        self._caption = None
        self._spoke = None
        looked = float("-inf")
        while True:
            if not client.connected():
                raise exceptions.ConnectionFailure
            if time.monotonic() - looked > LOOK_SECONDS:
                self._look(client)
                looked = time.monotonic()
            self._woken.clear()
            stopping = self._stopping.is_set()
            picture = Picture() if stopping else self._wanted
            self._show_caption(client, picture.caption)
            self._show_scene(client, speaking=picture.speaking)
            if stopping:
                return
            self.tried.set()
            self._stopping.wait(PACE_SECONDS)
            self._woken.wait(LOOK_SECONDS)

    def _look(self, client: _ObsClient) -> None:
        """Which sources and scenes there are, and whether the ones in config.toml are among them."""
        inputs = (client.ask("GetInputList") or {}).get("inputs", [])
        self._inputs = [str(one["inputName"]) for one in inputs]
        self._texts = [str(one["inputName"]) for one in inputs if str(one["inputKind"]).startswith("text_")]
        scenes = (client.ask("GetSceneList") or {}).get("scenes", [])
        self._scenes = [str(one["sceneName"]) for one in scenes]
        problem = self._problem()
        if problem is None:
            self._set_health(State.OK, f"OBS {self._version} at {self._place}")
        else:
            self._set_health(State.LIMITED, problem.what, problem.hint)

    def _problem(self) -> StageError | None:
        settings = self._settings
        if not (settings.caption_source or settings.speaking_scene):
            return StageError(
                "OBS has nothing to show: no caption source and no speaking scene is set",
                hint="set caption_source or speaking_scene in [stage.obs]",
            )
        if settings.caption_source and settings.caption_source not in self._texts:
            there = settings.caption_source in self._inputs
            return _missing("text source", settings.caption_source, self._texts, there=there)
        for scene in (settings.speaking_scene, settings.idle_scene):
            if scene and scene not in self._scenes:
                return _missing("scene", scene, self._scenes)
        return None

    def _show_caption(self, client: _ObsClient, caption: str) -> None:
        source = self._settings.caption_source
        if source not in self._texts or caption == self._caption:
            return
        done = client.ask("SetInputSettings", inputName=source, inputSettings={"text": caption}, overlay=True)
        self._caption = None if done is None else caption

    def _show_scene(self, client: _ObsClient, *, speaking: bool) -> None:
        """To the speaking scene and back; a scene that the streamer chose meanwhile stays."""
        scene = self._settings.speaking_scene
        if scene not in self._scenes or speaking == self._spoke:
            return
        self._spoke = speaking
        shown = (client.ask("GetCurrentProgramScene") or {}).get("currentProgramSceneName", "")
        if speaking and shown != scene:
            self._before = shown
            client.ask("SetCurrentProgramScene", sceneName=scene)
        elif not speaking:
            back = self._settings.idle_scene or self._before
            if self._before and shown == scene and back in self._scenes:
                client.ask("SetCurrentProgramScene", sceneName=back)
            self._before = ""

    def _set_health(self, state: State, what: str, hint: str = "") -> None:
        health = Health(PART, state, what, hint)
        if health != self.health:
            self.health = health
            self._report(state is not State.DOWN)
            log.log(logging.INFO if state is State.OK else logging.WARNING, "%s", what)


_SWITCH_ON = (
    "start OBS, tick Tools → WebSocket Server Settings → Enable WebSocket server, and set"
    " stage.obs.port to the port that is shown there"
)


def _missing(kind: str, name: str, names: list[str], *, there: bool = False) -> StageError:
    shown = escaped(name)
    what = f"{shown!r} in OBS is not a {kind}" if there else f"OBS has no {kind} called {shown!r}"
    near = get_close_matches(name, names, n=1)
    if near:
        return StageError(what, hint=f"did you mean {escaped(near[0])!r}?")
    if names:
        return StageError(what, hint=f"it has {', '.join(repr(escaped(one)) for one in names[:8])}")
    return StageError(what, hint=f"add a {kind} with this name in OBS")
