"""Server-sent events: who listens, and what waits to be sent to each. One that stops reading is dropped."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from vtuber.core.text import escaped
from vtuber.stage.access import HEADERS, ROLE, Role

log = logging.getLogger(__name__)

STREAMS = 16
"""So many may listen at once."""
FOR_STREAMER = 4
"""So many of them have the streamer's token: moderators' programs do not keep out whoever runs the show."""
QUEUE_BYTES = 1_000_000
"""Whoever lets more than this wait is dropped."""
WRITE_SECONDS = 20.0
"""Whoever takes nothing for so long is dropped, too."""
SIGN_OF_LIFE = 5.0
"""Seconds without an event after which a comment is sent."""
PENDING = 500
"""Events that wait for ``flush``; when there are more, it is done at once."""

Kinds = frozenset[str]


class Client:
    """One that listens, and what waits to be sent to it."""

    def __init__(self, kinds: Kinds, name: str, transport: asyncio.Transport | None) -> None:
        self.kinds = kinds
        self.is_over = False
        self._name = name
        self._transport = transport
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._more = asyncio.Event()

    @property
    def is_done(self) -> bool:
        """Whether nothing more is sent to it."""
        return self.is_over and not self._waiting

    def put(self, data: bytes) -> None:
        """Sends it after all that waits, unless it is over."""
        if self.is_over:
            return
        self._waiting.append(data)
        self._size += len(data)
        self._more.set()
        if self._size > QUEUE_BYTES:
            self.drop()

    async def next(self) -> bytes:
        """All that waits, as soon as there is something; a comment after ``SIGN_OF_LIFE`` seconds."""
        if not self._waiting and not self.is_over:
            self._more.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_OF_LIFE):
                    await self._more.wait()
        data = b"".join(self._waiting) or b": she is on air\n\n"
        self._waiting.clear()
        self._size = 0
        return data

    def drop(self) -> None:
        """It does not read: its connection is cut."""
        if not self.is_over:
            log.warning("%s stopped reading the show's events and was disconnected", escaped(self._name))
        self.end()
        self._waiting.clear()
        self._size = 0
        if self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        """Nothing more is sent to it than what waits."""
        self.is_over = True
        self._more.set()


class Streams:
    """Gathers events, and gives them to all who listen: encoded once, and several at a time."""

    def __init__(self) -> None:
        self.is_watched = asyncio.Event()
        """Set while somebody listens."""
        self._clients: set[Client] = set()
        self._pending: list[tuple[str, bytes]] = []

    def __len__(self) -> int:
        """How many listen."""
        return len(self._clients)

    def tell(self, kind: str, value: Any) -> None:
        """An event for all who listen, with the next ``flush``."""
        if not self._clients:
            return
        self._pending.append((kind, encoded(kind, value)))
        if len(self._pending) >= PENDING:
            self.flush()

    def flush(self) -> None:
        """Gives all that was told to those who listen."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        for kinds in {client.kinds for client in self._clients}:
            data = b"".join(event for kind, event in pending if kind in kinds)
            for client in [client for client in self._clients if client.kinds == kinds and data]:
                client.put(data)

    async def serve(
        self, request: web.Request, kinds: Kinds, first: Callable[[], bytes]
    ) -> web.StreamResponse:
        """Sends ``first``, then events of these kinds, until whoever listens leaves. Raises HTTPException."""
        if len(self._clients) >= STREAMS - (0 if request[ROLE] is Role.STREAMER else FOR_STREAMER):
            raise web.HTTPServiceUnavailable(
                text="Too many programs listen to the show's events. Close some."
            )
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        client = Client(kinds, f"a program at {request.remote}", request.transport)
        data = first()
        self.flush()  # what is in it is not told again
        client.put(data)
        self._clients.add(client)
        self.is_watched.set()
        try:
            await _write(client, response)
        finally:
            self._clients.discard(client)
            if not self._clients:
                self.is_watched.clear()
                self._pending.clear()
        return response

    def close(self) -> None:
        """The show is over: nobody is told anything more."""
        self.flush()
        for client in self._clients:
            client.end()


def encoded(kind: str, value: Any) -> bytes:
    """One event as it is sent. JSON has no line breaks of its own, so that nothing ends the event early."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return f"event: {kind}\ndata: {data}\n\n".encode("utf-8", "backslashreplace")


async def _write(client: Client, response: web.StreamResponse) -> None:
    with suppress(ConnectionError, RuntimeError):  # it left
        while not client.is_done:
            data = await client.next()
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    await response.write(data)
            except TimeoutError:
                client.drop()
        await response.write_eof()
