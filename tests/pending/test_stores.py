"""Where what is owed is kept: a real server in many bad ways, and a file with a cut tail."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import redis

from vtuber.config import Settings
from vtuber.core.backoff import Backoff
from vtuber.core.errors import PendingError, TakenError
from vtuber.core.events import Author, ChatMessage, Deletion, Money
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.pending import PendingEvents, events
from vtuber.pending import redis as pending_redis
from vtuber.pending.changes import HIGHEST, Added, Change, Settled, dump, load
from vtuber.pending.file import PendingFile
from vtuber.pending.ledger import Ledger
from vtuber.pending.redis import RedisStore

STREAM = "banban:{show}:pending"


def paid(number: int) -> ChatMessage:
    money = Money(Decimal(5), "USD")
    return ChatMessage(f"m{number}", "twitch", "banban", Author("7", "Ann"), f"嗨 {number}", money=money)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def saved(pending: PendingEvents) -> None:
    done = asyncio.Event()
    pending.after(done.set)
    await done.wait()


@pytest.fixture
def asker(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=str(valkey.address), decode_responses=True) as asker:
        yield asker


def made(valkey: EmbeddedValkey, tmp_path: Path) -> PendingEvents:
    store = RedisStore(Settings.model_validate({"memory": {"url": f"unix://{valkey.address}"}}), "show")
    return PendingEvents(store, PendingFile(tmp_path / "pending" / "show.jsonl"))


@pytest.fixture
async def pending(valkey: EmbeddedValkey, tmp_path: Path) -> AsyncIterator[PendingEvents]:
    pending = made(valkey, tmp_path)
    await pending.start()
    yield pending
    await pending.stop()


async def owed_next(valkey: EmbeddedValkey, tmp_path: Path) -> list[str]:
    """The ids of what the next show finds."""
    following = made(valkey, tmp_path)
    await following.start()
    await following.stop()
    return [added.event.id for added in following.ledger.waiting]


async def test_an_entry_is_delivered_and_acknowledged_once(
    pending: PendingEvents, asker: redis.Redis
) -> None:
    for _ in range(2):
        pending.add(paid(1))
    pending.add(paid(2))
    await saved(pending)
    assert (asker.xlen(STREAM), asker.xpending(STREAM, "banban")["pending"]) == (2, 2)
    pending.settle("twitch:m1")
    await saved(pending)
    assert (asker.xlen(STREAM), asker.xpending(STREAM, "banban")["pending"]) == (1, 1)
    pending.add(paid(1))
    await saved(pending)
    assert asker.xlen(STREAM) == 1


async def test_a_server_that_dies_is_replaced_by_a_file_and_reconciled(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    for number in (1, 2):
        pending.add(paid(number))
    await saved(pending)
    os.kill(int(asker.info("server")["process_id"]), signal.SIGKILL)
    pending.settle("twitch:m1")
    pending.add(paid(3))
    await saved(pending)
    assert pending.health().state is State.LIMITED
    file = tmp_path / "pending" / "show.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "m3" in file.read_text(encoding="utf-8")
    await asyncio.to_thread(valkey.ensure)
    await until(lambda: pending.health().state is State.OK and not file.exists())
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m2", "m3"]


async def test_what_only_the_file_knows_is_reconciled_at_the_next_start(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    pending.add(paid(1))
    await saved(pending)
    os.kill(int(asker.info("server")["process_id"]), signal.SIGKILL)
    pending.settle("twitch:m1")
    pending.add(paid(2))
    await saved(pending)
    await pending.stop()
    await asyncio.to_thread(valkey.ensure)
    assert await owed_next(valkey, tmp_path) == ["m2"]


async def test_what_the_server_owes_is_found_when_it_comes_late(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    pending.add(paid(1))
    await saved(pending)
    await pending.stop()
    os.kill(int(asker.info("server")["process_id"]), signal.SIGKILL)
    following, found = made(valkey, tmp_path), list[Added]()
    following.watch(found.extend)
    await following.start()
    assert not following.ledger.waiting
    await asyncio.to_thread(valkey.ensure)
    await until(lambda: bool(found))
    assert [added.event for added in found] == [paid(1)]
    await following.stop()


async def test_a_server_that_forgot_everything_is_given_everything(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    pending.add(paid(1))
    await saved(pending)
    asker.flushall()
    pending.add(paid(2))
    await saved(pending)
    await until(lambda: pending.health().state is State.OK and asker.exists(STREAM) == 1)
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m1", "m2"]


async def test_a_server_that_forgot_everything_is_given_everything_though_nobody_pays_again(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    for number in (1, 2):
        pending.add(paid(number))
    await saved(pending)
    asker.flushall()
    pending.settle("twitch:m1")
    await saved(pending)
    await until(lambda: pending.health().state is State.OK and asker.exists(STREAM) == 1)
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m2"]


async def test_a_server_is_looked_at_though_nothing_happens(
    asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)
    pending = made(valkey, tmp_path)
    await pending.start()
    pending.add(paid(1))
    await saved(pending)
    asker.flushall()
    await until(lambda: asker.hexists(f"{STREAM}:index", "twitch:m1") == 1)
    await pending.stop()


async def test_another_program_for_the_same_show_is_refused(
    pending: PendingEvents, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = made(valkey, tmp_path)
    with pytest.raises(TakenError, match="on air already") as refused:
        await second.start()
    assert "show.name" in refused.value.hint
    await second.stop()
    monkeypatch.setattr(pending_redis, "ALIVE_SECONDS", -1.0)  # the first has lost its power
    third = made(valkey, tmp_path)
    await third.start()
    await third.stop()
    monkeypatch.undo()
    await pending.stop()
    fourth = made(valkey, tmp_path)
    await fourth.start()
    assert fourth.health().state is State.OK
    await fourth.stop()


async def test_keys_of_another_kind_are_renamed_and_foreign_entries_set_aside(
    asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asker.set("somebody:else", "theirs")
    asker.set(f"{STREAM}:index", "a string")
    asker.xadd(STREAM, {"change": "no change"})
    asker.xadd(STREAM, {"theirs": "1"})
    pending = made(valkey, tmp_path)
    await pending.start()
    pending.add(paid(1))
    await saved(pending)
    assert pending.health().state is State.OK
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m1"]
    assert asker.get("somebody:else") == "theirs"
    (renamed,) = asker.keys(f"{STREAM}:index:foreign-*".replace("{", "[{]").replace("}", "[}]"))
    assert asker.get(renamed) == "a string"
    assert asker.llen(f"{STREAM}:unreadable") == 2
    assert "is somebody else's string" in caplog.text
    assert "2 entries among the pending events" in caplog.text


def order(asker: redis.Redis, *words: str) -> None:
    asker.execute_command(*words)  # type: ignore[no-untyped-call]


async def test_foreign_values_under_our_own_keys_harm_nobody(
    asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    foreign: list[tuple[str, ...]] = [
        ("SET", "written", "nonsense"),
        ("HSET", "begun", "twitch:m1", "nonsense"),
        ("HSET", "begun", "twitch:m3", '{"number": 1e300}'),
        ("HSET", "index", "twitch:m1", "nonsense"),
        ("HSET", "index", "twitch:m2", "7-7"),
        ("SET", "state", '{"number": 9007199254740992}'),
        ("ZADD", "settled", "inf", "twitch:m8"),
        ("ZADD", "settled", "9007199254740992", "twitch:m9"),
        ("ZADD", "settled", "-5", "somebody's"),
    ]
    for command, key, *words in foreign:
        order(asker, command, f"{STREAM}:{key}", *words)
    for change in (Settled(2**50, "twitch:m1"), Settled(2**53, "twitch:m1")):
        asker.xadd(STREAM, {"change": dump(change)})
    pending = made(valkey, tmp_path)
    await pending.start()
    for number in (1, 2, 3, 9):
        pending.add(paid(number))
    pending.begin_soon([paid(1), paid(3)])
    pending.keep({"topic": "pizza"})
    pending.settle("twitch:m2")
    await saved(pending)
    await until(lambda: pending.health().state is State.OK)
    await pending.stop()
    following = made(valkey, tmp_path)
    await following.start()
    await following.stop()
    ledger = following.ledger
    assert [added.event.id for added in ledger.waiting] == ["m1", "m3"]
    assert [ledger.is_begun(f"twitch:m{number}") for number in (1, 3)] == [True, True]
    assert ledger.kept is not None
    assert ledger.kept.state == {"topic": "pizza"}
    assert not (tmp_path / "pending" / "show.jsonl").exists()


@pytest.mark.parametrize(
    "trouble",
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    ],
    ids=["read-only", "out of memory"],
)
async def test_a_server_that_cannot_be_written(
    pending: PendingEvents,
    asker: redis.Redis,
    valkey: EmbeddedValkey,
    tmp_path: Path,
    trouble: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    bad, good = trouble
    order(asker, *bad)
    pending.add(paid(1))
    await saved(pending)
    assert pending.health().state is State.LIMITED
    order(asker, *good)
    await until(lambda: pending.health().state is State.OK)
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m1"]


async def test_a_server_with_a_password(
    asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker.config_set("requirepass", "hunter2")
    pending = made(valkey, tmp_path)
    await pending.start()
    pending.add(paid(1))
    await saved(pending)
    assert pending.health().state is State.LIMITED
    assert "hunter2" not in repr(pending.health())
    await pending.stop()
    monkeypatch.setenv("BANBAN_REDIS_PASSWORD", "hunter2")
    assert await owed_next(valkey, tmp_path) == ["m1"]
    order(asker, "AUTH", "hunter2")
    asker.config_set("requirepass", "")


@pytest.mark.parametrize(
    "tail", [b"\n", bytes(64), b'{"number": 3, "do": "settle", "key": "twitch:m1', b"[" * 9999]
)
async def test_a_cut_tail_is_read_past(tmp_path: Path, tail: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "pending" / "show.jsonl"
    first = PendingEvents(None, PendingFile(path))
    await first.start()
    first.add(paid(1))
    await saved(first)
    await first.stop()
    with path.open("ab") as file:
        file.write(tail)
    second = PendingEvents(None, PendingFile(path))
    await second.start()
    second.add(paid(2))
    await saved(second)
    await second.stop()
    third = PendingEvents(None, PendingFile(path))
    await third.start()
    assert [added.event for added in third.ledger.waiting] == [paid(1), paid(2)]
    assert ("1 damaged lines" in caplog.text) == (tail != b"\n")
    await third.stop()


async def test_a_store_that_fails_in_its_own_way_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = PendingFile(tmp_path / "show.jsonl")
    pending = PendingEvents(file=file)
    await pending.start()
    try:
        write = file.write
        monkeypatch.setattr(file, "write", lambda _: 1 / 0)
        taken_in = asyncio.Event()
        pending.add(paid(1), then=taken_in.set)
        async with asyncio.timeout(5):
            await taken_in.wait()
        assert pending.health().state is State.DOWN
        assert "could not be written" in pending.health().what
        monkeypatch.setattr(file, "write", write)
        pending.add(paid(2))
        await saved(pending)
        assert pending.health().state is State.OK
    finally:
        await pending.stop()
    later = PendingEvents(file=PendingFile(tmp_path / "show.jsonl"))
    await later.start()
    assert [added.event.id for added in later.ledger.waiting] == ["m1", "m2"]
    await later.stop()


def test_changes_commute() -> None:
    changes: list[Change] = [Added(1, paid(1), 0.0), Settled(3, "twitch:m1"), Added(2, paid(2), 0.0)]
    for order in (changes, changes[::-1], [*changes, *changes]):
        ledger = Ledger()
        ledger.apply(load(dump(change)) for change in order)
        assert [added.event.id for added in ledger.waiting] == ["m2"]


class Broken:
    """A server that fails as it is told."""

    place = "somewhere"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.is_broken = False
        self.ledger = Ledger()

    async def claim(self) -> None: ...

    async def open(self) -> list[Change]:
        await self.write(())
        return self.ledger.changes()

    async def write(self, changes: Sequence[Change]) -> None:
        if self.is_broken:
            raise self.error
        self.ledger.apply(changes)

    async def close(self) -> None: ...


async def test_a_server_that_fails_in_its_own_way_is_replaced_by_a_file_until_it_works(
    tmp_path: Path,
) -> None:
    server, path = Broken(ZeroDivisionError()), tmp_path / "show.jsonl"
    pending = PendingEvents(server, PendingFile(path))
    await pending.start()
    try:
        server.is_broken = True
        pending.add(paid(1))
        await saved(pending)
        assert pending.health().state is State.LIMITED
        assert "ZeroDivisionError" in pending.health().what
        assert "m1" in path.read_text(encoding="utf-8")
        server.is_broken = False
        await until(lambda: pending.health().state is State.OK)
    finally:
        await pending.stop()
    assert [added.event.id for added in server.ledger.waiting] == ["m1"]


async def test_what_a_late_server_owed_is_found_though_it_breaks_at_once_and_that_raises(
    tmp_path: Path,
) -> None:
    server, found = Broken(PendingError("is away")), list[Added]()
    server.ledger.apply([Added(1, paid(1), 0.0)])
    server.is_broken = True
    pending = PendingEvents(server, PendingFile(tmp_path / "show.jsonl"))

    def take(owed: list[Added]) -> None:
        found.extend(owed)
        raise ZeroDivisionError

    pending.watch(take)
    await pending.start()
    try:
        for number in (2, 3):
            assert pending.health().state is State.LIMITED
            server.is_broken = False
            await until(lambda: pending.health().state is State.OK)
            server.is_broken = True  # while the file is still being cleared
            pending.add(paid(number))
            await saved(pending)
        server.is_broken = False
        await until(lambda: pending.health().state is State.OK and bool(found))
    finally:
        await pending.stop()
    assert [added.event.id for added in found] == ["m1"]


async def test_what_cannot_be_written_keeps_nothing_else_from_being_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "show.jsonl"
    pending = PendingEvents(file=PendingFile(path))
    await pending.start()
    pending.keep({"topic": "half of a letter: \ud83d"})
    pending.delete(Deletion("d\ud83d", "twitch", "banban", message_id="m9"))
    pending.add(paid(1))
    await saved(pending)
    assert pending.health().state is State.OK
    await pending.stop()
    assert caplog.text.count("cannot be written down") == 2
    later = PendingEvents(file=PendingFile(path))
    await later.start()
    assert [added.event.id for added in later.ledger.waiting] == ["m1"]
    await later.stop()


async def test_after_the_highest_number_there_is_room_for_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    path.write_text(dump(Settled(HIGHEST, "twitch:m0")) + "\n", encoding="utf-8")
    for number in (1, 2):
        pending = PendingEvents(file=PendingFile(path))
        await pending.start()
        pending.add(paid(number))
        await saved(pending)
        await pending.stop()
    last = PendingEvents(file=PendingFile(path))
    await last.start()
    assert {added.event.id for added in last.ledger.waiting} == {"m1", "m2"}
    await last.stop()


async def test_a_server_that_comes_back_with_older_data_is_given_everything(
    pending: PendingEvents, asker: redis.Redis, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    for number in (1, 2):
        pending.add(paid(number))
    await saved(pending)
    older = {key: asker.dump(key) or b"" for key in asker.keys("*")}
    pending.settle("twitch:m1")
    pending.add(paid(3))
    await saved(pending)
    asker.flushall()
    for key, value in older.items():
        asker.restore(key, 0, value)
    pending.add(paid(4))
    await saved(pending)
    assert pending.health().state is State.LIMITED
    await until(lambda: pending.health().state is State.OK)
    await pending.stop()
    assert await owed_next(valkey, tmp_path) == ["m2", "m3", "m4"]


def test_a_server_that_breaks_again_and_again_rests_and_the_file_takes_its_place(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Broken(PendingError("is away"))
        pending = PendingEvents(server, PendingFile(tmp_path / "show.jsonl"))
        await pending.start()
        for number in range(Backoff.budget.restarts + 1):
            assert pending.health().state is State.OK
            server.is_broken = True
            pending.add(paid(number))
            await saved(pending)
            server.is_broken = False
            await asyncio.sleep(5)
        assert pending.health().state is State.LIMITED
        assert "tried again only every 60 seconds" in pending.health().what
        await asyncio.sleep(60)
        assert pending.health().state is State.OK
        assert len(server.ledger) == Backoff.budget.restarts + 1
        await pending.stop()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(scene())
