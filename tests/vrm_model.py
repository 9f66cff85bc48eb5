"""A tiny VRM model, written by hand: a head of eight corners on the bones that the format wants."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

CORNERS = [(x, y, z) for x in (-0.1, 0.1) for y in (0.0, 0.25) for z in (-0.1, 0.1)]
FACES = [
    0,
    1,
    3,
    0,
    3,
    2,
    4,
    6,
    7,
    4,
    7,
    5,
    0,
    4,
    5,
    0,
    5,
    1,
    2,
    3,
    7,
    2,
    7,
    6,
    0,
    2,
    6,
    0,
    6,
    4,
    1,
    5,
    7,
    1,
    7,
    3,
]
EXPRESSIONS = ("aa", "ih", "ou", "ee", "oh", "blink", "happy", "angry", "sad", "relaxed", "surprised")
BONES: dict[str, tuple[str, tuple[float, float, float]]] = {
    "hips": ("", (0, 0.9, 0)),
    "spine": ("hips", (0, 0.1, 0)),
    "chest": ("spine", (0, 0.15, 0)),
    "neck": ("chest", (0, 0.2, 0)),
    "head": ("neck", (0, 0.08, 0)),
}
for _side, _x in (("left", 1), ("right", -1)):
    BONES |= {
        f"{_side}UpperLeg": ("hips", (0.1 * _x, 0, 0)),
        f"{_side}LowerLeg": (f"{_side}UpperLeg", (0, -0.4, 0)),
        f"{_side}Foot": (f"{_side}LowerLeg", (0, -0.4, 0)),
        f"{_side}UpperArm": ("chest", (0.15 * _x, 0.15, 0)),
        f"{_side}LowerArm": (f"{_side}UpperArm", (0.25 * _x, 0, 0)),
        f"{_side}Hand": (f"{_side}LowerArm", (0.25 * _x, 0, 0)),
    }


def texture(size: tuple[int, int] = (4, 4)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (255, 120, 60)).save(file, "PNG")
    return file.getvalue()


def model(changes: Mapping[str, Any] | None = None, picture: bytes | None = None) -> bytes:
    """The file. ``changes`` replace parts of its description, ``picture`` is the body of its texture."""
    places = struct.pack("<24f", *(one for corner in CORNERS for one in corner))
    ways = struct.pack("<24f", *(one / 0.3 for corner in CORNERS for one in corner))
    faces = struct.pack("<36H", *FACES)
    moved = b"".join(
        struct.pack(
            "<24f", *(0.05 * (index + 1) if axis == index % 3 else 0.0 for _ in CORNERS for axis in range(3))
        )
        for index in range(len(EXPRESSIONS))
    )
    body = picture if picture is not None else texture()
    parts = [places, ways, faces, *[moved[at : at + 96] for at in range(0, len(moved), 96)], body]
    views, binary = [], b""
    for part in parts:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(part)})
        binary += part + b"\0" * (-len(part) % 4)
    limits = {"min": [-0.1, 0.0, -0.1], "max": [0.1, 0.25, 0.1]}
    points = {"componentType": 5126, "count": 8, "type": "VEC3"}
    accessors = [
        {"bufferView": 0, **points, **limits},
        {"bufferView": 1, **points},
        {"bufferView": 2, "componentType": 5123, "count": 36, "type": "SCALAR"},
        *({"bufferView": 3 + index, **points, **limits} for index in range(len(EXPRESSIONS))),
    ]
    names = list(BONES)
    nodes: list[dict[str, Any]] = [{"name": name, "translation": list(BONES[name][1])} for name in names]
    for index, name in enumerate(names):
        inner = [at for at, other in enumerate(names) if BONES[other][0] == name]
        if inner:
            nodes[index]["children"] = inner
    face = len(nodes)
    nodes.append({"name": "face", "mesh": 0})
    nodes[names.index("head")].setdefault("children", []).append(face)
    description: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "extensionsUsed": ["VRMC_vrm"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": views,
        "accessors": accessors,
        "images": [{"bufferView": len(views) - 1, "mimeType": "image/png"}],
        "textures": [{"source": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0.3, 1], "metallicFactor": 0}}],
        "meshes": [
            {
                "primitives": [
                    {
                        "attributes": {"POSITION": 0, "NORMAL": 1},
                        "indices": 2,
                        "material": 0,
                        "targets": [{"POSITION": 3 + index} for index in range(len(EXPRESSIONS))],
                    }
                ]
            }
        ],
        "extensions": {
            "VRMC_vrm": {
                "specVersion": "1.0",
                "meta": {
                    "name": "tiny",
                    "authors": ["nobody"],
                    "licenseUrl": "https://vrm.dev/licenses/1.0/",
                },
                "humanoid": {"humanBones": {name: {"node": index} for index, name in enumerate(names)}},
                "expressions": {
                    "preset": {
                        name: {"morphTargetBinds": [{"node": face, "index": index, "weight": 1.0}]}
                        for index, name in enumerate(EXPRESSIONS)
                    }
                },
                "lookAt": {
                    "type": "bone",
                    **{
                        f"rangeMap{way}": {"inputMaxValue": 90, "outputScale": 10}
                        for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
                    },
                },
            }
        },
    }
    return glb({**description, **(changes or {})}, binary)


def glb(description: Any, binary: bytes = b"") -> bytes:
    """Binary glTF 2.0."""
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


if __name__ == "__main__":
    Path("tiny.vrm").write_bytes(model())
