from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core import clock
from vtuber.core.simulated import SimulatedLoop
from vtuber.core.text import clean
from vtuber.listeners.twitch import chat_writer
from vtuber.listeners.twitch.chat_writer import LENGTH, ChatWriter, harmless


def simulated(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main)


@dataclass
class Arrival:
    """A line that came to Twitch at some moment between two."""

    channel: str
    text: str
    begin: float
    end: float
    answer: str
    answered: bool = False


class Twitch:
    """Takes each line in so many seconds, and refuses some."""

    def __init__(self, seconds: float = 0.1, answer: str = "") -> None:
        self.seconds = seconds
        self.answer = answer
        self.lines: list[Arrival] = []

    async def send(self, channel: str, text: str, reply_to: str) -> str:
        line = Arrival(channel, text, clock.now(), float("inf"), self.answer)
        self.lines.append(line)
        try:
            await asyncio.sleep(self.seconds)
            line.answered = True
        finally:
            line.end = clock.now()
        return line.answer

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@pytest.mark.parametrize(("moderator", "limit"), [(False, 20), (True, 100)])
def test_the_limit_of_lines(*, moderator: bool, limit: int) -> None:
    async def main() -> None:
        twitch = Twitch(seconds=0.01)
        writer = ChatWriter(twitch.send)
        for number in range(limit):
            assert await writer.write("room", f"line {number}", moderator=moderator) == ""
        spent = clock.now()
        assert (
            await writer.write("room", "one more", moderator=moderator)
            == f"Twitch's limit of {limit} lines in 30 seconds is reached"
        )
        assert clock.now() == spent  # who would wait in vain does not wait
        await asyncio.sleep(27)
        assert await writer.write("room", "later", moderator=moderator) == ""  # after a short wait
        assert twitch.lines[-1].begin - twitch.lines[0].end >= 30
        assert len(twitch.lines) == limit + 1

    simulated(main())


def test_one_account_writes_in_all_its_channels() -> None:
    async def main() -> None:
        twitch = Twitch()
        writer = ChatWriter(twitch.send)
        for number in range(20):
            assert await writer.write("mine", f"line {number}", moderator=True) == ""
        assert "limit of 20" in await writer.write("theirs", "hello")
        assert await writer.write("mine", "hello", moderator=True) == ""

    simulated(main())


def test_nothing_twice_in_one_channel() -> None:
    async def main() -> None:
        twitch = Twitch()
        writer = ChatWriter(twitch.send)
        assert await writer.write("room", "hello") == ""
        assert await writer.write("room", " hello\n") == "the same line was sent less than 30 seconds ago"
        assert await writer.write("other", "hello") == ""
        assert await writer.write("room", "Hello") == ""
        await asyncio.sleep(31)
        assert await writer.write("room", "hello") == ""

    simulated(main())


def test_what_twitch_refused_is_reported_and_may_be_tried_again() -> None:
    async def main() -> None:
        twitch = Twitch(answer="followers only")
        writer = ChatWriter(twitch.send)
        assert await writer.write("room", "hello") == "followers only"
        twitch.answer = ""
        assert await writer.write("room", "hello") == ""

    simulated(main())


def test_a_line_without_an_answer_counts_as_written() -> None:
    async def main() -> None:
        twitch = Twitch(seconds=3600)
        writer = ChatWriter(twitch.send)
        assert "did not answer in 10 seconds" in await writer.write("room", "hello")
        twitch.seconds = 0
        assert "the same line" in await writer.write("room", "hello")

    simulated(main())


def test_lines_behind_a_slow_one_are_refused_and_few_wait() -> None:
    async def main() -> None:
        twitch = Twitch(seconds=3600)
        writer = ChatWriter(twitch.send)
        answers = await asyncio.gather(*(writer.write("room", f"line {number}") for number in range(50)))
        assert clock.now() == chat_writer.SEND_SECONDS
        assert sum("did not answer" in answer for answer in answers) == 1
        assert answers.count("the lines before it took too long to send") == 20
        assert answers.count("20 other lines are already waiting") == 29
        assert twitch.texts == ["line 0"]

    simulated(main())


def test_a_writer_that_is_cancelled_holds_nobody_up() -> None:
    async def main() -> None:
        twitch = Twitch(seconds=5)
        writer = ChatWriter(twitch.send)
        first = asyncio.create_task(writer.write("room", "first"))
        second = asyncio.create_task(writer.write("room", "second"))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert await second == ""
        assert "the same line" in await writer.write("room", "first")  # it may have been written

    simulated(main())


def test_order_is_kept() -> None:
    async def main() -> None:
        twitch = Twitch()
        writer = ChatWriter(twitch.send)
        await asyncio.gather(*(writer.write("room", f"line {number}") for number in range(15)))
        assert twitch.texts == [f"line {number}" for number in range(15)]

    simulated(main())


@dataclass
class Burst:
    after: float
    count: int
    channel: str
    words: str
    seconds: float
    answer: str


bursts = st.lists(
    st.builds(
        Burst,
        after=st.sampled_from((0.0, 0.4, 3.0, 12.0, 29.0)) | st.floats(0, 31),
        count=st.sampled_from((1, 2, 7, 25, 110)),
        channel=st.sampled_from(("mine", "theirs")),
        words=st.sampled_from(("same", "{}")),
        seconds=st.sampled_from((0.0, 0.05, 2.0, 9.0, 60.0)),
        answer=st.sampled_from(("", "", "slow mode")),
    ),
    max_size=12,
)


@given(pattern=bursts, one_by_one=st.booleans())
def test_the_limits_hold_whatever_is_written_and_nothing_is_lost_silently(
    *, pattern: list[Burst], one_by_one: bool
) -> None:
    async def main() -> None:
        twitch = Twitch()
        writer = ChatWriter(twitch.send)
        tasks: list[asyncio.Task[str]] = []
        for number, burst in enumerate(pattern):
            await asyncio.sleep(burst.after)
            twitch.seconds, twitch.answer = burst.seconds, burst.answer
            for nth in range(burst.count):
                text = burst.words.format(f"{number} {nth}")
                write = writer.write(burst.channel, text, moderator=burst.channel == "mine")
                tasks.append(asyncio.create_task(write))
                if one_by_one:
                    await asyncio.wait(tasks[-1:])
        answers = await asyncio.gather(*tasks)

        written = [line for line in twitch.lines if line.answered and not line.answer]
        assert answers.count("") == len(written)
        for index, line in enumerate(twitch.lines):
            before = [past for past in twitch.lines[:index] if line.begin - past.end < 30]
            assert len(before) < (100 if line.channel == "mine" else 20)
            seen = [past for past in before if not past.answer]
            assert (line.channel, line.text) not in {(past.channel, past.text) for past in seen}

    simulated(main())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello", "hello"),
        ("/ban ann", "ban ann"),
        (".ban ann", "ban ann"),
        ("!forget @ann", "forget @ann"),
        (" \u200b/ \u200d!./ban", "ban"),
        ("first\r\n/ban ann\x00", "first /ban ann"),
        ("...well", "…well"),
        ("…!", "…!"),
        ("!!!", ""),
        ("", ""),
        ("?hush", "?hush"),
        ("¡Hola!", "¡Hola!"),
    ],
)
def test_no_line_is_a_command(text: str, line: str) -> None:
    assert harmless(text) == line


def test_the_shows_own_prefix_is_taken_off() -> None:
    async def main() -> None:
        twitch = Twitch()
        writer = ChatWriter(twitch.send, prefix="?b")
        assert await writer.write("room", "?b!?bhush") == ""
        assert twitch.texts == ["hush"]
        assert await writer.write("room", "?b !") == "nothing is left of the line that may be sent"

    simulated(main())


def test_a_long_line_is_cut_at_a_word() -> None:
    assert harmless("x" * 500) == "x" * 500
    assert harmless("word " * 200) == "word " * 99 + "word…"
    assert harmless("x" * 498 + " yy z") == "x" * 498 + "…"
    assert harmless("x" * 499 + " yyy") == "x" * 499 + "…"
    assert harmless("x" * 495 + " " + "y" * 10) == "x" * 495 + "…"
    assert harmless("板" * 600) == "板" * 499 + "…"
    assert harmless("板板 " + "板" * 600) == "板板 " + "板" * 496 + "…"


@given(
    st.text(max_size=1200) | st.text("/.! \u200d\n…ab板", max_size=1200),
    st.text("!?/b", min_size=1, max_size=3),
)
def test_any_text_is_a_harmless_line(text: str, prefix: str) -> None:
    line = harmless(text, prefix)
    assert len(line) <= LENGTH
    assert line == clean(line, LENGTH)
    assert not line.startswith(("/", ".", "!", prefix))
    assert harmless(line, prefix) == line
