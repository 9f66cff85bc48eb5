"""Memory on a real server: it is killed, stopped and brought back here."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from memory_room import (
    SLOW,
    batch,
    made,
    said,
    server_of,
    settings,
    until,
)

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import RecallError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory.stored import PENDING_VIEWERS, StoredMemory
from vtuber.memory.valkey import EmbeddedValkey


async def server_pid(memory: StoredMemory) -> int:
    with clock.outside():
        return int((await server_of(memory).info("server"))["process_id"])


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return settings(use="embedded", folder=tmp_path / "she remembers 記憶")


@pytest.fixture
async def memory(embedded: Settings) -> AsyncIterator[StoredMemory]:
    memory = made(embedded)
    await memory.start()
    yield memory
    await memory.stop()


async def test_answers_of_an_earlier_version_are_recalled_for_nobody_and_leave_with_their_viewer(
    memory: StoredMemory,
) -> None:
    memory.note(said("hello"))
    await memory._write()
    await server_of(memory).rpush("banban:answers:twitch:7", "by whom?")
    assert (await memory.recall(batch(said("hi")))).answers == ()
    memory.forget("twitch", "7")
    await memory._write()
    assert await server_of(memory).keys("banban:answers:*") == []


async def test_it_is_available_while_its_server_answers(
    valkey: EmbeddedValkey, elsewhere: StoredMemory
) -> None:
    await asyncio.wait_for(elsewhere.availability.until_ready(), SLOW)
    os.kill(await server_pid(elsewhere), signal.SIGKILL)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    assert not elsewhere.availability.is_ready
    await asyncio.to_thread(valkey.ensure)
    await asyncio.wait_for(elsewhere.availability.until_ready(), 3 * SLOW)


async def test_a_batch_is_one_round_trip_whoever_is_in_it(memory: StoredMemory) -> None:
    everybody = [said(f"hello from {number}", who=str(number)) for number in range(20)]
    for event in everybody:
        memory.note(said(f"before {event.author.id}", who=event.author.id))
        memory.note(event)
    await memory._write()
    processed = "total_reads_processed"
    before = (await server_of(memory).info("stats"))[processed]
    recalled = await memory.recall(batch(*everybody))
    after = (await server_of(memory).info("stats"))[processed]
    assert after - before == 2, "the recall, and the question itself"
    assert {who[1]: viewer.last_words for who, viewer in recalled.viewers.items()} == {
        str(number): f"before {number}" for number in range(20)
    }


async def test_a_killed_server_is_brought_back_with_its_data(memory: StoredMemory) -> None:
    memory.note(said("before"))
    await memory._write()
    while (await server_of(memory).info("persistence"))["aof_buffer_length"]:
        await asyncio.sleep(0.02)  # while the disk is busy, the server's log waits for up to two seconds
    os.kill(await server_pid(memory), signal.SIGKILL)
    with pytest.raises(RecallError):
        await memory.recall(batch(said("?")))
    assert memory.health().state is State.DOWN
    memory.note(said("meanwhile"))
    await until(lambda: memory.health().state is State.OK)
    memory.note(said("after"))
    viewer = (await memory.recall(batch(said("after")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (3, "meanwhile")


async def test_an_outage_costs_nothing_but_recalls(
    valkey: EmbeddedValkey, elsewhere: StoredMemory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    memory = elsewhere
    pid = await server_pid(memory)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RecallError):
        await memory.recall(batch(said("?")))
    with pytest.raises(RecallError):  # without waiting for anything
        memory.recall(batch(said("?"))).send(None)
    memory.note(said("in the dark"))
    await memory.remember(batch(said("in the dark")), "I heard you")
    assert "memory.url" in memory.health().hint
    await asyncio.to_thread(valkey.ensure)
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    recalled = await memory.recall(batch(said("in the light")))
    assert recalled.viewers["twitch", "7"].last_words == "in the dark"
    assert recalled.answers == ("I heard you",)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert "works again" in caplog.text


async def test_a_hanging_server_is_waited_for_once_and_its_late_answer_confuses_nobody(
    valkey: EmbeddedValkey,
) -> None:
    memory = made(settings(url=f"unix://{valkey.address}", recall_seconds=0.3))
    await memory.start()
    memory.note(said("mine", who="1"))
    memory.note(said("yours", who="2"))
    await memory._write()
    pid = await server_pid(memory)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(RecallError, match=r"longer than 0\.3 s"):
            await memory.recall(batch(said("?", who="1")))
        with pytest.raises(RecallError):
            memory.recall(batch(said("?"))).send(None)
    finally:
        os.kill(pid, signal.SIGCONT)
    await until(lambda: memory.health().state is State.OK)
    recalled = await memory.recall(batch(said("?", who="2")))
    assert recalled.viewers["twitch", "2"].last_words == "yours"
    await memory.stop()


async def test_a_recall_that_is_cancelled_confuses_nobody(
    valkey: EmbeddedValkey, elsewhere: StoredMemory
) -> None:
    memory = elsewhere
    memory.note(said("mine", who="1"))
    memory.note(said("yours", who="2"))
    await memory._write()
    pid = await server_pid(memory)
    os.kill(pid, signal.SIGSTOP)
    recall = asyncio.create_task(memory.recall(batch(said("?", who="1"))))
    await asyncio.sleep(0.05)
    recall.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recall
    os.kill(pid, signal.SIGCONT)
    assert memory.health().state is State.OK
    recalled = await memory.recall(batch(said("?", who="2")))
    assert recalled.viewers["twitch", "2"].last_words == "yours"


async def test_a_long_outage_stays_bounded(valkey: EmbeddedValkey, elsewhere: StoredMemory) -> None:
    os.kill(await server_pid(elsewhere), signal.SIGKILL)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    for number in range(60_000):
        elsewhere.note(said("hi", who=str(number)))
    assert len(elsewhere._buffer) == PENDING_VIEWERS
    assert "50000 messages and answers were dropped" in elsewhere.health().what
    await asyncio.to_thread(valkey.ensure)
    await until(lambda: elsewhere.health().state is State.OK and not elsewhere._buffer)
    assert await server_of(elsewhere).zcard("banban:seen") == PENDING_VIEWERS


async def test_a_server_that_never_answers_is_not_fatal_and_no_password_is_shown(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BANBAN_REDIS_PASSWORD", "hunter3")
    memory = made(settings(url="redis://streamer:hunter2@127.0.0.1:1/4"))
    await memory.start()
    health = memory.health()
    assert health.state is State.DOWN
    assert "127.0.0.1:1, database 4" in health.what
    memory.note(said("hi"))
    with pytest.raises(RecallError) as caught:
        await memory.recall(batch(said("hi")))
    await memory.stop()
    told = caplog.text + str(caught.value) + str(health)
    assert "hunter" not in told


async def test_the_password_comes_from_the_environment(
    valkey: EmbeddedValkey, elsewhere: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server_of(elsewhere).config_set("requirepass", "s3cret/ !")
    url = f"unix://{valkey.address}"
    without = made(settings(url=url))
    await without.start()
    assert without.health().state is State.DOWN
    assert "BANBAN_REDIS_PASSWORD" in without.health().hint
    monkeypatch.setenv("BANBAN_REDIS_PASSWORD", "s3cret/ !")
    with_it = made(settings(url=url))
    await with_it.start()
    assert with_it.health().state is State.OK
    await server_of(with_it).config_set("requirepass", "")
    await with_it.stop()
    await without.stop()


async def test_data_of_another_version_is_left_alone(embedded: Settings) -> None:
    first = made(embedded)
    await first.start()
    await server_of(first).set("banban:schema", "2")
    second = made(embedded)
    await second.start()
    assert second.health().state is State.DOWN
    assert "another version" in second.health().what
    second.note(said("hi"))
    await second.stop()
    assert await server_of(first).keys("banban:viewer:*") == []
    await first.stop()


async def test_a_damaged_file_is_said_and_costs_no_more(
    embedded: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    memory = made(embedded)
    await memory.start()
    memory.note(said("hi"))
    await memory.stop()
    assert embedded.memory.folder is not None
    manifest = next((embedded.memory.folder / "appendonlydir").glob("*.manifest"))
    manifest.write_text("this is not a manifest\n", encoding="utf-8")
    again = made(embedded)
    await again.start()
    assert again.health().state is State.OK
    assert "is damaged" in caplog.text
    assert "it was damaged: it cannot be read, and is kept in appendonlydir.damaged-" in again.health().what
    assert list(embedded.memory.folder.rglob("*manifest*")), "what is damaged was thrown away"
    await again.stop()


def test_in_simulated_time_a_killed_server_is_missed_at_once_and_comes_back(embedded: Settings) -> None:
    async def main() -> None:
        memory = made(embedded)
        await memory.start()
        memory.note(said("an hour ago"))
        await asyncio.sleep(3600)
        os.kill(await server_pid(memory), signal.SIGKILL)
        with pytest.raises(RecallError):
            await memory.recall(batch(said("now")))
        while memory.health().state is not State.OK:
            await asyncio.sleep(0.1)
        assert (await memory.recall(batch(said("now")))).viewers
        await memory.stop()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())
