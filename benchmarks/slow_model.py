"""Whether a model of 4 to 5 tokens a second leaves gaps in her speech, in simulated time.

A scripted model writes replies of many sentences: English with 4 letters to a token, Chinese with one. The
voice says 15 letters a second, or 5 Chinese ones, and needs 0.3 of that time. Each line: when she began, how
long she spoke, and the longest silence between two pieces of one reply; the first reply is told apart, before
the model's speed was known. Beside it the longest silence with pieces as a fast model has them.

    python -m benchmarks.slow_model
"""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import dataclass
from itertools import pairwise
from unittest.mock import patch

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue
from vtuber.voice.pace import Delivery

NATURAL = 0.6
"""Seconds of silence between two pieces that sound like a pause."""
ROUNDS = 4

ENGLISH = (
    "Oh, you came back! I was not waiting at all, I only looked at the door a few times. "
    "Today I learned that pineapples take two years to grow, far longer than it takes me to eat one. "
    "So be patient with your dreams. Mine is a pizza as large as a swimming pool, and nobody else may swim. "
    "Do you think that anybody sells such ovens? I would like to know soon, because I am hungry again."
)
CHINESE = (
    "欸，你終於來了！我才沒有在等你，我只是看了門口十二次而已。今天我學到一件事，鳳梨要兩年才會長大，"
    "比我吃掉它的時間久很多很多。所以大家要對自己的夢想有耐心，我的夢想是一個跟游泳池一樣大的披薩，"
    "而且只有我可以在裡面游泳。你們覺得有人在賣這麼大的烤箱嗎？我現在又餓了，想吃臭豆腐跟珍珠奶茶。"
)


class Probe:
    """A screen that knows when each piece is heard."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.reset()

    def reset(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self.texts: list[str] = []

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        if isinstance(cue, ClipSound):
            self.spans.append((cue.at, cue.at + sound.seconds(cue.pcm)))
        elif isinstance(cue, ClipBegins):
            self.texts.append(cue.sentence.text)

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.probe", State.OK, "listening")


@dataclass(frozen=True, slots=True)
class Heard:
    """One reply. Seconds, from the question on."""

    began: float
    ended: float
    longest_gap: float
    pieces: tuple[str, ...]


async def _answers(rounds: int) -> list[Heard]:
    settings = Settings.model_validate(
        {
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"enabled": False},
        }
    )
    probe = Probe()
    show = Show(settings, seed=1, listeners=[], screens=[probe])
    ready, heard = asyncio.Event(), []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        for number in range(rounds):
            asked = now()
            probe.reset()
            author = Author(str(number), str(number))
            show.receive(ChatMessage(str(number), "test", "test", author, f"{number}?"))
            while show.performer.busy or len(show.inbox) or not probe.spans:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.1)
            gaps = (later[0] - earlier[1] for earlier, later in pairwise(probe.spans))
            began, ended = probe.spans[0][0] - asked, probe.spans[-1][1] - asked
            heard.append(Heard(began, ended, max(gaps, default=0.0), tuple(probe.texts)))
        show.over.set()
    return heard


def measure(reply: str, *, tokens: float, letters: int, rounds: int = ROUNDS) -> list[Heard]:
    """Some replies of a model that writes so many tokens a second, of so many letters each."""
    speed = 15.0 if reply.isascii() else 5.0
    with (
        patch.multiple(ScriptedBrain, reply=reply, rate=tokens, size=letters, first=1.0),
        patch.multiple(ScriptedVoice, factor=0.3, letters_a_second=speed),
        asyncio.Runner(loop_factory=SimulatedLoop) as runner,
    ):
        return runner.run(_answers(rounds))


def main() -> None:
    """Prints the figures."""
    logging.disable()
    for tokens in (4.0, 4.5, 5.0):
        for name, reply, letters in (("English", ENGLISH, 4), ("Chinese", CHINESE, 1)):
            heard = measure(reply, tokens=tokens, letters=letters)
            with patch.multiple(Delivery, may_begin=True, room=1000.0, seconds=20.0):
                unpaced = max(each.longest_gap for each in measure(reply, tokens=tokens, letters=letters))
            for label, replies in (("first", heard[:1]), ("later", heard[1:])):
                began, ended = replies[-1].began, replies[-1].ended
                gap = max(each.longest_gap for each in replies)
                sys.stdout.write(
                    f"{tokens} tokens a second, {name}, {label:5}: {began:.2f} s to {ended:5.2f} s, "
                    f"longest gap {gap:.2f} s (aim {NATURAL}; unpaced {unpaced:.2f})\n"
                )


if __name__ == "__main__":
    main()
