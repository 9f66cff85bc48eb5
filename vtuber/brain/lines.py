"""No model at all: what she answers is put together from the prompt, in no time. For rehearsals."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncGenerator

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.config import Settings
from vtuber.core.availability import Availability, Progress
from vtuber.core.health import Health, State

_TOLD = re.compile(r"\[[^\]]*\]")
"""What the show tells beside a viewer's words."""
_WORDS = re.compile(r"\w+")
_LETTERS_A_TOKEN = 4


class Lines:
    """Says a few of the viewer's own words and one of her examples; the seed says which."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self.context = settings.brain.context
        self.usage = Usage()
        self.availability = Availability(ready=True)

    async def start(self, progress: Progress) -> None:
        """Nothing to load."""

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        """Nothing to read ahead."""

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """The same."""

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        return sum(len(line.text) // _LETTERS_A_TOKEN + 4 for line in lines)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        reply = _reply(prompt)[len(prompt.reply_so_far) :]
        self.usage = Usage(prompt=await self.count(prompt.lines), reply=len(reply) // _LETTERS_A_TOKEN)
        yield reply

    async def stop(self) -> None:
        """Nothing to stop."""

    def health(self) -> Health:
        return Health("brain", State.LIMITED, "no model: she says lines of her examples")


def _reply(prompt: Prompt) -> str:
    dice = random.Random(prompt.seed)
    words = _WORDS.findall(_TOLD.sub(" ", prompt.lines[-1].text))
    begin = dice.randrange(len(words)) if words else 0
    heard = " ".join(words[begin : begin + 5]) or "nothing"
    examples = [line.text for line in prompt.lines[: prompt.head] if line.role == "self"]
    return f"So it is {heard} now. {dice.choice(examples or ['That is all that I know.'])}"
