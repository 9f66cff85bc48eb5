"""Her brain in a talk, what was said with it, and how its last reply went."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from vtuber import brain, clock
from vtuber.brain import Progress, Prompt, Usage
from vtuber.brain.memory import NOTHING
from vtuber.brain.prompt import Conversation
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.events import Batch
from vtuber.gate.filters import Filter
from vtuber.health import Health
from vtuber.voice.sentences import Cutter


class Mind:
    """Answers one question after the other, between ``start`` and ``stop``."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.settings = settings
        self.character = character
        self.brain = brain.build(settings, character)
        self.conversation = Conversation(character, settings, self.brain)
        self.prompt: Prompt | None = None
        """What was asked last."""
        self.usage = Usage()
        self._filter = Filter(settings.gate, character.persona)
        self._waited = self._took = 0.0  # seconds to the first token, and from there to the last

    async def start(self, progress: Progress) -> None:
        await self.brain.start(progress)
        await self.conversation.start(progress)

    async def stop(self) -> None:
        await self.brain.stop()

    def health(self) -> Health:
        return self.brain.health()

    async def answer(self, batch: Batch, seed: int) -> AsyncGenerator[str, None]:
        """Her sentences. Whoever listens tells ``conversation`` what was heard of them. Raises BrainError."""
        self.prompt = await self.conversation.prompt(batch, NOTHING, seed)
        cutter = Cutter(first_piece=self.settings.voice.first_piece, moods=self.character.moods)
        async with aclosing(self._tokens(self.prompt)) as tokens:
            async for token in tokens:
                for piece in cutter.feed(token):
                    if not self._filter.say(piece.text).allowed:
                        yield self.character.ways_out[0]
                        return
                    yield piece.text
        for piece in cutter.finish():
            if self._filter.say(piece.text).allowed:
                yield piece.text

    async def _tokens(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Notes what they cost and how long they took."""
        asked, self._waited, self._took = clock.now(), 0.0, 0.0
        try:
            async with aclosing(self.brain.stream(prompt)) as tokens:
                async for token in tokens:
                    self._waited = self._waited or clock.now() - asked
                    self._took = clock.now() - asked - self._waited
                    yield token
        finally:
            self.usage = self.brain.usage

    def description(self) -> str:
        """The model, and how fast its last reply was."""
        health = self.health()
        told = [health.what, *([f"→ {health.cure}"] if health.cure else [])]
        if self._waited:
            pace = f", then {(self.usage.reply - 1) / self._took:.1f} a second" if self._is_paced else ""
            told.append(f"the last reply: its first token after {self._waited:.2f} seconds{pace}")
        return "\n".join(told)

    @property
    def _is_paced(self) -> bool:
        return self.usage.reply > 1 and self._took > 0
