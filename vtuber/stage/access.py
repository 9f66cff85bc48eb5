"""Which requests the show's HTTP server answers.

A page of another site must not reach the show: neither by its own script (``Origin``), nor under a name
that its owner has pointed at this machine (``Host``; DNS rebinding), nor, when the server listens to other
machines, without the token in the address.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web

from vtuber.config import Stage as StageSettings

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",  # drawing programs write styles into an SVG's elements
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
)

HEADERS = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

SAFE = ("GET", "HEAD")
"""Methods that change nothing."""

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # compared, never bound

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


HandlerT = TypeVar("HandlerT", bound=Callable[..., Awaitable[web.StreamResponse]])


def public(handler: HandlerT) -> HandlerT:
    """Marks a handler whose answers are no secret: it is reached without the token."""
    handler.is_public = True  # type: ignore[attr-defined]  # a mark of ours, read in `_check`
    return handler


class AccessControl:
    """Answers requests that name this machine and carry the token, where there is one."""

    def __init__(self, settings: StageSettings) -> None:
        self._host = settings.host.lower()
        self._names = {"localhost", "127.0.0.1", "::1", self._host, *map(str.lower, settings.allowed_hosts)}
        self._names -= set(EVERYWHERE)
        self._token = ""
        if not _is_loopback(self._host):
            self._token = os.environ.get("BANBAN_STAGE_TOKEN") or secrets.token_urlsafe(16)

    def address(self, port: int) -> str:
        """The server's address, with the token where one is needed."""
        host = "127.0.0.1" if self._host in EVERYWHERE else self._host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{port}/" + (f"?token={quote(self._token)}" if self._token else "")

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check(request)
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _check(self, request: web.Request) -> None:
        if _hostname(request.host) not in self._names | _own_address(request):
            raise web.HTTPForbidden(
                text="This server does not answer to this host name. Add the name to stage.allowed_hosts."
            )
        secret = self._token and not getattr(request.match_info.handler, "is_public", False)
        given = request.query.get("token", "").encode("utf-8", "replace")
        if secret and not hmac.compare_digest(given, self._token.encode()):
            raise web.HTTPForbidden(
                text="The token in the address is missing or wrong. Copy the address that banban shows."
            )
        origin = request.headers.get("Origin")
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        # A browser names the page that opens a socket or sends a form; a program may leave that out.
        asked_by_page = is_socket or (request.method not in SAFE and origin is not None)
        if asked_by_page and _place(origin or "") != request.host.lower():
            raise web.HTTPForbidden(text="Other websites may not do this.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _place(origin: str) -> str:
    """Host and port of an Origin header; "" when it has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _hostname(host: str) -> str:
    """The name in a Host header, without port and brackets; "" when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _own_address(request: web.Request) -> set[str]:
    """The address of ours that was connected to. A number cannot be pointed elsewhere, as a name can."""
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return {str(local[0])} if local else set()
