"""Which files a page of the overlay can have."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

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

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")


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
        with files.open_regular(path) as opened:
            body = opened.read()
    except OSError:
        raise web.HTTPNotFound(text="There is no such file.") from None
    return web.Response(body=body, content_type=kind, charset="utf-8" if kind.startswith("text/") else None)
