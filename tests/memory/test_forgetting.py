"""What is to be forgotten is gone at once from what is recalled, and soon from where it is stored."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from memory_room import (
    STORES,
    batch,
    everything,
    heard,
    known,
    records,
    said,
    server_of,
    settings,
    stored_in,
    until,
)

from vtuber.core import clock
from vtuber.core.errors import RecallError
from vtuber.core.events import ChatMessage, Deletion
from vtuber.core.health import State
from vtuber.memory import Memory, build, redis_scripts
from vtuber.memory.purge import Purge
from vtuber.memory.store import Known
from vtuber.memory.stored import PENDING_PURGES, StoredMemory
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.moderation.message_index import MessageIndex
from vtuber.moderation.revocation import Revocation


class Chat:
    """Somebody writes into a memory, and a moderator deletes."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.index = MessageIndex()

    def hears(self, *events: ChatMessage) -> None:
        for event in events:
            self.index.note(event)
            self.memory.note(event)

    async def answers(self, heard: str, lead: ChatMessage, *others: ChatMessage) -> None:
        self.hears(lead, *others)
        await self.memory.remember(batch(lead, *others), heard)

    def deletes(self, **what: str) -> Revocation:
        revocation = self.index.revocation(Deletion("d", "twitch", "channel", **what))  # type: ignore[arg-type]
        return replace(revocation, answers=self.memory.revoke(revocation))

    async def last_words(self, who: str = "7") -> str:
        viewer = (await self.memory.recall(batch(said("?", who)))).viewers.get(("twitch", who))
        return viewer.last_words if viewer else "(unknown)"

    async def answers_to(self, who: str = "7") -> tuple[str, ...]:
        return (await self.memory.recall(batch(said("?", who)))).answers


@pytest.fixture(params=STORES)
async def stored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoredMemory]:
    memory = stored_in(tmp_path / "memory", request.param)
    await memory.start()
    yield memory
    await memory.stop()


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[StoredMemory]:
    memory = stored_in(tmp_path / "memory", "embedded")
    await memory.start()
    yield memory
    await memory.stop()


@pytest.fixture(params=["forgetful", "pending", *STORES])
async def chat(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Chat]:
    """With a memory that has stored nothing yet, or all, or never does."""
    if request.param == "forgetful":
        yield Chat(build(settings(use="forgetful")))
        return
    memory = stored_in(tmp_path / "memory", "sqlite" if request.param == "pending" else request.param)
    await memory.start()
    chat = Chat(memory)
    if request.param in STORES:
        answers = chat.answers

        async def answers_and_stores(heard: str, lead: ChatMessage, *others: ChatMessage) -> None:
            await answers(heard, lead, *others)
            await memory._write()

        chat.answers = answers_and_stores  # type: ignore[method-assign]
    yield chat
    await memory.stop()


async def some_talk(chat: Chat) -> None:
    chat.hears(said("I have a cat"), said("and a dog"))
    await chat.answers("Which cat?", said("ask me"), said("and me", "8", "Bob"))
    await chat.answers("Hello Bob.", said("hi there", "8", "Bob"))


async def test_a_message_is_forgotten_and_what_was_said_in_answer_to_it(chat: Chat) -> None:
    await some_talk(chat)
    revocation = chat.deletes(message_id="m-7-ask me")
    assert revocation.answers == {"Which cat?"}
    assert await chat.last_words() == "and a dog"
    assert await chat.answers_to() == ()
    assert await chat.answers_to("8") == ("Hello Bob.",)


async def test_the_answer_to_others_goes_when_it_was_among_them(chat: Chat) -> None:
    await some_talk(chat)
    assert chat.deletes(message_id="m-8-and me").answers == {"Which cat?"}
    assert await chat.answers_to() == ()
    assert await chat.last_words() == "ask me"
    assert await chat.last_words("8") == "hi there"


async def test_an_author_is_forgotten(chat: Chat) -> None:
    await some_talk(chat)
    chat.deletes(author_id="8")
    assert await chat.last_words("8") == "(unknown)"
    assert await chat.answers_to("8") == ()
    assert await chat.answers_to() == (), "she spoke to both"
    assert await chat.last_words() == "ask me"


async def test_an_author_known_by_login_alone_is_forgotten(chat: Chat) -> None:
    await some_talk(chat)
    chat.deletes(author_id="@bob")
    assert await chat.last_words("8") == "(unknown)"
    assert await chat.last_words() == "ask me"


async def test_a_cleared_chat_is_forgotten_and_nobody_in_it(chat: Chat) -> None:
    await some_talk(chat)
    chat.hears(replace(said("elsewhere"), channel="other"))
    chat.deletes()
    assert await chat.last_words() == "elsewhere"
    assert await chat.last_words("8") == ""
    assert await chat.answers_to() == await chat.answers_to("8") == ()


@pytest.mark.parametrize("who", ["8", "Bob", "@bob", "BOB"])
async def test_somebody_is_forgotten_by_id_or_name(chat: Chat, who: str) -> None:
    await some_talk(chat)
    chat.hears(said("the same name elsewhere", "8", "Bob", platform="youtube"))
    chat.memory.forget("twitch", who)
    assert await chat.last_words("8") == "(unknown)"
    assert await chat.answers_to("8") == ()
    assert await chat.last_words() == "ask me"
    elsewhere = await chat.memory.recall(batch(said("?", "8", platform="youtube")))
    assert elsewhere.viewers["youtube", "8"].last_words == "the same name elsewhere"


async def test_among_many_nobody_else_is_looked_at_closely() -> None:
    chat = Chat(build(settings(use="forgetful")))
    for number in range(3000):
        chat.hears(said("hello", str(number), f"Viewer{number}"))
    steps = calls(lambda: chat.memory.forget("twitch", "@viewer7"))
    assert steps < 100
    assert await chat.last_words("7") == "(unknown)"
    assert await chat.last_words("8") == "hello"


async def test_a_name_that_was_changed_is_the_one_that_counts() -> None:
    chat = Chat(build(settings(use="forgetful")))
    chat.hears(said("hello", "7", "Ann"), said("hello again", "7", "Zoe"))
    chat.memory.forget("twitch", "ann")
    assert await chat.last_words() == "hello again"
    chat.memory.forget("twitch", "zoe")
    assert await chat.last_words() == "(unknown)"


def calls(step: Callable[[], object]) -> int:
    """How many functions of Python's are called in it: time that no busy machine stretches."""
    count = 0

    def called(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        step()
    finally:
        sys.setprofile(None)
    return count


async def test_who_is_forgotten_may_become_known_again(chat: Chat) -> None:
    await some_talk(chat)
    chat.memory.forget("twitch", "7")
    await chat.answers("Nice to meet you.", said("hello again"))
    assert await chat.last_words() == "hello again"
    assert await chat.answers_to() == ("Nice to meet you.",)


# Where it is stored.


async def test_nothing_of_it_is_left_where_it_is_stored(stored: StoredMemory) -> None:
    chat = Chat(stored)
    for who in ("7", "strange id", "8"):
        await chat.answers(f"secret answer {who}", said(f"secret words {who}", who, f"Name{who[0]}"))
    await stored._write()
    assert "secret words strange id" in await everything(stored)
    chat.deletes(author_id="strange id")
    stored.forget("twitch", "NAME8")
    chat.deletes(message_id="m-7-secret words 7")
    await stored._write()
    assert not stored._purges
    left = await records(stored)
    assert "secret" not in await everything(stored)
    (one,) = left
    assert isinstance(one, Known)
    assert (one.who, one.name, one.messages, list(one.said), one.answered) == ("twitch:7", "Name7", 1, [], {})


async def test_it_is_removed_by_itself_soon(stored: StoredMemory) -> None:
    stored.note(said("a secret"))
    await stored._write()
    stored.forget("twitch", "7")
    await until(lambda: not stored._purges)
    assert "secret" not in await everything(stored)


async def test_what_was_pending_does_not_come_back_and_what_comes_after_is_kept(stored: StoredMemory) -> None:
    stored.note(said("stored secret"))
    await stored._write()
    stored.note(said("pending secret"))
    stored.forget("twitch", "7")
    stored.note(said("hello again"))
    await stored._write()
    assert "secret" not in await everything(stored)
    one = known(await records(stored))["twitch:7"]
    assert (list(one.said), one.messages) == (["hello again"], 1)


async def test_a_bundle_that_comes_back_is_purged_too(
    stored: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(_bundle: object) -> None:
        stored.forget("twitch", "7")
        raise OSError("the connection broke")

    stored.note(said("a secret"))
    stored.note(said("kept", "8"))
    monkeypatch.setattr(stored.store, "write", interrupted)
    await stored._write()
    assert stored.health().state is State.DOWN
    monkeypatch.undo()
    await until(lambda: not stored._buffer and not stored._purges)
    left = await everything(stored)
    assert "secret" not in left
    assert "kept" in left


async def test_a_bundle_on_its_way_is_purged_after_it_arrived(
    stored: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = stored.store.write

    async def overtaken(bundle: Any) -> None:
        stored.forget("twitch", "7")
        await write(replace(bundle, viewers={"twitch:7": note, **bundle.viewers}))

    stored.note(said("a secret"))
    note = next(iter(stored._buffer._viewers.values()))
    monkeypatch.setattr(stored.store, "write", overtaken)
    await stored._write()
    assert not stored._buffer
    assert not stored._purges
    assert "secret" not in await everything(stored)


async def test_a_ban_wave_is_one_removal_and_one_walk_through_what_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.stored.WRITE_EVERY", 3600.0)  # we say when
    redis = stored_in(tmp_path, "embedded")
    await redis.start()
    chat = Chat(redis)
    for number in range(700):
        await chat.answers(f"answer {number}", said(f"words {number}", str(number), f"bot{number}"))
    await redis._write()
    ran: list[str] = []
    store: Any = redis.store
    run = store._run

    async def counted(script: str, *arguments: Any) -> Any:
        ran.append(script)
        return await run(script, *arguments)

    monkeypatch.setattr(store, "_run", counted)
    for number in range(500):
        chat.deletes(author_id=str(number))
    await redis._write()
    assert ran == [redis_scripts.REMOVE, redis_scripts.REMOVE_HEARD]
    left = await records(redis)
    assert heard(left) == [f"answer {number}" for number in range(500, 700)]
    assert len(known(left)) == 200
    ran.clear()
    chat.deletes()
    await redis._write()
    assert ran == [redis_scripts.REMOVE, redis_scripts.REMOVE_HEARD]
    left = await records(redis)
    assert heard(left) == []
    assert len(known(left)) == 200
    await redis.stop()


async def test_long_lists_are_walked_through_in_pieces(
    redis: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.store.PIECE", 7)
    for number in range(300):
        event = said(f"words {number}", str(number), "Twin" if number % 3 else "Ann")
        redis.note(event)
        await redis.remember(batch(event), f"answer {number}")
    await server_of(redis).rpush("banban:heard", "not JSON", "7", '"text"')
    await redis._write()
    redis.forget("twitch", "twin")
    await redis._write()
    lines = await server_of(redis).lrange("banban:heard", 0, -1)
    assert lines[:3] == ["not JSON", "7", '"text"']
    assert [json.loads(line)["who"] for line in lines[3:]] == [
        f"twitch:{number}" for number in range(0, 300, 3)
    ]
    assert await server_of(redis).zcard("banban:seen") == 100


async def test_hostile_words_and_ids_are_forgotten_like_any_others(stored: StoredMemory) -> None:
    nasty = [
        "%s%n",
        "', 1)",
        "*",
        "[[",
        "\\",
        '"',
        "\ud800x",
        "n\0l",
        "字" * 300,
        "{}",
        "twitch:7",
        "%a+",
        "@",
    ]
    chat = Chat(stored)
    for text in nasty:
        await chat.answers(f"heard {text}", said(f"secret {text}", text, text))
    await stored._write()
    for text in nasty[::2]:
        chat.deletes(message_id=f"m-{text}-secret {text}")
    for text in nasty[1::2]:
        stored.forget("twitch", text)
    await stored._write()
    left = await everything(stored)
    assert "secret" not in left
    assert "heard " not in left
    assert stored.health().state is State.OK


# When the server is away.


async def kill(memory: StoredMemory) -> None:
    with clock.outside():
        os.kill(int((await server_of(memory).info("server"))["process_id"]), signal.SIGKILL)


async def test_a_purge_outlives_an_outage(valkey: EmbeddedValkey, elsewhere: StoredMemory) -> None:
    chat = Chat(elsewhere)
    await chat.answers("secret answer", said("secret words"))
    await chat.answers("another secret answer", said("more secret words", "8", "Bob"))
    await elsewhere._write()
    await kill(elsewhere)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    chat.deletes(author_id="7")
    chat.deletes(message_id="m-8-more secret words")
    elsewhere.note(said("in the dark", "8", "Bob"))
    await asyncio.to_thread(valkey.ensure)
    await until(lambda: elsewhere.health().state is State.OK)
    assert await chat.last_words() == "(unknown)"
    assert await chat.last_words("8") == "in the dark"
    assert await chat.answers_to("8") == ()
    await until(lambda: not elsewhere._purges and not elsewhere._buffer)
    assert "secret" not in await everything(elsewhere)


async def test_before_it_is_carried_out_no_recall_tells_it(
    stored: StoredMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_purge: object) -> None:
        raise OSError("not now")

    chat = Chat(stored)
    await some_talk(chat)
    await stored._write()
    monkeypatch.setattr(stored.store, "remove", broken)
    chat.deletes(author_id="8")
    stored.forget("twitch", "ann")
    await stored._write()
    assert stored._purges
    for who in ("7", "8"):
        stored._trouble = None  # as it is between two attempts
        recalled = await stored.recall(batch(said("?", who)))
        assert not recalled.viewers
        assert not recalled.answers
    stored._trouble = None
    stored.note(said("nothing newer is written before", "9"))
    await stored._write()
    assert stored._buffer
    monkeypatch.undo()
    await stored._try()
    await stored._write()
    assert not stored._purges
    assert not stored._buffer


async def test_what_is_left_to_be_forgotten_is_said(
    valkey: EmbeddedValkey, elsewhere: StoredMemory, caplog: pytest.LogCaptureFixture
) -> None:
    await kill(elsewhere)
    with pytest.raises(RecallError):
        await elsewhere.recall(batch(said("?")))
    for number in range(PENDING_PURGES + 5):
        elsewhere._forget(Purge(people={f"twitch:{number}": None}), lambda _: False)
    assert len(elsewhere._purges) == PENDING_PURGES
    assert "5 things that should be deleted are still stored" in elsewhere.health().what
    await elsewhere.stop()
    assert f"{PENDING_PURGES} things that should be deleted are still stored" in caplog.text
