"""What viewers are owed: events that wait for an answer, kept until it was heard, across crashes.

``PendingEvents`` keeps them, on a server and in a file. What is stored are changes that commute
(``vtuber.pending.changes``); ``vtuber.show.promises`` says what is owed, and when it no longer is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from platformdirs import user_data_path

from vtuber.config import Settings
from vtuber.core.errors import RecallError
from vtuber.pending.changes import Change
from vtuber.pending.events import PendingEvents
from vtuber.pending.file import PendingFile
from vtuber.pending.ledger import Ledger
from vtuber.pending.store import Store

__all__ = ["PendingEvents", "build", "put_back", "stored"]

log = logging.getLogger(__name__)


def build(settings: Settings) -> PendingEvents:
    """As config asks for, under the show's name. Raises ConfigError for a wrong address of a server."""
    return PendingEvents(_server(settings), _file(settings)) if settings.pending.keep else PendingEvents()


async def stored(settings: Settings) -> Ledger:
    """What is kept of a show, which may be on air. Raises PendingError."""
    ledger = Ledger()
    if settings.pending.keep:
        ledger.apply(await _file(settings).open())
        if (server := _server(settings)) is not None:
            try:
                ledger.apply(await server.open())
            finally:
                await server.close()
    return ledger


async def put_back(settings: Settings, changes: Sequence[Change]) -> None:
    """Adds what ``stored`` gave to what is kept of a show that is not on air. Raises PendingError."""
    file = _file(settings)
    store = _server(settings) or file
    try:
        await store.open()
        if store is file:
            await file.tidy()
        await store.write(changes)
    finally:
        await store.close()


def _show(settings: Settings) -> str:
    return settings.show.name or "show"


def _file(settings: Settings) -> PendingFile:
    folder = settings.pending.folder or user_data_path("banban", appauthor=False) / "pending"
    return PendingFile(folder / f"{_show(settings)}.jsonl")


def _server(settings: Settings) -> Store | None:
    """The Redis or Valkey server that memory uses; None where it uses none."""
    use, url = settings.memory.use, settings.memory.url
    if use == "redis" or (use == "auto" and url):
        from vtuber.pending.redis import RedisStore  # noqa: PLC0415  # redis-py takes a moment to load

        return RedisStore(settings, _show(settings))
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
    return RedisStore(settings, _show(settings), embedded)
