"""Whether anything paid is lost, or anybody thanked twice, when banban or Redis is killed at any moment.

A show in a process of its own, with the real embedded Valkey, a scripted model and a tone for a voice, is
given paid messages over a socket, and killed (SIGKILL) at random moments, also while it starts and while it
goes on from the last time, until all of them were answered; then the next show begins. The platform sends
again what was not acknowledged: what is in no journal and was shown to nobody. What was sent to the pages
counts as heard: they play it to its end.

    python -m benchmarks.kills [--kills 300] [--of banban|redis] [--paid 60] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import redis

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber import pending
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core import clock, codec, sound
from vtuber.core.availability import Availability
from vtuber.core.events import Author, ChatMessage, Event, Money
from vtuber.core.health import Health, State
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.record.facts import ChatReceived, Fact
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue

LETTERS = 150.0
"""A second: she speaks quickly, so that many replies are cut by few kills."""
BETWEEN = 0.12
"""Seconds between two paid messages, at the median."""
LONGEST = 2.5
"""Seconds after a start until a kill, at most."""
PATIENCE = 90.0
"""Seconds in which a show that nobody kills answers everything."""
_ASKED = re.compile(r"(?P<paid>\[paid [^\]]*\] )?question (?P<number>\d+)")


class Thanking(ScriptedBrain):
    """Thanks whoever paid, and answers every question of its prompt."""

    first, rate, size = 0.01, 2000.0, 40

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        text = ""
        for asked in _ASKED.finditer(prompt.lines[-1].text):
            number = asked["number"]
            text += f"{_thanks(number)} " if asked["paid"] else ""
            text += f"{_answer(number)} "
        await asyncio.sleep(self.first)
        for begin in range(len(prompt.reply_so_far), len(text), self.size):
            await asyncio.sleep(1 / self.rate)
            yield text[begin : begin + self.size]


class Quick(ScriptedVoice):
    letters_a_second = LETTERS


class Wire:
    """The child's two lines to the parent: the platform that it reads, and the page that it shows."""

    def __init__(self, port: int) -> None:
        self.availability = Availability(ready=True)
        self._port = port
        self._page = socket.create_connection(("127.0.0.1", port))
        self._sentences: dict[int, str] = {}

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
        """Acknowledges what the show has taken in."""
        if isinstance(fact, ChatReceived):
            self.send(taken=fact.event.id, drop=fact.drop, late=clock.now())

    def show(self, cue: Cue) -> None:
        match cue:
            case ClipBegins():
                self._sentences[cue.clip] = cue.sentence.text
            case ClipSound():
                text = self._sentences.get(cue.clip, "")
                self.send(sound=text, clip=cue.clip, until=cue.at + sound.seconds(cue.pcm))
            case _:
                pass


def settings(folder: Path) -> Settings:
    """Of a show whose data is in there."""
    return Settings.model_validate(
        {
            "brain": {"use": "thanking"},
            "guard": {"repeats": {"use": False}},
            "voice": {"use": ["quick"]},
            "inbox": {"batch": 2},
            "stage": {"port": 0},
            "memory": {"folder": folder / "memory", "recall_seconds": 5},
            "pending": {"folder": folder / "pending"},
            "journal": {"folder": folder / "shows"},
        }
    )


async def child(port: int, folder: Path) -> None:
    """One show, until it is killed."""
    from vtuber import brain, voice  # noqa: PLC0415  # the parent needs neither

    brain.PARTS["thanking"] = f"{__name__}:Thanking"
    voice.PARTS["quick"] = f"{__name__}:Quick"
    chosen = settings(folder)
    wire = Wire(port)
    show = Show(chosen, seed=1, listeners=[], screens=[wire], pending=pending.build(chosen))
    show.listeners.append(wire)
    show.facts.subscribe(wire.note)
    await show.run(progress=lambda *_: None, on_air=lambda: None)


@dataclass
class Toll:
    """What was counted."""

    kills: int = 0
    shows: int = 0
    paid: int = 0
    lost: list[str] = field(default_factory=list)
    thanked_twice: list[str] = field(default_factory=list)
    never_thanked: int = 0
    answered_twice: int = 0
    slowest: float = 0.0
    """Seconds from when a paid message arrived to when it was written down and taken in."""

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.shows} shows, {self.paid} paid messages: {len(self.lost)} lost, "
            f"{len(self.thanked_twice)} thanked twice; {self.never_thanked} answered without a thank-you, "
            f"{self.answered_twice} answered a second time; "
            f"taken in after {1000 * self.slowest:.0f} ms at most"
        )


class Platform:
    """The parent: sends paid messages, hears what comes of them, and kills."""

    def __init__(self, folder: Path, paid: int, dice: random.Random) -> None:
        self.folder = folder
        self.dice = dice
        self.waiting = [_message(number) for number in range(paid)]
        """What was not acknowledged, in the order in which it is sent."""
        self.taken: set[str] = set()
        self.heard: dict[tuple[int, int], tuple[str, float]] = {}
        """Sentences, by process and clip, and when they are over, on this machine's clock."""
        self.sent_at: dict[str, float] = {}
        self.slowest = 0.0
        self._lines = 0
        self._up = asyncio.Event()
        self._open = 0
        """How many lines of the show are open."""
        self._gone = asyncio.Event()

    async def run(self, kills: int, of: str) -> int:
        """One show after the other, until everything was answered. How many kills there were."""
        done = 0
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            while True:
                self._up.clear()
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "benchmarks.kills", "--child", str(port), str(self.folder)
                )
                try:
                    if of == "redis":
                        done += await self._kill_redis(kills)
                        break
                    if done >= kills:
                        await self._until_answered()
                        break
                    done += await self._kill(process)
                finally:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
                    await self._until_read()
                if self.is_answered:
                    break
        return done

    async def _kill(self, process: asyncio.subprocess.Process) -> int:
        if self.dice.random() < 0.9:  # else at any moment of its start
            async with asyncio.timeout(30):
                await self._up.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.dice.uniform(0, LONGEST)):
                while not self.is_answered:  # noqa: ASYNC110  # it becomes so as time goes by
                    await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        return 1

    async def _kill_redis(self, kills: int) -> int:
        async with asyncio.timeout(30):
            await self._up.wait()
        done = 0
        while not self.is_answered and done < kills:
            await asyncio.sleep(self.dice.uniform(0.05, 1.5))
            done += kill_valkey(self.folder / "memory")
        await self._until_answered()
        return done

    async def _until_read(self) -> None:
        """What the show had sent before it was killed is read to its end."""
        while self._open:
            self._gone.clear()
            await self._gone.wait()

    async def _until_answered(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self.is_answered:  # noqa: ASYNC110  # it becomes so as time goes by
                    await asyncio.sleep(0.02)

    @property
    def is_answered(self) -> bool:
        """Whether every answer has been heard, by now."""
        now = time.monotonic()
        said = {text for text, until in self.heard.values() if until <= now}
        return not self.waiting and all(_answer(number) in said for number in self.sent_at)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines += 1
        self._open += 1
        number, sending = self._lines, None
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                fields = json.loads(line)
                if "ready" in fields:
                    self._up.set()
                    sending = asyncio.create_task(self._send(writer))
                elif "taken" in fields:
                    self._take(fields["taken"], fields["late"])
                elif "sound" in fields:
                    self.heard[number, fields["clip"]] = fields["sound"], fields["until"]
        except ConnectionError:
            pass  # killed
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._open -= 1
            self._gone.set()

    def _take(self, identity: str, at: float) -> None:
        if identity not in self.taken and identity in self.sent_at:
            self.slowest = max(self.slowest, at - self.sent_at[identity])
        self.taken.add(identity)
        self.waiting = [message for message in self.waiting if message.id not in self.taken]

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        for message in list(self.waiting):
            await asyncio.sleep(self.dice.expovariate(1 / BETWEEN))
            self.sent_at[message.id] = time.monotonic()
            writer.write(json.dumps(codec.dump(message)).encode() + b"\n")
            with suppress(ConnectionError):
                await writer.drain()


def _message(number: int) -> ChatMessage:
    author = Author(f"id-{number}", f"viewer{number}")
    money = Money(Decimal(5), "USD")
    return ChatMessage(str(number), "twitch", "banban", author, f"question {number}", money=money)


def _answer(number: str) -> str:
    return f"Pizza {number} is good."


def _thanks(number: str) -> str:
    return f"Thank you {number}!"


def kill_valkey(folder: Path) -> int:
    """Kills the server of that folder. Returns 1, or 0 where none was there."""
    with suppress(redis.RedisError, OSError):
        address = str(EmbeddedValkey(folder).address)
        with redis.Redis(unix_socket_path=address, socket_timeout=1) as client:
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
        return 1
    return 0


async def measure(kills: int, *, of: str, paid: int, seed: int) -> Toll:
    """Shows with so many paid messages each, until there were so many kills."""
    toll, dice = Toll(), random.Random(seed)
    while toll.kills < kills:
        with tempfile.TemporaryDirectory() as folder:
            platform = Platform(Path(folder), paid, dice)
            try:
                toll.kills += await platform.run(kills - toll.kills, of)
            finally:
                EmbeddedValkey(Path(folder) / "memory").leave("")
            _count(toll, platform)
        sys.stdout.write(f"{toll}\n")
        sys.stdout.flush()
    return toll


def _count(toll: Toll, platform: Platform) -> None:
    said = Counter(text for text, _ in platform.heard.values())
    toll.shows += 1
    toll.paid += len(platform.sent_at)
    toll.slowest = max(toll.slowest, platform.slowest)
    for number in platform.sent_at:
        answers, thanks = said[_answer(number)], said[_thanks(number)]
        toll.lost += [] if answers else [number]
        toll.thanked_twice += [number] if thanks > 1 else []
        toll.never_thanked += not thanks
        toll.answered_twice += answers > 1


def main() -> None:
    """Prints the toll after each show; exits with 1 when something was lost, or somebody thanked twice."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--of", choices=("banban", "redis"), default="banban")
    options.add_argument("--paid", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--child", nargs=2, metavar=("PORT", "FOLDER"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        asyncio.run(child(int(chosen.child[0]), Path(chosen.child[1])))
        return
    toll = asyncio.run(measure(chosen.kills, of=chosen.of, paid=chosen.paid, seed=chosen.seed))
    if toll.lost or toll.thanked_twice:
        sys.exit(f"lost: {toll.lost}, thanked twice: {toll.thanked_twice}")


if __name__ == "__main__":
    main()
