"""Models in 3D: which file is worn, and which is refused before a browser sees it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from pictures import character_in, huge, portrait
from vrm_model import glb, model, texture

from vtuber import character as characters
from vtuber.character.model import MOST_BYTES
from vtuber.core.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return character_in(tmp_path / "luna")


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        characters.load(str(folder))
    return str(caught.value)


def test_a_model_is_worn(folder: Path) -> None:
    body = model()
    (folder / "face.vrm").write_bytes(body)
    face = characters.load(str(folder)).face
    assert face.model is not None
    assert face.model.body == body
    assert not face.is_placeholder
    assert "face.vrm" in str(face)


def test_pictures_stand_in_for_a_model(folder: Path) -> None:
    (folder / "face.vrm").write_bytes(model())
    portrait(folder / "face.png")
    face = characters.load(str(folder)).face
    assert face.model is not None
    assert face.looks[""].shut.name == "face.png"
    assert face.unused == ()


def test_a_model_can_be_chosen_by_name(folder: Path) -> None:
    sheet = folder / "character.toml"
    sheet.write_text(sheet.read_text(encoding="utf-8") + 'face = "me.vrm"\n', encoding="utf-8")
    (folder / "me.vrm").write_bytes(model())
    face = characters.load(str(folder)).face
    assert face.model is not None
    assert face.model.name == "me.vrm"


def test_a_model_of_another_name_is_told_of(folder: Path) -> None:
    (folder / "luna.vrm").write_bytes(model())
    assert characters.load(str(folder)).face.unused == (("luna.vrm", "call it face.vrm to show it"),)


def test_a_huge_model_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "face.vrm").open("wb") as file:
        file.write(model())
        file.truncate(500 << 20)
    assert f"500 MB, and {MOST_BYTES >> 20} MB is the most" in refused(folder)


def cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def versioned(body: bytes) -> bytes:
    return body[:4] + struct.pack("<I", 1) + body[8:]


ENDLESS: list[Any] = []
for _ in range(100):
    ENDLESS = [ENDLESS]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "does not begin as one"),
        (b"GIF89a" + bytes(100), "does not begin as one"),
        (cut(model()), "cut off"),
        (versioned(model()), "another version"),
        (glb([]), "description"),
        (glb({"asset": {"version": "2.0"}}), "lacks the extension"),
        (glb({"extensions": "VRM"}), "lacks the extension"),
        (model({"extensions": {"KHR_lights": {}}}), "lacks the extension"),
        (model({"buffers": [{"uri": "https://evil.example/a.bin", "byteLength": 4}]}), "needs other files"),
        (model({"images": [{"uri": "../../secret.png"}]}), "needs other files"),
        (model({"images": [{"uri": "data:image/png;base64,AAAA"}]}), "written into its description"),
        (model({"images": [{"bufferView": 9999}]}), "texture is missing"),
        (model({"images": [7]}), "description"),
        (model({"bufferViews": ENDLESS}), "description"),
        (model({"accessors": [{"count": 4_000_000_000, "type": "MAT4"}]}), "too many points"),
        (model({"accessors": [{"count": "many"}]}), "too many points"),
        (model(picture=huge()), "too many pixels"),
        (model(picture=texture()[:20]), "texture is broken"),
        (model(picture=b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "texture is broken"),
    ],
)
def test_what_is_no_model_or_a_hostile_one_is_refused(folder: Path, body: bytes, why: str) -> None:
    (folder / "face.vrm").write_bytes(body)
    said = refused(folder)
    assert why in said
    assert "face.vrm" in said


def test_a_description_that_never_ends_is_refused(folder: Path) -> None:
    text = b"[" * 100_000
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    (folder / "face.vrm").write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    assert "cannot be read" in refused(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "else.vrm").write_bytes(model())
    (folder / "face.vrm").symlink_to(tmp_path / "else.vrm")
    assert "link out of" in refused(folder)


def test_the_textures_together_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.character.model.MOST_TEXTURE_PIXELS", 100)
    (folder / "face.vrm").write_bytes(model(picture=texture((20, 20))))
    assert "too many pixels" in refused(folder)
