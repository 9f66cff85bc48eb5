"""What is remembered of chat, from show to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability
from vtuber.core.events import Answerable, Batch
from vtuber.core.health import Health
from vtuber.moderation.revocation import Revocation

PARTS = {
    "redis": "vtuber.memory.redis:redis",
    "embedded": "vtuber.memory.redis:embedded",
    "sqlite": "vtuber.memory.sqlite:sqlite",
    "forgetful": "vtuber.memory.forgetful:ForgetfulMemory",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """What is known of a viewer."""

    name: str
    messages: int
    """How many messages they have written, the ones in the batch included."""
    last_words: str
    """What they wrote before what is in the batch; "" when nothing is known."""
    away: float = 0.0
    """For how many seconds they were away, when they came back lately and she has not answered them since."""
    new: bool = False
    """Whether nobody had heard of them before, lately, and she has not answered them yet."""
    words: tuple[str, ...] = ()
    """The last of what they wrote before that, oldest first, ``last_words`` at its end."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is recalled for a batch."""

    viewers: dict[tuple[str, str], Viewer]
    """By (platform, author id), for the authors in the batch that are known."""
    answers: tuple[str, ...]
    """What the batch's speaker last said to the lead's author, oldest first."""

    def holds(self, revocation: Revocation, lead: Answerable) -> bool:
        """Whether it holds a deleted message of the lead's author, or what was said in answer to one."""
        known = self.viewers.get((lead.platform, lead.author.id))
        if known is not None and any(
            revocation.says(lead, said) for said in (known.last_words, *known.words)
        ):
            return True
        return not revocation.answers.isdisjoint(self.answers)


NOTHING = Recollection({}, ())


class Memory(Protocol):
    """Made with the whole Settings. One memory serves all speakers of a show.

    What is known of viewers is shared; what a speaker said (``batch.speaker``) is recalled for nobody else.
    """

    availability: Availability
    """Ready while a recall can succeed."""

    async def start(self) -> None: ...

    def note(self, event: Answerable) -> None:
        """Notes who wrote what. Never waits; written soon, in bulk. Bounded however fast chat is."""
        ...

    async def recall(self, batch: Batch) -> Recollection:
        """Raises RecallError when memory cannot be reached, or does not answer in time."""
        ...

    async def remember(self, batch: Batch, heard: str) -> None:
        """Notes what was heard in answer to the batch. Written soon, like what viewers wrote."""
        ...

    def forget(self, platform: str, who: str) -> None:
        """Forgets all that is known of a viewer, given by id or by name. Never waits.

        From now on nothing of it is recalled; it leaves the store soon, or when the server is back.
        """
        ...

    def revoke(self, revocation: Revocation) -> frozenset[str]:
        """Forgets what a moderator deleted, and what was heard in answer to it, as ``forget`` does.

        Returns the answers that are forgotten.
        """
        ...

    async def stop(self) -> None:
        """Writes what is left and closes. Never raises."""
        ...

    def health(self) -> Health: ...


def build(settings: Settings) -> Memory:
    """The memory that config asks for. Raises ConfigError for an unknown name or a url that is not one."""
    chosen = settings.memory
    automatic = "redis" if chosen.url else "embedded"
    name = automatic if chosen.use == "auto" else chosen.use
    memory: Memory = registry.make("memory", PARTS, name, settings, where="memory.use")
    return memory
