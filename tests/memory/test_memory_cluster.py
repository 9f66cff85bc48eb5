"""Memory, and what viewers are owed, on a cluster of three real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from memory_room import batch, everything, heard, known, made, records, said, server_of, settings, until

from benchmarks.valkey_cluster import ValkeyCluster
from vtuber.core.errors import RecallError, TakenError
from vtuber.core.events import Author, Raid
from vtuber.core.health import State
from vtuber.memory.stored import StoredMemory
from vtuber.pending import PendingEvents
from vtuber.pending.changes import Added, Settled
from vtuber.pending.file import PendingFile
from vtuber.pending.redis import RedisStore as PendingStore


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyCluster]:
    with ValkeyCluster(tmp_path_factory.mktemp("cluster"), 3) as cluster:
        yield cluster


@pytest.fixture
async def memory(cluster: ValkeyCluster, request: pytest.FixtureRequest) -> AsyncIterator[StoredMemory]:
    """Each test has keys of its own."""
    memory = made(settings(url=cluster.url, name=request.node.name[:64]))
    await memory.start()
    yield memory
    await memory.stop()


def raid(number: int) -> Raid:
    return Raid(f"r{number}", "twitch", "c", Author("7", "Ann"), viewers=40)


async def test_what_was_written_is_recalled_in_the_next_show(
    cluster: ValkeyCluster, memory: StoredMemory
) -> None:
    memory.note(said("I have a cat"))
    await memory.remember(batch(said("I have a cat")), "Which colour?")
    await memory.stop()
    again = made(settings(url=cluster.url, name=memory._settings.name))
    await again.start()
    assert again.health().state is State.OK
    assert again.health().what == f"a Redis cluster at 127.0.0.1:{cluster.ports[0]}"
    recalled = await again.recall(batch(said("?"), said("?", "8")))
    assert recalled.viewers["twitch", "7"].last_words == "I have a cat"
    assert recalled.answers == ("Which colour?",)
    await again.stop()


async def test_everything_of_a_show_is_on_one_node(cluster: ValkeyCluster, memory: StoredMemory) -> None:
    for number in range(50):
        event = said("hi", who=str(number), name=f"Viewer{number}")
        memory.note(event)
        await memory.remember(batch(event), f"hello {number}")
    await memory._write()
    name = memory._settings.name
    holder = cluster.holder("{" + name + "}:schema")
    for number in range(3):
        with cluster.client(number) as node:
            found = node.keys("*" + name + "*")
            assert bool(found) == (number == holder)
            assert all(key.startswith("{" + name + "}:") for key in found)


async def test_what_is_forgotten_is_gone_and_bounds_hold(cluster: ValkeyCluster) -> None:
    memory = made(settings(url=cluster.url, name="bounds", keep_viewers=100, keep_heard=100))
    await memory.start()
    for number in range(250):
        event = said(f"words {number}", who=str(number), name=f"Viewer{number}")
        memory.note(event)
        await memory.remember(batch(event), f"hello {number}")
    await memory._write()
    left = await records(memory)
    assert len(known(left)) == 100
    assert heard(left) == [f"hello {number}" for number in range(150, 250)]
    memory.forget("twitch", "@viewer200")
    memory.forget("twitch", "249")
    await memory._write()
    left = await records(memory)
    assert len(known(left)) == 98
    assert "words 200" not in await everything(memory)
    assert heard(left)[-1] == "hello 248"
    await memory.store.clear()
    assert await records(memory) == []
    await memory.stop()


async def test_a_node_that_dies_costs_nothing_but_recalls(
    cluster: ValkeyCluster, memory: StoredMemory
) -> None:
    memory.note(said("before"))
    await memory._write()
    holder = cluster.holder("{" + memory._settings.name + "}:schema")
    cluster.kill(holder)
    with pytest.raises(RecallError):
        await memory.recall(batch(said("?")))
    assert memory.health().state is State.DOWN
    memory.note(said("meanwhile"))
    await asyncio.to_thread(cluster.start, holder)
    await asyncio.to_thread(cluster.until_well)
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    viewer = (await memory.recall(batch(said("?")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (2, "meanwhile")


async def test_a_cluster_that_is_gone_costs_nothing_but_recalls(
    cluster: ValkeyCluster, memory: StoredMemory, tmp_path: Path
) -> None:
    pending = PendingEvents(PendingStore(settings(url=cluster.url), "gone"), PendingFile(tmp_path / "gone"))
    await pending.start()
    memory.note(said("before"))
    await memory._write()
    for number in range(3):
        cluster.kill(number)
    for number in range(3):  # the first finds connections that broke, those that follow no nodes
        with pytest.raises(RecallError):
            await memory.recall(batch(said("?")))
        await memory._attempt(memory._try)
        pending.add(raid(number))
        written = asyncio.Event()
        pending.after(written.set)
        await written.wait()
        await pending._reach(pending._server, ())  # type: ignore[arg-type]  # there is one
        assert (memory.health().state, pending.health().state) == (State.DOWN, State.LIMITED)
    assert (tmp_path / "gone").read_text(encoding="utf-8").count("raid") == 3
    for number in range(3):
        await asyncio.to_thread(cluster.start, number)
    await asyncio.to_thread(cluster.until_well)
    await until(lambda: memory.health().state is pending.health().state is State.OK)
    assert (await memory.recall(batch(said("?")))).viewers["twitch", "7"].last_words == "before"
    await pending.stop()


async def test_keys_that_move_to_another_node_are_followed(
    cluster: ValkeyCluster, memory: StoredMemory
) -> None:
    memory.note(said("before"))
    await memory._write()
    slot = await server_of(memory).execute_command("CLUSTER KEYSLOT", f"{{{memory._settings.name}}}:schema")
    await asyncio.to_thread(cluster.move, int(slot))
    memory.note(said("after"))
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    viewer = (await memory.recall(batch(said("?")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (2, "after")


async def test_a_cluster_has_no_numbered_databases(cluster: ValkeyCluster) -> None:
    memory = made(settings(url=f"{cluster.url}/3"))
    await memory.start()
    assert memory.health().state is State.DOWN
    assert "memory.url" in memory.health().hint
    await memory.stop()


async def test_what_is_owed_is_on_the_cluster_too_and_outlives_a_node(cluster: ValkeyCluster) -> None:
    def store() -> PendingStore:
        return PendingStore(settings(url=cluster.url), "north")

    first = store()
    await first.open()
    raids = [raid(number) for number in range(3)]
    await first.write([Added(number, event, 1.8e9) for number, event in enumerate(raids)])
    await first.write([Settled(3, Added(0, raids[0], 1.8e9).key)])
    another = store()
    with pytest.raises(TakenError):
        await another.claim()
    await another.close()
    await first.close()
    holder = cluster.holder("banban:{north}:pending")
    await asyncio.to_thread(cluster.kill, holder)
    await asyncio.to_thread(cluster.start, holder)
    await asyncio.to_thread(cluster.until_well)
    second = store()
    await second.claim()
    changes = await second.open()
    await second.close()
    assert [one.event.id for one in changes if isinstance(one, Added)] == ["r1", "r2"]
