"""The web server with pages and panels open while chat is busy: what they take of a core, and who is dropped.

A whole show with a scripted brain and voice is given chat at a steady rate, first with nobody connected, then
with all of them. The pages and panels are in a process of their own and only read.

    python -m benchmarks.server [--pages 50] [--panels 5] [--rate 100] [--seconds 20]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

import benchmarks.scripted
from benchmarks.rates import percentile
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage
from vtuber.show.show import Show
from vtuber.stage import overlay
from vtuber.stage.access import Role

assert benchmarks.scripted  # it registers the scripted parts

WARM_UP = 3.0
"""Seconds before anything is measured."""
TALK = "banban what do you think of the cat on this pizza when we play again LUL 你 喜歡 吃 什麼 今天 好"
WORDS = TALK.split()


async def watch(address: str, token: str, pages: int, panels: int) -> None:
    """The process of those who are connected. Prints a line when all are, and what they got at the end."""
    got, gone = {"page": 0, "panel": 0}, {"page": 0, "panel": 0}
    connected = asyncio.Semaphore(0)

    async def page(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(f"{address}ws", headers={"Origin": address.rstrip("/")}) as socket:
            connected.release()
            async for message in socket:
                got["page"] += len(message.data)
        gone["page"] += 1

    async def panel(session: aiohttp.ClientSession) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{address}api/v1/events", headers=headers) as answer:
            answer.raise_for_status()
            connected.release()
            async for piece in answer.content.iter_any():
                got["panel"] += len(piece)
        gone["panel"] += 1

    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        reading = [asyncio.ensure_future(page(session)) for _ in range(pages)]
        reading += [asyncio.ensure_future(panel(session)) for _ in range(panels)]
        for _ in reading:
            await connected.acquire()
        print("connected", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps({"bytes": got, "dropped": gone}), flush=True)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def talk(show: Show, rate: float, ids: itertools.count[int]) -> None:
    """Chat at a steady rate, until cancelled."""
    loop, began = asyncio.get_running_loop(), None
    for sent in itertools.count():
        began = loop.time() if began is None else began
        await asyncio.sleep(max(0.0, began + sent / rate - loop.time()))
        number = next(ids)
        name = f"viewer{number % 500}"
        text = " ".join(WORDS[(number * 7 + step) % len(WORDS)] for step in range(3 + number % 9))
        show.receive(ChatMessage(f"m{number}", "twitch", "bench", Author(name, name), f"{text} {number}"))


async def measured(show: Show, seconds: float) -> dict[str, float]:
    """What the show's process takes of a core, and how late its loop is."""
    show.metrics.loop_lag.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    late = sorted(show.metrics.loop_lag)
    return {
        "core": round(share, 3),
        "late_p50": round(percentile(late, 0.50), 1),
        "late_p99": round(percentile(late, 0.99), 1),
    }


async def measure(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Both measurements, and what whoever was connected got."""
    overlay.PAGES = max(overlay.PAGES, options.pages)
    settings: dict[str, Any] = {
        "brain": {"use": "scripted"},
        "voice": {"use": ["scripted", "silent"]},
        "memory": {"use": "forgetful"},
        "stage": {"port": 0},
        "journal": {"folder": Path(folder)},
    }
    show, ready, ids = (
        Show(Settings.model_validate(settings), seed=7, listeners=[]),
        asyncio.Event(),
        itertools.count(),
    )
    running = asyncio.create_task(show.run(progress=lambda _share, _words: None, on_air=ready.set))
    await ready.wait()
    talking = asyncio.create_task(talk(show, options.rate, ids))
    await asyncio.sleep(WARM_UP)
    alone = await measured(show, options.seconds)
    address = show.server.url
    token = show.server.control_address(Role.STREAMER).partition("token=")[2]
    watchers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.server", "--watch", address, "--token", token),
        *("--pages", str(options.pages), "--panels", str(options.panels)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert watchers.stdout
    assert watchers.stdin
    try:
        assert (await asyncio.wait_for(watchers.stdout.readline(), 60)).strip() == b"connected"
        await asyncio.sleep(WARM_UP)
        watched = await measured(show, options.seconds)
        watchers.stdin.write(b"\n")
        told = json.loads(await asyncio.wait_for(watchers.stdout.readline(), 30))
    finally:
        if watchers.returncode is None:
            watchers.kill()
        await watchers.wait()
    talking.cancel()
    show.over.set()
    await running
    return {"alone": alone, "watched": watched, **told, "messages": next(ids)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--panels", type=int, default=5)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    parser.add_argument("--token", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if options.watch:
        asyncio.run(watch(options.watch, options.token, options.pages, options.panels))
        return
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(options, folder))
    connected = f"{options.pages} pages and {options.panels} panels"
    print(f"{options.rate:g} messages a second, {options.seconds:g} seconds each:")
    for who, key in (("nobody", "alone"), (connected, "watched")):
        figures = result[key]
        print(
            f"  {who}: {figures['core']:.3f} of a core, the loop {figures['late_p50']} ms late at p50,",
            end=" ",
        )
        print(f"{figures['late_p99']} ms at p99")
    print(f"  sent: {result['bytes']} bytes; dropped: {result['dropped']}")


if __name__ == "__main__":
    main()
