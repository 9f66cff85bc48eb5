"""From a message's arrival to the first sample that can be heard in the page, beside the stage's own figure.

She is idle; a message comes; the scripted brain and voice answer it. The stage says when the first sample
is to be heard (the parts of a reply's delay, as the journal and the panel have them, end there); an ear in a
real browser says when it was. See ``listening`` for what it can know.

    python -m benchmarks.page.arrival [--replies 60] [--engine today]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
from typing import Any

from engines import ENGINES

from benchmarks.page.listening import audience
from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain


async def measure(replies: int, engine: str, folder: str) -> list[tuple[float, float]]:
    """For each reply the milliseconds by the stage and in the page."""
    ScriptedBrain.reply = "That is a good question, I think."
    dice, found = random.Random(1), list[tuple[float, float]]()
    async with audience(engine, folder) as hall:
        await hall.reply("hello there")  # the first finds everything cold
        while len(found) < replies:
            await asyncio.sleep(dice.uniform(0.2, 0.6))
            ended, heard = await hall.reply("what do you think of the story?")
            if ended.began is None or not heard.begins:
                raise SystemExit("A reply was not heard in the page.")
            arrived = ended.batch.lead.event.at * 1000
            page = heard.begins[0][1] - await hall.clock_difference()
            found.append((ended.began * 1000 - arrived, page - arrived))
    return found


def main() -> None:
    """Prints the milliseconds."""
    arguments: Any = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--replies", type=int, default=60)
    arguments.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    given = arguments.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(given.replies, given.engine, folder))
    print(f"load {os.getloadavg()[0]:.1f}; {len(found)} replies; {given.engine}", file=sys.stderr)
    for what, taken in (
        ("to the first sample, by the stage", [stage for stage, _ in found]),
        ("to the first audible sample, in the page", [page for _, page in found]),
        ("the page's against the stage's", [page - stage for stage, page in found]),
    ):
        sys.stdout.write(
            f"{what}: {percentile(taken, 0.5):.1f} ms (median), {percentile(taken, 0.95):.1f} ms (p95), "
            f"{min(taken):.1f} to {max(taken):.1f} ms\n"
        )


if __name__ == "__main__":
    main()
