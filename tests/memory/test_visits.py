"""Who is new, and who comes back: memory on real stores, through evenings that pass quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from memory_room import STORES, stored_in

from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.memory import Viewer, store
from vtuber.memory.stored import StoredMemory

HOUR, DAY = 3600.0, 86_400.0


class Calendar:
    """Seconds since 1970, as memory sees them."""

    now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(store, "time", calendar)
    return calendar


@pytest.fixture(params=STORES)
async def memory(
    request: pytest.FixtureRequest, tmp_path: Path, calendar: Calendar
) -> AsyncIterator[StoredMemory]:
    memory = stored_in(tmp_path, request.param)
    await memory.start()
    yield memory
    await memory.stop()


def said(text: str, who: str = "7") -> Batch:
    return Batch(Pick(ChatMessage("m", "youtube", "c", Author(who, f"Name{who}"), text)))


async def hear(memory: StoredMemory, batch: Batch, *, written: bool = True) -> Viewer:
    memory.note(batch.lead.event)
    if written:
        await memory._write()
    recalled = await memory.recall(batch)
    return recalled.viewers["youtube", batch.lead.event.author.id]


async def answer(memory: StoredMemory, batch: Batch) -> None:
    await memory.remember(batch, "Hello.")
    await memory._write()


@pytest.mark.parametrize("written", [True, False])
async def test_on_the_first_evening_nobody_is_new(
    memory: StoredMemory, calendar: Calendar, *, written: bool
) -> None:
    for who in "123":
        viewer = await hear(memory, said("hi", who), written=written)
        assert (viewer.new, viewer.away) == (False, 0.0)
        calendar.now += HOUR


@pytest.mark.parametrize("written", [True, False])
async def test_who_comes_back_has_been_away_until_she_answers(
    memory: StoredMemory, calendar: Calendar, *, written: bool
) -> None:
    await answer(memory, said("hi"))
    await hear(memory, said("bye"))
    calendar.now += 3 * DAY
    viewer = await hear(memory, said("back"), written=written)
    assert viewer.away == pytest.approx(3 * DAY, abs=61)
    calendar.now += 60
    assert (await hear(memory, said("anybody?"))).away == pytest.approx(3 * DAY, abs=61)
    await memory.remember(said("anybody?"), "Welcome back.")
    assert (await hear(memory, said("thanks"), written=False)).away == 0.0
    await memory._write()
    assert (await hear(memory, said("so nice"))).away == 0.0
    calendar.now += 5 * HOUR
    assert (await hear(memory, said("still here"))).away == 0.0


async def test_having_come_back_is_no_news_after_a_while(memory: StoredMemory, calendar: Calendar) -> None:
    await hear(memory, said("hi"))
    calendar.now += 3 * DAY
    await hear(memory, said("back"))
    calendar.now += HOUR
    assert (await hear(memory, said("hm"))).away == 0.0


@pytest.mark.parametrize("written", [True, False])
async def test_a_newcomer_is_new_until_she_answers(
    memory: StoredMemory, calendar: Calendar, *, written: bool
) -> None:
    await hear(memory, said("hi", "old"))
    calendar.now += DAY
    newcomer = said("hello", "9")
    assert (await hear(memory, newcomer, written=written)).new
    await answer(memory, newcomer)
    assert not (await hear(memory, said("thanks", "9"))).new
    assert not (await hear(memory, said("hi again", "old"))).new


async def test_a_regular_who_was_never_answered_is_not_new(memory: StoredMemory, calendar: Calendar) -> None:
    await hear(memory, said("hi", "old"))
    calendar.now += DAY
    for number in range(4):
        viewer = await hear(memory, said(f"hello {number}", "9"))
    assert not viewer.new


async def test_who_was_forgotten_is_new(memory: StoredMemory, calendar: Calendar) -> None:
    for who in ("7", "old"):
        for number in range(4):
            await hear(memory, said(f"hi {number}", who))
    calendar.now += DAY
    memory.forget("youtube", "7")
    viewer = await hear(memory, said("hi"))
    assert (viewer.new, viewer.away, viewer.messages) == (True, 0.0, 1)
