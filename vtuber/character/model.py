"""A VRM model of a character's folder: read and checked once, before a browser decodes any of it.

A VRM file is binary glTF 2.0 with the extension VRMC_vrm (version 1.0) or VRM (0.x).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from vtuber.core import files
from vtuber.core.errors import ConfigError

ENDING = ".vrm"
KIND = "model/gltf-binary"
EXTENSIONS = ("VRMC_vrm", "VRM")

MOST_BYTES = 128 << 20
MOST_PIXELS = 8192
"""Of each side of a texture."""
MOST_TEXTURE_PIXELS = 4 * 4096 * 4096 * 4
"""Of all textures together: 1 GB when they are decoded."""
MOST_ELEMENTS = 8_000_000
"""Of one accessor, such as the vertices of a mesh."""
_MOST_JSON = 32 << 20
_MOST_IMAGES = 256

_HEADER = struct.Struct("<4sIIII")
"""Magic, version, length of the file; length and type of the first chunk."""
_JSON = 0x4E4F534A
_BINARY = 0x004E4942

_AGAIN = "export the model again, as VRM 1.0"
_SMALLER = "make its textures smaller, and export it again"


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    """Of its file."""
    body: bytes = field(repr=False)


class _UnfitError(Exception):
    """Why it cannot be shown."""


def read(path: Path, folder: Path) -> Model:
    """The model. Raises ConfigError when it cannot be shown."""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(
                "this model is a link out of the character's folder",
                where=str(path),
                hint="copy the model itself into the folder",
            )
        with files.open_regular(path) as file:
            size = path.stat().st_size
            body = file.read(MOST_BYTES + 1) if size <= MOST_BYTES else b""
    except (OSError, RuntimeError) as error:  # the second: links in a circle, before Python 3.13
        why = getattr(error, "strerror", "") or "a link to itself"
        raise ConfigError(
            f"this model cannot be read ({why})", where=str(path), hint="put a VRM file there"
        ) from None
    if size > MOST_BYTES or len(body) > MOST_BYTES:
        raise ConfigError(
            f"this model has {size / (1 << 20):.0f} MB, and {MOST_BYTES >> 20} MB is the most",
            where=str(path),
            hint=_SMALLER,
        )
    try:
        _check(body)
    except _UnfitError as error:
        raise ConfigError(
            f"this is not a VRM model that can be shown: {error}", where=str(path), hint=_AGAIN
        ) from None
    return Model(path.name, body)


def _check(body: bytes) -> None:
    """Raises _UnfitError for whatever a browser should not be given."""
    described, binary = _chunks(body)
    if not any(name in _table(described.get("extensions")) for name in EXTENSIONS):
        raise _UnfitError("it lacks the extension VRMC_vrm, so it is some other model")
    for part in ("buffers", "images"):
        for one in _rows(described, part):
            address = one.get("uri")
            if address is not None and not str(address).startswith("data:"):
                raise _UnfitError("it needs other files")
    for accessor in _rows(described, "accessors"):
        count = accessor.get("count", 0)
        if not isinstance(count, int) or not 0 <= count <= MOST_ELEMENTS:
            raise _UnfitError("it has far too many points")
    _check_textures(described, binary)


def _chunks(body: bytes) -> tuple[dict[str, Any], memoryview]:
    """What the file says of itself, and its binary part."""
    if len(body) < _HEADER.size or body[:4] != b"glTF":
        raise _UnfitError("it does not begin as one")
    _, version, length, first, kind = _HEADER.unpack_from(body)
    if version != 2 or kind != _JSON:
        raise _UnfitError("it is of another version")
    end = _HEADER.size + first
    if length != len(body) or end > len(body):
        raise _UnfitError("it was cut off")
    if first > _MOST_JSON:
        raise _UnfitError("its description is too long")
    try:
        described = json.loads(body[_HEADER.size : end].decode("utf-8"))
    except (ValueError, RecursionError):
        raise _UnfitError("its description cannot be read") from None
    if not isinstance(described, dict):
        raise _UnfitError("its description cannot be read")
    binary = memoryview(b"")
    if len(body) >= end + 8:
        size, kind = struct.unpack_from("<II", body, end)
        if kind == _BINARY:
            binary = memoryview(body)[end + 8 : end + 8 + size]
    return described, binary


def _check_textures(described: dict[str, Any], binary: memoryview) -> None:
    """Reads the sizes of all textures out of their headers; nothing is decoded."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # most characters come without a model

    views, images = _rows(described, "bufferViews"), _rows(described, "images")
    if len(images) > _MOST_IMAGES:
        raise _UnfitError("it has too many textures")
    pixels = 0
    for image in images:
        if "uri" in image:
            raise _UnfitError("a texture is written into its description")
        index = image.get("bufferView")
        if not isinstance(index, int) or not 0 <= index < len(views):
            raise _UnfitError("a texture is missing")
        start, size = (views[index].get(key, 0) for key in ("byteOffset", "byteLength"))
        if not isinstance(start, int) or not isinstance(size, int) or start < 0 or size < 0:
            raise _UnfitError("a texture is missing")
        try:
            with Image.open(
                BytesIO(binary[start : start + size]), formats=("PNG", "JPEG", "WEBP")
            ) as picture:
                width, height = picture.size
        except Image.DecompressionBombError:
            raise _UnfitError("a texture has far too many pixels") from None
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            raise _UnfitError("a texture is broken") from None
        pixels += width * height
        if max(width, height) > MOST_PIXELS or pixels > MOST_TEXTURE_PIXELS:
            raise _UnfitError("its textures have far too many pixels")


def _rows(described: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = described.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _UnfitError("its description cannot be read")
    return rows


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
