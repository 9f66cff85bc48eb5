"""The brain of `banban chat`, its conversation, and how long its last reply took."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from vtuber.brain import Prompt, Usage
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import build
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Progress
from vtuber.core.events import Batch
from vtuber.core.health import Health
from vtuber.guard.guard import Guard
from vtuber.memory import NOTHING
from vtuber.show.reply_writer import ReplyWriter


class Mind:
    """Answers one question after the other, between ``start`` and ``stop``."""

    def __init__(self, settings: Settings, character: Character) -> None:
        self.settings = settings
        self.character = character
        self.brain = build(settings, character)
        self.conversation = Conversation(character, settings, self.brain)
        self.prompt: Prompt | None = None
        """What was asked last."""
        self.usage = Usage()
        guard = Guard(settings, character)
        self._writer = ReplyWriter(settings, character, self.brain, self.brain.fallback_lines, guard)
        self._asked = self._waited = self._took = 0.0  # when; seconds to the first token, and on to the last

    async def start(self, progress: Progress) -> None:
        await self.brain.start(progress)
        await self.conversation.start(progress)

    async def stop(self) -> None:
        await self.brain.stop()

    def health(self) -> Health:
        return self.brain.health()

    async def answer(self, batch: Batch, seed: int) -> AsyncGenerator[str, None]:
        """Her sentences, each with the space before it. Raises BrainError.

        Whoever listens tells ``conversation`` what was heard of them.
        """
        self.prompt = await self.conversation.prompt(batch, NOTHING, seed)
        self._asked, self._waited, self._took = clock.now(), 0.0, 0.0
        try:
            async with aclosing(self._writer.answer(self.prompt, lap=self._lap)) as pieces:
                async for piece in pieces:
                    yield piece.space + piece.text
        finally:
            self.usage = self.brain.usage

    def _lap(self, part: str) -> None:
        """Notes when each token comes."""
        if part == "first_token":
            self._waited = self._waited or clock.now() - self._asked
            self._took = clock.now() - self._asked - self._waited

    def description(self) -> str:
        """The model, and how fast its last reply was."""
        health = self.health()
        lines = [health.what, *([f"→ {health.hint}"] if health.hint else [])]
        if self._waited:
            pace = f", then {(self.usage.reply - 1) / self._took:.1f} tokens/s" if self._is_paced else ""
            lines.append(f"last reply: first token after {self._waited:.2f} s{pace}")
        return "\n".join(lines)

    @property
    def _is_paced(self) -> bool:
        return self.usage.reply > 1 and self._took > 0
