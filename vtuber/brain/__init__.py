"""The mind: what a brain is asked, what it answers, and what every brain can do.

The conversation that makes the prompts is in ``conversation``, the brains stand in for each other in
``fallback``, and each kind of model has a package of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from vtuber.core.availability import Availability, Progress
from vtuber.core.health import Health

PARTS = {
    "llama": "vtuber.brain.llama.backend:Llama",
    "openai": "vtuber.brain.openai.backend:OpenAi",
    "lines": "vtuber.brain.lines:Lines",
}

YES = ("Yes", "yes", " Yes", " yes", "YES", "是")
NO = ("No", "no", " No", " no", "NO", "否", "不")
"""How models begin their answer to a question of yes or no."""

AFRESH = "\f"
"""In a stream: what came before it was no part of the reply, which begins here."""


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One line of a prompt, in nobody's format. ``text`` is plain text, whoever wrote it."""

    role: Literal["system", "viewer", "self"]
    text: str
    name: str = ""
    """The author's name for "viewer"; "" lets the format use its own word."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked. The first ``head`` lines stay, unless they must be fitted to it once more."""

    lines: tuple[PromptLine, ...]
    head: int
    max_tokens: int
    seed: int
    reply_so_far: str = ""
    """What she has already said of this reply; the model goes on from there."""
    names: tuple[str, ...] = ()
    """What she is called. The first heads her lines in a format with names; none is said before a reply."""
    new: int = 0
    """Tokens of its last line: so many at least must be read."""
    known: str = ""
    """The whole answer, where none has to be thought of: no model is asked."""
    last: str = ""
    """What she says at the end of her reply, whatever that is."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the last prompt cost, in tokens."""

    prompt: int = 0
    reused: int = 0
    """How many of the prompt's tokens came from the cache."""
    reply: int = 0
    restored: int = 0
    """How many of those that came from the cache were read in an earlier show, and loaded from disk."""
    ahead: int = 0
    """How many more were read before it was asked, while nobody waited (``Brain.prefill``)."""


class Brain(Protocol):
    """Made with the whole Settings."""

    @property
    def availability(self) -> Availability:
        """Ready while it can be asked; away before ``start``, and while it is being brought back."""
        ...

    @property
    def can_prefill(self) -> bool:
        """Whether ``prefill`` does anything; known after ``start``."""
        ...

    async def start(self, progress: Progress) -> None:
        """Loads the model. Raises ConfigError for what a retry cannot mend, BrainError otherwise."""
        ...

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        """Reads the head of all prompts to come, once, so that the first reply does not wait for it.

        The brain keeps it, and reads it again by itself when it has to be brought back. Raises BrainError.
        """
        ...

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """Reads what the next prompt begins with, history included, while nobody waits.

        Cancelling stops that at once. A brain without ``can_prefill`` does nothing.
        """
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Text as it is made. Closing the iterator (or cancelling) stops the model within one token.

        Raises BrainError when the model dies on the way, after having begun to bring it back: the next
        call waits until it is there again.
        """
        ...

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        """How many tokens these lines take in a prompt."""
        ...

    @property
    def context(self) -> int:
        """How many tokens prompt and reply may take together; known after ``start``."""
        ...

    @property
    def usage(self) -> Usage:
        """What the last finished (or closed) stream cost."""
        ...

    async def stop(self) -> None: ...

    def health(self) -> Health: ...


@runtime_checkable
class Judge(Protocol):
    """A Brain that can also be asked a question of yes or no, in the middle of a reply."""

    async def judge(self, question: str) -> float | None:
        """How likely yes is the answer (0..1), by the model's next token. None where no model can tell.

        Leaves the prompt cache alone, and stops no reply. Raises BrainError. Cancelling withdraws it.
        """
        ...
