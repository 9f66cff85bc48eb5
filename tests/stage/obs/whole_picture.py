"""All of it at once: a browser shows the overlay on a display, a real OBS captures that display and the sound
of the browser, and records, while a recorded chat is played through a whole show."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.async_api import Page, async_playwright
from real_obs import PASSWORD, RealObs, free_port

from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.events import Author, ChatMessage, Role
from vtuber.show.show import Show
from vtuber.stage.access import Role as Access
from vtuber.stage.cues import ClipSound, Cue
from vtuber.stage.obs.client import PASSWORD as VARIABLE
from vtuber.stage.obs.client import ObsClient
from vtuber.stage.obs.setup import set_up

CHAT = Path(__file__).parents[2] / "data" / "twitch-vod-chat.json"
SIZE = (1280, 720)
RATE = 15
"""Pictures a second."""
PATIENCE = 60.0
BACKDROP = "document.documentElement.style.background = 'linear-gradient(135deg, #2b2f4a, #5a3f5e)'"
"""In the place of the game that a stream has behind her."""

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]


@dataclass(slots=True)
class Evening:
    """What is left of it."""

    recording: Path
    page: bytes = b""
    """A PNG of the page while she speaks."""
    boxes: dict[str, list[int]] = field(default_factory=dict)
    """Where on it her face and the captions are: left, top, right, bottom."""
    voice: bytes = b""
    """The samples that she was given to sound."""
    frame: bytes = b""
    """What the panel's API gave of the program, a JPEG."""
    scenes: list[str] = field(default_factory=list)
    """Those that were on program, in OBS's own words."""


@contextmanager
def loudspeakers(folder: Path) -> Iterator[dict[str, str]]:
    """A sound server that plays to nowhere; gives the variables by which programs find it."""
    place = folder / "pulse.socket"
    command = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--use-pid-file=no",
        "--disable-shm",
    ]
    modules = [
        f"module-native-protocol-unix socket={place} auth-anonymous=1",
        "module-null-sink sink_name=nowhere",
    ]
    for module in modules:
        command += ["-L", module]
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "pulse.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not place.exists() and time.monotonic() < deadline and server.poll() is None:
            time.sleep(0.02)
        assert place.exists(), (folder / "pulse.log").read_text(errors="replace")
        yield {"PULSE_SERVER": f"unix:{place}"}
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def studio(folder: Path) -> Iterator[tuple[RealObs, dict[str, str]]]:
    """A real OBS with its display and its sound; gives it, and the variables for other programs there."""
    with loudspeakers(folder) as speakers:
        real = RealObs(folder, size=SIZE, environment=speakers)
        try:
            real.start()
            video = {
                "baseWidth": SIZE[0],
                "baseHeight": SIZE[1],
                "outputWidth": SIZE[0],
                "outputHeight": SIZE[1],
            }
            real.ask("SetVideoSettings", **video, fpsNumerator=RATE, fpsDenominator=1)
            for name, value in {"FilePath": str(folder), "RecFormat": "mkv", "VBitrate": "4000"}.items():
                at = {"parameterCategory": "SimpleOutput", "parameterName": name}
                real.ask("SetProfileParameter", **at, parameterValue=value)
            yield real, {**speakers, "DISPLAY": real.display}
        finally:
            real.close()


@asynccontextmanager
async def browser(address: str, environment: dict[str, str]) -> AsyncIterator[Page]:
    """The overlay, over all of the display, as a browser with sound shows it."""
    flags = ["--no-sandbox", "--test-type", "--kiosk", "--window-position=0,0", "--hide-scrollbars"]
    flags += [f"--window-size={SIZE[0]},{SIZE[1]}", "--autoplay-policy=no-user-gesture-required"]
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            headless=False,
            args=flags,
            ignore_default_args=["--enable-automation", "--mute-audio"],
            env={**os.environ, **environment},
        )
        page = await chromium.new_page(no_viewport=True)
        await page.goto(address)
        cdp = await page.context.new_cdp_session(page)
        window = await cdp.send("Browser.getWindowForTarget")
        whole = {"windowId": window["windowId"], "bounds": {"windowState": "fullscreen"}}
        await cdp.send("Browser.setWindowBounds", whole)
        await page.evaluate(BACKDROP)
        try:
            yield page
        finally:
            await chromium.close()


async def play(folder: Path, question: ChatMessage, **settings: Any) -> Evening:
    """The scene is set up and chosen, chat is played, ``question`` is answered, and OBS records it."""
    with studio(folder) as (real, environment):
        os.environ[VARIABLE] = PASSWORD
        obs = {"enabled": True, "port": real.port, "caption_source": "", "scenes": ["Banban"]}
        options: dict[str, Any] = {
            "chat": {"console": False, "replay": {"file": str(CHAT)}},
            "voice": {"use": ["hibari"], "cache_megabytes": 0},
            "memory": {"use": "forgetful"},
            "stage": {"port": free_port(), "obs": {**obs, "frame_width": SIZE[0]}},
            "journal": {"folder": folder / "shows"},
            **settings,
        }
        show = Show(Settings.model_validate(options))
        await asyncio.to_thread(_furnish, real, show)
        ready = asyncio.Event()
        running = asyncio.create_task(show.run(progress=lambda _share, _words: None, on_air=ready.set))
        running.add_done_callback(lambda _: ready.set())
        try:
            async with asyncio.timeout(PATIENCE * 2):
                await ready.wait()
                async with browser(show.server.url, environment) as page:
                    return await _record(show, page, real, question)
        finally:
            os.environ.pop(VARIABLE)
            show.over.set()
            await running


def _furnish(real: RealObs, show: Show) -> None:
    """``banban obs setup``, and in the place of the browser source, which this OBS lacks, the display."""
    with ObsClient(show.settings.stage.obs, PASSWORD) as client:
        set_up(client, show.settings.stage.obs, show.server.url)
    display = {"inputName": "Display", "inputKind": "xshm_input", "inputSettings": {"show_cursor": False}}
    real.ask("CreateInput", sceneName="Banban", **display)
    sink = {"inputKind": "pulse_output_capture", "inputSettings": {"device_id": "nowhere.monitor"}}
    real.ask("CreateInput", sceneName="Banban", inputName="Her sound", **sink)


async def _record(show: Show, page: Page, real: RealObs, question: ChatMessage) -> Evening:
    evening = Evening(Path())
    sounds: list[bytes] = []

    def hear(cue: Cue) -> None:
        if isinstance(cue, ClipSound):
            sounds.append(cue.pcm)

    show.stage.watch(hear, "the test")
    evening.scenes.append(real.scene())
    moderator = Author("1", "mod", frozenset({Role.BROADCASTER}))
    show.receive(ChatMessage("c1", "twitch", "banban", moderator, "!scene Banban"))
    await _until(lambda: real.scene() == "Banban")
    evening.scenes.append(real.scene())
    await asyncio.to_thread(real.ask, "StartRecord")
    show.receive(question)
    async with asyncio.timeout(PATIENCE):  # the page's policy forbids what Playwright waits with
        while not evening.boxes:
            await asyncio.sleep(0.05)
            evening.boxes = await page.evaluate(_SPEAKING, question.author.name)
    evening.page = await page.screenshot()
    evening.frame = await _frame(show)
    show.receive(ChatMessage("c2", "twitch", "banban", moderator, "!pause"))  # chat would go on
    await show.stage.quiet()
    await asyncio.sleep(0.5)  # what is on its way through the sound server
    stopped = await asyncio.to_thread(real.ask, "StopRecord")
    evening.recording = Path(stopped["outputPath"])
    evening.voice = b"".join(sounds)
    await _until(lambda: not real.ask("GetRecordStatus")["outputActive"])
    return evening


async def _frame(show: Show) -> bytes:
    """What a moderator's program is given of it."""
    address, _, token = show.server.control_address(Access.MODERATOR).partition("control#token=")
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{address}api/v1/frame", headers=headers) as answer,
    ):
        assert answer.status == 200
        return await answer.read()


_SPEAKING = """(name) => {
  const spans = [...document.querySelectorAll("#words span:not(.coming)")];
  const heard = spans.filter((span) => !span.children.length);
  const speaking = document.getElementById("name").textContent.includes(name)
    && !document.getElementById("caption").hidden
    && heard.map((span) => span.textContent).join("").length >= 30;
  return Object.fromEntries((speaking ? ["face", "caption"] : []).map((id) => {
    const box = document.getElementById(id).getBoundingClientRect();
    return [id, [box.left, box.top, box.right, box.bottom].map(Math.round)];
  }));
}"""
"""Where her face and her captions are while she answers them of this name, else nothing."""


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


# What is in a recording.


def pictures(recording: Path) -> Iterator[Pixels]:
    """Its pictures, one after another, as rows of red, green and blue."""
    command = ["ffmpeg", "-v", "error", "-i", str(recording), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        while len(data := reader.stdout.read(SIZE[0] * SIZE[1] * 3)) == SIZE[0] * SIZE[1] * 3:
            yield np.frombuffer(data, np.uint8).reshape(SIZE[1], SIZE[0], 3)


def samples(recording: Path) -> Samples:
    """Its sound, mono, at ``sound.RATE``."""
    command = ["ffmpeg", "-v", "error", "-i", str(recording), "-vn", "-f", "s16le", "-ac", "1"]
    command += ["-ar", str(sound.RATE), "-"]
    return sound.from_pcm(subprocess.run(command, capture_output=True, check=True).stdout)


def pixels(picture: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def likeness(sought: Samples, heard: Samples) -> float:
    """How like the sound ``sought`` the likest place of ``heard`` is: 1 the same, 0 nothing in common."""
    size = 1 << (len(sought) + len(heard) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sought, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(np.square(heard, dtype=np.float64))])
    count = len(heard) - len(sought) + 1
    there = np.sqrt(np.maximum(energy[len(sought) :][:count] - energy[:count], 1e-9))
    return float(np.max(product[:count] / there) / max(float(np.linalg.norm(sought)), 1e-9))
