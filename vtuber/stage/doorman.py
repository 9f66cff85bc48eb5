"""Which connections are let in: so many in all, and so many from each other machine."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

CONNECTIONS = 128
"""How many may be open. Another one takes the place of the oldest that waits for a request."""

FROM_ONE_MACHINE = 48
"""How many of them one other machine may have. On this one, OBS and all browsers share an address."""


class Doorman:
    """Keeps the bounds. aiohttp has deadlines for connections, but no bound."""

    def __init__(self) -> None:
        self._busy: set[RequestHandler] = set()

    def begins(self, request: web.Request) -> None:
        """Its connection is kept until the request ``ends``."""
        self._busy.add(request.protocol)

    def ends(self, request: web.Request) -> None:
        """Its connection may have to make room."""
        self._busy.discard(request.protocol)

    @property
    def busy(self) -> int:
        """How many connections have a request that is dealt with."""
        return len(self._busy)

    def lets_in(self, server: web.Server, address: str) -> bool:
        """Makes room for a connection from there. Whether there is any."""
        open_ = [handler for handler in server.connections if handler.transport is not None]
        if not _is_loopback(address):
            same = [handler for handler in open_ if _address(handler.transport) == address]
            if not self._make_room(same, FROM_ONE_MACHINE):
                return False
        return self._make_room(open_, CONNECTIONS)

    def _make_room(self, handlers: list[RequestHandler], most: int) -> bool:
        """Closes the oldest of them that wait for a request, until one more may come. Whether it may."""
        excess = len(handlers) + 1 - most
        waiting = [handler for handler in handlers if handler not in self._busy]
        if excess > len(waiting):
            return False
        for handler in waiting[: max(0, excess)]:
            handler.force_close()
        return True


class Door(asyncio.Protocol):
    """A connection that comes in: it is handed on, or closed when there is no room."""

    def __init__(self, doorman: Doorman, server: web.Server) -> None:
        self._doorman, self._server = doorman, server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        opened = cast("asyncio.Transport", transport)
        if not self._doorman.lets_in(self._server, _address(opened)):
            opened.abort()
            return
        handler = self._server()
        opened.set_protocol(handler)
        handler.connection_made(opened)


def _address(transport: asyncio.BaseTransport | None) -> str:
    peer = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if peer else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
