"""What the overlay's page costs the machine that streams: processor time of all its browser's processes, as
a share of one core, and how many frames a second it draws.

Without a graphics card, 1280×720, in today's Chromium and in those that OBS carries. Four things go on, one
after another: nothing moves (the show is paused), she is idle, she speaks, and chat writes 20 messages a
second while she is idle. What other programs use meanwhile is not counted, yet it makes ours dearer.

    python -m benchmarks.page.cost [--seconds 8] [--engine today] [--avatar svg|png|vrm|FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
from engines import ENGINES, launched
from pictures import character_in, portrait
from playwright.async_api import Page
from stage_props import ServedOverlay, an_overlay, tone
from vrm_model import model

from vtuber import character as characters
from vtuber.character.face import Face
from vtuber.core import sound
from vtuber.core.events import Chunk, Clip, Sentence, Sound, Viseme, Word
from vtuber.stage.overlay.frames import TextFrame
from vtuber.stage.stage import Stage

ROOT = Path(__file__).parents[2]
SIZE = (1280, 720)
AIMS = {"still": 0.02, "idle": 0.15, "speaking": 0.40}
SETTLES = 3.0
"""Seconds after which what was loaded is drawn and put away."""
SYLLABLE = 0.24
"""Seconds of each."""

Scene = Callable[[ServedOverlay, Stage], Coroutine[None, None, None]]


async def still(_: ServedOverlay, stage: Stage) -> None:
    stage.hold(paused=True, silent_until=0.0)
    await asyncio.Event().wait()


async def idle(_: ServedOverlay, __: Stage) -> None:
    await asyncio.Event().wait()


async def speaking(_: ServedOverlay, stage: Stage) -> None:
    """Syllables without end: the mouth opens and shuts four times a second, in all shapes."""
    turn = 0
    while True:
        turn += 1
        await stage.play(Clip(Sentence(turn, 0, "la " * 24), syllables(24)))


async def syllables(count: int) -> AsyncIterator[Chunk]:
    vowel = np.frombuffer(tone(SYLLABLE), np.int16)
    swell = np.sin(np.linspace(0, math.pi, len(vowel))) ** 2
    pcm = (vowel * swell).astype(np.int16).tobytes()
    for index in range(count):
        start = index * SYLLABLE
        yield Word("la ", start, start + SYLLABLE)
        yield Viseme("AIUEO"[index % 5], start, start + SYLLABLE)
        yield Sound(pcm)
    assert sound.seconds(pcm) > 0


async def busy_chat(overlay: ServedOverlay, _: Stage) -> None:
    """20 messages a second, while she is idle."""
    number = 0
    while True:
        number += 1
        fields = {"platform": "twitch", "name": f"viewer{number % 50}", "role": "viewer"}
        pieces = ["pineapple belongs on pizza " * (1 + number % 3)]
        for page in overlay._pages:  # noqa: SLF001  # as the show will, by its cues
            page.send(TextFrame({"t": "chat", "id": str(number), **fields, "pieces": pieces}))
        await asyncio.sleep(0.05)


SCENES: dict[str, Scene] = {"still": still, "idle": idle, "speaking": speaking, "busy chat": busy_chat}


async def measure(engine: str, avatar: str, seconds: float) -> None:
    async with launched(engine) as browser:
        for name, scene in SCENES.items():
            async with served(avatar) as overlay:
                width, height = SIZE
                context = await browser.new_context(viewport={"width": width, "height": height})
                page = await context.new_page()
                await page.goto(overlay.url)
                stage = Stage([overlay])
                going_on = asyncio.create_task(scene(overlay, stage))
                await asyncio.sleep(SETTLES)
                share, frames = await watch(page, seconds)
                print(row(engine, avatar, name, share, frames), flush=True)
                going_on.cancel()
                await asyncio.wait({going_on})
                await context.close()


async def watch(page: Page, seconds: float) -> tuple[float, float]:
    """Share of a core, and how often a second the page is drawn."""
    drawn = "window.banban.drawn ?? NaN"
    first = await page.evaluate(drawn)
    used, began = spent(), time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    share = (spent() - used) / took
    return share, (await page.evaluate(drawn) - first) / took


def spent() -> float:
    """Seconds of processor time of the browser's processes, by now."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def row(engine: str, avatar: str, name: str, share: float, frames: float) -> str:
    aim = f"aim {AIMS[name]:.2f}" if name in AIMS else ""
    return f"{engine:<8} {avatar:<8} {name:<10} {share:6.3f} of a core  {frames:5.1f} frames/s  {aim}"


def face_of(avatar: str) -> Face:
    """ "svg": the default character's; "png": five large pictures; "vrm": a tiny model; else a folder's."""
    if avatar == "svg":
        return characters.load(str(ROOT / "characters" / "banban")).face
    if avatar not in ("png", "vrm"):
        return characters.load(avatar).face
    with tempfile.TemporaryDirectory() as place:
        folder = character_in(Path(place))
        if avatar == "vrm":
            (folder / "face.vrm").write_bytes(model())
        for variant in ("", "-open", "-blink", "-a", "-o"):
            portrait(folder / f"face{variant}.png", size=(1200, 1300))
        return characters.load(place).face


@asynccontextmanager
async def served(avatar: str) -> AsyncIterator[ServedOverlay]:
    overlay = an_overlay(face_of(avatar))
    await overlay.start()
    try:
        yield overlay
    finally:
        await overlay.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--avatar", action="append")
    options = parser.parse_args()
    for engine in options.engine or ENGINES:
        for avatar in options.avatar or ["svg", "png", "vrm"]:
            asyncio.run(measure(engine, avatar, options.seconds))


if __name__ == "__main__":
    main()
