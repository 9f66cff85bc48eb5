"""The mind: whom she is, what she remembers, and the model that answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from vtuber.health import Health

PARTS = {"llama": "vtuber.brain.llama.backend:Llama"}

Progress = Callable[[float, str], None]
"""Told how far a start is: 0..1, and a few words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prompt, in nobody's format. ``text`` is plain text, whoever wrote it."""

    role: Literal["system", "viewer", "self"]
    text: str
    name: str = ""
    """The author's name for "viewer"; "" lets the format use its own word."""
    images: int = 0
    """So many stand before the text, where the format has images."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked. The first ``head`` lines never change during a show."""

    lines: tuple[Line, ...]
    head: int
    max_tokens: int
    seed: int
    reply_so_far: str = ""
    """What she has already said of this reply; the model goes on from there."""
    names: tuple[str, ...] = ()
    """What she is called. The first heads her lines in a format with names; none is said before a reply."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the last prompt cost, in tokens."""

    prompt: int = 0
    reused: int = 0
    """How many of the prompt's tokens came from the cache."""
    reply: int = 0


class Brain(Protocol):
    """Made with the whole Settings."""

    async def start(self, progress: Progress) -> None:
        """Loads the model. Raises ConfigError for what a retry cannot mend, BrainError otherwise."""
        ...

    async def warm(self, head: tuple[Line, ...]) -> None:
        """Evaluates the head of all prompts to come, so that the first reply does not wait for it."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Text as it is made. Closing the iterator (or cancelling) stops the model within one token.

        Raises BrainError when the model dies on the way, after having begun to bring it back: the next
        call waits until it is there again.
        """
        ...

    async def count(self, lines: tuple[Line, ...]) -> int:
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
