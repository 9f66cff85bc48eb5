"""Valkey's append-only file after a power cut: how far it can be read, and putting the rest aside.

Its format is that of the protocol (https://valkey.io/topics/persistence): each command is an array of bulk
strings, "*2\\r\\n$4\\r\\nINCR\\r\\n…". Lines that begin with "#" are notes. What a base in RDB format
holds is not read here: when that is damaged, all of it is put aside.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vtuber.core import files

FOLDER = "appendonlydir"
_LENGTH = re.compile(rb"(\d{1,9})\r\n")
_LONGEST = 64
"""Bytes of a line that tells a length."""


def set_damage_aside(folder: Path) -> str:
    """Cuts what cannot be read off the files of commands in there, and keeps the whole files aside.

    Returns what was done, for people; "" when all of it can be read. Raises OSError.
    """
    told = []
    for path in sorted((folder / FOLDER).glob("appendonly.aof.*.aof")):
        size, good = path.stat().st_size, readable(path)
        if good < size:
            aside = set_aside(path)
            with files.open_regular(path) as damaged:
                files.write_whole(aside, iter(lambda: damaged.read(1 << 20), b""), durably=True)
            os.truncate(path, good)
            told.append(
                f"the last {size - good} bytes of it cannot be read; all of it is kept in {aside.name}"
            )
    return "; ".join(told)


def set_all_aside(folder: Path) -> str:
    """Renames the whole folder of the server's files. Returns what was done. Raises OSError."""
    aside = set_aside(folder / FOLDER)
    (folder / FOLDER).rename(aside)
    return f"it cannot be read, and is kept in {aside.name}"


def set_aside(path: Path) -> Path:
    """What a damaged file is called from now on."""
    return path.parent / f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 1000:03d}"


def readable(path: Path) -> int:
    """How many bytes of a file of commands are whole commands, and whole transactions. Raises OSError."""
    good = 0
    with files.open_regular(path) as file:
        for end, in_transaction in _commands(file):
            if not in_transaction:
                good = end
    return good


def _commands(file: BinaryIO) -> Iterator[tuple[int, bool]]:
    """After each whole command: where it ends, and whether it is part of a transaction that goes on."""
    in_transaction = False
    while line := file.readline(_LONGEST):
        if line.startswith(b"#"):
            while line and not line.endswith(b"\n"):
                line = file.readline(_LONGEST)
        else:
            words = _words(file, line)
            if words is None:
                return
            in_transaction = words != [b"EXEC"] and (in_transaction or words == [b"MULTI"])
        yield file.tell(), in_transaction


def _words(file: BinaryIO, line: bytes) -> list[bytes] | None:
    """The words of a command, the long ones left out; None where it is none, or is cut off."""
    count = _LENGTH.fullmatch(line[1:]) if line.startswith(b"*") else None
    if count is None or not int(count[1]):
        return None
    words = []
    for _ in range(int(count[1])):
        head = file.readline(_LONGEST)
        length = _LENGTH.fullmatch(head[1:]) if head.startswith(b"$") else None
        if length is None:
            return None
        size = int(length[1])
        if size > _LONGEST:
            file.seek(size - 2, os.SEEK_CUR)  # its last bytes show whether it is all there
            if len(file.read(2)) < 2:
                return None
        else:
            word = file.read(size)
            if len(word) < size:
                return None
            words.append(word.upper())
        if file.read(2) != b"\r\n":
            return None
    return words
