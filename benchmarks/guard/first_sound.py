"""Whether the guard costs anybody a moment: from a message to her first sound, with the guard and without.

Two shows run side by side in one process, each with a model process of its own. Every message goes to both,
one after the other, the guarded one first every second time. The messages are those of a recorded stream, and
as many about her favourite topic, where the guard has most to do.

    python -m benchmarks.guard.first_sound [--messages 40] [--model PATH] [--noise]

With ``--noise`` both are without a guard: what is left of the ratio is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.first_sound import RECORDING, Probe
from vtuber.config import Settings
from vtuber.core.events import ChatMessage
from vtuber.guard import PARTS
from vtuber.listeners.recordings.recording import read
from vtuber.models.store import locate
from vtuber.show.show import Show

AIM = 1.02
"""How many times longer the first sound may take at the median."""
_PATIENCE = 60.0
_REST = 0.5
FAVOURITE = (
    "do you like pineapple on pizza?",
    "pineapple pizza is a crime, admit it",
    "tell me about your secret pizza recipe",
    "why is pineapple pizza sacred?",
    "my friend says pineapple ruins every pizza",
    "what should I put on my pizza tonight?",
    "can pineapple pizza be wrong?",
    "say one bad thing about pineapple pizza",
)


class Side:
    """One of the two shows."""

    def __init__(self, folder: Path, model: str, *, guarded: bool) -> None:
        self._probe = Probe()
        self._ready = asyncio.Event()
        self.show = Show(
            settings(folder, model, guarded=guarded), seed=1, listeners=[], screens=[self._probe]
        )

    async def run(self) -> None:
        await self.show.run(progress=lambda *_: None, on_air=self._ready.set)

    async def until_ready(self) -> None:
        await self._ready.wait()

    async def first_sound(self, message: ChatMessage) -> float | None:
        """Seconds until she is heard; None: she is not. She is silent again when this returns."""
        self._probe.reset()
        began = time.perf_counter()
        self.show.receive(message)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._probe.heard.wait()
        heard = self._probe.at - began if self._probe.heard.is_set() else None
        while self.show.performer.busy:
            self.show.performer.hush(0)
            await asyncio.sleep(0.02)
        await asyncio.sleep(_REST)  # what was said is read once more, beside the other's turn else
        return heard


def settings(folder: Path, model: str, *, guarded: bool) -> Settings:
    sections = {} if guarded else {name: {"use": False} for name in PARTS}
    return Settings.model_validate(
        {
            # Its path given, the embedded model is asked for everything: it has no lines of hers to say.
            "brain": {"use": "llama", "model": model or str(locate(""))},
            "stage": {"port": 0},
            "memory": {"use": "forgetful"},
            "journal": {"folder": str(folder)},
            "guard": sections,
        }
    )


async def measure(chat: Sequence[ChatMessage], model: str, *, noise: bool) -> list[tuple[float, float]]:
    """For each message, if both are heard, the seconds with the guard and without."""
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        sides = Side(Path(one), model, guarded=not noise), Side(Path(other), model, guarded=False)
        async with asyncio.TaskGroup() as tasks:
            for side in sides:
                tasks.create_task(side.run())
                await side.until_ready()
            await asyncio.sleep(1)
            for number, message in enumerate(chat):
                first = number % 2
                heard = {first: await sides[first].first_sound(message)}
                heard[1 - first] = await sides[1 - first].first_sound(message)
                guarded, bare = heard[0], heard[1]
                if guarded is not None and bare is not None:
                    pairs.append((guarded, bare))
                else:
                    pairs.append((0.0, 0.0))
            for side in sides:
                side.show.over.set()
    return pairs


def report(what: str, pairs: Sequence[tuple[float, float]]) -> None:
    heard = [(guarded, bare) for guarded, bare in pairs if bare]
    guarded, bare = (statistics.median(side) for side in zip(*heard, strict=True))
    ratios = [one / other for one, other in heard]
    print(
        f"{what}: {len(heard)} messages, {guarded * 1000:.0f} ms with the guard, {bare * 1000:.0f} ms "
        f"without (medians); ratio of the medians {guarded / bare:.3f}, median of the ratios "
        f"{statistics.median(ratios):.3f} (aim {AIM})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=40, help="of the recording, and as many of the topic")
    parser.add_argument("--model", default="", help="a GGUF; the toy, if none is given")
    parser.add_argument("--noise", action="store_true", help="both shows without a guard")
    arguments = parser.parse_args()
    recorded = [
        event
        for _, event in read(RECORDING).rows
        if isinstance(event, ChatMessage) and any(word.isalpha() for word in event.text.split())
    ]
    count = arguments.messages
    chat = recorded[:: max(1, len(recorded) // count)][:count]
    favourite = [
        replace(message, id=f"favourite-{number}", text=text)
        for number, (message, text) in enumerate(zip(chat, islice(cycle(FAVOURITE), count), strict=True))
    ]
    mixed = [message for pair in zip(chat, favourite, strict=True) for message in pair]
    pairs = asyncio.run(measure(mixed, arguments.model, noise=arguments.noise))
    report("chat", pairs[::2])
    report("her favourite topic", pairs[1::2])
    report("all", pairs)


if __name__ == "__main__":
    main()
