"""Speech on disk: a file for each line that is kept, so that the next show need not make it again.

Plain files, and no database beside them: two programs may share the folder without locks (a file is written
aside and renamed), a damaged one costs one line, when one was last used is the file system's to note, and
nothing that is read can do more than fail to be speech. There are a thousand of them at most times.

A file holds ``_MAGIC``, a digest of its name and of what follows, a line of JSON, and the sound. It does not
hold what is said: of the words it has the number of letters, and its name is a digest.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vtuber.core import mouth
from vtuber.core.events import Chunk, Sound, Viseme, Word
from vtuber.core.files import open_regular, remove_abandoned, write_whole
from vtuber.core.sound import SAMPLE_BYTES

UNUSED_DAYS = 30
"""Days after which what was not said any more is deleted."""
LARGEST = 4_000_000
"""Bytes; a file that is larger is none of ours."""

_MAGIC = b"banban speech 1\n"
_DIGEST = 32
_NAME = re.compile(r"[0-9a-f]{64}\.speech")
_DAY = 86_400.0


class SpeechFiles:
    """``folder`` is made when needed, and holds up to ``most`` bytes: what was used last.

    All of it may block, and raises OSError where it says so.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self._most = most

    def open(self) -> set[str]:
        """The keys of all that is kept, once what is too old or too much is deleted. Raises OSError."""
        self._make_room(0)
        remove_abandoned(self.folder)
        oldest = time.time() - UNUSED_DAYS * _DAY
        keys = set()
        for path, status in self._all():
            if status.st_mtime < oldest:
                path.unlink(missing_ok=True)
            else:
                keys.add(path.stem)
        return keys

    def load(self, key: str, text: str) -> list[Chunk] | None:
        """What was made of ``text``. None when it is not there (any more), or damaged: then it is deleted."""
        path = self._path(key)
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError("too large")  # noqa: TRY301  # as whatever else is wrong with it
            with open_regular(path) as file:
                whole = file.read(LARGEST)
            begins, body = whole[: len(_MAGIC) + _DIGEST], whole[len(_MAGIC) + _DIGEST :]
            if begins != _MAGIC + _digest(key.encode(), body):
                raise ValueError("damaged")  # noqa: TRY301  # the same
            items = _decoded(body, text)
            with suppress(OSError):
                os.utime(path)
        except (ValueError, RecursionError):
            with suppress(OSError):
                path.unlink()
            return None
        except OSError:
            return None
        return items

    def save(self, key: str, text: str, items: Sequence[Chunk]) -> bool:
        """Keeps what was made of ``text``, or notes that it was used. Whether it is kept. Raises OSError."""
        path = self._path(key)
        with suppress(FileNotFoundError):
            os.utime(path)
            return True
        body = _encoded(items, text)
        size = len(_MAGIC) + _DIGEST + len(body)
        if not body or size > min(LARGEST, self._most):
            return False
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room(size)
        try:
            write_whole(path, (_MAGIC, _digest(key.encode(), body), body))
        except PermissionError:  # on Windows, where another program has just written it and reads it
            if not path.exists():
                raise
        return True

    def clear(self) -> None:
        """Deletes all, also what another program is writing. Raises OSError."""
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if _NAME.fullmatch(path.name) or path.suffix == ".part":
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.speech"

    def _all(self) -> Iterator[tuple[Path, os.stat_result]]:
        with suppress(FileNotFoundError):
            for path in list(self.folder.iterdir()):
                if _NAME.fullmatch(path.name):
                    with suppress(FileNotFoundError):  # another program was faster
                        status = path.lstat()
                        if stat.S_ISREG(status.st_mode):
                            yield path, status

    def _make_room(self, size: int) -> None:
        kept = sorted(self._all(), key=lambda each: each[1].st_mtime_ns)
        over = sum(status.st_size for _, status in kept) + size - self._most
        for path, status in kept:
            if over <= 0:
                break
            path.unlink(missing_ok=True)
            over -= status.st_size


def _encoded(items: Sequence[Chunk], text: str) -> bytes:
    """The order of the items in a line of JSON, and their sound. Empty where they could not be had again."""
    order: list[Any] = []
    pcm = b""
    for item in items:
        if isinstance(item, Sound):
            order.append(len(item.pcm))
            pcm += item.pcm
        elif isinstance(item, Word):
            order.append([len(item.text), item.start, item.end])
        else:
            order.append([item.shape, item.start, item.end])
    try:
        body = json.dumps(order, separators=(",", ":")).encode() + b"\n" + pcm
        return body if _decoded(body, text) == list(items) else b""
    except (TypeError, ValueError):  # words that do not spell the text, a voice's odd numbers
        return b""


def _decoded(body: bytes, text: str) -> list[Chunk]:
    """The items again. Raises ValueError, and RecursionError for a forgery."""
    line, _, pcm = body.partition(b"\n")
    order, letters = json.loads(line), "".join(text.split())
    if not isinstance(order, list):
        raise ValueError("no list")  # noqa: TRY004  # as whatever else is wrong with it
    items: list[Chunk] = []
    for entry in order:
        match entry:
            case int(size) if 0 < size <= len(pcm) and size % SAMPLE_BYTES == 0:
                items.append(Sound(pcm[:size]))
                pcm = pcm[size:]
            case [int(size), float(start) | int(start), float(end) | int(end)] if 0 < size <= len(
                letters
            ) and _are_times(start, end):
                items.append(Word(letters[:size], start, end))
                letters = letters[size:]
            case [str(shape), float(start) | int(start), float(end) | int(end)] if shape in set(
                mouth.SHAPES
            ) and _are_times(start, end):
                items.append(Viseme(shape, start, end))
            case _:
                raise ValueError("no speech")
    if pcm or letters:
        raise ValueError("of something else")
    return items


def _are_times(start: float, end: float) -> bool:
    return 0 <= start <= end < math.inf


def _digest(*parts: bytes) -> bytes:
    found = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        found.update(part)
    return found.digest()
