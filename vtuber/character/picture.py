"""A picture of a character's folder: read and checked once, so that what was checked is what is shown."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from vtuber.character import svg
from vtuber.core import files
from vtuber.core.errors import ConfigError

KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
SVG = "image/svg+xml"
ENDINGS = {SVG: ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
"""What the file of each kind is called, at its end."""

MOST_BYTES = 8 << 20
MOST_PIXELS = 4096
"""Of each side."""

SMALLER = f"save it with at most {MOST_PIXELS} × {MOST_PIXELS} pixels and {MOST_BYTES >> 20} MB"
_AGAIN = "export the picture again, as PNG, JPG or WebP"


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    """Of its file."""
    kind: str
    """Such as "image/png", by what is in it."""
    body: bytes = field(repr=False)


def read(path: Path, folder: Path) -> tuple[Picture, bool]:
    """A picture, and whether its parts can be moved. Raises ConfigError when it cannot be shown."""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(
                "this picture is a link out of the character's folder",
                where=str(path),
                hint="copy the picture itself into the folder",
            )
        with files.open_regular(path) as file:
            body = file.read(MOST_BYTES + 1)
            size = path.stat().st_size
    except (OSError, RuntimeError) as error:  # the second: links in a circle, before Python 3.13
        raise ConfigError(
            f"this picture cannot be read ({getattr(error, 'strerror', '') or 'a link to itself'})",
            where=str(path),
            hint="put a PNG, JPG, WebP or SVG there",
        ) from None
    if len(body) > MOST_BYTES:
        raise ConfigError(
            f"this picture has {size / (1 << 20):.0f} MB, and {MOST_BYTES >> 20} MB is the most",
            where=str(path),
            hint=SMALLER,
        )
    if path.suffix.lower() == ".svg":
        return _vectors(path, body)
    return Picture(path.name, _kind(path, body), body), False


def _vectors(path: Path, body: bytes) -> tuple[Picture, bool]:
    try:
        moves = svg.check(body)
    except svg.UnfitError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise ConfigError(f"this picture cannot be shown: {error}", where=place, hint=error.hint) from None
    return Picture(path.name, SVG, body), moves


def _kind(path: Path, body: bytes) -> str:
    """What sort of picture it is, after all of it was decoded once."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # most characters come without one

    where = str(path)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(body), formats=("PNG", "JPEG", "WEBP")) as picture,
        ):
            _check_size(picture.size, where)
            picture.load()
            empty = picture.has_transparency_data and not picture.convert("RGBA").getchannel("A").getbbox()
            kind = KINDS[picture.format or ""]
    except Image.DecompressionBombError:
        raise ConfigError("this picture has far too many pixels", where=where, hint=SMALLER) from None
    except UnidentifiedImageError:
        raise ConfigError(
            "this is not a picture that can be shown: neither PNG, JPG nor WebP", where=where, hint=_AGAIN
        ) from None
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  # decoders raise whatever a broken file makes them stumble over
        raise ConfigError(
            f"this picture is broken or was cut off ({error})", where=where, hint=_AGAIN
        ) from None
    if empty:
        raise ConfigError(
            "nothing of this picture can be seen: all of it is transparent", where=where, hint=_AGAIN
        )
    return kind


def _check_size(size: tuple[int, int], where: str) -> None:
    if max(size) > MOST_PIXELS:
        raise ConfigError(f"this picture has {size[0]} × {size[1]} pixels", where=where, hint=SMALLER)
