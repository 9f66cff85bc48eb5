"""What every store of memory promises, be it a server or a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from memory_room import (
    STORES,
    batch,
    heard,
    known,
    records,
    said,
    server_of,
    stored_in,
    until,
)

from vtuber.core import clock
from vtuber.core.backoff import Backoff
from vtuber.core.events import Batch
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory.store import Record
from vtuber.memory.stored import StoredMemory


@pytest.fixture(params=STORES)
def use(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def memory(use: str, tmp_path: Path) -> AsyncIterator[StoredMemory]:
    memory = stored_in(tmp_path / "she remembers 記憶", use)
    await memory.start()
    yield memory
    await memory.stop()


async def test_what_was_written_is_there_in_the_next_show(tmp_path: Path, use: str) -> None:
    first = stored_in(tmp_path, use)
    await first.start()
    assert first.health().state is State.OK
    first.note(said("我有一隻貓 🐈‍⬛"))
    await first.remember(batch(said("我有一隻貓 🐈‍⬛")), "牠叫什麼名字？")
    await first.stop()

    second = stored_in(tmp_path, use)
    await second.start()
    second.note(said("Mochi", name="Ann the 2nd"))
    recalled = await second.recall(batch(said("Mochi")))
    await second.stop()
    viewer = recalled.viewers["twitch", "7"]
    assert (viewer.name, viewer.messages, viewer.last_words) == ("Ann the 2nd", 2, "我有一隻貓 🐈‍⬛")
    assert recalled.answers == ("牠叫什麼名字？",)


async def test_answers_are_recalled_for_their_speaker_alone(memory: StoredMemory) -> None:
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


async def test_a_failure_nobody_thought_of_does_not_end_the_writing(
    memory: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_bundle: object) -> None:
        raise LookupError

    monkeypatch.setattr(memory.store, "write", broken)
    memory.note(said("one"))
    await until(lambda: memory.health().state is State.DOWN)
    assert "LookupError" in memory.health().what
    monkeypatch.undo()
    await until(lambda: memory.health().state is State.OK and not memory._buffer)
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"


def test_a_store_that_breaks_again_and_again_rests(
    tmp_path: Path, use: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_bundle: object) -> None:
        raise LookupError

    async def scene() -> None:
        memory = stored_in(tmp_path, use)
        await memory.start()
        await asyncio.sleep(2)
        for number in range(Backoff.budget.restarts + 1):
            assert memory.health().state is State.OK
            with monkeypatch.context() as breaking:
                breaking.setattr(memory.store, "write", broken)
                memory.note(said("hi", who=str(number)))
                await asyncio.sleep(2)
            await asyncio.sleep(8)
        assert memory.health().state is State.RESTING
        assert "tried again only every 60 seconds" in memory.health().what
        await asyncio.sleep(60)
        assert memory.health().state is State.OK
        assert not memory._buffer
        await memory.stop()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(scene())


async def test_pending_and_written_words_are_told_as_one(memory: StoredMemory) -> None:
    memory.note(said("one"))
    memory.note(said("two"))
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"
    await memory._write()
    assert not memory._buffer
    assert (await memory.recall(batch(said("two")))).viewers["twitch", "7"].last_words == "one"
    memory.note(said("three"))
    viewer = (await memory.recall(batch(said("three")))).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (3, "two")


async def test_what_is_heard_is_written_by_itself(memory: StoredMemory) -> None:
    memory.note(said("one"))
    await until(lambda: not memory._buffer)
    assert known(await records(memory))["twitch:7"].messages == 1


async def test_only_so_many_viewers_and_answers_are_kept(tmp_path: Path, use: str) -> None:
    memory = stored_in(tmp_path, use, keep_viewers=100, keep_heard=100)
    await memory.start()
    for number in range(350):
        event = said("hi", who=str(number))
        memory.note(event)
        await memory.remember(batch(event), f"hello {number}")
    await memory._write()
    left = await records(memory)
    assert len(known(left)) == 100
    assert heard(left) == [f"hello {number}" for number in range(250, 350)]
    assert (await memory.recall(batch(said("?", who="349")))).answers == ("hello 349",)
    if use == "embedded":
        for kind in ("viewer", "said", "answered"):
            assert len(await server_of(memory).keys(f"banban:{kind}:*")) == 100
    await memory.stop()


async def test_hostile_ids_names_and_texts_are_only_text(memory: StoredMemory) -> None:
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
    assert len(known(await records(memory))) == len(nasty)


async def test_20000_messages_a_second_are_all_counted(memory: StoredMemory) -> None:
    for _ in range(10):
        for number in range(2_000):
            memory.note(said("Pog", who=str(number % 500)))
        await asyncio.sleep(0.1)
    await memory._write()
    assert not memory._buffer
    assert "dropped" not in memory.health().what
    viewers = known(await records(memory))
    assert len(viewers) == 500
    assert viewers["twitch:0"].messages == 40


def test_in_simulated_time_recalls_take_no_time(tmp_path: Path, use: str) -> None:
    async def main() -> None:
        memory = stored_in(tmp_path, use)
        await memory.start()
        memory.note(said("an hour ago"))
        await asyncio.sleep(3600)
        assert not memory._buffer
        began = clock.now()
        recalled = await memory.recall(batch(said("now")))
        assert clock.now() == began
        assert recalled.viewers["twitch", "7"].last_words == "an hour ago"
        await memory.stop()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


async def test_who_writes_while_all_is_read_has_nobody_missed(
    memory: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.store.PIECE", 10)
    everybody = [str(number) for number in range(500)]
    for who in everybody:
        memory.note(said("hi", who=who))
    await memory._write()
    found: list[Record] = []
    cursor, writers = "", iter(everybody)
    while True:
        cursor, some = await memory.store.records(cursor)
        found += some
        if not cursor:
            break
        memory.note(said("again", who=next(writers)))
        await memory._write()
    assert known(found).keys() == {f"twitch:{who}" for who in everybody}


async def test_all_of_it_can_be_carried_to_another_store(tmp_path: Path, use: str) -> None:
    one = stored_in(tmp_path / "one", use)
    await one.start()
    for number in range(30):
        event = said(f"words {number}", who=str(number), name=f"名{number}")
        one.note(event)
        await one.remember(batch(event, speaker="水獺 / otter"), f"answer {number}")
    await one._write()
    before = await records(one)
    await one.stop()
    for other in STORES:
        memory = stored_in(tmp_path / f"to {other}", other)
        await memory.start()
        await memory.store.load(before)
        after = await records(memory)
        assert known(after) == known(before)
        assert heard(after) == heard(before)
        recalled = await memory.recall(batch(said("?", who="7"), speaker="水獺 / otter"))
        assert recalled.answers == ("answer 7",)
        assert recalled.viewers["twitch", "7"].last_words == "words 7"
        await memory.store.clear()
        assert await records(memory) == []
        await memory.stop()
