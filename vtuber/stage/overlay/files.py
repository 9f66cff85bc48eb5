"""Which files a page of the overlay can have."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from vtuber.character.face import Face
from vtuber.character.picture import ENDINGS, SVG, Picture
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


class FaceFiles:
    """The pictures of one face, by the names under which a page asks for them.

    ``face.json`` says which picture belongs to which mood, or that there is one whose parts are moved:
    {"looks": {"": {"shut": "face/0.png", "open": null}}} or {"rig": "face.svg"}.
    """

    def __init__(self, face: Face) -> None:
        self._pictures: dict[str, Picture] = {}
        looks = {
            mood: {"shut": self._name(look.shut), "open": self._name(look.open)}
            for mood, look in face.looks.items()
        }
        everyday = face.looks[""].shut
        if everyday.kind == SVG:
            self._pictures["face.svg"] = everyday
        self._index = {"rig": "face.svg"} if face.is_rigged else {"looks": looks}

    def _name(self, picture: Picture | None) -> str | None:
        if picture is None:
            return None
        name = f"face/{len(self._pictures)}{ENDINGS[picture.kind]}"
        self._pictures[name] = picture
        return name

    def get(self, name: str) -> web.Response | None:
        """What a page asks for by that name; None when it is not of the face."""
        if name == "face.json":
            return web.json_response(self._index)
        picture = self._pictures.get(name)
        return web.Response(body=picture.body, content_type=picture.kind) if picture else None


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
