"""The prompt cache: the state after a prompt's head, on disk, so that the next show need not read it again.

A file is named by what its state belongs to (the model, its adapters, the settings, llama.cpp's build, the
head's tokens), and holds ``_MAGIC``, a digest of that name and the state, and the state as llama.cpp gave it.
A state says in numbers what the head says in words, so nobody else may read it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vtuber.core.files import open_regular, remove_abandoned, write_whole

log = logging.getLogger(__name__)

KEPT = 3
"""How many states are kept: those that were used last."""
_LARGEST = 1 << 30
"""Bytes; a larger one is not worth its place."""
_MAGIC = b"banban head 1\n"
_DIGEST = 32
_HEADER = 1 << 20


class PromptCache:
    """``folder`` is made when needed. No method raises for what is on disk, or for a disk that is full."""

    def __init__(self, folder: Path, belongs: Any) -> None:
        self._folder = folder
        self._belongs = belongs
        """Whatever JSON can tell."""

    def load(self, tokens: Sequence[int]) -> bytearray | None:
        """The state after ``tokens``; None when there is none, or it is damaged or another prompt's."""
        path = self._path(tokens)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            with open_regular(path) as file:
                begins = file.read(len(_MAGIC) + _DIGEST)
                state = bytearray(file.read())
            if not state or begins != _MAGIC + _digest(path.name.encode(), state):
                log.warning("the prompt cache file %s is damaged; it is written again", path)
                return None
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("the prompt cache file %s cannot be read (%s); it is written again", path, error)
            return None
        return state

    def save(self, tokens: Sequence[int], state: bytearray) -> None:
        """Keeps the state, and of the others only the last few."""
        path = self._path(tokens)
        if not state or len(state) + len(_MAGIC) + _DIGEST > _LARGEST:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, (_MAGIC, _digest(path.name.encode(), state), state))
            self._prune()
        except OSError as error:
            log.warning(
                "the prompt cache cannot be written to %s (%s); the next start is slower",
                self._folder,
                error,
            )

    def _path(self, tokens: Sequence[int]) -> Path:
        name = _digest(json.dumps([self._belongs, list(tokens)]).encode())
        return self._folder / f"{name.hex()}.head"

    def _prune(self) -> None:
        used = sorted(self._folder.glob("*.head"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in used[KEPT:]:
            path.unlink(missing_ok=True)
        remove_abandoned(self._folder)


def identity(path: Path) -> list[Any]:
    """What tells a file of gigabytes from others, without reading all of it. Raises OSError."""
    status = path.stat()
    with open_regular(path) as file:
        return [status.st_size, status.st_mtime_ns, _digest(file.read(_HEADER)).hex()]


def _digest(*parts: bytes | bytearray) -> bytes:
    found = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        found.update(part)
    return found.digest()
