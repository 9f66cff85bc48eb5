"""Headers of GGUFs, written byte by byte."""

from __future__ import annotations

import struct


def text(words: str) -> bytes:
    raw = words.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, *dimensions: int) -> bytes:
    shape = struct.pack("<I", len(dimensions)) + b"".join(struct.pack("<Q", size) for size in dimensions)
    return text(name) + shape + struct.pack("<IQ", 0, 0)


def array(kind: int, *items: bytes) -> bytes:
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def gguf(pairs: list[bytes], tensors: list[bytes] = [], version: int = 3) -> bytes:  # noqa: B006  # only read
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs))
    return head + b"".join(pairs) + b"".join(tensors)


WHOLE = gguf(
    [
        pair("general.architecture", 8, text("llama")),
        pair("tokenizer.ggml.tokens", 9, array(8, text("a"), text("板板"))),
        pair("tokenizer.ggml.scores", 9, array(6, *(struct.pack("<f", 1.0) for _ in range(3)))),
        pair("odd.nested", 9, array(9, array(8, text("x")), array(4))),
        pair("general.name", 8, text("板板 8B")),
        pair("general.file_type", 4, struct.pack("<I", 15)),
        pair("llama.context_length", 4, struct.pack("<I", 8192)),
        pair("tokenizer.chat_template", 8, text("{{ messages }}")),
    ],
    [tensor("a.weight", 64, 100), tensor("b.weight", 10)],
)
