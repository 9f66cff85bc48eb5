"""Gaps and pauses in 200 replies to a recorded chat, as the stage's timeline has them.

The whole show in simulated time: a scripted model writes real sentences, the embedded voice really speaks
them, and simulated time passes while it computes as it does on this machine. So nothing waits for the sound
to be heard, and all else is as it is on air. Of each reply: holes between two clips and within one (no sound
is there although there should be); and the pauses that are heard between two clips (the silence at the end of
one, the hole, and the silence at the beginning of the next), by the mark that ends the first.

    python -m benchmarks.voice.gaps [--replies 200]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import numpy as np

from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain
from benchmarks.voice.chain import read
from vtuber import brain, voice
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.clock import now
from vtuber.core.events import Chunk, is_paid
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.recordings.recording import read as recorded
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue
from vtuber.voice import Utterance
from vtuber.voice.embedded.hibari import Hibari
from vtuber.voice.speech import captions

RECORDING = Path(__file__).parents[2] / "tests" / "data" / "twitch-vod-chat.json"
SPEED = 4.0
"""How fast the recording is played: so that somebody always waits."""
AIM = 20.0
"""Milliseconds of a hole."""
MARKS = {"sentence": ".", "clause": ",", "no mark": ""}
"""What ends a clip, by what it is the end of."""


class Writer(ScriptedBrain):
    """Writes replies of one to four lines of speech, 40 tokens a second."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._dice = random.Random(5)
        self._lines = read("say_en")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.reply = " ".join(self._dice.sample(self._lines, self._dice.randint(1, 4)))
        async for text in super().stream(prompt):
            yield text


class TimedHibari(Hibari):
    """Simulated time passes while it computes."""

    computing, sounding = 0.0, 0.0
    """Seconds, in all instances."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        cls = TimedHibari
        async with aclosing(super().speak(utterance)) as items:
            while True:
                began = time.perf_counter()
                item = await anext(items, None)
                taken = time.perf_counter() - began
                cls.computing += taken
                await asyncio.sleep(taken)
                if item is None:
                    return
                cls.sounding += sound.seconds(getattr(item, "pcm", b""))
                yield item


brain.PARTS.setdefault("writer", f"{__name__}:Writer")
voice.PARTS.setdefault("timed", f"{__name__}:TimedHibari")


@dataclass(slots=True)
class Clip:
    turn: int
    text: str
    parts: list[ClipSound] = field(default_factory=list)

    @property
    def begins(self) -> float:
        return self.parts[0].at

    @property
    def ends(self) -> float:
        return self.parts[-1].at + sound.seconds(self.parts[-1].pcm)

    def holes(self) -> list[float]:
        """Seconds between two parts of it."""
        return [later.at - one.at - sound.seconds(one.pcm) for one, later in pairwise(self.parts)]

    def is_whole(self) -> bool:
        """Whether each part says rightly how much comes before it."""
        before = 0.0
        for part in self.parts:
            if abs(part.offset - before) > 0.001:
                return False
            before += sound.seconds(part.pcm)
        return True

    def silence(self, *, at_end: bool) -> float:
        """Seconds of it."""
        samples = sound.from_pcm(b"".join(part.pcm for part in self.parts))
        (loud,) = np.nonzero(np.abs(samples) > 10 ** (sound.QUIET / 20))
        if not len(loud):
            return len(samples) / sound.RATE
        return float(len(samples) - 1 - loud[-1] if at_end else loud[0]) / sound.RATE


class Probe:
    """A screen that keeps the clips of the reply that is sent; those before are measured, and forgotten."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.turns: set[int] = set()
        self.between: list[float] = []
        self.within: list[float] = []
        self.pauses: dict[float, list[float]] = defaultdict(list)  # by how long they are meant to be
        self.wrong_offsets = 0
        self._clips: dict[int, Clip] = {}

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        if isinstance(cue, ClipBegins):
            turn = cue.sentence.turn
            if self._clips and turn not in self.turns:
                self.measure()
            self.turns.add(turn)
            self._clips[cue.clip] = Clip(turn, cue.sentence.text)
        elif isinstance(cue, ClipSound):
            self._clips[cue.clip].parts.append(cue)

    def measure(self) -> None:
        """The clips that there are, which are one reply."""
        clips = [clip for clip in self._clips.values() if clip.parts]
        self._clips = {}
        for clip in clips:
            self.within += clip.holes()
            self.wrong_offsets += not clip.is_whole()
        for one, later in pairwise(clips):
            hole = later.begins - one.ends
            self.between.append(hole)
            heard = one.silence(at_end=True) + hole + later.silence(at_end=False)
            self.pauses[captions.pause(one.text)].append(heard)

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.probe", State.OK, "listening")


async def measure(replies: int) -> Probe:
    """A show that has given so many."""
    settings = Settings.model_validate(
        {
            "brain": {"use": "writer", "model": "any"},
            "guard": {"repeats": {"use": False}},  # it has few sentences
            "voice": {"use": "timed", "cache_megabytes": 0},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"enabled": False},
            "chat": {"console": False},
        }
    )
    probe, ready = Probe(), asyncio.Event()
    show = Show(settings, seed=1, listeners=[], screens=[probe])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        chat = tasks.create_task(_chat(show))
        while len(probe.turns) <= replies:  # noqa: ASYNC110  # looked at from outside
            await asyncio.sleep(1)
        chat.cancel()
        show.over.set()
    return probe


async def _chat(show: Show) -> None:
    """The recorded chat, for ever."""
    rows = recorded(RECORDING).rows
    for number in count():
        begun = now()
        for at, event in rows:
            await asyncio.sleep(begun + at / SPEED - now())
            if not is_paid(event):
                show.receive(replace(event, id=f"{event.id}-{number}"))


def told(name: str, seconds: Sequence[float]) -> str:
    """Milliseconds."""
    if not seconds:
        return f"{name:28} none"
    in_ms = [1000 * each for each in seconds]
    return (
        f"{name:28} median {statistics.median(in_ms):4.0f} ms, p95 {percentile(in_ms, 0.95):4.0f}, "
        f"worst {max(in_ms):4.0f} ({len(in_ms)})"
    )


def main() -> None:
    """Prints the gaps and pauses."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--replies", type=int, default=200)
    given = arguments.parse_args()
    logging.disable()
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        probe = runner.run(measure(given.replies))
    for name, holes in (("holes between clips", probe.between), ("holes within clips", probe.within)):
        late = sum(hole > AIM / 1000 for hole in holes)
        print(f"{told(name, holes)}; {late} over {AIM:g} ms")
    for name, mark in MARKS.items():
        meant = captions.pause(mark)
        print(told(f"pause: {name} ({1000 * meant:.0f} ms meant)", probe.pauses[meant]))
    print(
        f"clips whose parts say wrongly what comes before them: {probe.wrong_offsets}; "
        f"the voice took {TimedHibari.computing / TimedHibari.sounding:.2f} of real time"
    )


if __name__ == "__main__":
    main()
