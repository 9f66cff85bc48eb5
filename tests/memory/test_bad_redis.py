"""A server that is not as it should be: one clear message, the show goes on, and nothing else is lost."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from memory_room import batch, heard, known, made, records, said, settings, until
from redis.asyncio import Redis

from vtuber.core.errors import RecallError
from vtuber.core.health import State
from vtuber.memory import dump
from vtuber.memory.server import PASSWORD
from vtuber.memory.stored import StoredMemory
from vtuber.memory.valkey import EmbeddedValkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path_factory.mktemp("server"))
    server.ensure()
    yield server
    server.leave("")


@pytest.fixture
async def operator(server: EmbeddedValkey) -> AsyncIterator[Any]:
    """Somebody else at the server, which is empty, and as it was before when the test is over."""
    operator: Any = Redis(unix_socket_path=str(server.address), decode_responses=True)
    await operator.flushall()
    yield operator
    await operator.config_set("requirepass", "", "maxmemory", "0")
    await operator.replicaof("NO", "ONE")
    await operator.aclose()


@pytest.fixture
async def memory(server: EmbeddedValkey, operator: Any) -> AsyncIterator[StoredMemory]:
    memory = made(settings(url=f"unix://{server.address}"))
    yield memory
    await memory.stop()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def is_down(memory: StoredMemory, what: str, hint: str) -> None:
    """The show goes on without it, and says why."""
    health = memory.health()
    assert health.state is State.DOWN
    assert what in health.what
    assert hint in health.hint
    with pytest.raises(RecallError, match=what):
        await memory.recall(batch(said("?")))


async def is_tried_again(memory: StoredMemory) -> None:
    """Which nobody need be told of."""
    for _ in range(3):
        await memory._attempt(memory._try)


async def works_again(memory: StoredMemory, last_words: str) -> None:
    """What was written meanwhile is there."""
    memory._wake.set()
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    viewer = (await memory.recall(batch(said("?")))).viewers["twitch", "7"]
    assert viewer.last_words == last_words


async def test_foreign_keys_are_left_alone(operator: Any, memory: StoredMemory) -> None:
    await operator.set("song:7", "la la")
    await operator.set("banban:songs", "also somebody else's")
    await operator.rpush("seen", "7")
    await memory.start()
    memory.note(said("hi"))
    await memory._write()
    memory.forget("twitch", "7")
    await memory._write()
    await memory.store.clear()
    assert await operator.get("song:7") == "la la"
    assert await operator.get("banban:songs") == "also somebody else's"
    assert await operator.lrange("seen", 0, -1) == ["7"]


@pytest.mark.parametrize("key", ["schema", "seen", "heard"])
async def test_a_key_that_all_of_memory_needs_and_that_holds_something_else(
    operator: Any, memory: StoredMemory, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    await operator.sadd(f"banban:{key}", "somebody", "else's")
    await memory.start()
    memory.note(said("meanwhile"))
    await is_down(memory, f"banban:{key} holds something that is not banban's", "memory.name")
    await is_tried_again(memory)
    assert len(warnings(caplog)) == 1
    await operator.rename(f"banban:{key}", "their set")
    await works_again(memory, "meanwhile")
    assert await operator.smembers("their set") == {"somebody", "else's"}


async def test_foreign_values_in_our_own_keys_harm_nobody(operator: Any, memory: StoredMemory) -> None:
    await memory.start()
    memory.note(said("hi"))
    memory.note(said("hello", who="8"))
    await memory._write()
    await operator.hset("banban:viewer:twitch:7", "messages", "inf")
    await operator.hset("banban:viewer:not one of ours", "name", "Eve")
    await operator.zadd("banban:seen", {"not one of ours": "inf"})
    assert (await memory.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "hi"
    kept = [dump.record(line) async for line in dump.dump(memory.store)]
    assert known(kept).keys() == {"twitch:7", "twitch:8"}


@pytest.mark.parametrize("key", ["schema", "seen", "heard"])
async def test_a_key_that_is_taken_in_the_middle_of_a_show(
    operator: Any, memory: StoredMemory, key: str
) -> None:
    await memory.start()
    memory.note(said("before"))
    await memory._write()
    await operator.delete(f"banban:{key}")
    await operator.sadd(f"banban:{key}", "somebody else's")
    memory.note(said("meanwhile"))
    await memory.remember(batch(said("meanwhile")), "I heard you")
    await memory._write()
    if key != "schema":  # which is looked at only when it is opened
        await is_down(memory, f"banban:{key} holds something", "memory.name")
        await operator.delete(f"banban:{key}")
    await works_again(memory, "meanwhile")
    assert known(await records(memory))["twitch:7"].messages == 2, "nothing is counted twice"


@pytest.mark.parametrize("kind", ["viewer", "said", "answered"])
async def test_a_viewer_whose_key_holds_something_else_is_left_out_and_nobody_else(
    operator: Any, memory: StoredMemory, kind: str
) -> None:
    key = f"banban:{kind}:twitch:7"
    await operator.sadd(key, "somebody else's")
    await memory.start()
    for _ in range(3):
        for who in ("6", "7", "8"):
            memory.note(said("hi", who))
            await memory.remember(batch(said("hi", who)), f"hello {who}")
        await memory._write()
    assert not memory._buffer
    health = memory.health()
    assert health.state is State.OK
    assert f"{key} holds something that is not banban's" in health.what
    recalled = await memory.recall(batch(said("?"), said("?", "6"), said("?", "8")))
    assert {who: viewer.messages for (_, who), viewer in recalled.viewers.items()} == {"6": 3, "8": 3}
    assert heard(await records(memory)).count("hello 7") == 3
    memory.forget("twitch", "7")
    memory.forget("twitch", "Ann")
    await memory._write()
    assert not memory._purges
    assert await operator.smembers(key) == {"somebody else's"}
    assert await operator.keys("banban:viewer:*") == ([key] if kind == "viewer" else [])


async def test_a_viewer_who_holds_nonsense_is_read_as_far_as_it_goes(
    operator: Any, memory: StoredMemory
) -> None:
    await memory.start()
    await operator.hset("banban:viewer:twitch:7", mapping={"name": "Ann", "messages": "many", "away": "long"})
    await operator.hset("banban:answered:twitch:7", mapping={"banban": "not JSON", "otter": '{"a": 1}'})
    await operator.rpush("banban:heard", "not JSON", "7", "[]", '{"who": ["twitch:7"]}')
    recalled = await memory.recall(batch(said("?")))
    assert recalled.viewers["twitch", "7"].messages == 0
    assert recalled.answers == ()
    memory.note(said("hi"))
    await memory.remember(batch(said("hi"), speaker="otter"), "hello")
    await memory._write()
    recalled = await memory.recall(batch(said("?"), speaker="otter"))
    assert recalled.viewers["twitch", "7"].messages == 1
    assert recalled.answers == ("hello",)
    memory.forget("twitch", "7")
    await memory._write()
    assert not memory._purges
    assert memory.health().state is State.OK


async def test_a_read_only_replica(
    operator: Any, memory: StoredMemory, caplog: pytest.LogCaptureFixture
) -> None:
    await operator.replicaof("127.0.0.1", 1)
    await memory.start()
    memory.note(said("meanwhile"))
    await is_down(memory, "read-only replica", "address of its primary")
    await is_tried_again(memory)
    assert len(warnings(caplog)) == 1
    await operator.replicaof("NO", "ONE")
    await works_again(memory, "meanwhile")


async def test_a_server_that_becomes_a_replica(operator: Any, memory: StoredMemory) -> None:
    await memory.start()
    await operator.replicaof("127.0.0.1", 1)
    memory.note(said("meanwhile"))
    await until(lambda: memory.health().state is State.DOWN)
    await is_down(memory, "read-only replica", "address of its primary")
    await operator.replicaof("NO", "ONE")
    await works_again(memory, "meanwhile")


async def test_a_server_that_is_full(
    operator: Any, memory: StoredMemory, caplog: pytest.LogCaptureFixture
) -> None:
    await memory.start()
    memory.note(said("before"))
    await memory._write()
    await operator.config_set("maxmemory", "1mb", "maxmemory-policy", "noeviction")
    memory.note(said("meanwhile"))
    await memory._write()
    await is_down(memory, "is full", "maxmemory")
    await is_tried_again(memory)
    assert len(warnings(caplog)) == 1
    assert known(await records(memory))["twitch:7"].messages == 1
    await operator.config_set("maxmemory", "0")
    await works_again(memory, "meanwhile")
    assert known(await records(memory))["twitch:7"].messages == 2


@pytest.mark.parametrize(
    "told", [("", "asks for a password"), ("wrong", "does not accept the password")], ids=["missing", "wrong"]
)
async def test_a_password_that_is_not_right(
    operator: Any,
    server: EmbeddedValkey,
    told: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    given, what = told
    caplog.set_level(logging.DEBUG)
    await operator.config_set("requirepass", "s3cret")
    monkeypatch.setenv(PASSWORD, given)
    memory = made(settings(url=f"unix://{server.address}"))
    await memory.start()
    memory.note(said("meanwhile"))
    await is_down(memory, what, PASSWORD)
    await is_tried_again(memory)
    assert len(warnings(caplog)) == 1
    assert "s3cret" not in caplog.text
    assert "wrong" not in caplog.text
    await operator.config_set("requirepass", given)
    await works_again(memory, "meanwhile")
    await memory.stop()


async def test_the_right_password(
    server: EmbeddedValkey, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operator.config_set("requirepass", "s3cret")
    monkeypatch.setenv(PASSWORD, "s3cret")
    memory = made(settings(url=f"unix://{server.address}"))
    await memory.start()
    assert memory.health().state is State.OK
    await memory.stop()


async def test_a_user_who_may_do_nothing(server: EmbeddedValkey, operator: Any) -> None:
    await operator.acl_setuser("guest", enabled=True, nopass=True, commands=["+ping", "+client"])
    memory = made(settings(url=f"unix://guest:any@{server.address}"))
    await memory.start()
    assert memory.health().state is State.DOWN
    assert "does not allow it" in memory.health().what
    await memory.stop()
    await operator.acl_deluser("guest")
