"""How long a model server's reply is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from vtuber.core import clock
from vtuber.core.errors import BrainError


class Deadlines:
    """How long one reply is waited for; only time in which somebody really waits counts.

    The first word must come within ``seconds``, whatever is tried for it; each further one too; and all of
    them within ``seconds`` and ``speaking`` together.
    """

    def __init__(self, seconds: float, speaking: float) -> None:
        self._seconds = seconds
        self._left = seconds + speaking
        self._begin_by: float | None = clock.now() + seconds

    async def next(self, texts: AsyncGenerator[str, None]) -> str | None:
        """The next text; None after the last. Raises BrainError when it does not come in time."""
        began = clock.now()
        try:
            with clock.outside():
                async with asyncio.timeout(self._seconds_left()):
                    text = await anext(texts, None)
        except TimeoutError:
            raise BrainError(
                "the model server did not answer in time",
                where="brain.openai",
                hint="use a smaller model or a shorter persona, or raise brain.first_token_seconds",
            ) from None
        self._left -= clock.now() - began
        self._begin_by = None
        return text

    async def pause(self, seconds: float, why: BrainError) -> None:
        """Waits before the next attempt. Raises ``why`` when that takes too long."""
        if seconds >= self._seconds_left():
            raise why
        await asyncio.sleep(seconds)

    def _seconds_left(self) -> float:
        if self._begin_by is not None:
            return self._begin_by - clock.now()
        return min(self._seconds, self._left)
