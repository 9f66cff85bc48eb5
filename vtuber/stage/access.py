"""Which requests the show's HTTP server answers.

A page of another site must not reach the show: neither by its own script (``Origin``), nor under a name
that its owner has pointed at this machine (``Host``; DNS rebinding), nor, when the server listens to other
machines, without a token. What changes the show needs a moderator's or the streamer's, on this machine too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web

from vtuber.config import Stage as StageSettings
from vtuber.stage.tokens import Role, Tokens

__all__ = ["API", "HEADERS", "ROLE", "AccessControl", "Handler", "Role", "Within", "public", "requires"]

ROLE = web.RequestKey("role", Role)
"""``request[ROLE]``: what the token of a request gives; PAGE where there is none."""

API = "/api/"
"""Whatever begins with it needs a moderator's token."""

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self' blob:",  # a VRM model's textures come out of its file
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",  # drawing programs write styles into an SVG's elements
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
)

PANEL_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",  # a sentence that waits to be heard
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",  # no text becomes markup there, whatever a script does with it
)
"""Whoever could run a script in the panel would run the show."""

HEADERS = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), usb=()",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

PANEL_HEADERS = {
    "Content-Security-Policy": "; ".join(PANEL_POLICY),
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}

SAFE = ("GET", "HEAD")
"""Methods that change nothing."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")

HANDSHAKE = ("Sec-WebSocket-Key", "Sec-WebSocket-Version")
"""What aiohttp takes for ASCII."""

TOO_LITTLE = "This token does not open that: it is for the streamer, or for moderators."

_TOKEN = re.compile(r"(?<=[?&])token=[^&#]*&?")

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # compared, never bound

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


HandlerT = TypeVar("HandlerT", bound=Callable[..., Awaitable[web.StreamResponse]])


def public(handler: HandlerT) -> HandlerT:
    """Marks a handler whose answers are no secret: it is reached without the token."""
    handler.is_public = True  # type: ignore[attr-defined]  # a mark of ours, read in `_check_role`
    return handler


def requires(role: Role) -> Callable[[HandlerT], HandlerT]:
    """Marks a handler that answers only those who have a token of that role, or of one above it."""

    def mark(handler: HandlerT) -> HandlerT:
        handler.requires = role  # type: ignore[attr-defined]  # a mark of ours, read in `_role_needed`
        return handler

    return mark


class Within(web.HTTPFound):
    """Leads to another page of this server, which needs the same token: it goes along."""


class AccessControl:
    """Answers requests that name this machine and carry the token that they need."""

    def __init__(self, settings: StageSettings) -> None:
        self._host = settings.host.lower()
        own = {*LOOPBACK, self._host} - set(EVERYWHERE)
        self._schemes = dict.fromkeys(own, "http")
        """By name under which the server may be asked: how pages under that name were fetched."""
        for place in settings.allowed_hosts:
            parts = urlsplit(place.lower() if "://" in place else f"http://{place.lower()}")
            self._schemes.setdefault(parts.hostname or "", parts.scheme)
        self.is_open = not _is_loopback(self._host)
        """Whether other machines can connect."""

    @cached_property
    def tokens(self) -> Tokens:
        """Made, or read from their file, when they are first needed. Raises ConfigError."""
        return Tokens()

    def check(self) -> None:
        """Raises ConfigError when a token protects nothing: better at the start than at the first request."""
        _ = self.tokens

    def place(self, port: int) -> str:
        """The server's address without any token: what may be written anywhere."""
        host = "127.0.0.1" if self._host in EVERYWHERE else self._host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{port}/"

    def address(self, port: int) -> str:
        """The server's address, with the token where one is needed."""
        token = f"?token={quote(self.tokens.of(Role.PAGE))}" if self.is_open else ""
        return self.place(port) + token

    def control_address(self, port: int, role: Role) -> str:
        """The panel's address. The token is in its fragment, which no browser sends or passes on."""
        return f"{self.place(port)}control#token={quote(self.tokens.of(role))}"

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = HEADERS | PANEL_HEADERS if _is_panel(request.path) else HEADERS
        try:
            self._check(request)
            response = await handler(request)
        except web.HTTPException as refusal:
            _protect(refusal, headers)
            raise
        if not response.prepared:
            _protect(response, headers)
        return response

    def _check(self, request: web.Request) -> None:
        """Raises an HTTPException when the request is not to be answered. Sets ``request[ROLE]``."""
        name = _hostname(request.host)
        if name not in self._schemes and name not in _own_address(request):
            raise web.HTTPForbidden(
                text="This server does not answer to this host name. Add the name to stage.allowed_hosts."
            )
        own = f"{self._schemes.get(name, 'http')}://{request.host.lower()}"
        if _is_foreign(request, own):
            raise web.HTTPForbidden(text="Other websites may not do this.")
        if not all(value.isascii() for header, value in request.headers.items() if header in HANDSHAKE):
            raise web.HTTPBadRequest(text="This is no way to open a websocket.")
        self._check_role(request, is_beyond=self.is_open or name not in (*LOOPBACK, self._host))

    def _check_role(self, request: web.Request, *, is_beyond: bool) -> None:
        """``is_beyond``: it may come from another machine."""
        given = _given_token(request)
        role = self.tokens.role(given) if given else None
        request[ROLE] = role or Role.PAGE
        needed = _role_needed(request)
        is_secret = is_beyond and not getattr(request.match_info.handler, "is_public", False)
        if role is None and (is_secret or needed > Role.PAGE):
            raise web.HTTPUnauthorized(
                text="The token in the address is missing or wrong. Copy the address that banban shows.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if request[ROLE] < needed:
            raise web.HTTPForbidden(text=TOO_LITTLE)


def _protect(response: web.StreamResponse, headers: Mapping[str, str]) -> None:
    """Adds the headers, and takes a token out of the address to which the response leads, unless `Within`."""
    response.headers.update(headers)
    if "Location" in response.headers and not isinstance(response, Within):
        response.headers["Location"] = _TOKEN.sub("", response.headers["Location"])


def _is_foreign(request: web.Request, own: str) -> bool:
    """Whether a page of another site asks, as far as its browser tells.

    A browser names the page that opens a socket or sends a form; of others it tells whether they are ours
    (``Sec-Fetch-Site``). A program may leave both out. A link to a page is followed from everywhere.
    """
    origin = request.headers.get("Origin")
    is_socket = request.headers.get("Upgrade", "").strip().lower() == "websocket"
    if (origin is not None or is_socket) and (origin or "").lower() != own:
        return True
    if request.headers.get("Sec-Fetch-Site", "none").lower() in ("none", "same-origin"):
        return False
    wanted = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    is_link = request.method in SAFE and wanted == ("navigate", "document")
    return not is_link or request.path.startswith(API)


def _is_panel(path: str) -> bool:
    return path == "/control" or path.startswith("/control/")


def _given_token(request: web.Request) -> str:
    """The token of a request; "" without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.query.get("token", "")


def _role_needed(request: web.Request) -> Role:
    needed: Role = getattr(request.match_info.handler, "requires", Role.PAGE)
    resource = request.match_info.route.resource
    paths = (request.path, resource.canonical if resource is not None else "")
    return max(needed, Role.MODERATOR) if any(path.startswith(API) for path in paths) else needed


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hostname(host: str) -> str:
    """The name in a Host header, without port and brackets; "" when it is none."""
    try:
        parts = urlsplit(f"//{host}")
        return "" if "@" in host else (parts.hostname or "").lower()
    except ValueError:
        return ""


def _own_address(request: web.Request) -> set[str]:
    """The address of ours that was connected to. A number cannot be pointed elsewhere, as a name can."""
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return {str(local[0])} if local else set()
