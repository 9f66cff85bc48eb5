"""The control panel's page. Its files hold no secret, and are given out without a token."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiohttp import web

from vtuber.core import files
from vtuber.stage.access import public
from vtuber.stage.overlay.files import file

_NAME = re.compile(r"[a-z]+\.(?:css|js)")


def routes() -> Sequence[web.AbstractRouteDef]:
    """The page, and all that it loads."""
    return [web.get("/control", _page), web.get("/control/{name}", _file)]


@public
async def _page(_: web.Request) -> web.Response:
    return _found("index.html")


@public
async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if not _NAME.fullmatch(name):
        raise web.HTTPNotFound(text="There is no such file.")
    return _found(name)


def _found(name: str) -> web.Response:
    """A file of ``panel/``, the streamer's copy first. Raises HTTPNotFound."""
    path = files.find(f"panel/{name}")
    if path is None:
        raise web.HTTPNotFound(text="There is no such file.")
    return file(path)
