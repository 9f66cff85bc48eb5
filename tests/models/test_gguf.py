"""What a GGUF's header tells, also one that is cut, damaged or none."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from gguf_props import WHOLE, gguf, pair, tensor, text
from hypothesis import given, settings
from hypothesis import strategies as st

from vtuber.models.gguf import read
from vtuber.models.store import locate


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(content)
    return path


def test_a_header(tmp_path: Path) -> None:
    found = read(written(tmp_path, WHOLE))
    assert (found.name, found.architecture, found.quantization) == ("板板 8B", "llama", "Q4_K_M")
    assert (found.parameters, found.context, found.chat_template) == (6410, 8192, "{{ messages }}")
    assert found.size == len(WHOLE)
    assert not found.is_projector


def test_what_a_file_does_not_say(tmp_path: Path) -> None:
    found = read(written(tmp_path, gguf([pair("general.architecture", 8, text("clip"))])))
    assert (found.name, found.quantization, found.context, found.chat_template) == ("model", "?", 0, "")
    assert found.is_projector


def test_the_embedded_model() -> None:
    found = read(locate(""))
    assert (found.architecture, found.quantization, found.parameters) == ("llama", "Q4_1", 134_515_008)
    assert "<|im_start|>" in found.chat_template


@pytest.mark.parametrize("length", [4, 8, 24, 60, len(WHOLE) - 1])
def test_a_file_cut_short(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match="incomplete"):
        read(written(tmp_path, WHOLE[:length]))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>not found</html>", "not a GGUF"),
        (gguf([], version=99), "version 99"),
        (gguf([pair("x", 77, b"")]), "an unknown kind"),
        (gguf([], [tensor("x", *range(1, 10))]), "dimensions"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "more than a model can have"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1000, 0), "incomplete"),
        (gguf([text("x") + struct.pack("<IIQ", 9, 8, 2**62)]), "more than a model can have"),
        (gguf([text("x") + struct.pack("<IIQ", 9, 8, 1000)]), "incomplete"),
        (gguf([text("x") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 10_000]), "too deep"),
        (gguf([text("x") + struct.pack("<IIQ", 9, 10, 2**62)]), "incomplete"),
        (gguf([struct.pack("<Q", 2**63)]), "incomplete"),
    ],
)
def test_what_is_no_header(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(written(tmp_path, content))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(4, len(WHOLE) - 1), st.integers(0, 255)), max_size=6))
def test_a_damaged_header_never_does_worse(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(WHOLE)
    for place, byte in damage:
        content[place] = byte
    try:
        found = read(written(tmp_path_factory.mktemp("damaged"), bytes(content)))
    except ValueError:
        return
    assert found.parameters >= 0
