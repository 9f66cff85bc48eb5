"""`banban restore`: puts a backup in place, and keeps what stood there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from vtuber import pending
from vtuber.app import archive, terminal
from vtuber.app.archive import Archive, Part
from vtuber.app.backup import (
    Home,
    characters_of,
    chosen,
    gather_characters,
    gather_records,
    gather_settings,
    gather_tokens,
    home,
    opened_store,
)
from vtuber.app.one_show import off_air
from vtuber.app.running import run, settings_of
from vtuber.config import Settings
from vtuber.config import file as config_file
from vtuber.core import files
from vtuber.core.errors import BanbanError, ConfigError
from vtuber.core.text import escaped
from vtuber.memory import dump
from vtuber.memory.store import Record, Store
from vtuber.pending.changes import Change
from vtuber.pending.changes import load as load_change
from vtuber.pending.file import LINE_LIMIT

_REST = "restore the rest: --only settings --only characters"


def restore(config: Path | None, file: Path, *, only: Sequence[Part], tokens: bool, replace: bool) -> None:
    """Puts a backup in place, and says what was done. Raises BanbanError, mostly before anything is changed.

    What stands there goes into a backup of its own first, unless it is to be replaced.
    """
    here = home(config)
    with archive.opened(file) as opened:
        parts = [part for part in chosen(only, tokens=tokens) if part in opened.holds]
        if not parts:
            raise BanbanError(
                f"there is nothing of that in it: it holds {', '.join(opened.holds) or 'nothing'}",
                where=str(file),
            )
        with _standing(config, here, parts) as settings:
            told = run(lambda: _restore(opened, here, settings, parts, replace=replace))
    if told is None:
        terminal.tell("stopped before all of it was restored")
        return
    if Part.TOKENS in opened.holds and Part.TOKENS not in parts:
        told.append("its tokens were left out: --tokens restores them, too")
    terminal.tell("\n".join(told))


def _standing(config: Path | None, here: Home, parts: Sequence[Part]) -> AbstractContextManager[Settings]:
    """The settings that stand here, where others are not restored: then they need not even be of use."""
    if Part.SETTINGS in parts:
        terminal.set_up_logging(verbose=False)
        return nullcontext(Settings())
    return settings_of(config if here.config.exists() else None, {})


async def _restore(
    opened: Archive, here: Home, settings: Settings, parts: Sequence[Part], *, replace: bool
) -> list[str]:
    if not here.folder.is_dir():
        raise BanbanError("there is no such folder", where=str(here.folder), hint="make it first")
    if shutil.disk_usage(here.folder).free < opened.size(parts):
        raise BanbanError("there is not enough room on the disk", where=str(here.folder), hint="make some")
    with TemporaryDirectory(prefix=".restore-", dir=here.folder) as name:
        unpacked = Path(name)
        for part in parts:
            opened.unpack(part, unpacked if part is Part.SETTINGS else unpacked / part)
        restored = _settings(unpacked, here) if Part.SETTINGS in parts else settings
        restored = config_file.named(restored, here.config)
        work = _Restoration(unpacked, here, settings, restored, parts)
        work.check()
        is_kept = {Part.MEMORY, Part.PENDING}.intersection(parts)
        with off_air(restored) if is_kept else nullcontext():
            if Part.MEMORY not in parts:
                return await work.do(None, replace=replace)
            async with opened_store(restored) as store:
                if store is None:
                    raise BanbanError(
                        f"there is no place for its memory: memory.use is {restored.memory.use}",
                        where=str(here.config),
                        hint=_REST,
                    )
                return await work.do(store, replace=replace)


@dataclass(frozen=True, slots=True)
class _Restoration:
    """Parts of a backup, unpacked beside where they belong."""

    unpacked: Path
    here: Home
    settings: Settings
    """Those that stand here."""
    restored: Settings
    """Those that hold when all is done."""
    parts: Sequence[Part]

    def check(self) -> None:
        """Looks at all that can be wrong before anything is changed. Raises BanbanError."""
        if Part.MEMORY in self.parts:
            for _ in self.records():
                pass
        if Part.PENDING in self.parts:
            for _ in self.changes():
                pass
            if not self.restored.pending.keep:
                raise BanbanError(
                    "there is no place for what viewers are owed: pending.keep is false",
                    where=str(self.here.config),
                    hint=_REST,
                )

    async def do(self, store: Store | None, *, replace: bool) -> list[str]:
        """Changes what stands here. Returns what to tell about each part."""
        if not replace:
            await self._set_aside(store)
        told = []
        if store is not None:
            await dump.load(store, self.records())
            count = sum(1 for _ in self.records())
            told.append(f"memory: {count} viewers and answers, in {store.kind} {store.place}")
        if Part.PENDING in self.parts:
            changes = list(self.changes())
            await pending.put_back(self.restored, changes)
            told.append("pending: the next show answers whoever is owed an answer")
        if names := self._characters():
            told.append(f"characters: {', '.join(names)}")
            self.here.characters.mkdir(exist_ok=True)
        for name in names:
            target = self.here.characters / name
            if target.exists() or target.is_symlink():
                target.rename(self.unpacked / f"old-{name}")
            (self.unpacked / Part.CHARACTERS / name).rename(target)
        if Part.SETTINGS in self.parts:
            (self.unpacked / config_file.NAME).replace(self.here.config)
            told.append(f"settings: {self.here.config}")
        for name, target in self._tokens().items():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write_whole(target, [(self.unpacked / Part.TOKENS / name).read_bytes()])
            told.append(f"tokens: {target}")
        return told

    def records(self) -> Iterator[Record]:
        """Of its memory. Raises BanbanError for a line that is none of ours."""
        with files.open_regular(self.unpacked / Part.MEMORY / "records.jsonl") as file:
            number = 0
            while line := file.readline(dump.LONGEST + 1):
                number += 1
                try:
                    yield dump.record(line)
                except ValueError as error:
                    raise BanbanError(
                        f"the memory in this backup cannot be used: {error}",
                        where=f"{archive.RECORDS}, line {number}",
                        hint=_REST,
                    ) from None

    def changes(self) -> Iterator[Change]:
        """Of what viewers are owed. Raises BanbanError for a line that is none of ours."""
        with files.open_regular(self.unpacked / Part.PENDING / "changes.jsonl") as file:
            number = 0
            while line := file.readline(LINE_LIMIT + 1):
                number += 1
                try:
                    yield load_change(line)
                except ValueError as error:
                    raise BanbanError(
                        f"what viewers are owed cannot be read in this backup: {escaped(str(error))}",
                        where=f"{archive.CHANGES}, line {number}",
                        hint=_REST,
                    ) from None

    async def _set_aside(self, store: Store | None) -> None:
        """Backs up what is about to be replaced, and says so."""
        here = self.here
        standing = [name for name in self._characters() if (here.characters / name).exists()]
        characters = [path for path in characters_of(here) if path.name in standing]
        if len(standing) > len(characters):
            raise BanbanError(
                f"something that is no character has the name of one in the backup: {', '.join(standing)}",
                where=str(here.characters),
                hint="rename it, or use --replace",
            )
        settings = Part.SETTINGS in self.parts and here.config.exists()
        memory = store if store is not None and not await dump.is_empty(store) else None
        tokens = {name: path for name, path in self._tokens().items() if path.exists()}
        if not (settings or characters or memory or tokens):
            return
        aside = here.folder / f"before-restore-{datetime.now().astimezone():%Y%m%d-%H%M%S}.zip"
        with archive.written(aside) as writer:
            if settings:
                gather_settings(writer, here, self.settings)
            gather_characters(writer, characters)
            if memory is not None:
                await gather_records(writer, memory)
            gather_tokens(writer, tokens)
        terminal.tell(f"what stood here is kept in {aside}")

    def _characters(self) -> list[str]:
        return sorted(path.name for path in (self.unpacked / Part.CHARACTERS).glob("*"))

    def _tokens(self) -> dict[str, Path]:
        """Where each of its files belongs."""
        given = self.unpacked / Part.TOKENS
        return {name: path for name, path in self.here.tokens.items() if (given / name).exists()}


def _settings(unpacked: Path, here: Home) -> Settings:
    """The settings of a backup, as if they stood in their place already. Raises ConfigError."""
    try:
        settings = config_file.load(unpacked / config_file.NAME)
    except ConfigError as error:
        error.where = error.where.replace(str(unpacked / config_file.NAME), "the backup's config.toml")
        rest = "restore the rest with --only characters --only memory"
        error.hint = f"{error.hint}; or {rest}" if error.hint else rest
        raise
    for name in ("memory", "pending"):
        section = getattr(settings, name)
        if section.folder is not None and section.folder.is_relative_to(unpacked):
            folder = here.folder / section.folder.relative_to(unpacked)
            settings = settings.model_copy(update={name: section.model_copy(update={"folder": folder})})
    return settings
