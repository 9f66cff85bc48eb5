"""The mind: whom she is, what she remembers, and the model that answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.health import Health

if TYPE_CHECKING:
    from vtuber.brain.fallback import BrainFallback

PARTS = {
    "llama": "vtuber.brain.llama.backend:Llama",
    "openai": "vtuber.brain.openai.backend:OpenAi",
}

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
    """What the model is asked. The first ``head`` lines stay, unless they must be fitted to it once more."""

    lines: tuple[Line, ...]
    head: int
    max_tokens: int
    seed: int
    reply_so_far: str = ""
    """What she has already said of this reply; the model goes on from there."""
    names: tuple[str, ...] = ()
    """What she is called. The first heads her lines in a format with names; none is said before a reply."""
    new: int = 0
    """Tokens of its last line: so many at least must be read."""


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
    """How many more were read before it was asked, while nobody waited (``Brain.read_ahead``)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a brain can do beside answering. Its word is good once it has started."""

    names: bool = False
    """It is told who wrote a line; otherwise the name stands in the line's text."""
    images: bool = False
    seed: bool = False
    """The same prompt and seed give the same reply."""
    lora: bool = False
    cache: bool = False
    """What it read for the last prompt is not read again, and it tells how much that was."""
    cancel: bool = False
    """Closing a stream stops its work; otherwise it works on, unheard."""
    ahead: bool = False
    """It reads ahead while nobody waits."""


class Brain(Protocol):
    """Made with the whole Settings."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def start(self, progress: Progress) -> None:
        """Loads the model. Raises ConfigError for what a retry cannot mend, BrainError otherwise."""
        ...

    async def warm(self, head: tuple[Line, ...]) -> None:
        """Evaluates the head of all prompts to come, so that the first reply does not wait for it."""
        ...

    async def prefill(self, lines: tuple[Line, ...]) -> None:
        """Evaluates what the next prompt begins with, while nobody waits; cancelling stops that at once.

        A brain that has not the capability does nothing.
        """
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


def build(settings: Settings, character: Character) -> BrainFallback:
    """The chosen brain, those that answer when it cannot, and her fallback lines. Raises ConfigError."""
    from vtuber.brain.fallback import BrainFallback  # noqa: PLC0415  # not above: it needs this module's Brain

    names = {settings.brain.use: "brain.use"}
    for index, name in enumerate(settings.brain.then):
        names.setdefault(name, f"brain.then[{index}]")
    brains = {name: registry.load("brain", PARTS, name, where)(settings) for name, where in names.items()}
    return BrainFallback(brains, settings, character.fallback_lines)
