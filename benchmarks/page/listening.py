"""A whole show with scripted parts, a real browser that shows its page, and an ear in that page.

The ear is an AudioWorklet behind the page's own mixer (``window.banban.tap``). It tells which samples are
loud enough to be heard, and the browser when each leaves it; what the sound system behind the browser adds is
not known here, nor a hole that it makes because the machine is too busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from engines import launched
from playwright.async_api import Page

import benchmarks.scripted
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage
from vtuber.record.facts import Fact, TurnEnded
from vtuber.show.show import Show

AUDIBLE = 0.001
"""Of full scale: -60 dB. The scripted tones have 0.2."""
HOLD = 48
"""Samples (2 ms) that a silence lasts at least: a tone, too, crosses zero."""
LONGEST_REPLY = 30.0

assert benchmarks.scripted  # it registers the scripted parts

EAR = """async ([AUDIBLE, HOLD]) => {
    const code = `registerProcessor("ear", class extends AudioWorkletProcessor {
        isLoud = false;
        last = -1;
        process([[samples]]) {
            const before = this.last;
            for (let index = 0; index < (samples?.length ?? 128); index += 1) {
                const at = currentFrame + index;
                if (Math.abs(samples?.[index] ?? 0) > ${AUDIBLE}) {
                    if (!this.isLoud) this.port.postMessage({ begin: at });
                    this.isLoud = true;
                    this.last = at;
                } else if (this.isLoud && at - this.last > ${HOLD}) {
                    this.isLoud = false;
                    this.port.postMessage({ end: this.last + 1 });
                }
            }
            if (this.last !== before) this.port.postMessage({ last: this.last });
            return true;
        }
    })`;
    const tap = window.banban.tap();
    const file = new Blob([code], { type: "text/javascript" });
    await tap.context.audioWorklet.addModule(URL.createObjectURL(file));
    const ear = new AudioWorkletNode(tap.context, "ear");
    tap.connect(ear).connect(tap.context.destination);
    const heard = (window.heard = { last: -1, words: -1, mouth: -1,
        begins: [], ends: [], read: [], opens: [], shuts: [] });
    const moment = (frame) => {
        const { contextTime, performanceTime } = tap.context.getOutputTimestamp();
        return performanceTime + (frame / tap.context.sampleRate - contextTime) * 1000;
    };
    ear.port.onmessage = ({ data: { begin, end, last } }) => {
        if (begin !== undefined) heard.begins.push([begin, moment(begin)]);
        if (end !== undefined) heard.ends.push([end, moment(end)]);
        if (last !== undefined) heard.last = moment(last);
    };
    let [count, wasOpen] = [0, false];
    const look = () => {
        const now = performance.now();
        const words = window.banban.caption.trim();
        if (words !== "") heard.words = now;
        const read = words === "" ? 0 : words.split(" ").length;
        for (; count < read; count += 1) heard.read.push(now);
        count = read;
        if (window.banban.mouth > 0.02) heard.mouth = now;
        const { mouth } = window.banban.pose;
        const isOpen = mouth !== undefined && mouth !== "closed";
        if (isOpen !== wasOpen) (isOpen ? heard.opens : heard.shuts).push(now);
        wasOpen = isOpen;
    };
    setInterval(look, 4);
}"""
"""Notes in ``window.heard``, in milliseconds of the page's clock: when the ``last`` audible sample leaves the
browser; where each audible stretch begins and ends (``begins``, ``ends``: sample and time); when a caption or
an open mouth was last seen (``words``, ``mouth``); when each word could be read; and when the mouth that is
drawn opens and shuts. The page is looked at every few milliseconds."""

TAKE = """() => {
    const { heard } = window;
    const taken = { ...heard };
    for (const name of ["begins", "ends", "read", "opens", "shuts"]) heard[name] = [];
    return taken;
}"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard and seen since it was last asked for. Milliseconds on the page's clock."""

    begins: list[tuple[int, float]]
    """The first sample of each audible stretch, and when it left the browser."""
    ends: list[tuple[int, float]]
    """The sample behind the last of each, likewise."""
    read: list[float]
    """When each word could be read."""
    opens: list[float]
    """When the mouth that is drawn opened, and shut."""
    shuts: list[float]

    @property
    def stretches(self) -> list[tuple[int, int]]:
        return [(begin, end) for (begin, _), (end, _) in zip(self.begins, self.ends, strict=True)]


class Audience:
    """Writes to the show, and watches and hears its page."""

    def __init__(self, show: Show, page: Page) -> None:
        self.show = show
        self.page = page
        self._ended: asyncio.Queue[TurnEnded] = asyncio.Queue(1000)
        self._asked = 0
        show.facts.subscribe(self._note)

    def _note(self, fact: Fact) -> None:
        if isinstance(fact, TurnEnded) and fact.answers:
            self._ended.put_nowait(fact)

    async def reply(self, text: str) -> tuple[TurnEnded, Heard]:
        """Writes ``text`` while she is idle, and hears the reply to its end. Raises TimeoutError."""
        await self.page.evaluate(TAKE)
        self._asked += 1
        self.show.receive(message(f"q{self._asked}", f"{text} (number {self._asked})"))
        async with asyncio.timeout(LONGEST_REPLY):
            ended = await self._ended.get()
        await asyncio.sleep(0.3)  # what is late is still heard
        taken = await self.page.evaluate(TAKE)
        return ended, Heard(**{name: taken[name] for name in Heard.__slots__})

    async def clock_difference(self) -> float:
        """Milliseconds from the show's clock to the page's, by the quickest of some questions."""
        best, difference = float("inf"), 0.0
        for _ in range(50):
            before = now() * 1000
            theirs = float(await self.page.evaluate("performance.now()"))
            after = now() * 1000
            if after - before < best:
                best, difference = after - before, theirs - (before + after) / 2
        return difference


@asynccontextmanager
async def audience(engine: str, folder: str, *, voice: str = "scripted") -> AsyncIterator[Audience]:
    """The show runs and a page is open while the body runs; its journal goes to ``folder``."""
    settings = Settings.model_validate(
        {
            "brain": {"use": "scripted"},
            "voice": {"use": [voice]},
            "memory": {"use": "forgetful"},
            "guard": {"repeats": {"use": False}},
            "stage": {"port": 0},
            "journal": {"folder": folder},
            "gate": {"hush_seconds": 0},
        }
    )
    show, ready = Show(settings, seed=1, listeners=[]), asyncio.Event()
    running = asyncio.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
    try:
        async with asyncio.timeout(60):
            await ready.wait()
        async with launched(engine) as browser:
            context = await browser.new_context(bypass_csp=True)
            page = await context.new_page()
            await page.goto(show.server.url)
            await page.wait_for_function("window.banban?.connections === 1 && window.banban.audible")
            await page.evaluate(EAR, [AUDIBLE, HOLD])
            yield Audience(show, page)
    finally:
        show.over.set()
        await running


def message(number: str, text: str) -> ChatMessage:
    return ChatMessage(number, "test", "test", Author(number, f"viewer{number}"), text)


def stretches(pcm: bytes) -> list[tuple[int, int]]:
    """The audible stretches of 16-bit samples, as the ear finds them: first sample, and the one behind."""
    loud = np.flatnonzero(np.abs(sound.from_pcm(pcm)) > AUDIBLE)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > HOLD)
    begins, ends = loud[np.append(0, breaks + 1)], loud[np.append(breaks, len(loud) - 1)] + 1
    return [(int(begin), int(end)) for begin, end in zip(begins, ends, strict=True)]
