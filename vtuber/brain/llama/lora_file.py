"""LoRA adapters: whether one can be read, and what it means that llama.cpp would not take it."""

from __future__ import annotations

import re
from pathlib import Path

from vtuber.brain.llama.model_file import is_gguf
from vtuber.core.errors import ConfigError
from vtuber.core.text import escaped

_OTHER_MODEL = re.compile(r"arch mismatch|does not exist in base model|incorrect shape")
_NO_ADAPTER = re.compile(r"to be '(?:adapter|lora)'")


def check(index: int, path: str) -> None:
    """Raises ConfigError when the file is not there, or is no GGUF."""
    where = _where(index, path)
    if not Path(path).exists():
        raise ConfigError("there is no such file", where=where, hint="correct the path of the LoRA adapter")
    if not is_gguf(Path(path), where):
        raise ConfigError(
            "this file is no GGUF",
            where=where,
            hint="get the adapter as a GGUF; llama.cpp's convert_lora_to_gguf.py makes one of others",
        )


def refused(index: int, path: str, reason: str, *, died: bool) -> ConfigError:
    """What it means that an adapter could not be used, by the ``reason`` that llama.cpp gave."""
    if _OTHER_MODEL.search(reason):
        what, hint = (
            "this adapter was made for another model",
            "use the model that it was made for, or remove it",
        )
    elif _NO_ADAPTER.search(reason):
        what, hint = "this GGUF is no LoRA adapter", "a whole model goes into brain.model"
    elif died:
        what, hint = "the model's process dies of this adapter", "remove it, or get it again"
    else:
        what, hint = "this adapter is damaged or cut short", "get it again"
    reason = reason.rpartition("failed to apply lora adapter: ")[2]
    return ConfigError(f"{what} ({escaped(reason)})", where=_where(index, path), hint=hint)


def _where(index: int, path: str) -> str:
    return f"brain.lora[{index}]: {path}"
