"""The parent of a show: sends it paid messages, hears what comes of them, and kills."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.kills.child import answer_to, play
from benchmarks.kills.victims import Stage, Victim
from vtuber.core import codec
from vtuber.core.events import Author, ChatMessage, Money

BETWEEN = 0.12
"""Seconds between two paid messages, at the median."""
LONGEST = 2.5
"""Seconds after a start until a kill of the show itself, at most."""
START = 300.0
"""Seconds that a start may take: the machine may be busy."""
PATIENCE = 300.0
"""Seconds in which a show that nobody kills answers everything."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["benchmarks.kills.child", "vtuber.show.show"]
)  # else most of the time goes there


@dataclass(slots=True)
class Sentence:
    """What was heard of one, on this machine's clock."""

    text: str
    turn: int
    asked: list[str]
    """The ids of what it answers; none for a fallback line."""
    at: float
    until: float


class Platform:
    """One show after the other, on the same data, until everything was answered."""

    def __init__(self, folder: Path, paid: int, dice: random.Random, victim: Victim | None) -> None:
        """Without a victim it is the show itself that is killed."""
        self.folder = folder
        self.dice = dice
        self.victim = victim
        self.waiting = [_message(number) for number in range(paid)]
        """What was not acknowledged, in the order in which it is sent."""
        self.taken: set[str] = set()
        self.heard: dict[tuple[int, int], Sentence] = {}
        """By process and clip."""
        self.answered: set[str] = set()
        """The ids of messages whose turn ended with an answer."""
        self.delays: dict[str, list[float]] = {}
        """Milliseconds of each turn, by part."""
        self.sent: set[str] = set()
        """The ids of all that was ever sent."""
        self.taken_in: list[float] = []
        """Seconds from when a message was sent to when it was written down and taken in, by the same show."""
        self._sent_at: dict[str, float] = {}
        """Of what was sent to the show that runs."""
        self._lines = 0
        self._up = asyncio.Event()
        self._url = ""
        self._on_air = asyncio.Event()
        self._thinks = asyncio.Event()
        """Set when its model is there again."""
        self._open = 0
        """How many lines of the show are open."""
        self._gone = asyncio.Event()

    async def run(self, kills: int) -> int:
        """How many kills there were."""
        done = 0
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        scene = self.victim.scene if self.victim else Victim.scene
        async with server:
            while True:
                self._begin()
                process = _FORKS.Process(target=play, args=(port, self.folder, scene), daemon=True)
                process.start()
                try:
                    if self.victim is not None:
                        done = await self._kill_beside(process, self.victim, kills)
                        break
                    if done >= kills:
                        await self._until_answered()
                        break
                    done += await self._kill(process)
                finally:
                    process.kill()
                    await asyncio.to_thread(process.join)
                    await self._until_read()
                if self.is_answered:
                    break
        return done

    def _begin(self) -> None:
        """Another show. What it takes in may have been sent to the one before, which had written it down."""
        self._up.clear()
        self._on_air.clear()
        self._sent_at.clear()

    async def _kill(self, process: BaseProcess) -> int:
        if self.dice.random() < 0.9:  # else at any moment of its start
            async with asyncio.timeout(START):
                await self._up.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.dice.uniform(0, LONGEST)):
                while not self.is_answered:  # noqa: ASYNC110  # it becomes so as time goes by
                    await asyncio.sleep(0.005)
        process.kill()
        return 1

    async def _kill_beside(self, process: BaseProcess, victim: Victim, kills: int) -> int:
        """The show goes on while its victim is killed."""
        async with asyncio.timeout(START):
            await self._on_air.wait()
        done = 0
        stage = Stage(
            process.pid or 0,
            self._url,
            self.folder,
            dice=self.dice,
            thinks=self._thinks,
            sounding=self.sounding,
            answers=lambda: sum(bool(sentence.asked) for sentence in self.heard.values()),
            is_over=lambda: self.is_answered,
        )
        async with victim.beside(stage):
            while not self.is_answered and done < kills:
                await asyncio.sleep(self.dice.uniform(0.05, victim.longest))
                done += await victim.kill(stage)
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
    def is_scripted(self) -> bool:
        """Whether it is known what she says."""
        return self.victim is None or self.victim.is_scripted

    @property
    def is_answered(self) -> bool:
        """Whether every answer has been heard, by now."""
        if self.waiting:
            return False
        if not self.is_scripted:
            return self.answered >= self.sent
        now = time.monotonic()
        said = {sentence.text for sentence in self.heard.values() if sentence.until <= now}
        return all(answer_to(number) in said for number in self.sent)

    def sounding(self, at: float) -> tuple[str, float]:
        """The sentence that is heard at that moment, and until when; "" in silence."""
        for sentence in reversed(self.heard.values()):
            if sentence.at <= at < sentence.until:
                return sentence.text, sentence.until
        return "", at

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
                else:
                    self._note(number, fields)
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

    def _note(self, process: int, told: Mapping[str, Any]) -> None:
        """What a show tells of itself."""
        match told:
            case {"url": str(url)}:
                self._url = url
                self._on_air.set()
            case {"thinks": True}:
                self._thinks.set()
            case {"taken": str(identity), "late": float(at)}:
                self._take(identity, at)
            case {"ended": int(), "answered": answered, "delays": delays}:
                self.answered.update(answered)
                for part, milliseconds in delays.items():
                    self.delays.setdefault(part, []).append(milliseconds)
            case {"sound": text, "clip": clip, "turn": turn, "asked": asked, "at": at, "until": until}:
                known = self.heard.get((process, clip))
                begin = known.at if known else at
                self.heard[process, clip] = Sentence(text, turn, asked, begin, until)

    def _take(self, identity: str, at: float) -> None:
        if identity not in self.taken and identity in self._sent_at:
            self.taken_in.append(at - self._sent_at[identity])
        self.taken.add(identity)
        self.waiting = [message for message in self.waiting if message.id not in self.taken]

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        for message in list(self.waiting):
            await asyncio.sleep(self.dice.expovariate(1 / BETWEEN))
            self.sent.add(message.id)
            self._sent_at[message.id] = time.monotonic()
            writer.write(json.dumps(codec.dump(message)).encode() + b"\n")
            with suppress(ConnectionError):
                await writer.drain()


def _message(number: int) -> ChatMessage:
    author = Author(f"id-{number}", f"viewer{number}")
    money = Money(Decimal(5), "USD")
    return ChatMessage(str(number), "twitch", "banban", author, f"question {number}", money=money)
