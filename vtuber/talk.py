"""`banban chat`: a talk with her in the terminal, without a stream."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from vtuber import brain, character
from vtuber.brain import Progress
from vtuber.brain.memory import NOTHING
from vtuber.brain.prompt import Conversation
from vtuber.config import Settings
from vtuber.errors import BrainError
from vtuber.events import Batch, ChatMessage, Event, Pick
from vtuber.gate.filters import Filter
from vtuber.health import Health
from vtuber.listeners.console import Console
from vtuber.wording import Wording


class Talk:
    """One talk. ``run`` it once; it ends with the typed lines, or when cancelled."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.character = character.load(settings.show.character)
        self._brain = brain.build(settings, self.character)
        self._conversation = Conversation(self.character, settings, self._brain)
        judge = Filter(settings.gate, self.character.persona)
        self._wording = Wording(settings, self.character, self._brain, self._brain.spares, judge)
        self._ear = Console(settings)

    def health(self) -> list[Health]:
        return [self._brain.health()]

    async def run(self, *, progress: Progress, ready: Callable[[], None], say: Callable[[str], None]) -> None:
        """Reads lines, and gives each sentence of hers to ``say``; "" ends a reply."""
        try:
            await self._brain.start(progress)
            await self._conversation.start(progress)
            ready()
            async with aclosing(self._ear.events()) as lines:
                await self._answer_all(lines, say)
        finally:
            await self._brain.stop()

    async def _answer_all(self, lines: AsyncIterator[Event], say: Callable[[str], None]) -> None:
        seeds = random.SystemRandom()
        async for line in lines:
            if isinstance(line, ChatMessage) and line.text:
                said: list[str] = []
                try:
                    async with aclosing(self._reply(line, seeds.getrandbits(31))) as sentences:
                        async for sentence in sentences:
                            said.append(sentence)
                            say(sentence)
                except BrainError as error:
                    say(error.what)
                self._conversation.heard(" ".join(said))
                say("")

    async def _reply(self, line: ChatMessage, seed: int) -> AsyncGenerator[str, None]:
        prompt = await self._conversation.prompt(Batch(Pick(line)), NOTHING, seed)
        async with aclosing(self._wording.answer(prompt)) as pieces:
            async for piece in pieces:
                yield piece.text
