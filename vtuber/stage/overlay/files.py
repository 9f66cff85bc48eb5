"""Which files a page of the overlay can have."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from vtuber.character.face import Face, Look
from vtuber.character.model import KIND
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

MODEL = "face.vrm"
BUNDLE = "avatars/vrm/three.bundle.js"
"""In ``overlays/``; tools/bundle_vrm.py makes it."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")


class FaceFiles:
    """The pictures of one face, by the names under which a page asks for them.

    ``face.json`` says which avatar of ``overlays/avatars`` draws them, and what it needs to know:

        {"kind": "svg", "picture": "face.svg"}
        {"kind": "png", "looks": {"": {"shut": "face/0.png", "open": null, "blink": null, "open_blink": null,
                                       "vowels": {"A": "face/1.png"}}}}
        {"kind": "vrm", "model": "face.vrm", "instead": {"kind": …}}

    ``instead`` is what is shown where a model cannot be drawn. ``use`` is the kind that the streamer chose,
    or "auto"; ``trouble`` says why it is another, and what to do.
    """

    def __init__(self, face: Face, use: str = "auto") -> None:
        self._pictures: dict[str, Picture] = {}
        self._model = face.model
        self.trouble = _trouble(face, use)
        everyday = face.looks[""].shut
        if everyday.kind == SVG:
            self._pictures["face.svg"] = everyday
        self._index: dict[str, Any] = {"kind": "svg", "picture": "face.svg"}
        if not face.is_rigged or (use == "png" and not face.is_placeholder):
            looks = {mood: self._look(look) for mood, look in face.looks.items()}
            self._index = {"kind": "png", "looks": looks}
        if face.model is not None and use in ("auto", "vrm"):
            self._index = {"kind": "vrm", "model": MODEL, "instead": self._index}

    def _look(self, look: Look) -> dict[str, Any]:
        names = {one: self._name(getattr(look, one)) for one in ("shut", "open", "blink", "open_blink")}
        return {**names, "vowels": {vowel: self._name(one) for vowel, one in look.vowels.items()}}

    def _name(self, picture: Picture | None) -> str | None:
        if picture is None:
            return None
        name = f"face/{len(self._pictures)}{ENDINGS[picture.kind]}"
        self._pictures[name] = picture
        return name

    def get(self, name: str) -> web.Response | None:
        """What a page asks for by that name, but for the model; None when it is not of the face."""
        if name == "face.json":
            return web.json_response(self._index)
        picture = self._pictures.get(name)
        return web.Response(body=picture.body, content_type=picture.kind) if picture else None

    def model(self) -> web.Response:
        """Raises HTTPNotFound when she has none."""
        if self._model is None:
            raise web.HTTPNotFound(text="There is no such file.")
        return web.Response(body=self._model.body, content_type=KIND)


def _trouble(face: Face, use: str) -> tuple[str, str] | None:
    """Why the avatar is not the one that is wanted, and what to do; None when it is."""
    if use == "vrm" and face.model is None:
        return "stage.avatar.use is vrm, and she has no model", f"put it into her folder as {MODEL}"
    if use == "svg" and not face.is_rigged:
        why = "stage.avatar.use is svg, and she has no drawing whose parts move"
        return why, "docs/character.md says how one is made"
    if use == "png" and face.is_rigged:
        why = "stage.avatar.use is png, and she has no pictures"
        name = face.looks[""].shut.name
        instead = "" if face.is_placeholder or face.model is not None else f", in the place of {name}"
        return why, f"put face.png into her folder{instead}; docs/character.md says what else she may have"
    if face.model is not None and use in ("auto", "vrm") and files.find(f"overlays/{BUNDLE}") is None:
        how = "install Node.js, then run python3 tools/bundle_vrm.py, or install banban again"
        return "her model is not shown: what draws it was not built", how
    return None


def overlay_file(name: str) -> web.Response:
    """A file of ``overlays/``, the streamer's copy first. Raises HTTPNotFound."""
    found = None
    with suppress(OSError):  # a name that is too long for a file
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
