"""GGUF files: which files make a model, and what a header says, in milliseconds whatever the file's size.

After https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The package ``gguf`` reads
every token of the vocabulary with it, which takes seconds for each file.
"""

from __future__ import annotations

import mmap
import re
import struct
from contextlib import closing
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from vtuber.core.files import open_regular

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")
_LONGEST_STRING = 1 << 20
_MOST_DIMENSIONS = 8
_MOST_ITEMS = 4_000_000
"""Values, tensors and words of the vocabulary, all together: whatever lists more is no model."""

_PART = re.compile(r"(?P<stem>.+)-(?P<part>00\d{3})-of-(?P<parts>00\d{3})(?P<suffix>\.gguf)", re.IGNORECASE)
"""A model in several files, as llama.cpp names them: whoever names the first, loads them all."""

# What ``general.file_type`` stands for: llama.h's llama_ftype.
_QUANTIZATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0",
    37: "TQ2_0", 38: "MXFP4", 39: "NVFP4", 40: "Q1_0",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    path: Path
    size: int
    """Bytes of the file."""
    name: str
    architecture: str
    parameters: int
    """How many weights it has."""
    quantization: str
    """Such as "Q4_K_M"; "?" where the file does not say."""
    context: int
    """Tokens it was trained to hold; 0 where the file does not say."""
    chat_template: str
    kind: str = "model"
    """Such as "adapter" for a LoRA."""
    pools: bool = False
    """Whether it gives a vector for a whole text (search, ranking) instead of going on with it."""

    @property
    def can_chat(self) -> bool:
        """Whether it is a whole model that was taught to answer."""
        return self.kind == "model" and bool(self.chat_template and self.parameters) and not self.pools

    @property
    def is_projector(self) -> bool:
        """Whether it lets another model see ("mmproj"), and is not a model that speaks."""
        return self.architecture == "clip"


def parts_of(name: str) -> list[str]:
    """All the files of the model that this file belongs to, in order; itself alone when it is not split."""
    found = _PART.fullmatch(name)
    if found is None:
        return [name]
    stem, _, count, suffix = found.groups()
    return [f"{stem}-{part:05}-of-{count}{suffix}" for part in range(1, int(count) + 1)] or [name]


def is_gguf(path: Path) -> bool:
    """Whether the file begins like one. Raises OSError when it cannot be read."""
    with open_regular(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read(path: Path) -> Header:
    """The header of the GGUF at ``path``. Raises ValueError, saying what is wrong with it, and OSError."""
    with open_regular(path) as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("this file is not a GGUF file")
        with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            try:
                values, parameters = _Cursor(data).whole()
            except (struct.error, IndexError, OverflowError):
                raise ValueError("the file is incomplete") from None
            except RecursionError:
                raise ValueError("the file is damaged: its lists are nested too deep") from None
            size = len(data)
    kind = _text(values, "general.architecture")
    return Header(
        path,
        size,
        name=_text(values, "general.name") or path.stem,
        architecture=kind,
        parameters=parameters,
        quantization=_QUANTIZATIONS.get(_number(values, "general.file_type", -1), "?"),
        context=_number(values, f"{kind}.context_length", 0),
        chat_template=_text(values, "tokenizer.chat_template"),
        kind=_text(values, "general.type") or "model",
        pools=_number(values, f"{kind}.pooling_type", 0) > 0,
    )


class _Cursor:
    """Where in the file we are. Whatever goes beyond its end raises struct.error."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(_MAGIC)
        self._items = 0

    def whole(self) -> tuple[dict[str, Any], int]:
        """The values by their keys (arrays are skipped), and how many weights the tensors hold."""
        version = self._scalar("<I")
        if version not in _VERSIONS:
            raise ValueError(f"banban does not support version {version} of GGUF")
        tensors, pairs = self._scalar("<Q"), self._scalar("<Q")
        self._count(tensors + pairs)
        values = {}
        for _ in range(pairs):
            key = self._string()
            values[key] = self._value(self._scalar("<I"))
        return values, sum(self._tensor() for _ in range(tensors))

    def _scalar(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return value

    def _string(self) -> str:
        length = self._scalar("<Q")
        if length > min(_LONGEST_STRING, len(self._data) - self._at):
            raise struct.error
        text = self._data[self._at : self._at + length]
        self._at += length
        return text.decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._skip_array(self._scalar("<I"), self._scalar("<Q"))
        if kind not in _SCALARS:
            raise ValueError("the file is damaged: it has a value of an unknown kind")
        return self._scalar(_SCALARS[kind])

    def _skip_array(self, kind: int, count: int) -> None:
        if kind in _SCALARS:
            self._at += struct.calcsize(_SCALARS[kind]) * count
            if self._at > len(self._data):
                raise struct.error
            return
        self._count(count)
        if kind == _STRING:
            self._skip_strings(count)
        else:
            for _ in range(count):
                self._value(kind)

    def _skip_strings(self, count: int) -> None:
        # A vocabulary and its merges are half a million of them: this loop is the time that reading takes.
        data, at, read, size = self._data, self._at, _LENGTH.unpack_from, _LENGTH.size
        for _ in range(count):
            at += size + read(data, at)[0]
        self._at = at

    def _count(self, items: int) -> None:
        self._items += items
        if self._items > _MOST_ITEMS:
            raise ValueError("the file is damaged: it lists more than a model can have")

    def _tensor(self) -> int:
        """How many weights the next tensor has."""
        self._string()
        dimensions = self._scalar("<I")
        if dimensions > _MOST_DIMENSIONS:
            raise ValueError("the file is damaged: a tensor has too many dimensions")
        weights: int = prod(self._scalar("<Q") for _ in range(dimensions))
        self._scalar("<I")  # its type
        self._scalar("<Q")  # where it begins
        return weights


def _text(values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _number(values: dict[str, Any], key: str, otherwise: int) -> int:
    value = values.get(key)
    return value if isinstance(value, int) else otherwise
