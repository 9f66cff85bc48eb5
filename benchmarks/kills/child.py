"""The show that is given paid messages, in a process of its own: ``play``."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber import brain, pending, voice
from vtuber.brain import Prompt
from vtuber.brain.llama import keeper
from vtuber.config import Settings
from vtuber.core import clock, codec, sound
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff, Budget
from vtuber.core.events import Event
from vtuber.core.health import Health, State
from vtuber.record.facts import ChatReceived, Fact, TurnBegan, TurnEnded
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue

_ASKED = re.compile(r"(?P<paid>\[paid [^\]]*\] )?question (?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Scene:
    """What the show is made of."""

    letters: float = 150.0
    """A second: where she speaks quickly, many replies are cut by few kills."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By section, beside those that all shows have."""
    environment: Mapping[str, str] = field(default_factory=dict)


def answer_to(number: str) -> str:
    """What the scripted brain says of a question."""
    return f"Pizza {number} is good."


def thanks_for(number: str) -> str:
    """What it says before that, where something was paid."""
    return f"Thank you {number}!"


class Thanking(ScriptedBrain):
    """Thanks whoever paid, and answers every question of its prompt."""

    first, rate, size = 0.01, 2000.0, 40

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        text = ""
        for asked in _ASKED.finditer(prompt.lines[-1].text):
            number = asked["number"]
            text += f"{thanks_for(number)} " if asked["paid"] else ""
            text += f"{answer_to(number)} "
        await asyncio.sleep(self.first)
        for begin in range(len(prompt.reply_so_far), len(text), self.size):
            await asyncio.sleep(1 / self.rate)
            yield text[begin : begin + self.size]


class Quick(ScriptedVoice):
    """As quick as the scene wants it."""


class Wire:
    """The child's two lines to the parent: the platform that it reads, and the page that it shows."""

    def __init__(self, port: int) -> None:
        self.availability = Availability(ready=True)
        self._port = port
        self._page = socket.create_connection(("127.0.0.1", port))
        self._sentences: dict[int, dict[str, Any]] = {}
        self._asked: dict[int, list[str]] = {}
        """The ids of the messages that a turn answers."""

    def send(self, **fields: Any) -> None:
        """At once: what is sent outlives the process."""
        self._page.sendall(json.dumps(fields).encode() + b"\n")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("chat.wire", State.OK, "listening")

    async def events(self) -> AsyncGenerator[Event, None]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b'{"ready": true}\n')
        while line := await reader.readline():
            yield codec.load(json.loads(line))

    def note(self, fact: Fact) -> None:
        """Acknowledges what the show has taken in, and tells what became of a turn."""
        match fact:
            case ChatReceived():
                self.send(taken=fact.event.id, drop=fact.drop, late=clock.now())
            case TurnBegan():
                self._asked[fact.turn] = [event.id for event in fact.batch.events]
            case TurnEnded():
                self.send(
                    ended=fact.turn,
                    answered=self._asked.pop(fact.turn, []) if fact.answers else [],
                    delays=dict(fact.delays_ms),
                )
            case _:
                pass

    def show(self, cue: Cue) -> None:
        match cue:
            case ClipBegins(sentence=sentence):
                self._sentences[cue.clip] = {
                    "sound": sentence.text,
                    "turn": sentence.turn,
                    "asked": [] if sentence.fallback else self._asked.get(sentence.turn, []),
                }
            case ClipSound() if told := self._sentences.get(cue.clip):
                self.send(**told, clip=cue.clip, at=cue.at, until=cue.at + sound.seconds(cue.pcm))
            case _:
                pass


def settings(folder: Path, scene: Scene) -> Settings:
    """Of a show whose data is in there."""
    sections: dict[str, dict[str, Any]] = {
        "brain": {"use": "thanking"},
        "guard": {"repeats": {"use": False}},
        "voice": {"use": ["quick"]},
        "inbox": {"batch": 2},
        "stage": {"port": 0},
        "memory": {"folder": folder / "memory"},
        "pending": {"folder": folder / "pending"},
        "journal": {"folder": folder / "shows"},
    }
    for name, section in scene.settings.items():
        sections[name] = {**sections.get(name, {}), **section}
    return Settings.model_validate(sections)


def play(port: int, folder: Path, scene: Scene) -> None:
    """One show, until it is killed."""
    logging.disable(logging.CRITICAL)  # what goes wrong is meant to
    os.environ.update(scene.environment)
    brain.PARTS["thanking"] = f"{__name__}:Thanking"
    voice.PARTS["quick"] = f"{__name__}:Quick"
    Quick.letters_a_second = scene.letters
    Backoff.budget = Budget(restarts=10_000)
    keeper._LIVED = 0.0  # noqa: SLF001  # the model, too, is started again at once
    asyncio.run(_show(port, settings(folder, scene)))


async def _show(port: int, chosen: Settings) -> None:
    wire = Wire(port)
    show = Show(chosen, seed=1, listeners=[], pending=pending.build(chosen))
    show.listeners.append(wire)
    show.facts.subscribe(wire.note)
    show.stage.watch(wire.show, "the wire")
    thinks = show.speakers[0].brain.availability
    thinks.watch(lambda: wire.send(thinks=thinks.is_ready))
    await show.run(progress=lambda *_: None, on_air=lambda: wire.send(url=show.server.url))
