"""The show's one HTTP server: parts give it their routes, it decides which requests they get."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from vtuber.config import Stage as StageSettings
from vtuber.core.availability import Availability
from vtuber.core.clock import outside
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.stage.access import AccessControl, Handler

log = logging.getLogger(__name__)

_requests = logging.getLogger(f"{__name__}.requests")
_requests.setLevel(logging.CRITICAL)
"""aiohttp's: it would show a streamer a traceback for whatever nonsense somebody sends."""

CONNECTIONS = 128
"""How many connections may be open. Another one takes the place of the oldest that waits for a request."""

BACKLOG = 32
"""How many connections are accepted at once; so many more than ``CONNECTIONS`` may be open for a moment."""

IDLE_SECONDS = 10.0
"""A connection on which no whole request arrived for so long is closed."""

BODY_SECONDS = 5.0
"""A request whose body takes longer to arrive is refused."""

BODY_BYTES = 4096
"""The longest body of a request."""

IN_USE = (errno.EADDRINUSE, 10048)
"""The port belongs to another program; the second number is what Windows calls it."""


@runtime_checkable
class Routed(Protocol):
    """A part that answers HTTP requests."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What it answers; asked once, before the server starts."""
        ...


class Server:
    """Answers ``/health`` and the routes of all parts.

    ``parts`` gives the rows of ``/health``.
    """

    def __init__(self, settings: StageSettings, parts: Callable[[], Sequence[Health]] = tuple) -> None:
        self.availability = Availability()
        self._settings = settings
        self._parts = parts
        self._access = AccessControl(settings)
        self._routes: list[web.AbstractRouteDef] = []
        self._port = settings.port
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._busy: set[RequestHandler] = set()
        self.add_routes([web.get("/health", self._health)])

    @property
    def url(self) -> str:
        """Its address, "http://127.0.0.1:8930/", with the token where one is needed."""
        return self._access.address(self._port)

    def add_routes(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Answers these from its start on. Raises StageError when another part has one of them."""
        taken = {_name(route) for route in self._routes}
        for route in routes:
            if _name(route) in taken:
                raise StageError(f"two parts want the same web address: {_name(route)}", where="stage")
            self._routes.append(route)

    async def start(self) -> None:
        """Opens the port. Raises StageError when it is in use, or cannot be opened."""
        app = web.Application(middlewares=[self._access.guard, self._guard], client_max_size=BODY_BYTES)
        app.add_routes(self._routes)
        runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=_requests,
            shutdown_timeout=1.0,
            keepalive_timeout=IDLE_SECONDS,
        )
        try:
            with outside():
                await runner.setup()
                self._listening = await self._listen(runner)
        except OSError as error:
            await runner.cleanup()
            raise _cannot_listen(error, self._settings.host, self._settings.port) from error
        except BaseException:  # cancelled half-way: another part could not start
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = self._listening.sockets[0].getsockname()[1]
        self.availability.set(ready=True)

    async def stop(self) -> None:
        """Closes the port and every connection. Harmless when it never started."""
        self.availability.set(ready=False)
        runner, self._runner = self._runner, None
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if runner is not None:
            with outside():
                await runner.cleanup()

    def health(self) -> Health:
        if self._runner is None:
            return Health("stage.server", State.OFF, "not started")
        return Health("stage.server", State.OK, self.url)

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        """Opens the port. Cancelled half-way, it closes it again: nobody else could."""
        opening = asyncio.ensure_future(
            asyncio.get_running_loop().create_server(
                lambda: self._accept(runner), self._settings.host, self._settings.port, backlog=BACKLOG
            )
        )
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            (opened,) = await asyncio.gather(opening, return_exceptions=True)
            if isinstance(opened, asyncio.Server):
                opened.close()
            raise

    def _accept(self, runner: web.AppRunner) -> asyncio.Protocol:
        """What deals with a new connection. aiohttp has deadlines for connections, but no bound."""
        server = runner.server
        assert server is not None  # noqa: S101  # it is set up
        open_ = [handler for handler in server.connections if handler.transport is not None]
        waiting = [handler for handler in open_ if handler not in self._busy]
        excess = len(open_) + 1 - CONNECTIONS
        if excess > 0 and not waiting:
            return _Refusal()
        for handler in waiting[: max(0, excess)]:
            handler.force_close()
        return server()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keeps the connection for as long as the request is dealt with, once all of it has arrived."""
        self._busy.add(request.protocol)
        try:
            await _read_body(request)
            return await _answer(request, handler)
        finally:
            self._busy.discard(request.protocol)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"parts": [health.row() for health in self._parts()]})


class _Refusal(asyncio.Protocol):
    """Closes a connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101  # a socket's
        transport.abort()


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The handler's answer. Raises HTTPInternalServerError when it fails."""
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):  # an answer too, or nobody waits for one
        raise
    except Exception as error:
        what = f"{request.method} {request.path} failed: {error!r}"
        log.error("%s", escaped(what))  # noqa: TRY400  # in words
        raise web.HTTPInternalServerError from error


async def _read_body(request: web.Request) -> None:
    """Has aiohttp keep it for the handler. Raises an HTTPException when it is late, too large or broken."""
    if request.can_read_body:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (web.RequestPayloadError, ConnectionError):
            raise web.HTTPBadRequest from None


def _name(route: web.AbstractRouteDef) -> str:
    """Its method and path, such as "GET /health"."""
    return f"{route.method} {route.path}" if isinstance(route, web.RouteDef) else repr(route)


def _cannot_listen(error: OSError, host: str, port: int) -> StageError:
    if error.errno in IN_USE:
        return StageError(
            f"port {port} is in use",
            where="stage.port",
            hint="stop the other show that may use this port, or set stage.port to another port",
        )
    return StageError(
        f"the web server cannot listen on {host} port {port} ({error.strerror or error})",
        where="stage.host",
        hint="set stage.host to 127.0.0.1, or to an address of this machine",
    )
