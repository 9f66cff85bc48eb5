"""Each voice as a show has it: behind the router, which brings its sound to one loudness."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from voice_props import CHARACTER

from benchmarks.voice import services
from benchmarks.voice.bare import BareVoices, kokoro_settings
from benchmarks.voice.services import EdgeService, OpenAiService, Pace
from vtuber.config import EdgeVoice, OpenAiVoice, Settings
from vtuber.config import Voice as VoiceSettings
from vtuber.voice import Voice
from vtuber.voice.reading import Reader
from vtuber.voice.router import VoiceRouter, build

NAMES = ("hibari", "kokoro", "edge", "openai")
LINES = Path(__file__).parent / "lines"


@dataclass(frozen=True, slots=True)
class Chain:
    """One voice, started, and what it speaks through."""

    name: str
    router: VoiceRouter
    service: EdgeService | OpenAiService | None = None
    """Where it is an online one."""

    @property
    def voice(self) -> Voice:
        """The voice itself, without the router."""
        return self.router._members[self.name].voice.voice  # noqa: SLF001  # nothing else gives it

    @property
    def pace(self) -> Pace | None:
        return self.service.pace if self.service else None

    @property
    def requests(self) -> int:
        """How many the service is answering now."""
        if isinstance(self.service, OpenAiService):
            return self.service.server.open
        return self.service.open if self.service else 0

    async def lines(self, count: int) -> list[str]:
        """So many that it can speak: in turn English and Chinese, where it speaks both.

        A service has them ready then.
        """
        lines = self._lines(count)
        await self.prepare(lines)
        return lines

    async def prepare(self, texts: Iterable[str]) -> None:
        """Has a service make what it will answer to them: else it is made while somebody waits."""
        reader = Reader(VoiceSettings())
        if self.service:
            for text in texts:
                await self.service.made(reader.read(text).said)

    def _lines(self, count: int) -> list[str]:
        english, chinese = read("say_en"), read("say_zh")
        if self.name == "hibari":
            return list(islice(chain(english, _more_english()), count))
        return list(islice(chain.from_iterable(zip(english, chinese, strict=True)), count))


@asynccontextmanager
async def started(name: str) -> AsyncIterator[Chain]:
    """One of ``NAMES``, with its service where it needs one."""
    async with AsyncExitStack() as stack:
        bare = BareVoices()
        service: EdgeService | OpenAiService | None = None
        stack.push_async_callback(bare.stop)
        options: dict[str, Any] = {"use": name}
        if name == "kokoro":
            options["kokoro"] = kokoro_settings()
        elif name == "edge":
            service = await stack.enter_async_context(services.edge(bare))
            options["edge"] = EdgeVoice(url=service.url)
        elif name == "openai":
            service = await stack.enter_async_context(services.openai(bare))
            options["openai"] = OpenAiVoice(url=service.server.url)
        router = build(Settings(voice=VoiceSettings.model_validate(options)), CHARACTER)
        stack.push_async_callback(router.stop)
        await router.start()
        yield Chain(name, router, service)


def read(name: str) -> list[str]:
    """The lines of a file of ``lines/``."""
    return (LINES / f"{name}.txt").read_text("utf-8").splitlines()


def _more_english() -> Iterator[str]:
    """Lines that the guard is measured with, which anybody might say."""
    rows = (LINES.parents[1] / "guard" / "lines" / "fresh_harmless_spoken.dev.tsv").read_text("utf-8")
    for row in rows.splitlines():
        text = row.split("\t")[-1]
        if text.isascii() and len(text.split()) > 2:
            yield text


def main(report: Callable[[Sequence[str], int], Coroutine[Any, Any, None]], about: str, **count: int) -> None:
    """Runs a report on the voices that the command line names.

    ``count`` is what else stands there, a number, as it is usually: how many lines, or how often.
    """
    arguments = argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)
    (name,) = count
    arguments.add_argument(f"--{name}", type=int, default=count[name])
    arguments.add_argument("--voices", nargs="+", choices=NAMES, default=NAMES)
    given = arguments.parse_args()
    logging.disable()
    asyncio.run(report(given.voices, getattr(given, name)))
