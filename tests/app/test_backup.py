"""A backup carries a streamer's things to another machine; one from elsewhere does no harm."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from memory_room import batch, heard, known, records, said, stored_in

from vtuber import __version__, pending
from vtuber.app import archive
from vtuber.app.archive import Part
from vtuber.app.backup import back_up
from vtuber.app.one_show import only_one
from vtuber.app.restore import restore
from vtuber.config.file import load, named
from vtuber.core.errors import BanbanError, ConfigError
from vtuber.core.events import ChatMessage, Money
from vtuber.memory.store import Record
from vtuber.pending.changes import key_of
from vtuber.pending.ledger import Ledger

ALL = {"format": 1, "banban": __version__, "holds": [*Part]}


@dataclass(slots=True)
class Machine:
    """With folders of its own; what is done happens there."""

    folder: Path
    store: str
    patch: pytest.MonkeyPatch

    def sit_down(self) -> None:
        for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            self.patch.setenv(variable, str(self.folder / variable))
        (self.folder / "show").mkdir(parents=True, exist_ok=True)
        self.patch.chdir(self.folder / "show")

    @property
    def twitch(self) -> Path:
        return self.folder / "XDG_CONFIG_HOME" / "banban" / "twitch.json"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "show" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def config(self, title: str) -> Path:
        memory = f'[memory]\nuse = "{self.store}"\nfolder = "memory"\nrecall_seconds = 5\n'
        return self.write("config.toml", f'[show]\ncharacter = "luna"\n# {title}\n{memory}')

    def remembers(self, count: int) -> list[Record]:
        """Some viewers more; returns all that is remembered."""

        async def talk() -> list[Record]:
            memory = stored_in(self.folder / "show" / "memory", self.store)
            await memory.start()
            for number in range(count):
                event = said(f"words {number}", str(number), f"名{number}")
                memory.note(event)
                await memory.remember(batch(event), f"answer {number}")
            await memory._write()
            found = await records(memory)
            await memory.stop()
            return found

        return asyncio.run(talk())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Machine]:
    def machine(name: str, store: str) -> Machine:
        made = Machine(tmp_path / name, store, monkeypatch)
        made.sit_down()
        return made

    return machine


@pytest.fixture
def target(machine: Callable[[str, str], Machine]) -> Machine:
    """Where restoring is tried."""
    return machine("target", "sqlite")


def luna(on: Machine) -> None:
    on.write("characters/luna/character.toml", 'name = "Luna"\n')
    on.write("characters/luna/faces/happy.svg", "<svg/>")


def filled(on: Machine, store: str = "") -> list[Record]:
    on.config("mine")
    luna(on)
    on.twitch.parent.mkdir(parents=True, exist_ok=True)
    on.twitch.write_text("[]", encoding="utf-8")
    on.twitch.chmod(0o600)
    return on.remembers(30)


def owed(key: str) -> ChatMessage:
    """A paid message that waits."""
    return replace(said(f"for you {key}", "ann"), id=key, money=Money(Decimal(5), "USD"))


def promises(on: Machine, *waiting: ChatMessage, answered: Sequence[ChatMessage] = ()) -> Ledger:
    """Has the show there promise and answer something; returns all that is kept of it."""
    on.sit_down()
    settings = named(load())

    async def show() -> Ledger:
        kept = pending.build(settings)
        await kept.start()
        for event in (*waiting, *answered):
            kept.add(event)
        for event in answered:
            kept.settle(key_of(event))
        await kept.stop()
        return await pending.stored(settings)

    return asyncio.run(show())


@pytest.mark.parametrize(("one", "other"), [("embedded", "sqlite"), ("sqlite", "embedded")])
def test_it_carries_everything_to_another_machine(
    machine: Callable[[str, str], Machine],
    tmp_path: Path,
    one: str,
    other: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = machine("old", one)
    before = filled(old)
    promises(old, owed("a"), owed("b"), answered=[owed("c")])
    file = tmp_path / "all.zip"
    back_up(None, file, only=(), tokens=True)
    assert file.stat().st_mode & 0o777 == 0o600
    told = capsys.readouterr().out
    assert "memory: 60 viewers and answers" in told
    assert "characters: luna" in told
    assert "pending: 2 owed to viewers" in told
    new = machine("new", other)
    new.config("new")
    promises(new, owed("c"), owed("d"), answered=[owed("b")])
    restore(None, file, only=[*{*Part} - {Part.SETTINGS}], tokens=True, replace=False)
    assert "memory: 60 viewers and answers, in a" in capsys.readouterr().out
    after = new.remembers(0)
    assert known(after) == known(before)
    assert heard(after) == heard(before)
    ledger = promises(new)
    assert [added.event.id for added in ledger.waiting] == ["a", "d"], "nobody is thanked on both"
    assert {key.rpartition(":")[2] for key in ledger.settled} == {"b", "c"}
    faces = new.folder / "show" / "characters" / "luna" / "faces"
    assert (faces / "happy.svg").read_text(encoding="utf-8") == "<svg/>"
    assert new.twitch.stat().st_mode & 0o777 == 0o600
    assert "# new" in (new.folder / "show" / "config.toml").read_text(encoding="utf-8")
    restore(None, file, only=(), tokens=False, replace=False)
    assert "# mine" in (new.folder / "show" / "config.toml").read_text(encoding="utf-8")
    assert not list((new.folder / "show").glob(".restore*"))


def test_tokens_are_carried_only_when_asked_for(
    target: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(target)
    back_up(None, tmp_path / "without.zip", only=(), tokens=False)
    back_up(None, tmp_path / "with.zip", only=(), tokens=True)
    with zipfile.ZipFile(tmp_path / "without.zip") as packed:
        assert not [name for name in packed.namelist() if "token" in name or "twitch" in name]
    target.twitch.unlink()
    capsys.readouterr()
    restore(None, tmp_path / "with.zip", only=(), tokens=False, replace=True)
    assert not target.twitch.exists()
    assert "tokens were left out" in capsys.readouterr().out
    restore(None, tmp_path / "with.zip", only=(), tokens=True, replace=True)
    assert target.twitch.exists()


def test_what_stands_there_is_kept_and_can_be_brought_back(
    machine: Callable[[str, str], Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = machine("one", "sqlite")
    filled(one)
    back_up(None, tmp_path / "one.zip", only=(), tokens=False)
    two = machine("two", "sqlite")
    two.config("two")
    two.write("characters/luna/character.toml", 'name = "Another Luna"\n')
    two.write("characters/otter/character.toml", 'name = "Otter"\n')
    before = two.remembers(3)
    restore(None, tmp_path / "one.zip", only=(), tokens=False, replace=False)
    show = two.folder / "show"
    sheet = show / "characters" / "luna" / "character.toml"
    assert sheet.read_text(encoding="utf-8") == 'name = "Luna"\n'
    assert (show / "characters" / "otter" / "character.toml").exists(), "nobody asked to replace her"
    assert len(known(two.remembers(0))) == 30
    (aside,) = show.glob("before-restore-*.zip")
    assert str(aside) in capsys.readouterr().out
    assert aside.stat().st_mode & 0o777 == 0o600
    restore(None, aside, only=(), tokens=False, replace=True)
    assert "# two" in (show / "config.toml").read_text(encoding="utf-8")
    assert sheet.read_text(encoding="utf-8") == 'name = "Another Luna"\n'
    assert known(two.remembers(0)) == known(before)
    assert list(show.glob("before-restore-*.zip")) == [aside], "--replace keeps nothing"


def test_settings_that_are_broken_can_be_replaced(target: Machine, tmp_path: Path) -> None:
    filled(target)
    back_up(None, tmp_path / "b.zip", only=(), tokens=False)
    broken = target.write("config.toml", "[memory\n")
    restore(None, tmp_path / "b.zip", only=[Part.SETTINGS], tokens=False, replace=False)
    assert "# mine" in broken.read_text(encoding="utf-8")
    (aside,) = (target.folder / "show").glob("before-restore-*.zip")
    with zipfile.ZipFile(aside) as kept:
        assert kept.read("settings/config.toml") == b"[memory\n"


def test_a_backup_is_written_over_nothing(target: Machine, tmp_path: Path) -> None:
    filled(target)
    there = tmp_path / "there.zip"
    there.write_text("mine", encoding="utf-8")
    with pytest.raises(BanbanError, match="there is a file with this name"):
        back_up(None, there, only=(), tokens=False)
    assert there.read_text(encoding="utf-8") == "mine"
    with pytest.raises(BanbanError, match="cannot be written"):
        back_up(None, tmp_path / "no such folder" / "x.zip", only=(), tokens=False)


def test_links_in_a_character_are_not_followed(
    target: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    luna(target)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret", encoding="utf-8")
    (target.folder / "show" / "characters" / "luna" / "link").symlink_to(secret)
    (target.folder / "show" / "characters" / "luna" / "key").symlink_to(secret / "key")
    back_up(None, tmp_path / "b.zip", only=[Part.CHARACTERS], tokens=False)
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        assert not [name for name in packed.namelist() if "key" in name or "link" in name]
    assert "without" in capsys.readouterr().out


def test_a_backup_of_a_show_on_air_leaves_its_file_alone(target: Machine, tmp_path: Path) -> None:
    target.config("mine")
    promises(target, owed("a"))
    (file,) = target.folder.rglob("pending/*.jsonl")
    before = file.stat().st_ino, file.read_bytes()
    back_up(None, tmp_path / "b.zip", only=(), tokens=False)
    assert (file.stat().st_ino, file.read_bytes()) == before


@pytest.mark.parametrize("line", ["not JSON", "[]", '{"do": "add"}', '{"do": "settle", "number": 1}'])
def test_pending_events_that_are_none_change_nothing(target: Machine, tmp_path: Path, line: str) -> None:
    filled(target)
    good = '{"do": "settle", "number": 1, "key": "a:b"}'
    files = {"settings/config.toml": "", "pending/changes.jsonl": f"{good}\n{line}\n"}
    manifest = {**ALL, "holds": ["settings", "pending"]}
    error = is_refused(target, packed(tmp_path / "b.zip", files, manifest), "cannot be read in this backup")
    assert "line 2" in error.where
    assert "--only" in error.hint


@pytest.mark.parametrize("same_show", [True, False])
def test_nothing_is_restored_while_a_show_with_that_memory_is_on_air(
    target: Machine, tmp_path: Path, *, same_show: bool
) -> None:
    filled(target)
    back_up(None, tmp_path / "b.zip", only=(), tokens=False)
    live = named(load())
    with only_one(live):
        pass  # its lock is a file that stays
    if not same_show:
        live = live.model_copy(update={"show": live.show.model_copy(update={"name": "evening"})})
    with only_one(live):
        error = is_refused(target, tmp_path / "b.zip", "on air")
    assert f"process {os.getpid()}" in error.what
    elsewhere = live.memory.model_copy(update={"folder": tmp_path / "elsewhere"})
    other = live.show.model_copy(update={"name": "another"})
    with only_one(live.model_copy(update={"show": other, "memory": elsewhere})):
        restore(None, tmp_path / "b.zip", only=(), tokens=False, replace=True)


def test_a_show_that_was_killed_keeps_nobody_from_restoring(target: Machine, tmp_path: Path) -> None:
    filled(target)
    back_up(None, tmp_path / "b.zip", only=(), tokens=False)
    left = target.folder / "XDG_DATA_HOME" / "banban" / "on-air" / "evening.json"
    with only_one(named(load())):
        row = next(left.parent.glob("*.json")).read_text(encoding="utf-8")
    left.write_text(row, encoding="utf-8")
    restore(None, tmp_path / "b.zip", only=(), tokens=False, replace=True)


# What is no backup of ours.


def packed(path: Path, files: Mapping[str, bytes | str], manifest: object = ALL) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", json.dumps(manifest))
        for name, content in files.items():
            zipped.writestr(name, content)
    return path


def is_refused(target: Machine, file: Path, why: str) -> BanbanError:
    """And nothing is changed by it."""
    show = target.folder / "show"
    before = sorted(target.folder.parent.rglob("*"))
    with pytest.raises(BanbanError, match=why) as caught:
        restore(None, file, only=(), tokens=True, replace=True)
    assert sorted(target.folder.parent.rglob("*")) == before
    assert not list(show.glob(".restore*"))
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "characters/../../evil", "/etc/evil", "characters/luna/../../../evil", "settings/../x"),
        *("characters/C:/evil", "characters\\..\\evil", "characters/luna/con.txt", "characters/luna/x."),
        *("characters/luna//x", "characters/luna/a\x07b", "characters/x", "memory/other", "tokens/id_rsa"),
        *("settings/.bashrc", "evil", "characters/luna/" + "x" * 300, "characters/./luna/x"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(target: Machine, tmp_path: Path, name: str) -> None:
    file = packed(tmp_path / "b.zip", {"settings/config.toml": "", name: "evil"})
    is_refused(target, file, "no place in a backup")


def test_a_file_without_a_name_is_refused(target: Machine, tmp_path: Path) -> None:
    file = packed(tmp_path / "b.zip", {"evil": ""})
    data = bytearray(file.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 28], data[entry + 32] = 0, len("evil")  # its name becomes its comment
    file.write_bytes(data)
    is_refused(target, file, "no place in a backup")


def test_what_is_there_twice_is_refused(target: Machine, tmp_path: Path) -> None:
    names = {"characters/luna/a": "1", "characters/luna/A": "2"}
    is_refused(target, packed(tmp_path / "b.zip", names), "no place in a backup")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(target: Machine, tmp_path: Path, kind: int) -> None:
    file = packed(tmp_path / "b.zip", {})
    entry = zipfile.ZipInfo("characters/luna/link")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(file, "a") as zipped:
        zipped.writestr(entry, "/etc/passwd")
    is_refused(target, file, "no ordinary file")


def test_a_bomb_is_refused(target: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST", 1_000_000)
    file = packed(tmp_path / "b.zip", {"characters/luna/big": bytes(2_000_000)})
    assert file.stat().st_size < 10_000
    is_refused(target, file, "more than banban ever puts")


def test_a_bomb_that_lies_about_its_size_is_refused(target: Machine, tmp_path: Path) -> None:
    file = packed(tmp_path / "b.zip", {"characters/luna/big": bytes(2_000_000)})
    data = file.read_bytes().replace((2_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    file.write_bytes(data)
    is_refused(target, file, "damaged")


def test_too_many_files_are_refused(target: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 10)
    is_refused(
        target, packed(tmp_path / "b.zip", {f"characters/luna/{n}": "" for n in range(10)}), "more than"
    )


def test_no_room_on_the_disk_is_said_before_anything_is_unpacked(
    target: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = packed(tmp_path / "b.zip", {"characters/luna/big": bytes(2_000_000)})
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000})())
    is_refused(target, file, "not enough room")


@pytest.mark.parametrize(
    "manifest",
    [{**ALL, "format": 2}, {**ALL, "banban": "99.0.0"}, {**ALL, "banban": "0.99.0", "more": "than we know"}],
)
def test_a_backup_from_a_newer_version_is_refused_clearly(
    target: Machine, tmp_path: Path, manifest: dict[str, object]
) -> None:
    file = packed(tmp_path / "b.zip", {"settings/config.toml": ""}, manifest)
    error = is_refused(target, file, f"made by banban {manifest['banban']}, and this is banban {__version__}")
    assert "update banban" in error.hint


@pytest.mark.parametrize(
    "manifest",
    [[], {}, "x", 7, {**ALL, "format": "x"}, {**ALL, "format": float("inf")}, {**ALL, "holds": 7}],
)
def test_a_manifest_that_is_none(target: Machine, tmp_path: Path, manifest: object) -> None:
    is_refused(target, packed(tmp_path / "b.zip", {}, manifest), "no manifest")


@pytest.mark.parametrize("offset", [8, 10], ids=["said to be encrypted", "packed in another way"])
def test_a_manifest_that_cannot_be_unpacked(target: Machine, tmp_path: Path, offset: int) -> None:
    file = packed(tmp_path / "b.zip", {})
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\x01\x02") + offset] = {8: 0x1, 10: zipfile.ZIP_LZMA}[offset]
    file.write_bytes(data)
    is_refused(target, file, "no manifest")


@pytest.mark.parametrize("offset", [6, 46], ids=["of a later version", "with a name that is none"])
def test_a_list_of_files_that_cannot_be_read(target: Machine, tmp_path: Path, offset: int) -> None:
    file = packed(tmp_path / "b.zip", {})
    data = bytearray(file.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 9] = 0x08  # its name is in UTF-8
    data[entry + offset] = 0xFF
    file.write_bytes(data)
    is_refused(target, file, "no zip file")


def test_what_is_no_zip(target: Machine, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and so on" * 100)
    is_refused(target, tmp_path / "b.zip", "no zip file")
    is_refused(target, tmp_path, "folder")
    is_refused(target, tmp_path / "nothing", "No such file")


def test_a_damaged_backup_changes_nothing(target: Machine, tmp_path: Path) -> None:
    filled(target)
    file = tmp_path / "b.zip"
    back_up(None, file, only=(), tokens=False)
    data = bytearray(file.read_bytes())
    middle = data.index(b"records.jsonl") + 200
    data[middle : middle + 20] = bytes(20)
    file.write_bytes(data)
    is_refused(target, file, "damaged")


@pytest.mark.parametrize(
    "line",
    [
        *("not JSON", "[]", "7", "{}", '{"viewer": 7}', '{"viewer": {"who": "a"}}', "[" * 100_000),
        '{"heard": {"speaker": "a", "key": "b", "name": "c", "said": "d", "heard": ["e"], "at": 1}}',
        '{"heard": {"speaker": "a", "key": "b", "name": "c", "said": "d", "heard": "e", "at": NaN}}',
        '{"heard": {"speaker": "a", "key": "\\n", "name": "c", "said": "d", "heard": "e", "at": 1}}',
        '{"viewer": {"who": "a", "name": "b", "messages": 1e300, "seen": 0, "away": 0}}',
    ],
)
def test_memory_that_is_none_changes_nothing(target: Machine, tmp_path: Path, line: str) -> None:
    before = filled(target)
    file = packed(tmp_path / "b.zip", {"memory/records.jsonl": line + "\n"})
    error = is_refused(target, file, "the memory in this backup cannot be used")
    assert "line 1" in error.where
    assert known(target.remembers(0)) == known(before)


def test_settings_that_cannot_be_used_change_nothing(target: Machine, tmp_path: Path) -> None:
    file = packed(tmp_path / "b.zip", {"settings/config.toml": "[memory]\nrecall_seconds = true\n"})
    error = is_refused(target, file, "recall_seconds|true")
    assert isinstance(error, ConfigError)
    assert "backup" in error.where
    assert "--only" in error.hint
