"""Who may come in to the overlay's server, and which files are given out.

A page of another site must not reach the show: neither by its own script (``Origin``), nor under a name
that its owner has pointed at this machine (``Host``; DNS rebinding), nor, when the server listens to other
machines, without the token in the address.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import web

from vtuber.config import Stage as StageSettings
from vtuber.core import files

# Not from `mimetypes`: on Windows it reads the registry, where .js may be anything.
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

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

PRIVATE = ("/", "/ws", "/health")
"""What is only given out for the token, where there is one."""

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # compared, never bound

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AccessControl:
    """Lets in whoever asks under a name of this machine, and knows the token if there is one."""

    def __init__(self, settings: StageSettings) -> None:
        self._host = settings.host.lower()
        self._names = {"localhost", "127.0.0.1", "::1", self._host, *map(str.lower, settings.allowed_hosts)}
        self._names -= set(EVERYWHERE)
        self._token = ""
        if not _is_loopback(self._host):
            self._token = os.environ.get("BANBAN_STAGE_TOKEN") or secrets.token_urlsafe(16)

    def address(self, port: int) -> str:
        """The page's address, with the token where one is needed."""
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
            raise web.HTTPForbidden(text="This name is not allowed; see stage.allowed_hosts.")
        given = request.query.get("token", "").encode("utf-8", "replace")
        if request.path in PRIVATE and self._token and not hmac.compare_digest(given, self._token.encode()):
            raise web.HTTPForbidden(text="The address lacks its token.")
        origin = request.headers.get("Origin", "")
        if request.path == "/ws" and _place(origin) != request.host.lower():
            raise web.HTTPForbidden(text="Another page's script.")


def overlay_file(name: str) -> web.Response:
    """A file of ``overlays/``, the streamer's copy first. Raises HTTPNotFound."""
    found = files.find(f"overlays/{name}") if _NAME.fullmatch(name) else None
    if found is None:
        raise web.HTTPNotFound(text="There is no such file.")
    return file(found)


def file(path: Path) -> web.Response:
    """A file of a kind that a page can use. Raises HTTPNotFound."""
    kind = TYPES.get(path.suffix.lower())
    if kind is None:
        raise web.HTTPNotFound(text="There is no such file.")
    try:
        body = path.read_bytes()
    except OSError:
        raise web.HTTPNotFound(text="There is no such file.") from None
    return web.Response(body=body, content_type=kind, charset="utf-8" if kind.startswith("text/") else None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _place(origin: str) -> str:
    """Host and port of an Origin header; "" when it is none."""
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
