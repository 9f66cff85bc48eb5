"""`banban backup`: settings, characters, memory, what viewers are owed, and tokens in one file.

`app/restore.py` takes it up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vtuber import pending
from vtuber.app import archive, terminal
from vtuber.app.archive import Part, Writer
from vtuber.app.running import run, settings_of
from vtuber.character import SHEET
from vtuber.config import Settings
from vtuber.config import file as config_file
from vtuber.core import files
from vtuber.core.errors import BanbanError, RecallError
from vtuber.core.text import escaped
from vtuber.listeners.twitch.tokens import TokenFile
from vtuber.memory import build, dump
from vtuber.memory.store import Store
from vtuber.memory.stored import StoredMemory
from vtuber.pending.changes import dump as dump_change
from vtuber.stage import tokens as control_tokens


@dataclass(frozen=True, slots=True)
class Home:
    """Where what belongs into a backup is on this machine."""

    config: Path
    characters: Path
    tokens: dict[str, Path]
    """By the file's name in a backup."""

    @property
    def folder(self) -> Path:
        """Where the streamer's own files are."""
        return self.config.parent


def home(config: Path | None) -> Home:
    """Of the show with that settings file; by default the one in this folder, be it there or not."""
    path = (config or Path(config_file.NAME)).absolute()
    kept = {"twitch.json": TokenFile().path, "control-tokens.json": control_tokens.default_path()}
    return Home(path, path.parent / "characters", kept)


def chosen(only: Sequence[Part], *, tokens: bool) -> list[Part]:
    """The parts that are meant: all but the tokens, unless they are asked for."""
    asked = set(only) or set(Part) - {Part.TOKENS}
    return [part for part in Part if part in asked or (tokens and part is Part.TOKENS)]


def back_up(config: Path | None, file: Path, *, only: Sequence[Part], tokens: bool) -> None:
    """Writes a backup, and says what is in it. Raises BanbanError."""
    parts, here = chosen(only, tokens=tokens), home(config)

    async def write(settings: Settings) -> list[str]:
        with archive.written(file) as writer:
            told = await _gather(writer, here, settings, parts)
            if not writer.holds:
                raise BanbanError("there is nothing to back up", where=str(here.folder), hint="\n".join(told))
        return told

    with settings_of(config, {}) as settings:
        told = run(lambda: write(settings))
    if told is None:
        terminal.tell("stopped: there is no backup")
        return
    terminal.tell(
        "\n".join([*told, f"the backup is in {file.absolute()}; keep it where only you can read it"])
    )


async def _gather(writer: Writer, here: Home, settings: Settings, parts: Sequence[Part]) -> list[str]:
    """Puts the parts into a backup. Returns what to tell about each."""
    told = []
    for part in parts:
        match part:
            case Part.SETTINGS:
                told.append(gather_settings(writer, here, settings))
            case Part.CHARACTERS:
                told.append(gather_characters(writer, characters_of(here)))
            case Part.MEMORY:
                told.append(await _gather_memory(writer, settings))
            case Part.PENDING:
                told.append(await _gather_pending(writer, settings))
            case Part.TOKENS:
                found = {name: path for name, path in here.tokens.items() if path.exists()}
                told.append(gather_tokens(writer, found))
    return told


def gather_settings(writer: Writer, here: Home, settings: Settings) -> str:
    if not here.config.exists():
        return f"settings: none, for there is no {here.config}"
    writer.add(archive.CONFIG, here.config)
    beside = [*settings.guard.words.files, *filter(None, [settings.stage.overlay.theme])]
    return f"settings: {here.config}" + (f"; not the files it names: {', '.join(beside)}" if beside else "")


def characters_of(here: Home) -> list[Path]:
    return sorted(sheet.parent for sheet in here.characters.glob(f"*/{SHEET}"))


def gather_characters(writer: Writer, folders: Sequence[Path]) -> str:
    """Adds folders of characters, without links and odd names. Returns what to tell."""
    left_out = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder.parent)
            if path.is_dir() and not path.is_symlink():
                continue
            if path.is_symlink() or not path.is_file() or not all(map(files.is_plain_name, inside.parts)):
                left_out.append(str(inside))
            else:
                writer.add(f"{Part.CHARACTERS}/{inside.as_posix()}", path)
    names = ", ".join(folder.name for folder in folders) or "none of your own"
    less = f"; without {', '.join(map(escaped, left_out))} (links, or odd names)" if left_out else ""
    return f"characters: {names}{less}"


async def _gather_memory(writer: Writer, settings: Settings) -> str:
    async with opened_store(settings) as store:
        if store is None:
            return f"memory: none, for memory.use is {settings.memory.use}"
        return f"memory: {await gather_records(writer, store)} viewers and answers"


async def gather_records(writer: Writer, store: Store) -> int:
    count = 0
    with writer.open(archive.RECORDS) as to:
        async for line in dump.dump(store):
            to.write(line)
            count += 1
    return count


async def _gather_pending(writer: Writer, settings: Settings) -> str:
    """With what was answered already, so that nobody is thanked on another machine once more."""
    ledger = await pending.stored(settings)
    if changes := ledger.changes():
        with writer.open(archive.CHANGES) as to:
            for change in changes:
                to.write(f"{dump_change(change)}\n".encode("utf-8", "backslashreplace"))
    return f"pending: {len(ledger) or 'nothing'} owed to viewers"


def gather_tokens(writer: Writer, found: Mapping[str, Path]) -> str:
    for name, path in found.items():
        writer.add(f"{Part.TOKENS}/{name}", path)
    return f"tokens: {', '.join(found) or 'none'}"


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store | None]:
    """The store of the memory that the settings ask for, open; None where it keeps nothing."""
    memory = build(settings)
    if not isinstance(memory, StoredMemory):
        yield None
        return
    store = memory.store
    own = tuple(one for one in store.failures if one not in (OSError, ValueError))
    try:
        try:
            await store.open()
        except OSError as failure:
            raise _trouble(store, failure) from None
        yield store
    except own as failure:
        raise _trouble(store, failure) from None
    finally:
        with suppress(RecallError, *store.failures):
            await store.close()


def _trouble(store: Store, failure: Exception) -> RecallError:
    what, hint = store.explained(failure)
    return RecallError(f"memory {what} ({store.place})", hint=hint)
