"""How long something still works for a sentence whose making was cancelled, voice by voice.

The router speaks a long sentence; at a random moment whoever listens cancels, as a hush does. Milliseconds
until no thread computes, no request is being answered, and all tasks of it have ended. The whole show's
hush, model and screens included, is measured by ``benchmarks.hush``.

    python -m benchmarks.voice.hush [--times 60] [--voices hibari kokoro edge openai]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import Any
from unittest.mock import patch

import psutil

from benchmarks.rates import percentile
from benchmarks.voice.bare import language
from benchmarks.voice.chain import Chain, main, read, started
from vtuber.voice import Utterance

AIM = 100.0
"""Milliseconds, at p99."""
SENTENCES = 4
"""How many lines she speaks in one go: several seconds of work for any voice."""
LONGEST = 3.0
"""Seconds within which she is hushed, and before all of it is made."""


class CountedThreads(ThreadPoolExecutor):
    """Knows how many jobs are being done, in all instances."""

    working = 0

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        def counted() -> Any:
            CountedThreads.working += 1
            try:
                return work(*args, **options)
            finally:
                CountedThreads.working -= 1

        return super().submit(counted)


async def _listen(chain: Chain, text: str) -> None:
    async with aclosing(chain.router.speak(Utterance(text, language(text)))) as items:
        async for _ in items:
            await asyncio.sleep(0)


async def measure(chain: Chain, times: int, dice: random.Random) -> tuple[list[float], list[int]]:
    """Milliseconds for each, and the processes, threads and tasks more than before all of it."""
    texts = [" ".join(dice.sample(read("say_en"), SENTENCES)) for _ in range(2)]
    if chain.name != "hibari":
        texts[0] = "".join(dice.sample(read("say_zh"), SENTENCES))
    await chain.prepare([*texts, read("say_en")[0]])
    await _listen(chain, read("say_en")[0])
    whole = {}
    for text in texts:
        began = time.perf_counter()
        await _listen(chain, text)
        whole[text] = min(LONGEST, time.perf_counter() - began)
    before, taken = _counts(), list[float]()
    while len(taken) < times:
        text = dice.choice(texts)
        making = asyncio.create_task(_listen(chain, text))
        await asyncio.sleep(dice.uniform(0.005, whole[text]))
        if making.done():
            continue  # it was quicker
        hushed = time.perf_counter()
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making
        while CountedThreads.working or chain.requests:  # noqa: ASYNC110  # looked at from outside
            await asyncio.sleep(0.001)
        taken.append(1000 * (time.perf_counter() - hushed))
    await asyncio.sleep(0.2)
    return taken, [after - was for after, was in zip(_counts(), before, strict=True)]


def _counts() -> tuple[int, int, int]:
    process = psutil.Process()
    return len(process.children(recursive=True)), process.num_threads(), len(asyncio.all_tasks())


async def _report(names: Sequence[str], times: int) -> None:
    for name in names:
        with patch("vtuber.voice.embedded.network.ThreadPoolExecutor", CountedThreads):
            async with started(name) as chain:
                taken, more = await measure(chain, times, random.Random(1))
        print(
            f"{name:7} {len(taken)} hushes: median {statistics.median(taken):.1f} ms, "
            f"p99 {percentile(taken, 0.99):.1f} (aim {AIM:g}), worst {max(taken):.1f}; left behind: "
            f"{more[0]} processes, {more[1]} threads, {more[2]} tasks",
            flush=True,
        )


if __name__ == "__main__":
    main(_report, __doc__, times=60)
