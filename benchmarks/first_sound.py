"""From a message's arrival to her first sound, against the bare model and the bare voice on the same work.

Messages of a recorded Twitch stream arrive one at a time while she is idle. For each, in turn and in the same
run: the show's time from arrival to the first sound at the stage, then the floor: llama.cpp in this process
evaluating the same new tokens and decoding as many as the first piece took, and hibari-tts speaking it. (In
the main thread: llama.cpp is slower in others.)

    python -m benchmarks.first_sound [--messages 60]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import aclosing, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import hibari

from benchmarks.rates import percentile
from vtuber.brain.llama.backend import Llama
from vtuber.brain.llama.loading import cores
from vtuber.brain.llama.process import ENVIRONMENT
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.events import ChatMessage
from vtuber.core.health import Health, State
from vtuber.listeners.recordings.recording import read
from vtuber.models.store import locate
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue
from vtuber.voice import Utterance

RECORDING = Path(__file__).parents[1] / "tests" / "data" / "twitch-vod-chat.json"


class Probe:
    """A screen that notes when the first sound came, and of what."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.reset()

    def reset(self) -> None:
        self.heard = asyncio.Event()
        self.at = 0.0
        self.piece = ""

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        if isinstance(cue, ClipBegins) and not self.piece:
            self.piece = cue.sentence.text
        if isinstance(cue, ClipSound) and not self.heard.is_set():
            self.at = time.perf_counter()
            self.heard.set()

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.probe", State.OK, "listening")


class Floor:
    """llama.cpp and hibari-tts alone, doing what a turn had to do."""

    def __init__(self, settings: Settings) -> None:
        os.environ.update({**ENVIRONMENT, **os.environ})  # as the show's own model process has it
        from vtuber.brain.llama.engine import Engine  # noqa: PLC0415  # reads the environment
        from vtuber.brain.llama.sampling import Sampling  # noqa: PLC0415  # the same

        self._sampling = Sampling(settings.brain.temperature, settings.brain.top_p, seed=1)
        self._engine = Engine(
            str(locate(settings.brain.model)),
            gpu_layers=0,
            extra_buffers=True,
            progress=lambda _share: None,
            should_stop=lambda: False,
        )
        self._engine.open(
            settings.brain.context,
            threads=settings.brain.threads or cores(),
            cache_type=settings.brain.cache_type,
            flash_attention=settings.brain.flash_attention,
        )
        self._voice = hibari.Hibari(threads=1)
        self._voice("Hello there, I am warming up.")

    def tokens(self, pieces: list[Any]) -> list[int]:
        tokenizer = self._engine.tokenizer
        found = [tokenizer.tokenize(text, control=kind == "control") for text, kind in pieces]
        return [*tokenizer.begins, *chain.from_iterable(found)]

    def seconds(self, tokens: list[int], new: int, decoded: int, piece: str) -> float:
        """How long evaluating the last ``new`` tokens, decoding ``decoded`` and speaking the piece takes."""
        self._engine.prepare(tokens[:-new])
        began = time.perf_counter()
        self._engine.prepare(tokens)
        for _ in islice(self._engine.generate(self._sampling), decoded):
            pass
        self._voice(piece)
        return time.perf_counter() - began


async def measure(count: int, folder: str) -> list[tuple[float, float]]:
    """For each message the seconds of the show and of the floor."""
    settings = Settings.model_validate(
        {
            # Its path given, the embedded model is asked for everything: it has no lines of hers to say.
            "brain": {"use": "llama", "model": str(locate(""))},
            "stage": {"port": 0},
            "memory": {"use": "forgetful"},
            "journal": {"folder": folder},
        }
    )
    probe, floor = Probe(), Floor(settings)
    show = Show(settings, seed=1, listeners=[], screens=[probe])
    (speaker,) = show.speakers
    asked: list[Any] = []
    begun = ""
    speaking = False
    brain = speaker.brain._members[0].brain  # noqa: SLF001  # the fallback's one and only
    assert isinstance(brain, Llama)
    stream, speak = brain.stream, speaker.voice.speak

    async def spying_stream(prompt: Any) -> Any:
        nonlocal begun, speaking
        begun, speaking = "", False
        asked.append(prompt)
        async with aclosing(stream(prompt)) as texts:
            async for text in texts:
                begun += "" if speaking else text
                yield text

    def spying_speak(utterance: Utterance) -> Any:
        nonlocal speaking
        speaking = True
        return speak(utterance)

    # To see what was asked, and how many tokens the first piece took.
    brain.stream = spying_stream  # type: ignore[method-assign]
    speaker.voice.speak = spying_speak  # type: ignore[method-assign]
    messages = [
        event
        for _, event in read(RECORDING).rows
        if isinstance(event, ChatMessage) and any(word.isalpha() for word in event.text.split())
    ]
    pairs: list[tuple[float, float]] = []

    async def performance() -> None:
        await asyncio.sleep(1)
        step = max(1, len(messages) // count)
        for message in messages[::step][:count]:
            probe.reset()
            arrived = time.perf_counter()
            show.receive(message)
            if not len(show.inbox):  # a command, or the like: nobody answers it
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(30):
                    await probe.heard.wait()
            if not probe.heard.is_set():
                continue
            ours = probe.at - arrived
            while show.performer.busy:
                show.performer.hush(0)
                await asyncio.sleep(0.02)
            pieces = list(brain.template.prompt(asked[-1].lines, asked[-1].names[0]))
            tokens = floor.tokens(pieces)
            usage = brain.usage
            new = max(1, usage.prompt - usage.reused)
            pairs.append(
                (ours, floor.seconds(tokens, new, len(floor.tokens([(begun, "text")])), probe.piece))
            )
        show.over.set()

    running = asyncio.create_task(_after_start(show, performance))
    await running
    return pairs


async def _after_start(show: Show, performance: Any) -> None:
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        await performance()


def main() -> None:
    """Prints the ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=60)
    messages = arguments.parse_args().messages
    with tempfile.TemporaryDirectory() as folder:
        pairs = asyncio.run(measure(messages, folder))
    ratios = sorted(ours / floor for ours, floor in pairs)
    p95 = percentile(ratios, 0.95)
    ours = statistics.median(ours for ours, _ in pairs) * 1000
    floor = statistics.median(floor for _, floor in pairs) * 1000
    sys.stdout.write(
        f"first sound over {len(pairs)} messages: {ours:.0f} ms, the floor {floor:.0f} ms (medians)\n"
        f"ratio: median {statistics.median(ratios):.2f} (aim 1.25), p95 {p95:.2f} (aim 1.60), "
        f"max {ratios[-1]:.2f}\n"
    )


if __name__ == "__main__":
    main()
