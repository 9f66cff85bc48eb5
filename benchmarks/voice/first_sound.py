"""How long it is from asking a voice to the first sound behind the router, and how fast the voices are.

Per voice, over lines that it can speak: milliseconds from asking the router to its first sound, beside the
voice alone, turn about in the same run. The online voices are answered by local services whose first sound
comes after 300 ms, and the rest five times as fast as it is heard; for them also how long the sound was under
way, from the service's first bytes on. Then how long the embedded voices need for a second of sound, with one
thread and with two.

    python -m benchmarks.voice.first_sound [--lines 20] [--voices hibari kokoro edge openai]
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.rates import percentile
from benchmarks.voice.bare import language, spoken
from benchmarks.voice.chain import Chain, main, started
from vtuber.core.events import Sound
from vtuber.voice import Utterance
from vtuber.voice.embedded.network import Network

NETWORKS = ("vtuber.voice.embedded.hibari.model.Network", "vtuber.voice.embedded.kokoro.model.Network")


@dataclass(slots=True)
class Times:
    """Milliseconds."""

    routed: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    under_way: list[float] = field(default_factory=list)


async def first_sound(items: AsyncGenerator[object, None]) -> float:
    """When its first sound came, on the clock of ``time.perf_counter``; the rest is heard, too."""
    first = 0.0
    async with aclosing(items) as heard:
        async for item in heard:
            if isinstance(item, Sound) and item.pcm and not first:
                first = time.perf_counter()
    return first


async def measure(chain: Chain, lines: Sequence[str]) -> Times:
    """Each line in both ways."""
    times = Times()
    for line in lines:
        for part, found in ((chain.router, times.routed), (chain.voice, times.alone)):
            asked, offset = time.perf_counter(), time.perf_counter() - asyncio.get_running_loop().time()
            first = await first_sound(part.speak(Utterance(line, language(line))))
            found.append(1000 * (first - asked))
            if chain.pace and part is chain.router:
                times.under_way.append(1000 * (first - offset - chain.pace.first))
    return times


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Networks that are loaded meanwhile use so many."""

    def network(file: Path, **options: Any) -> Network:
        return Network(file, **(options | {"threads": count}))

    with patch(NETWORKS[0], network), patch(NETWORKS[1], network):
        yield


async def factor(chain: Chain, lines: Sequence[str]) -> float:
    """Seconds that the voice needs for a second of sound."""
    sounding = 0.0
    began = time.perf_counter()
    for line in lines:
        sounding += (await spoken(chain.voice, line)).seconds
    return (time.perf_counter() - began) / sounding


async def _report(names: Sequence[str], count: int) -> None:
    for name in names:
        async with started(name) as chain:
            times = await measure(chain, await chain.lines(count))
        ratios = [ours / bare for ours, bare in zip(times.routed, times.alone, strict=True)]
        told = f"; under way {statistics.median(times.under_way):.0f} ms" if times.under_way else ""
        print(
            f"{name:7} first sound: median {statistics.median(times.routed):4.0f} ms, "
            f"p95 {percentile(times.routed, 0.95):4.0f}; the voice alone "
            f"{statistics.median(times.alone):4.0f}; ratio {statistics.median(ratios):.2f}{told} "
            f"({len(ratios)} lines)",
            flush=True,
        )
    for name in ("hibari", "kokoro"):
        if name in names:
            factors = []
            for each in (1, 2):
                with threads(each):
                    async with started(name) as chain:
                        factors.append(await factor(chain, await chain.lines(min(count, 12))))
            print(f"{name:7} real-time factor: {factors[0]:.3f} with one thread, {factors[1]:.3f} with two")


if __name__ == "__main__":
    main(_report, __doc__, lines=20)
