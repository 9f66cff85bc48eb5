"""What viewers are owed: events that wait for an answer, kept until it was heard, across crashes.

``PendingEvents`` keeps them, on a server and in a file. What is stored are changes that commute
(``vtuber.pending.changes``); ``vtuber.show.promises`` says what is owed, and when it no longer is.
"""

from __future__ import annotations

import logging

from platformdirs import user_data_path

from vtuber.config import Settings
from vtuber.core.errors import RecallError
from vtuber.pending.events import PendingEvents
from vtuber.pending.file import PendingFile
from vtuber.pending.store import Store

__all__ = ["PendingEvents", "build"]

log = logging.getLogger(__name__)


def build(settings: Settings) -> PendingEvents:
    """As config asks for, under the show's name. Raises ConfigError for a wrong address of a server."""
    if not settings.pending.keep:
        return PendingEvents()
    show = settings.show.name or "show"
    folder = settings.pending.folder or user_data_path("banban", appauthor=False) / "pending"
    return PendingEvents(_server(settings, show), PendingFile(folder / f"{show}.jsonl"))


def _server(settings: Settings, show: str) -> Store | None:
    """The Redis or Valkey server that memory uses; None where it uses none."""
    use, url = settings.memory.use, settings.memory.url
    if use == "redis" or (use == "auto" and url):
        from vtuber.pending.redis import RedisStore  # noqa: PLC0415  # redis-py takes a moment to load

        return RedisStore(settings, show)
    if use not in ("auto", "embedded"):
        return None
    try:
        from vtuber.memory.valkey import EmbeddedValkey  # noqa: PLC0415  # cannot be imported on Windows
        from vtuber.pending.redis import RedisStore  # noqa: PLC0415  # see above

        embedded = EmbeddedValkey(
            settings.memory.folder or user_data_path("banban", appauthor=False) / "memory"
        )
        embedded.check()
    except (ImportError, RecallError) as error:
        log.debug("pending events are kept in a file alone: %s", error)
        return None
    return RedisStore(settings, show, embedded)
