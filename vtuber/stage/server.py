"""The show's one HTTP server: parts give it their routes, it decides which requests they get."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from aiohttp import web

from vtuber.config import Stage as StageSettings
from vtuber.core.availability import Availability
from vtuber.core.clock import outside
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.core.recent import Recent
from vtuber.core.text import escaped
from vtuber.stage.access import API, ROLE, AccessControl, Handler, Role
from vtuber.stage.bucket import Bucket
from vtuber.stage.doorman import Door, Doorman

log = logging.getLogger(__name__)

_requests = logging.getLogger(f"{__name__}.requests")
"""aiohttp's."""
for _nonsense in (_requests, logging.getLogger("aiohttp.websocket"), logging.getLogger("aiohttp.internal")):
    _nonsense.setLevel(logging.CRITICAL)  # they would show a streamer whatever somebody sends

BACKLOG = 32
"""How many connections are accepted at once; so many more may be open for a moment."""

IDLE_SECONDS = 10.0
"""A connection on which no whole request arrived for so long is closed."""

BODY_SECONDS = 5.0
"""A request whose body takes longer to arrive is refused."""

BODY_BYTES = 4096
"""The longest body of a request."""

RATE, BURST = 20.0, 60.0
"""How many requests to the API each address may send with each token: in a second, and at once."""

ADDRESSES = 500
"""Of so many addresses it is remembered how often they asked."""

REPORTED = 200
"""So many characters of an error are told."""

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
        self._doorman = Doorman()
        self._buckets: Recent[tuple[str, Role], Bucket] = Recent(ADDRESSES)
        self._failed: set[str] = set()
        self.add_routes([web.get("/health", self._health)])

    @property
    def url(self) -> str:
        """Its address, "http://127.0.0.1:8930/", with the token where one is needed."""
        return self._access.address(self._port)

    def control_address(self, role: Role) -> str:
        """The panel's address for one who has that role, with a token: for their eyes alone."""
        return self._access.control_address(self._port, role)

    def add_routes(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Answers these from its start on. Raises StageError when another part has one of them."""
        taken = {_name(route) for route in self._routes}
        for route in routes:
            if _name(route) in taken:
                raise StageError(f"two parts want the same web address: {_name(route)}", where="stage")
            self._routes.append(route)

    async def start(self) -> None:
        """Opens the port. Raises StageError when that cannot be done, ConfigError for a bad token."""
        self._access.check()
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
        return Health("stage.server", State.OK, self._access.place(self._port))

    def addresses(self) -> list[tuple[str, str]]:
        """Every address, with its token, behind what it is for: for the streamer's own eyes."""
        moderators = "the panel for your moderators, without settings and without her words"
        if not self._access.is_open:
            moderators += " (on this machine alone, unless you set stage.host)"
        return [
            ("the page for OBS", self.url),
            (
                "the panel for you alone: whoever has this address runs your show",
                self.control_address(Role.STREAMER),
            ),
            (moderators, self.control_address(Role.MODERATOR)),
        ]

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        """Opens the port. Cancelled half-way, it closes it again: nobody else could."""
        server = runner.server
        assert server is not None  # noqa: S101  # it is set up
        opening = asyncio.ensure_future(
            asyncio.get_running_loop().create_server(
                lambda: Door(self._doorman, server), self._settings.host, self._settings.port, backlog=BACKLOG
            )
        )
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            (opened,) = await asyncio.gather(opening, return_exceptions=True)
            if isinstance(opened, asyncio.Server):
                opened.close()
            raise

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keeps the connection for as long as the request is dealt with, once all of it has arrived."""
        if request.path.startswith(API):
            self._check_rate(request)
        self._doorman.begins(request)
        try:
            await _read_body(request)
            return await self._answer(request, handler)
        finally:
            self._doorman.ends(request)

    def _check_rate(self, request: web.Request) -> None:
        """Raises HTTPTooManyRequests. Silence is never refused."""
        who = (request.remote or "", request[ROLE])
        if (bucket := self._buckets.get(who)) is None:
            bucket = Bucket(RATE, BURST)
        self._buckets.set(who, bucket)
        if not bucket.take() and not request.path.endswith("/hush"):
            raise web.HTTPTooManyRequests(
                text="Too many requests at once. Try again in a second.", headers={"Retry-After": "1"}
            )

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer. Raises HTTPInternalServerError when it fails."""
        try:
            return await handler(request)
        except (web.HTTPException, ConnectionError):  # an answer too, or nobody waits for one
            raise
        except Exception as error:
            self._report(request, error)
            raise web.HTTPInternalServerError(text="This failed in banban; its log says how.") from error

    def _report(self, request: web.Request, error: Exception) -> None:
        """Says which handler fails, once: whoever asks chooses neither the words nor how often it is said."""
        resource = request.match_info.route.resource
        which = f"{request.method} {resource.canonical if resource is not None else '?'}"
        level = logging.DEBUG if which in self._failed else logging.ERROR
        self._failed.add(which)
        log.log(level, "%s failed: %s", which, escaped(repr(error))[:REPORTED])

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"parts": [health.row() for health in self._parts()]})


async def _read_body(request: web.Request) -> None:
    """Has aiohttp keep it for the handler. Raises an HTTPException when it is late, too large or broken."""
    if request.can_read_body:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="The request did not arrive in time.") from None
        except (web.RequestPayloadError, ConnectionError):
            raise web.HTTPBadRequest(text="The request broke off.") from None


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
