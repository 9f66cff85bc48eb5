"""What is to be forgotten is gone at once from what is recalled, and soon from where it is stored."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vtuber import config
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import RecallError
from vtuber.core.events import Author, Batch, ChatMessage, Deletion, Pick
from vtuber.core.health import State
from vtuber.memory import Memory, build
from vtuber.memory import store as stored
from vtuber.memory.purge import Purge
from vtuber.memory.redis import PENDING_PURGES, RedisMemory
from vtuber.memory.valkey import EmbeddedValkey
from vtuber.moderation.message_index import MessageIndex
from vtuber.moderation.revocation import Revocation

SLOW = 5.0
"""A deadline that a busy machine does not miss."""


def said(text: str, who: str = "7", name: str = "Ann", platform: str = "twitch") -> ChatMessage:
    return ChatMessage(f"m-{who}-{text}", platform, "channel", Author(who, name), text)


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


async def everything(memory: RedisMemory) -> str:
    """All that the server has, as one text."""
    store: Any = memory._redis
    found: list[str] = []
    for key in sorted(await store.keys("banban:*")):
        found.append(key)
        match await store.type(key):
            case "hash":
                found += (await store.hgetall(key)).values()
            case "list":
                found += await store.lrange(key, 0, -1)
            case "zset":
                found += await store.zrange(key, 0, -1)
    return "\n".join(found)


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisMemory]:
    memory = made(settings(use="embedded", folder=tmp_path / "memory"))
    await memory.start()
    yield memory
    await memory.stop()


@pytest.fixture(params=["forgetful", "pending", "stored"])
async def chat(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Chat]:
    """With a memory that has stored nothing yet, or all, or never does."""
    if request.param == "forgetful":
        yield Chat(build(settings(use="forgetful")))
        return
    memory = made(settings(use="embedded", folder=tmp_path / "memory"))
    await memory.start()
    chat = Chat(memory)
    if request.param == "stored":
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


async def test_nothing_of_it_is_left_on_the_server(redis: RedisMemory) -> None:
    chat = Chat(redis)
    for who in ("7", "strange id", "8"):
        await chat.answers(f"secret answer {who}", said(f"secret words {who}", who, f"Name{who[0]}"))
    await redis._write()
    assert "secret words strange id" in await everything(redis)
    chat.deletes(author_id="strange id")
    redis.forget("twitch", "NAME8")
    chat.deletes(message_id="m-7-secret words 7")
    await redis._write()
    assert not redis._purges
    left = await everything(redis)
    assert "secret" not in left
    assert left.splitlines() == [
        "banban:schema",
        "banban:seen",
        "twitch:7",
        "banban:viewer:twitch:7",
        "Name7",
        "1",
    ]


async def test_it_is_removed_by_itself_soon(redis: RedisMemory) -> None:
    redis.note(said("a secret"))
    await redis._write()
    redis.forget("twitch", "7")
    await until(lambda: not redis._purges)
    assert "secret" not in await everything(redis)


async def test_what_was_pending_does_not_come_back_and_what_comes_after_is_kept(redis: RedisMemory) -> None:
    redis.note(said("stored secret"))
    await redis._write()
    redis.note(said("pending secret"))
    redis.forget("twitch", "7")
    redis.note(said("hello again"))
    await redis._write()
    assert "secret" not in await everything(redis)
    assert await redis._redis.lrange("banban:said:twitch:7", 0, -1) == ["hello again"]
    assert await redis._redis.hget("banban:viewer:twitch:7", "messages") == "1"


async def test_a_bundle_that_comes_back_is_purged_too(
    redis: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(_bundle: object) -> None:
        redis.forget("twitch", "7")
        raise OSError("the connection broke")

    redis.note(said("a secret"))
    redis.note(said("kept", "8"))
    monkeypatch.setattr(redis._store, "write", interrupted)
    await redis._write()
    assert redis.health().state is State.DOWN
    monkeypatch.undo()
    await until(lambda: not redis._buffer and not redis._purges)
    left = await everything(redis)
    assert "secret" not in left
    assert "kept" in left


async def test_a_bundle_on_its_way_is_purged_after_it_arrived(
    redis: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = redis._store.write

    async def overtaken(bundle: Any) -> None:
        redis.forget("twitch", "7")
        await write(replace(bundle, viewers={"twitch:7": note, **bundle.viewers}))

    redis.note(said("a secret"))
    note = next(iter(redis._buffer._viewers.values()))
    monkeypatch.setattr(redis._store, "write", overtaken)
    await redis._write()
    assert not redis._buffer
    assert not redis._purges
    assert "secret" not in await everything(redis)


async def test_a_ban_wave_is_one_removal_and_one_walk_through_what_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.redis.WRITE_EVERY", 3600.0)  # we say when
    redis = made(settings(use="embedded", folder=tmp_path))
    await redis.start()
    chat = Chat(redis)
    for number in range(700):
        await chat.answers(f"answer {number}", said(f"words {number}", str(number), f"bot{number}"))
    await redis._write()
    ran: list[str] = []
    run = redis._store._run

    async def counted(script: str, *arguments: Any) -> Any:
        ran.append(script)
        return await run(script, *arguments)

    monkeypatch.setattr(redis._store, "_run", counted)
    for number in range(500):
        chat.deletes(author_id=str(number))
    await redis._write()
    assert ran == [stored._REMOVE, stored._REMOVE_HEARD]
    heard = [json.loads(line) for line in await redis._redis.lrange("banban:heard", 0, -1)]
    assert [line["heard"] for line in heard] == [f"answer {number}" for number in range(500, 700)]
    assert await redis._redis.zcard("banban:seen") == 200
    ran.clear()
    chat.deletes()
    await redis._write()
    assert ran == [stored._REMOVE, stored._REMOVE_HEARD]
    assert await redis._redis.llen("banban:heard") == 0
    assert await redis._redis.zcard("banban:seen") == 200
    await redis.stop()


async def test_long_lists_are_walked_through_in_pieces(
    redis: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.memory.store.PIECE", 7)
    for number in range(300):
        event = said(f"words {number}", str(number), "Twin" if number % 3 else "Ann")
        redis.note(event)
        await redis.remember(batch(event), f"answer {number}")
    await redis._redis.rpush("banban:heard", "not JSON", "7", '"text"')
    await redis._write()
    redis.forget("twitch", "twin")
    await redis._write()
    heard = await redis._redis.lrange("banban:heard", 0, -1)
    assert heard[:3] == ["not JSON", "7", '"text"']
    assert [json.loads(line)["who"] for line in heard[3:]] == [
        f"twitch:{number}" for number in range(0, 300, 3)
    ]
    assert await redis._redis.zcard("banban:seen") == 100


async def test_hostile_words_and_ids_are_forgotten_like_any_others(redis: RedisMemory) -> None:
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
    chat = Chat(redis)
    for text in nasty:
        await chat.answers(f"heard {text}", said(f"secret {text}", text, text))
    await redis._write()
    for text in nasty[::2]:
        chat.deletes(message_id=f"m-{text}-secret {text}")
    for text in nasty[1::2]:
        redis.forget("twitch", text)
    await redis._write()
    left = await everything(redis)
    assert "secret" not in left
    assert "heard " not in left
    assert redis.health().state is State.OK


# When the server is away.


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


async def kill(memory: RedisMemory) -> None:
    with clock.outside():
        os.kill(int((await memory._redis.info("server"))["process_id"]), signal.SIGKILL)


async def test_a_purge_outlives_an_outage(server: EmbeddedValkey, elsewhere: RedisMemory) -> None:
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
    await asyncio.to_thread(server.ensure)
    await until(lambda: elsewhere.health().state is State.OK)
    assert await chat.last_words() == "(unknown)"
    assert await chat.last_words("8") == "in the dark"
    assert await chat.answers_to("8") == ()
    await until(lambda: not elsewhere._purges and not elsewhere._buffer)
    assert "secret" not in await everything(elsewhere)


async def test_before_it_is_carried_out_no_recall_tells_it(
    redis: RedisMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_purge: object) -> None:
        raise OSError("not now")

    chat = Chat(redis)
    await some_talk(chat)
    await redis._write()
    monkeypatch.setattr(redis._store, "remove", broken)
    chat.deletes(author_id="8")
    redis.forget("twitch", "ann")
    await redis._write()
    assert redis._purges
    for who in ("7", "8"):
        redis._trouble = None  # as it is between two attempts
        recalled = await redis.recall(batch(said("?", who)))
        assert not recalled.viewers
        assert not recalled.answers
    redis._trouble = None
    redis.note(said("nothing newer is written before", "9"))
    await redis._write()
    assert redis._buffer
    monkeypatch.undo()
    await redis._try()
    await redis._write()
    assert not redis._purges
    assert not redis._buffer


async def test_what_is_left_to_be_forgotten_is_said(
    server: EmbeddedValkey, elsewhere: RedisMemory, caplog: pytest.LogCaptureFixture
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
