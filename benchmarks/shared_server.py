"""Eight shows that share one model server: replies a minute, against one show that has it alone.

llama-cpp-python's own server with the embedded model, which answers one after the other; real shows with a
scripted voice, each with more chat than she can answer. A reply is short (about three seconds of speech), so
that there are enough of them to count.

    python -m benchmarks.shared_server [--shows 8] [--seconds 40]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import benchmarks.scripted
from benchmarks.llama_server import LlamaServer
from vtuber.config import Settings
from vtuber.core import files
from vtuber.core.events import Author, ChatMessage
from vtuber.record.facts import Fact, TurnEnded
from vtuber.show.show import Show

CONTEXT = 2048
REPLY = 16
"""Tokens."""
EVERY = 0.5
"""Seconds between the messages in each chat."""

assert benchmarks.scripted  # it registers the scripted voice


@dataclass(slots=True)
class Heard:
    """The replies of which something was heard, in all shows that are on."""

    counting: bool = False
    """Whether what it is told of counts."""
    replies: int = 0
    failed: int = 0
    first_tokens: list[float] = field(default_factory=list)
    """Seconds that each waited for the model."""

    def note(self, fact: Fact) -> None:
        if not (self.counting and isinstance(fact, TurnEnded) and fact.answers):
            return
        self.replies += 1
        self.failed += bool(fact.failed)
        if (waited := fact.delays_ms.get("first_token")) is not None:
            self.first_tokens.append(waited / 1000)


def laconic(folder: Path) -> Path:
    """Her, without examples, so that the machine has time for eight of her; and without fallback lines, which
    would count as replies."""
    found = files.find("characters/banban")
    assert found
    shutil.copytree(found, folder)
    (folder / "examples.toml").write_text("", encoding="utf-8")
    sheet = folder / "character.toml"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(re.sub(r"(?ms)^fallback_lines = \[.*?^\]$", "", text), encoding="utf-8")
    return folder


def settings(server: LlamaServer, character: Path) -> Settings:
    return Settings.model_validate(
        {
            "show": {"character": str(character)},
            "brain": {
                "use": "openai",
                "openai": {"url": server.url},
                "context": CONTEXT,
                "max_tokens": REPLY,
            },
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"enabled": False},
            "chat": {"console": False},
        }
    )


async def chat(show: Show) -> None:
    """More than she can answer, each by somebody else."""
    for number in count():
        author = Author(str(number), f"viewer{number}")
        show.receive(
            ChatMessage(str(number), "test", "test", author, f"what do you think of number {number}?")
        )
        await asyncio.sleep(EVERY)


async def measure(shows: int, seconds: float, chosen: Settings) -> Heard:
    """What is heard of so many shows together, once there was time for a first reply of each."""
    first, heard = Heard(counting=True), Heard()
    running = []
    async with asyncio.TaskGroup() as tasks:
        for _ in range(shows):
            show, ready = Show(chosen, listeners=[]), asyncio.Event()
            show.facts.subscribe(first.note)
            show.facts.subscribe(heard.note)
            tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
            await ready.wait()
            running.append(show)
        talking = [tasks.create_task(chat(show)) for show in running]
        while first.replies < shows:  # noqa: ASYNC110  # looked at from outside, as the audience would
            await asyncio.sleep(0.1)
        heard.counting = True
        await asyncio.sleep(seconds)
        heard.counting = False
        for show, task in zip(running, talking, strict=True):
            task.cancel()
            show.over.set()
    return heard


def main() -> None:
    """Prints the ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shows", type=int, default=8)
    arguments.add_argument("--seconds", type=float, default=40)
    given = arguments.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        # Else a question that comes in cuts the one before short.
        server = LlamaServer(Path(folder), n_ctx=CONTEXT, interrupt_requests="false")
        server.start()
        try:
            chosen = settings(server, laconic(Path(folder, "banban")))
            one, all_ = (asyncio.run(measure(shows, given.seconds, chosen)) for shows in (1, given.shows))
        finally:
            server.kill()
    alone, together = (heard.replies * 60 / given.seconds for heard in (one, all_))
    waits = [statistics.median(heard.first_tokens) for heard in (one, all_)]
    sys.stdout.write(
        f"one show alone: {alone:.1f} replies a minute; {given.shows} shows: {together:.1f}, "
        f"{together / given.shows:.1f} each\n"
        f"against one alone: {together / alone:.2f} together, {together / given.shows / alone:.2f} each; "
        f"the wait for the first token {waits[1] / waits[0]:.1f} times as long ({waits[0]:.2f} s, "
        f"then {waits[1]:.2f} s); {one.failed + all_.failed} replies broke off\n"
    )


if __name__ == "__main__":
    main()
