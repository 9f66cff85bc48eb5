"""A backup's file: a zip with a manifest. One from elsewhere is not trusted.

- ``manifest.json``: ``format``, ``banban`` (the version that made it), ``made`` (when), ``holds`` (its parts)
- ``settings/config.toml``
- ``characters/NAME/``: characters
- ``memory/records.jsonl``: see ``vtuber.memory.dump``
- ``pending/changes.jsonl``: what viewers are owed, see ``vtuber.pending.changes``
- ``tokens/``: ``twitch.json`` and ``control-tokens.json``
"""

from __future__ import annotations

import json
import os
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from vtuber import __version__
from vtuber.core import files
from vtuber.core.errors import BanbanError
from vtuber.core.text import clean, escaped

FORMAT = 1
LARGEST = 4 << 30
"""Bytes of all files of a backup together, unpacked. A VRM model may have 100 MB."""
MOST_FILES = 20_000

MANIFEST = "manifest.json"
CONFIG = "settings/config.toml"
RECORDS = "memory/records.jsonl"
CHANGES = "pending/changes.jsonl"

_LARGEST_MANIFEST = 1 << 20
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CHUNK = 1 << 16
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(ArithmeticError, RuntimeError, ValueError),
)
"""What Python raises for a zip that is none, or not whole, and for numbers in it that are none."""


class Part(StrEnum):
    """What a backup may hold."""

    SETTINGS = "settings"
    CHARACTERS = "characters"
    MEMORY = "memory"
    PENDING = "pending"
    TOKENS = "tokens"


class Writer:
    """Adds files to a backup. See ``written``."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self._holds: dict[Part, None] = {}

    @property
    def holds(self) -> tuple[Part, ...]:
        """The parts that something was added of."""
        return tuple(self._holds)

    def add(self, name: str, path: Path) -> None:
        """Adds a file under a name. Raises OSError."""
        with files.open_regular(path) as source, self.open(name) as to:
            while chunk := source.read(_CHUNK):
                to.write(chunk)

    def open(self, name: str) -> IO[bytes]:
        """To write a file by and by."""
        self._holds[Part(PurePosixPath(name).parts[0])] = None
        entry = zipfile.ZipInfo(name, datetime.now().astimezone().timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG | 0o600) << 16
        return self._packed.open(entry, "w", force_zip64=True)

    def finish(self) -> None:
        """Adds the manifest."""
        row = {
            "format": FORMAT,
            "banban": __version__,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "holds": [*self._holds],
        }
        self._packed.writestr(MANIFEST, json.dumps(row, indent=2) + "\n")


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A backup at ``path``, readable by its owner alone: all of it, or after an error nothing.

    Raises BanbanError when something stands there, or it cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise BanbanError("there is a file with this name", where=str(path), hint="choose another name")
    try:
        handle, name = tempfile.mkstemp(".part", "backup", path.absolute().parent)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        try:
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", allowZip64=True) as packed:
                writer = Writer(packed)
                yield writer
                writer.finish()
            Path(name).rename(path)
        except OSError as error:
            raise _cannot_write(path, error) from None
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


class Archive:
    """A backup that was looked at, and can be unpacked. See ``opened``."""

    def __init__(self, path: Path, packed: zipfile.ZipFile) -> None:
        self.path = path
        self._packed = packed
        self.holds: tuple[Part, ...] = ()
        self.made_by = ""
        """The version of banban."""
        self._names: dict[str, zipfile.ZipInfo] = {}
        self._read_manifest()
        self._check()

    def names(self, part: Part) -> list[str]:
        """The files of a part."""
        return [name for name in self._names if name.startswith(f"{part}/")]

    def size(self, parts: Iterable[Part]) -> int:
        """Bytes that these parts take when they are unpacked."""
        return sum(self._names[name].file_size for part in parts for name in self.names(part))

    def unpack(self, part: Part, folder: Path) -> None:
        """Writes a part's files below ``folder``, without the part's own name. Raises BanbanError."""
        for name in self.names(part):
            to = folder.joinpath(*PurePosixPath(name).parts[1:])
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                for chunk in self._chunks(name):
                    file.write(chunk)

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._packed.open(self._names[name]) as file:  # gives no more than the size that was checked
                while chunk := file.read(_CHUNK):
                    yield chunk
        except _DAMAGED:
            raise self._bad(f"it is damaged at {escaped(name)}") from None

    def _read_manifest(self) -> None:
        try:
            info = self._packed.getinfo(MANIFEST)
            if info.file_size > _LARGEST_MANIFEST or not _is_readable(info):
                raise self._bad("it has no manifest")
            row = json.loads(self._packed.read(info))
            kind, version, holds = int(row["format"]), str(row["banban"]), list(row["holds"])
        except (KeyError, TypeError, AttributeError, *_DAMAGED):
            raise self._bad("it has no manifest") from None
        self.made_by = escaped(clean(version, 40))
        if kind > FORMAT or _numbers(version) > _numbers(__version__):
            raise BanbanError(
                f"this backup was made by banban {self.made_by}, and this is banban {__version__}",
                where=str(self.path),
                hint="update banban, and restore it then",
            )
        self.holds = tuple(part for part in Part if part in holds)

    def _check(self) -> None:
        infos = self._packed.infolist()
        if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > LARGEST:
            raise self._bad("it would unpack to more than banban ever puts into a backup")
        seen: set[str] = set()
        for info in infos:
            name = info.filename
            if name and (info.is_dir() or name == MANIFEST):
                continue
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):  # 0: some programs write nothing there
                raise self._bad(f"{escaped(clean(name, 200))} is no ordinary file")
            if not _is_readable(info):
                raise self._bad(f"{escaped(clean(name, 200))} is packed in a way that banban does not use")
            if not self._may_be(name) or name.lower() in seen:
                raise self._bad(f"it holds {escaped(clean(name, 200))}, which has no place in a backup")
            seen.add(name.lower())
            self._names[name] = info
        self.holds = tuple(part for part in self.holds if self.names(part))

    def _may_be(self, name: str) -> bool:
        part, *rest = name.split("/")
        if part not in self.holds or not rest or not all(map(files.is_plain_name, rest)):
            return False
        match part:
            case Part.MEMORY:
                return name == RECORDS
            case Part.PENDING:
                return name == CHANGES
            case Part.TOKENS:
                return rest in (["twitch.json"], ["control-tokens.json"])
            case Part.CHARACTERS:
                return len(rest) > 1
        return name == CONFIG

    def _bad(self, what: str) -> BanbanError:
        return BanbanError(
            f"this is no backup that banban can use: {what}",
            where=str(self.path),
            hint="give a file that `banban backup` wrote; nothing was changed",
        )


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Opens a backup and looks at all of it. Raises BanbanError, before anything is unpacked."""
    try:
        with files.open_regular(path) as file, _unpacker(file, path) as packed:
            yield Archive(path, packed)
    except OSError as error:
        raise BanbanError(
            f"it cannot be read or unpacked: {error.strerror or error}", where=str(error.filename or path)
        ) from None


def _unpacker(file: BinaryIO, path: Path) -> zipfile.ZipFile:
    """Raises BanbanError."""
    try:
        return zipfile.ZipFile(file)
    except _DAMAGED:
        raise BanbanError(
            "this is no backup that banban can use: it is no zip file, or not whole",
            where=str(path),
            hint="give a file that `banban backup` wrote; nothing was changed",
        ) from None


def _is_readable(info: zipfile.ZipInfo) -> bool:
    """Whether it is packed as banban packs."""
    return not info.flag_bits & _ENCRYPTED and info.compress_type in _PACKINGS


def _numbers(version: str) -> tuple[int, ...]:
    """Of a version such as 1.2.3, to compare it."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version)[:3])


def _cannot_write(path: Path, error: OSError) -> BanbanError:
    return BanbanError(f"the backup cannot be written: {error.strerror or error}", where=str(path))
