"""A real OBS without a screen, for tests: its own folder, its own display, its own port."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from obswebsocket import exceptions, obsws, requests

PASSWORD = "a password of tests"
READY_SECONDS = 60.0

GLOBAL_INI = """\
[General]
FirstRun=true

[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
"""


class RealObs:
    """Has the scenes "Idle", "Talking" and "Other", and the text source "Caption"."""

    def __init__(
        self,
        folder: Path,
        *,
        size: tuple[int, int] = (640, 360),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        for program in ("obs", "Xvfb"):
            if shutil.which(program) is None:
                pytest.fail(f"{program} is missing; these tests need it: apt-get install obs-studio xvfb")
        (folder / "obs-studio").mkdir()
        (folder / "obs-studio" / "global.ini").write_text(GLOBAL_INI, encoding="utf-8")
        (folder / "run").mkdir(mode=0o700)
        self._log = folder / "obs.log"
        self.port = free_port()
        self._obs: subprocess.Popen[bytes] | None = None
        self._client: Any = None
        self._screen, self.display = _start_screen(size)
        self._environment = {
            **os.environ,
            **(environment or {}),
            "DISPLAY": self.display,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }

    def start(self) -> None:
        """Returns when it answers and has its scenes."""
        options = ["--multi", "--minimize-to-tray", "--websocket_ipv4_only"]
        options += ["--websocket_port", str(self.port), "--websocket_password", PASSWORD]
        with self._log.open("ab") as log:
            self._obs = subprocess.Popen(
                ["obs", *options],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._client = self._connect(self._obs)
        self._furnish()

    @property
    def is_up(self) -> bool:
        return self._client is not None

    def ask(self, name: str, **data: Any) -> dict[str, Any]:
        request = self._client.call(getattr(requests, name)(**data))
        assert request.status, (name, data)
        return dict(request.datain)

    def watch(self, told: Callable[[Any], object], event: Any) -> None:
        """``told`` is called with each such event, in the receiving thread."""
        self._client.register(told, event)

    def caption(self, source: str = "Caption") -> str:
        return str(self.ask("GetInputSettings", inputName=source)["inputSettings"].get("text", ""))

    def scene(self) -> str:
        return str(self.ask("GetCurrentProgramScene")["currentProgramSceneName"])

    def choose(self, scene: str) -> None:
        """What the streamer does with a click."""
        self.ask("SetCurrentProgramScene", sceneName=scene)

    def freeze(self) -> None:
        assert self._obs is not None
        os.killpg(self._obs.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self._obs.pid, os.WSTOPPED)

    def thaw(self) -> None:
        if self._obs is not None:
            os.killpg(self._obs.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As when it crashes."""
        if self._client is not None:
            self._client.thread_recv.running = False
            self._client.ws.sock.shutdown(socket.SHUT_RDWR)  # a frozen OBS says no good-bye
            self._client.thread_recv.join()
            self._client.ws.shutdown()
            self._client = None
        if self._obs is not None:
            _end(self._obs)
            self._obs = None

    def close(self) -> None:
        self.kill()
        _end(self._screen, signal.SIGTERM)  # so that it takes its lock and its socket away

    def _connect(self, obs: subprocess.Popen[bytes]) -> Any:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if obs.poll() is not None:
                pytest.fail(f"OBS ended at its start ({obs.returncode}):\n{self._last_words()}")
            client = obsws("127.0.0.1", self.port, PASSWORD, legacy=False, timeout=10)
            try:
                client.connect()
            except exceptions.ConnectionFailure:
                time.sleep(0.1)
            else:
                return client
        pytest.fail(f"OBS did not answer in {READY_SECONDS:.0f} s:\n{self._last_words()}")

    def _furnish(self) -> None:
        scenes = {scene["sceneName"] for scene in self.ask("GetSceneList")["scenes"]}
        for scene in ("Idle", "Talking", "Other"):
            if scene not in scenes:
                self.ask("CreateScene", sceneName=scene)
        if not self.ask("GetInputList")["inputs"]:
            self.add_text("Caption")
            backdrop = {"width": 640, "height": 360, "color": 0xFF663300}
            self._add("Backdrop", "color_source_v3", backdrop)
            self.ask("SetSceneItemIndex", sceneName="Idle", sceneItemId=2, sceneItemIndex=0)

    def add_text(self, name: str) -> None:
        font = {"face": "Noto Sans CJK TC", "style": "Regular", "size": 40, "flags": 0}
        self._add(name, "text_ft2_source_v2", {"text": "", "font": font})

    def _add(self, name: str, kind: str, settings: dict[str, Any]) -> None:
        self.ask("CreateInput", sceneName="Idle", inputName=name, inputKind=kind, inputSettings=settings)

    def _last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_screen(size: tuple[int, int]) -> tuple[subprocess.Popen[bytes], str]:
    """An X server without a monitor, on a display that it chose itself."""
    reading, writing = os.pipe()
    number = b""
    try:
        screen = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                f"{size[0]}x{size[1]}x24",
                "-noreset",
                "-nolisten",
                "tcp",
            ],
            pass_fds=(writing,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(writing)
        # To the line's end: it writes twice, and ends when it cannot.
        while not number.endswith(b"\n") and select.select([reading], [], [], READY_SECONDS)[0]:
            if not (read := os.read(reading, 16)):
                break
            number += read
    finally:
        os.close(reading)
    if not number.endswith(b"\n"):
        _end(screen)
        pytest.fail("Xvfb did not start")
    return screen, f":{number.decode().strip()}"


def _end(process: subprocess.Popen[bytes], order: signal.Signals = signal.SIGKILL) -> None:
    """It and all that it started; killed when it does not obey."""
    for each in (order, signal.SIGCONT):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, each)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
