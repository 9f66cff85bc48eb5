"""A model in several files, as llama.cpp names them: whoever names the first, loads them all."""

from __future__ import annotations

import re

_NAME = re.compile(r"(?P<stem>.+)-(?P<part>00\d{3})-of-(?P<parts>00\d{3})(?P<suffix>\.gguf)", re.IGNORECASE)


def names(name: str) -> list[str]:
    """All the files of the model that this file belongs to, in order; itself alone when it is not split."""
    found = _NAME.fullmatch(name)
    if found is None:
        return [name]
    stem, _, count, suffix = found.groups()
    return [f"{stem}-{part:05}-of-{count}{suffix}" for part in range(1, int(count) + 1)] or [name]
