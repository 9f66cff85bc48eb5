"""Pictures for tests of faces."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zlib import crc32

from PIL import Image, ImageDraw

SKIN, GOLD = (250, 200, 170, 255), (255, 210, 60, 255)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="5" cy="5" r="4"/></svg>'


def portrait(path: Path, colour: tuple[int, ...] = SKIN, size: tuple[int, int] = (200, 280)) -> Path:
    """A disc without a background (a JPEG has a black one), in the format that the file's name says."""
    image = Image.new("RGBA", size)
    ImageDraw.Draw(image).ellipse((size[0] * 0.1, size[1] * 0.1, size[0] * 0.9, size[1] * 0.9), fill=colour)
    (image.convert("RGB") if path.suffix.lower() in (".jpg", ".jpeg") else image).save(path)
    return path


def huge() -> bytes:
    """A PNG of few bytes that would take 10 GB when it is decoded."""
    file = BytesIO()
    Image.new("1", (8, 8)).save(file, "PNG")
    body = bytearray(file.getvalue())
    body[16:24] = (50_000).to_bytes(4) + (50_000).to_bytes(4)
    body[29:33] = crc32(body[12:29]).to_bytes(4)
    return bytes(body)


def character_in(folder: Path, name: str = "Luna", moods: str = '"neutral", "happy", "sad"') -> Path:
    """A character folder that lacks only pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "character.toml").write_text(f'name = "{name}"\nmoods = [{moods}]\n', encoding="utf-8")
    (folder / "persona.md").write_text(f"You are {name}.", encoding="utf-8")
    (folder / "examples.toml").write_text("", encoding="utf-8")
    return folder
