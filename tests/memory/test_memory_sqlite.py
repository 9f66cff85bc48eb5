"""Memory in a file: who may read it, and what becomes of it when it is damaged."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from memory_room import batch, heard, known, records, said, stored_in, until

from vtuber.core.errors import RecallError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory.profile import Bundle
from vtuber.memory.purge import Purge
from vtuber.memory.stored import StoredMemory

VIEWERS = 400
PAGE = 4096


def path_of(folder: Path) -> Path:
    return folder / "banban.sqlite3"


async def started(folder: Path) -> StoredMemory:
    memory = stored_in(folder, "sqlite")
    await memory.start()
    return memory


async def filled(folder: Path) -> Path:
    """A memory of a show that is over."""
    memory = await started(folder)
    for number in range(VIEWERS):
        event = said(f"words of {number}", who=str(number), name=f"Viewer{number}")
        memory.note(event)
        await memory.remember(batch(event), f"answer {number}")
    await memory.stop()
    return path_of(folder)


async def test_it_is_this_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "of its own"
    memory = await started(folder)
    memory.note(said("hi"))
    await memory._write()
    assert folder.stat().st_mode & 0o777 == 0o700
    found = sorted(folder.iterdir())
    assert [path.name for path in found] == ["banban.sqlite3", "banban.sqlite3-shm", "banban.sqlite3-wal"]
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    assert "banban.sqlite3" in memory.health().what
    await memory.stop()
    assert [path.name for path in folder.iterdir()] == ["banban.sqlite3"]


async def test_what_is_forgotten_leaves_the_disk(tmp_path: Path) -> None:
    memory = await started(tmp_path)
    memory.note(said("a secret"))
    await memory.remember(batch(said("a secret")), "a secret answer")
    await memory._write()
    assert b"secret" in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    memory.forget("twitch", "7")
    await memory._write()
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    await memory.stop()


async def test_a_power_cut_costs_nothing_that_was_written(tmp_path: Path) -> None:
    memory = await started(tmp_path / "before")
    memory.note(said("I have a cat"))
    await memory._write()
    shutil.copytree(tmp_path / "before", tmp_path / "after")  # as it stands on the disk just then
    await memory.stop()
    for path in (tmp_path / "after").iterdir():
        with path.open("ab") as file:
            file.write(bytes(64))  # a file that was made longer, and not filled yet
    again = await started(tmp_path / "after")
    assert again.health().state is State.OK
    assert (await again.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "I have a cat"
    assert "was damaged" not in again.health().what
    await again.stop()


def a_hole(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(5 * PAGE)
        opened.write(b"\xff" * PAGE)


def no_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(bytes(64))


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size * 3 // 4)


def other(file: Path) -> None:
    file.write_text("this is no database\n" * 500, encoding="utf-8")


@pytest.mark.parametrize(("damage", "left"), [(a_hole, 0.6), (no_header, 1.0), (cut, 0.5), (other, 0)])
async def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_saved(
    tmp_path: Path, damage: Callable[[Path], None], left: float, caplog: pytest.LogCaptureFixture
) -> None:
    file = await filled(tmp_path)
    damage(file)
    was = file.read_bytes()
    memory = await started(tmp_path)
    assert memory.health().state is State.OK
    (aside,) = tmp_path.glob("banban.damaged-*.sqlite3")
    assert aside.read_bytes() == was
    assert aside.stat().st_mode & 0o777 == 0o600
    saved = await records(memory)
    viewers = known(saved)
    assert VIEWERS * left <= len(viewers) <= VIEWERS
    assert VIEWERS * left <= len(heard(saved)) <= VIEWERS
    assert all(list(one.said) == [f"words of {one.who.partition(':')[2]}"] for one in viewers.values())
    for told in (memory.health().what, caplog.text):
        assert aside.name in told
        assert f"{len(viewers)} viewers and {len(saved) - len(viewers)} answers were saved" in told
    memory.note(said("and on it goes"))
    await memory.stop()
    again = await started(tmp_path)
    assert "was damaged" not in again.health().what
    assert again.health().state is State.OK
    await again.stop()


async def test_damage_in_the_middle_of_a_show_costs_what_was_damaged(tmp_path: Path) -> None:
    file = await filled(tmp_path)
    memory = await started(tmp_path)
    memory.store._file.execute("PRAGMA shrink_memory")  # type: ignore[attr-defined]  # what it has read already
    other(file)
    with pytest.raises(RecallError):
        await memory.recall(batch(said("?")))
    memory.note(said("meanwhile", who="new"))
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    assert "damaged" in memory.health().what
    recalled = await memory.recall(batch(said("?", who="new")))
    assert recalled.viewers["twitch", "new"].last_words == "meanwhile"
    await memory.stop()


@pytest.mark.parametrize(
    "damage",
    ["said = '[\"x'", "said = '7'", "answered = '[]'", "messages = 'inf'", "name = CAST(x'ff41' AS TEXT)"],
)
async def test_a_damaged_row_costs_nobody_else(tmp_path: Path, damage: str) -> None:
    """SQLite itself sees nothing wrong with it."""
    file = await filled(tmp_path)
    with closing(sqlite3.connect(file)) as opened:
        opened.execute(f"UPDATE viewers SET {damage} WHERE who = 'twitch:7'")
        opened.execute("UPDATE heard SET at = 'inf' WHERE who = 'twitch:7'")
        opened.commit()
    memory = await started(tmp_path)
    found = await records(memory)
    assert len(known(found)) >= VIEWERS - 1
    assert len(heard(found)) == VIEWERS - 1
    for who in ("7", "8"):
        memory.note(said("meanwhile", who=who))
    await memory.remember(batch(said("meanwhile", who="8")), "I heard you")
    await memory._write()
    assert memory.health().state is State.OK
    for who in ("7", "8"):
        recalled = await memory.recall(batch(said("?", who=who)))
        assert recalled.viewers["twitch", who].last_words == "meanwhile"
    memory.forget("twitch", "7")
    await memory._write()
    assert "twitch:7" not in known(await records(memory))
    await memory.stop()


async def test_a_damaged_row_goes_when_something_in_it_is_to_be_forgotten(tmp_path: Path) -> None:
    file = await filled(tmp_path)
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("UPDATE viewers SET answered = '[' WHERE who = 'twitch:7'")
        opened.commit()
    memory = await started(tmp_path)
    await memory.store.remove(Purge(words={("twitch:7", "words of 7"): None}))
    await memory.stop()
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("SELECT count(*) FROM viewers WHERE who = 'twitch:7'").fetchone() == (0,)


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(path_of(tmp_path))) as file:
        file.execute("CREATE TABLE songs (name)")
    before = path_of(tmp_path).read_bytes()
    memory = await started(tmp_path)
    assert memory.health().state is State.DOWN
    assert "another program" in memory.health().what
    assert "memory.name" in memory.health().hint
    memory.note(said("hi"))
    await memory.stop()
    assert path_of(tmp_path).read_bytes() == before


async def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    file = await filled(tmp_path)
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("PRAGMA user_version = 2")
    memory = await started(tmp_path)
    assert memory.health().state is State.DOWN
    assert "another version: 2" in memory.health().what
    await memory.stop()


async def test_two_shows_share_a_file(tmp_path: Path) -> None:
    one, two = await started(tmp_path), await started(tmp_path)
    one.note(said("I have a cat"))
    await one._write()
    two.note(said("its name is Mochi"))
    await two._write()
    viewer = (await one.recall(batch(said("?")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (2, "its name is Mochi")
    await one.stop()
    await two.stop()


async def test_while_another_show_writes_a_recall_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.sqlite.BUSY_SECONDS", 0.05)
    memory = await started(tmp_path)
    memory.note(said("I have a cat"))
    await memory._write()
    with closing(sqlite3.connect(path_of(tmp_path), isolation_level=None)) as other_show:
        other_show.execute("BEGIN IMMEDIATE")
        assert (await memory.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "I have a cat"
        memory.note(said("and a dog"))
        await memory._write()
        assert memory.health().state is State.DOWN
        assert "locked" in memory.health().what
        other_show.execute("ROLLBACK")
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    assert (await memory.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "and a dog"
    await memory.stop()


async def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    memory = await started(tmp_path)

    def limit(pages: int) -> None:
        memory.store._file.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    limit(1)
    for number in range(50):
        memory.note(said("words " * 50, who=str(number)))
    await memory._write()
    assert memory.health().state is State.DOWN
    assert "full" in memory.health().what
    assert "make room" in memory.health().hint
    limit(1_000_000)
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    assert len(known(await records(memory))) == 50
    await memory.stop()


def test_a_disk_that_stays_full_is_said_once_and_tried_now_and_then(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def scene() -> None:
        memory = await started(tmp_path)
        write = memory.store.write

        async def counted(bundle: Bundle) -> None:
            nonlocal tries
            tries += 1
            if tries <= 100:
                await write(bundle)

        monkeypatch.setattr(memory.store, "write", counted)
        memory.store._file.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
        for number in range(50):
            memory.note(said("words " * 50, who=str(number)))
        await asyncio.sleep(60)
        assert memory.health().state is State.DOWN
        memory.store._file.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]
        await asyncio.sleep(60)
        assert memory.health().state is State.OK
        await memory.stop()

    caplog.set_level(logging.INFO)
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(scene())
    assert caplog.text.count("banban tries again") == 1
    assert caplog.text.count("works again") == 1
    assert 5 < tries < 50


async def test_a_call_that_was_given_up_does_not_disturb_the_next(tmp_path: Path) -> None:
    memory = await started(tmp_path)
    memory.note(said("I have a cat"))
    await memory._write()
    recall = asyncio.create_task(memory.recall(batch(said("?"))))
    await asyncio.sleep(0)
    recall.cancel()
    memory.note(said("and a dog"))
    await memory._write()
    assert (await memory.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "and a dog"
    await memory.stop()
