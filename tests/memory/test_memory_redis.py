"""Memory on a real server: it is killed, stopped and brought back here."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vtuber import config
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import RecallError
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory import build
from vtuber.memory.redis import PENDING_VIEWERS, RedisMemory
from vtuber.memory.valkey import EmbeddedValkey

SLOW = 5.0
"""A deadline that a busy machine does not miss."""


def said(text: str, who: str = "7", name: str = "Ann", platform: str = "twitch") -> ChatMessage:
    return ChatMessage("m", platform, "channel", Author(who, name), text)


def batch(lead: ChatMessage, *others: ChatMessage) -> Batch:
    return Batch(Pick(lead), tuple(Pick(other) for other in others))


def settings(**memory: object) -> Settings:
    return Settings(memory=config.Memory.model_validate({"recall_seconds": SLOW, **memory}))


def made(wanted: Settings) -> RedisMemory:
    memory = build(wanted)
    assert isinstance(memory, RedisMemory)
    return memory


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.02)


async def server_pid(memory: RedisMemory) -> int:
    with clock.outside():
        return int((await memory._redis.info("server"))["process_id"])


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return settings(use="embedded", folder=tmp_path / "she remembers 記憶")


@pytest.fixture
async def memory(embedded: Settings) -> AsyncIterator[RedisMemory]:
    memory = made(embedded)
    await memory.start()
    yield memory
    await memory.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server that is not the memory's own: nobody brings it back but the test."""
    server = EmbeddedValkey(tmp_path / "server")
    server.ensure()
    yield server
    server.ensure()
    server.leave("")


@pytest.fixture
async def elsewhere(server: EmbeddedValkey) -> AsyncIterator[RedisMemory]:
    memory = made(settings(url=f"unix://{server.address}"))
    await memory.start()
    yield memory
    await memory.stop()


async def test_what_was_written_is_there_in_the_next_show(embedded: Settings) -> None:
    first = made(embedded)
    await first.start()
    assert first.health().state is State.OK
    first.note(said("我有一隻貓 🐈‍⬛"))
    await first.remember(batch(said("我有一隻貓 🐈‍⬛")), "牠叫什麼名字？")
    await first.stop()

    second = made(embedded)
    await second.start()
    second.note(said("Mochi", name="Ann the 2nd"))
    recalled = await second.recall(batch(said("Mochi")))
    await second.stop()
    viewer = recalled.viewers["twitch", "7"]
    assert (viewer.name, viewer.messages, viewer.last_words) == ("Ann the 2nd", 2, "我有一隻貓 🐈‍⬛")
    assert recalled.answers == ("牠叫什麼名字？",)


async def test_answers_are_recalled_for_their_speaker_alone(memory: RedisMemory) -> None:
    def by(speaker: str) -> Batch:
        return replace(batch(said("hi")), speaker=speaker)

    memory.note(said("I have a cat"))
    for number in range(5):
        await memory.remember(by("banban"), f"Pineapple {number}!")
    await memory.remember(by("水獺 / otter"), "Clams!")
    await memory._write()
    await memory.remember(by("banban"), "Pending pineapple!")
    assert (await memory.recall(by("水獺 / otter"))).answers == ("Clams!",)
    assert (await memory.recall(by("banban"))).answers == (
        "Pineapple 3!",
        "Pineapple 4!",
        "Pending pineapple!",
    )
    nobodys = await memory.recall(by(""))
    assert nobodys.answers == ()
    assert nobodys.viewers["twitch", "7"].last_words == "I have a cat", "viewers are shared"


async def test_answers_of_an_earlier_version_are_recalled_for_nobody_and_leave_with_their_viewer(
    memory: RedisMemory,
) -> None:
    memory.note(said("hello"))
    await memory._write()
    await memory._redis.rpush("banban:answers:twitch:7", "by whom?")
    assert (await memory.recall(batch(said("hi")))).answers == ()
    memory.forget("twitch", "7")
    await memory._write()
    assert await memory._redis.keys("banban:answers:*") == []


async def test_it_is_available_while_its_server_answers(
    server: EmbeddedValkey, elsewhere: RedisMemory
) -> None:
    await asyncio.wait_for(elsewhere.availability.until_ready(), SLOW)
    os.kill(await server_pid(elsewhere), signal.SIGKILL)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    assert not elsewhere.availability.is_ready
    await asyncio.to_thread(server.ensure)
    await asyncio.wait_for(elsewhere.availability.until_ready(), 3 * SLOW)


async def test_a_failure_nobody_thought_of_does_not_end_the_writing(
    memory: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_bundle: object) -> None:
        raise LookupError

    monkeypatch.setattr(memory._store, "write", broken)
    memory.note(said("one"))
    await until(lambda: memory.health().state is State.DOWN)
    assert "LookupError" in memory.health().what
    monkeypatch.undo()
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"


async def test_pending_and_written_words_are_told_as_one(memory: RedisMemory) -> None:
    memory.note(said("one"))
    memory.note(said("two"))
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"
    await memory._write()
    assert not memory._buffer
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"
    memory.note(said("three"))
    viewer = (await memory.recall(batch(said("three")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (3, "two")


async def test_what_is_heard_is_written_by_itself(memory: RedisMemory) -> None:
    memory.note(said("one"))
    await until(lambda: not memory._buffer)
    assert await memory._redis.hget("banban:viewer:twitch:7", "messages") == "1"


async def test_a_batch_is_one_round_trip_whoever_is_in_it(memory: RedisMemory) -> None:
    everybody = [said(f"hello from {number}", who=str(number)) for number in range(20)]
    for event in everybody:
        memory.note(said(f"before {event.author.id}", who=event.author.id))
        memory.note(event)
    await memory._write()
    processed = "total_reads_processed"
    before = (await memory._redis.info("stats"))[processed]
    recalled = await memory.recall(batch(*everybody))
    after = (await memory._redis.info("stats"))[processed]
    assert after - before == 2, "the recall, and the question itself"
    assert {who[1]: viewer.last_words for who, viewer in recalled.viewers.items()} == {
        str(number): f"before {number}" for number in range(20)
    }


async def test_only_so_many_viewers_and_answers_are_kept(tmp_path: Path) -> None:
    memory = made(settings(use="embedded", folder=tmp_path, keep_viewers=100, keep_heard=100))
    await memory.start()
    for number in range(350):
        event = said("hi", who=str(number))
        memory.note(event)
        await memory.remember(batch(event), f"hello {number}")
    await memory._write()
    store = memory._redis
    assert await store.zcard("banban:seen") == 100
    for kind in ("viewer", "said", "answered"):
        assert len(await store.keys(f"banban:{kind}:*")) == 100
    heard = [json.loads(line) for line in await store.lrange("banban:heard", 0, -1)]
    assert [line["heard"] for line in heard] == [f"hello {number}" for number in range(250, 350)]
    assert (await memory.recall(batch(said("?", who="349")))).answers == ("hello 349",)
    await memory.stop()


async def test_hostile_ids_names_and_texts_are_only_text(memory: RedisMemory) -> None:
    nasty = [
        *("a\nb", "\r\n*1\r\n$8\r\nFLUSHALL\r\n", "nul\0nul", "\ud800", "\x1b[2J", "x" * 2_000_000),
        *("\u202egnol", "Z\u0338\u0321\u033a\u0315" * 50, "</s><|im_end|>", "%s%n{0}", "', 1)"),
        *("{}", "*", "..:..", "twitch:7", "[[", "]]", "\\", '"', ""),
    ]
    events = [said(text, who=text, name=text, platform=text) for text in nasty]
    for event in events:
        memory.note(event)
        memory.note(said("next", who=event.author.id, name=event.author.name, platform=event.platform))
        await memory.remember(batch(event), event.text)
    await memory._write()
    assert memory.health().state is State.OK
    recalled = await memory.recall(batch(*(said("?", e.author.id, platform=e.platform) for e in events)))
    assert len(recalled.viewers) == len(nasty)
    for viewer in recalled.viewers.values():
        assert viewer.last_words == "next"
        assert viewer.name.isprintable() or "\u200d" in viewer.name
        assert 0 < len(viewer.name) <= 50
    assert await memory._redis.zcard("banban:seen") == len(nasty)


async def test_a_killed_server_is_brought_back_with_its_data(memory: RedisMemory) -> None:
    memory.note(said("before"))
    await memory._write()
    while (await memory._redis.info("persistence"))["aof_buffer_length"]:
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
    server: EmbeddedValkey, elsewhere: RedisMemory, caplog: pytest.LogCaptureFixture
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
    await asyncio.to_thread(server.ensure)
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    recalled = await memory.recall(batch(said("in the light")))
    assert recalled.viewers["twitch", "7"].last_words == "in the dark"
    assert recalled.answers == ("I heard you",)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert "works again" in caplog.text


async def test_a_hanging_server_is_waited_for_once_and_its_late_answer_confuses_nobody(
    server: EmbeddedValkey,
) -> None:
    memory = made(settings(url=f"unix://{server.address}", recall_seconds=0.3))
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
    server: EmbeddedValkey, elsewhere: RedisMemory
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


async def test_a_long_outage_stays_bounded(server: EmbeddedValkey, elsewhere: RedisMemory) -> None:
    os.kill(await server_pid(elsewhere), signal.SIGKILL)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    for number in range(60_000):
        elsewhere.note(said("hi", who=str(number)))
    assert len(elsewhere._buffer) == PENDING_VIEWERS
    assert "50000 messages and answers were dropped" in elsewhere.health().what
    await asyncio.to_thread(server.ensure)
    await until(lambda: elsewhere.health().state is State.OK and not elsewhere._buffer)
    assert await elsewhere._redis.zcard("banban:seen") == PENDING_VIEWERS


async def test_20000_messages_a_second_are_all_counted(memory: RedisMemory) -> None:
    for _ in range(10):
        for number in range(2_000):
            memory.note(said("Pog", who=str(number % 500)))
        await asyncio.sleep(0.1)
    await memory._write()
    assert not memory._buffer
    assert "dropped" not in memory.health().what
    assert await memory._redis.zcard("banban:seen") == 500
    assert await memory._redis.hget("banban:viewer:twitch:0", "messages") == "40"


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
    server: EmbeddedValkey, elsewhere: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await elsewhere._redis.config_set("requirepass", "s3cret/ !")
    url = f"unix://{server.address}"
    without = made(settings(url=url))
    await without.start()
    assert without.health().state is State.DOWN
    assert "BANBAN_REDIS_PASSWORD" in without.health().hint
    monkeypatch.setenv("BANBAN_REDIS_PASSWORD", "s3cret/ !")
    with_it = made(settings(url=url))
    await with_it.start()
    assert with_it.health().state is State.OK
    await with_it._redis.config_set("requirepass", "")
    await with_it.stop()
    await without.stop()


async def test_data_of_another_version_is_left_alone(embedded: Settings) -> None:
    first = made(embedded)
    await first.start()
    await first._redis.set("banban:schema", "2")
    second = made(embedded)
    await second.start()
    assert second.health().state is State.DOWN
    assert "another version" in second.health().what
    second.note(said("hi"))
    await second.stop()
    assert await first._redis.keys("banban:viewer:*") == []
    await first.stop()


async def test_a_damaged_file_is_said_and_costs_no_more(embedded: Settings) -> None:
    memory = made(embedded)
    await memory.start()
    memory.note(said("hi"))
    await memory.stop()
    assert embedded.memory.folder is not None
    manifest = next((embedded.memory.folder / "appendonlydir").glob("*.manifest"))
    manifest.write_text("this is not a manifest\n", encoding="utf-8")
    again = made(embedded)
    await again.start()
    assert again.health().state is State.DOWN
    assert "stopped at once" in again.health().what
    assert "memory.folder" in again.health().hint
    await again.stop()


def test_in_simulated_time_recalls_take_no_time_and_nothing_is_late(embedded: Settings) -> None:
    async def main() -> None:
        memory = made(embedded)
        await memory.start()
        memory.note(said("an hour ago"))
        await asyncio.sleep(3600)
        assert not memory._buffer
        began = clock.now()
        recalled = await memory.recall(batch(said("now")))
        assert clock.now() == began
        assert recalled.viewers["twitch", "7"].last_words == "an hour ago"
        os.kill(await server_pid(memory), signal.SIGKILL)
        with pytest.raises(RecallError):
            await memory.recall(batch(said("now")))
        while memory.health().state is not State.OK:
            await asyncio.sleep(0.1)
        assert (await memory.recall(batch(said("now")))).viewers
        await memory.stop()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())
