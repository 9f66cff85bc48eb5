"""The smallest parts that work: one of each kind, and somebody who counts. See docs/parts.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from aiohttp import web

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability, Progress
from vtuber.core.events import Answerable, Author, Batch, ChatMessage, Sound, Word
from vtuber.core.health import Health, State
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.memory import Recollection, Viewer
from vtuber.moderation.revocation import Revocation
from vtuber.record.facts import Fact, SentenceHeard
from vtuber.stage.cues import Cue, Heard
from vtuber.voice import Utterance


class HelloListener:
    """Somebody who says hello every ten seconds."""

    def __init__(self, settings: Settings) -> None:
        options = settings.parts.get("hello", {})
        self._seconds = float(options.get("seconds", 10))
        self.availability = Availability(ready=True)

    async def start(self) -> None:
        """Nothing to prepare."""

    async def events(self) -> AsyncGenerator[ChatMessage, None]:
        number = 0
        while True:
            number += 1
            yield ChatMessage(
                f"hello-{number}", "hello", "hello", Author("1", "world"), f"Hello, number {number}!"
            )
            await asyncio.sleep(self._seconds)

    def health(self) -> Health:
        return Health("chat.hello", State.OK, f"says hello every {self._seconds:g} seconds")


class HelloBrain:
    """Greets whoever spoke last."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self.context = settings.brain.context
        self.usage = Usage()
        self.availability = Availability()

    async def start(self, progress: Progress) -> None:
        progress(1.0, "nothing to load")
        self.availability.set(ready=True)

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        """There is no cache to fill."""

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """Nor is there later."""

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        return sum(len(line.text.split()) for line in lines)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        reply = f"Hello, {prompt.lines[-1].name}! How nice to see you."
        for word in reply.removeprefix(prompt.reply_so_far).split(" "):
            yield f"{word} "

    async def stop(self) -> None:
        """Nothing to stop."""

    def health(self) -> Health:
        return Health("brain", State.OK, "says hello")


class HelloVoice:
    """Hums: a fifth of a second for each word."""

    def __init__(self, _settings: Settings, _character: Character) -> None:
        self.availability = Availability(ready=True)
        self.languages = frozenset({"en"})

    async def start(self) -> None:
        """Nothing to load."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        hum = (b"\x00\x08" * 60 + b"\x00\xf8" * 60) * 40  # 200 Hz for 0.2 s
        for index, word in enumerate(utterance.text.split()):
            start = index * sound.seconds(hum)
            yield Word(word, start, start + sound.seconds(hum))
            yield Sound(hum)

    async def stop(self) -> None:
        """Nothing to stop."""

    def health(self) -> Health:
        return Health("voice", State.OK, "hums")


class HelloMemory:
    """Remembers what the others wrote last, as long as the show goes on."""

    def __init__(self, _settings: Settings) -> None:
        self.availability = Availability(ready=True)
        self._known: dict[tuple[str, str], list[Answerable]] = {}

    async def start(self) -> None:
        """Nothing to connect to."""

    def note(self, event: Answerable) -> None:
        self._known.setdefault((event.platform, event.author.id), []).append(event)

    async def recall(self, batch: Batch) -> Recollection:
        lead = batch.lead.event
        key = (lead.platform, lead.author.id)
        earlier = [event.text for event in self._known.get(key, []) if event.id != lead.id]
        return Recollection({key: Viewer(lead.author.name, len(earlier) + 1, (earlier or [""])[-1])}, ())

    async def remember(self, batch: Batch, heard: str) -> None:
        """What she said is soon forgotten."""

    def forget(self, platform: str, who: str) -> None:
        self._known.pop((platform, who), None)

    def revoke(self, revocation: Revocation) -> frozenset[str]:
        for key, events in self._known.items():
            self._known[key] = [event for event in events if not revocation.forgets(event)]
        return frozenset()

    async def stop(self) -> None:
        """Nothing to close."""

    def health(self) -> Health:
        return Health("memory", State.LIMITED, "forgets everything after the show")


class HelloScreen:
    """Shows the sentence that is heard, as text, to whoever opens /hello on the show's web server."""

    def __init__(self, _settings: Settings, _character: Character) -> None:
        self.availability = Availability(ready=True)
        self._heard = ""

    async def start(self) -> None:
        """Nothing to open."""

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/hello", self._page)]

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._heard)

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Heard):
            self._heard = cue.text

    async def stop(self) -> None:
        """Nothing to close."""

    def health(self) -> Health:
        return Health("stage.hello", State.OK, "shows what is heard at /hello")


class HelloDetector:
    """Lets nobody say goodbye: the show has only begun."""

    doors = frozenset((Door.SPOKEN,))

    def __init__(self, _settings: Settings, _character: Character) -> None:
        pass

    def detect(self, passage: Passage) -> Iterator[Finding]:
        begin = passage.text.casefold().find("goodbye")
        if begin >= 0:
            yield Finding(
                "hello: goodbye", "a farewell", Action.REPLACE, begin, begin + len("goodbye"), "Hello again!"
            )


class HelloCounter:
    """Counts the sentences that were heard to their end: ``show.facts.subscribe(HelloCounter())``."""

    def __init__(self) -> None:
        self.sentences = 0

    def __call__(self, fact: Fact) -> None:
        if isinstance(fact, SentenceHeard) and fact.complete:
            self.sentences += 1
