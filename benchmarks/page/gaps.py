"""Gaps as heard in the page, with a voice that is well ahead of speech.

The scripted voice speaks a steady tone for each clip, so that a gap is unambiguous: of every silence that an
ear in a real browser hears within a reply, the silence that the samples themselves have there (the pause
behind a sentence) is taken off. Places are compared by how much tone was heard before them, so no clock is
needed. What is missing of the tone was skipped because it came too late. See ``listening`` for what the ear
can know.

    python -m benchmarks.page.gaps [--replies 100] [--engine today]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from engines import ENGINES

from benchmarks.page.listening import audience, stretches
from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.core import sound
from vtuber.stage.cues import ClipSound, Cue

AIM = 20.0
"""Milliseconds of the longest gap."""
NEAR = round(0.02 * sound.RATE)
"""Samples of tone by which two places may differ that are the same."""

Stretches = Sequence[tuple[int, int]]


@dataclass(slots=True)
class Gaps:
    """Milliseconds."""

    longest: list[float] = field(default_factory=list)
    """The longest gap of each reply."""
    pauses: list[float] = field(default_factory=list)
    """How much longer each pause was heard than the samples have it; below zero: shorter."""
    inside: list[float] = field(default_factory=list)
    """Silences where the samples have none."""
    skipped: list[float] = field(default_factory=list)
    """Tone that was not heard, of each reply."""

    def add(self, heard: Stretches, meant: Stretches) -> None:
        expected, longest = silences(meant), 0.0
        for place, length in silences(heard):
            near = min(expected, key=lambda one: abs(one[0] - place), default=None)
            if near and abs(near[0] - place) <= NEAR:
                longer = _milliseconds(length - near[1])
                self.pauses.append(longer)
            else:
                longer = _milliseconds(length)
                self.inside.append(longer)
            longest = max(longest, longer)
        self.longest.append(longest)
        self.skipped.append(_milliseconds(_tone(meant) - _tone(heard)))


def silences(found: Stretches) -> list[tuple[int, int]]:
    """Each silence between two stretches: how many samples of tone come before it, and its own."""
    result, before = [], 0
    for (begin, end), (following, _) in pairwise(found):
        before += end - begin
        result.append((before, following - end))
    return result


def _tone(found: Stretches) -> int:
    return sum(end - begin for begin, end in found)


def _milliseconds(samples: int) -> float:
    return samples / sound.RATE * 1000


async def measure(replies: int, engine: str, folder: str) -> Gaps:
    ScriptedBrain.reply = "That I like a lot. My cat, who is old, does too! And so we sat there."
    ScriptedBrain.first = 0.05
    ScriptedVoice.letters_a_second = 25.0
    gaps, pcm = Gaps(), bytearray()

    def note(cue: Cue) -> None:
        if isinstance(cue, ClipSound):
            pcm.extend(cue.pcm)

    async with audience(engine, folder) as hall:
        hall.show.stage.watch(note, "gaps")
        for _ in range(replies):
            pcm.clear()
            _, heard = await hall.reply("tell me of the cat")
            gaps.add(heard.stretches, stretches(bytes(pcm)))
    return gaps


def main() -> None:
    """Prints the milliseconds."""
    arguments: Any = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--replies", type=int, default=100)
    arguments.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    given = arguments.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        gaps = asyncio.run(measure(given.replies, given.engine, folder))
    print(f"load {os.getloadavg()[0]:.1f}; {given.engine}", file=sys.stderr)
    sys.stdout.write(
        f"longest gap of a reply: {len(gaps.longest)} replies, "
        f"{percentile(gaps.longest, 0.5):.1f} ms (median), "
        f"{percentile(gaps.longest, 0.95):.1f} ms (p95), {max(gaps.longest):.1f} ms (worst, aim {AIM:.0f})\n"
        f"pauses, against the samples: {len(gaps.pauses)}, {min(gaps.pauses, default=0.0):.2f} "
        f"to {max(gaps.pauses, default=0.0):.2f} ms longer\n"
        f"silences inside the tone: {len(gaps.inside)}, {max(gaps.inside, default=0.0):.1f} ms at most\n"
        f"tone that was skipped: {sum(one > 1 for one in gaps.skipped)} replies, "
        f"{max(gaps.skipped):.1f} ms at most\n"
    )


if __name__ == "__main__":
    main()
