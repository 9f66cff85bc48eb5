"""Captions and mouth against the sound as it is heard in the page.

A voice of syllables, each a tone with a short silence behind it, speaks into a real browser; every word is
one syllable. An ear in the page tells when the first and the last sample of each tone leave the browser; it
is also noted when its word can be read, and when the mouth that is drawn opens and shuts. Below zero: before
the sound. The page is looked at every 4 ms, and a screen shows it with its next frame. See ``listening`` for
what the ear can know.

    python -m benchmarks.page.sync [--replies 30] [--engine today]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from engines import ENGINES

from benchmarks.page.listening import audience
from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain, ScriptedVoice, tone
from vtuber import voice
from vtuber.core import sound
from vtuber.core.events import Sound, Viseme, Word
from vtuber.voice import Utterance

AIM = 50.0
"""Milliseconds of drift, at p95, to either side."""
EACH = 0.36
"""Seconds of a syllable,"""
TONE = 0.22
"""of which so many are a tone."""
NEAR = EACH / 2 * 1000
"""Milliseconds from a tone's edge within which the mouth is looked for."""


class SyllableVoice(ScriptedVoice):
    """A tone for each word, and a silence behind it; made in ``factor`` of its duration."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word | Viseme, None]:  # type: ignore[override]
        words = utterance.text.split()
        await asyncio.sleep(EACH * len(words) * self.factor)
        for index, word in enumerate(words):
            begin = index * EACH
            yield Word(word, begin, begin + TONE)
            yield Viseme("AIUEO"[index % 5], begin, begin + TONE)
            yield Sound(tone(TONE) + bytes(round((EACH - TONE) * sound.RATE) * sound.SAMPLE_BYTES))


voice.PARTS.setdefault("syllables", f"{__name__}:SyllableVoice")


class Drifts:
    """Milliseconds from the sound's edge to what is seen."""

    def __init__(self) -> None:
        self.words: list[float] = []
        self.opens: list[float] = []
        self.shuts: list[float] = []
        self.missed = 0
        """Edges of the sound at which the mouth did nothing."""
        self.unlike = 0
        """Replies in which not as many words were read as tones were heard."""

    def near(self, edges: Sequence[float], seen: Sequence[float]) -> list[float]:
        """For each edge how much later the nearest of what was ``seen`` came."""
        found = [min((one - edge for one in seen), key=abs, default=NEAR) for edge in edges]
        self.missed += sum(abs(drift) >= NEAR for drift in found)
        return [drift for drift in found if abs(drift) < NEAR]


async def measure(replies: int, engine: str, folder: str) -> Drifts:
    ScriptedBrain.reply = "So we all sat by the old oak. And then the sun came out!"
    ScriptedBrain.first = 0.05
    drifts = Drifts()
    async with audience(engine, folder, voice="syllables") as hall:
        for _ in range(replies):
            _, heard = await hall.reply("tell me of the oak")
            begins, ends = ([time for _, time in edges] for edges in (heard.begins, heard.ends))
            if len(heard.read) == len(begins):
                drifts.words += [read - begin for read, begin in zip(heard.read, begins, strict=True)]
            else:
                drifts.unlike += 1
            drifts.opens += drifts.near(begins, heard.opens)
            drifts.shuts += drifts.near(ends, heard.shuts)
    return drifts


def main() -> None:
    """Prints the milliseconds."""
    arguments: Any = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--replies", type=int, default=30)
    arguments.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    given = arguments.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        drifts = asyncio.run(measure(given.replies, given.engine, folder))
    print(f"load {os.getloadavg()[0]:.1f}; {given.engine}", file=sys.stderr)
    for what, taken in (("word", drifts.words), ("opening", drifts.opens), ("shutting", drifts.shuts)):
        if not taken:
            sys.stdout.write(f"{what}: never seen\n")
            continue
        low, middle, high = (percentile(taken, share) for share in (0.05, 0.5, 0.95))
        drift = percentile([abs(one) for one in taken], 0.95)
        sys.stdout.write(
            f"{what}: {len(taken)}, {low:+.1f} ms (p5), {middle:+.1f} (median), {high:+.1f} (p95); "
            f"{drift:.1f} ms to either side at p95, aim {AIM:.0f}\n"
        )
    sys.stdout.write(f"missed by the mouth: {drifts.missed}; replies unlike: {drifts.unlike}\n")


if __name__ == "__main__":
    main()
