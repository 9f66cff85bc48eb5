"""What she remembers of chat, over shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from platformdirs import user_data_path

from vtuber.config import Settings
from vtuber.core.errors import RecallError
from vtuber.core.events import Answerable, Batch
from vtuber.core.health import Health
from vtuber.moderation.revocation import Revocation

CLIENTS = "banban-"
"""How the names of a show's connections to the server begin."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """What is known of a chatter."""

    name: str
    messages: int
    """How many they have written, the ones in the batch included."""
    last_words: str
    """What they wrote before what is in the batch; "" when nothing is known."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a batch calls to mind."""

    viewers: dict[tuple[str, str], Viewer]
    """By (platform, author id), for the authors in the batch that are known."""
    answers: tuple[str, ...]
    """What she last said to the lead's author, oldest first."""

    def holds(self, revocation: Revocation, lead: Answerable) -> bool:
        """Whether it tells of the batch's lead what a moderator deleted, or what she said to that."""
        known = self.viewers.get((lead.platform, lead.author.id))
        if known is not None and revocation.says(lead, known.last_words):
            return True
        return not revocation.answers.isdisjoint(self.answers)


NOTHING = Recollection({}, ())


class Memory(Protocol):
    """Made with the whole Settings."""

    async def start(self) -> None: ...

    def hear(self, event: Answerable) -> None:
        """Notes who wrote what. Never waits; written soon, in bulk. Bounded however fast chat is."""
        ...

    async def recall(self, batch: Batch) -> Recollection:
        """Raises RecallError when memory cannot be reached or is late."""
        ...

    async def remember(self, batch: Batch, heard: str) -> None:
        """What was heard in answer to the batch. Written soon, like what is heard from viewers."""
        ...

    def forget(self, platform: str, who: str) -> None:
        """Forgets all that is known of somebody, told by their id or by their name. Never waits.

        It is known no longer at once; where it is stored it is gone soon, or when the server is back.
        """
        ...

    def revoke(self, revocation: Revocation) -> frozenset[str]:
        """Forgets what a moderator deleted and what was heard in answer to it, which it returns; so too."""
        ...

    async def stop(self) -> None:
        """Writes what is left and closes. Never raises."""
        ...

    def health(self) -> Health: ...


def build(settings: Settings) -> Memory:
    """The memory that config asks for; where no server can be embedded, one that forgets and says so.

    Raises ConfigError for a url that is none.
    """
    # These modules import this one's words.
    from vtuber.memory.forgetful import Forgetful  # noqa: PLC0415  # it needs us
    from vtuber.memory.redis import RedisMemory  # noqa: PLC0415  # it needs us

    chosen = settings.memory
    if chosen.use == "redis" or (chosen.use == "auto" and chosen.url):
        return RedisMemory(settings)
    if chosen.use == "forgetful":
        return Forgetful(settings)
    try:
        from vtuber.memory.valkey import EmbeddedValkey  # noqa: PLC0415  # not on Windows

        server = EmbeddedValkey(chosen.folder or default_folder())
        server.check()
    except ImportError:
        return Forgetful(settings, "there is no embedded server for this system")
    except RecallError as error:
        return Forgetful(settings, error.what)
    return RedisMemory(settings, server)


def default_folder() -> Path:
    return user_data_path("banban", appauthor=False) / "memory"
