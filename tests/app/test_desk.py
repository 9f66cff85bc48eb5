"""The line that is typed and the log above it, with keys as terminals send them."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import stat
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from vtuber.app.desk.desk import AT_ONCE, WAITING, Desk, LineHandler
from vtuber.app.desk.editor import Hands
from vtuber.app.desk.history import LINES, TypedLines
from vtuber.app.desk.line import Line, below, line
from vtuber.app.desk.menu import Entry, Menu
from vtuber.record.facts import TOLD

MENU = Menu(
    "!",
    [
        Entry("!mute", "SECONDS", "silent for so long"),
        Entry("!mood", "[NAME]", "her mood"),
        Entry("!hush", "", "silence"),
    ],
)
LEFT, RIGHT, UP, DOWN, HOME, DELETE = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[3~"
PASTE = "\x1b[200~{}\x1b[201~"


class Screen:
    """A terminal that keeps all that is written to it."""

    encoding = "utf-8"

    def __init__(self, columns: int = 100) -> None:
        self.written = ""
        self.blocked = threading.Event()
        self.columns = columns

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        while self.blocked.is_set():
            threading.Event().wait(0.01)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return -1

    @property
    def text(self) -> str:
        """Without what moves and colours."""
        return re.sub(r"\x1b\[[0-?]*[@-~]", "", self.written)


class Sitting:
    """Somebody at a desk."""

    def __init__(self, keys: PipeInput, screen: Screen, history: Path | None = None) -> None:
        self.keys = keys
        self.screen = screen
        self.sent: list[str] = []
        self.refuses = ""
        self.refused = 0
        self.silenced = self.ended = 0
        hands = Hands(self._send, end_of_input=self._end, silence=self._silence)
        self.desk = Desk(
            hands,
            MENU,
            TypedLines(history) if history else InMemoryHistory(),
            lambda width: [("", "STATUS".ljust(width)[:width])],
            question="she is on air",
            make_input=lambda: keys,
            make_output=lambda: Vt100_Output(screen, lambda: Size(30, screen.columns), enable_cpr=False),  # type: ignore[arg-type]
        )

    def _send(self, text: str) -> str:
        if self.refuses:
            self.refused += 1
        else:
            self.sent.append(text)
        return self.refuses

    def _end(self) -> None:
        self.ended += 1

    def _silence(self) -> None:
        self.silenced += 1

    @property
    def typed(self) -> str:
        editor = self.desk._editor
        return editor.buffer.text if editor else ""

    async def types(self, *keys: str, until: Callable[[], object] = lambda: True) -> None:
        for key in keys:
            self.keys.send_text(key)
        await eventually(until)

    async def looks_back(self, to: str) -> None:
        """Presses "up" until that is there: the history is read in the background."""
        async with asyncio.timeout(20):
            while self.typed != to:
                await self.types(UP)
                await asyncio.sleep(0.05)


async def eventually(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
async def sitting(tmp_path: Path) -> AsyncIterator[Sitting]:
    with create_pipe_input() as keys:
        one = Sitting(keys, Screen(), tmp_path / "data" / "typed.txt")
        one.desk.open()
        await eventually(lambda: "STATUS" in one.screen.written)
        yield one
        one.screen.blocked.clear()
        await asyncio.to_thread(one.desk.close)


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        (("helo", LEFT, "l"), "hello"),
        (("你好板", LEFT, LEFT, "\x7f", "您"), "您好板"),
        (("ello", HOME, "h"), "hello"),
        (("hxello", HOME, RIGHT, DELETE), "hello"),
        (("\x1bOD\x1bOChello\x1b[1;5D\x1b[1;5C",), "hello"),
        (("he\x1b[99;7Xllo\x1b[57352u",), "hello"),
        (("👩‍👩‍👧 hi", LEFT, LEFT, RIGHT, RIGHT), "👩‍👩‍👧 hi"),
        (("  hello  ",), "hello"),
        (("hello", "\x1b\r"), "hello"),
        (("hello", "\x0f"), "hello"),
        (("hello\x0c\x12\x13\x1b[15~\x1c",), "hello"),
        ((PASTE.format("hello\r\nthere\n\n you "),), "hello there you"),
        (("oh ", PASTE.format("hello\tthere"), "!"), "oh hello there!"),
    ],
)
async def test_the_line_is_edited_as_people_expect(
    sitting: Sitting, keys: tuple[str, ...], sent: str
) -> None:
    await sitting.types(*keys, "\r", until=lambda: sitting.sent)
    assert sitting.sent == [sent]
    await eventually(lambda: sitting.typed == "")


async def test_arrows_bring_back_lines_of_this_show_and_others(sitting: Sitting, tmp_path: Path) -> None:
    await sitting.types("one\r", "two\r", until=lambda: len(sitting.sent) == 2)
    await sitting.looks_back("one")
    await sitting.types("\r", until=lambda: len(sitting.sent) == 3)
    assert sitting.sent == ["one", "two", "one"]
    path = tmp_path / "data" / "typed.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with create_pipe_input() as keys:
        other = Sitting(keys, Screen(), path)
        other.desk.open()
        await eventually(lambda: "STATUS" in other.screen.written)
        await other.looks_back("one")
        await other.types(UP, until=lambda: other.typed == "two")
        await asyncio.to_thread(other.desk.close)


def test_the_history_is_bounded_and_a_damaged_one_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "typed.txt"
    path.write_text("".join(f"line {number}\n" for number in range(LINES + 500)), encoding="utf-8")
    lines = list(TypedLines(path).load_history_strings())
    assert (len(lines), lines[0], lines[-1]) == (LINES, f"line {LINES + 499}", "line 500")
    assert len(path.read_text(encoding="utf-8").splitlines()) == LINES
    path.write_bytes(b"\xff\xfe\x1b[2J\x00 bad\n" * 3)
    assert all(one.isprintable() for one in TypedLines(path).load_history_strings())
    path.unlink()
    os.mkfifo(path)
    pipe = TypedLines(path)
    assert list(pipe.load_history_strings()) == []
    pipe.store_string("nobody waits for a reader")
    folder = TypedLines(tmp_path / "typed.txt" / "below")
    folder.store_string("that is no folder")


async def test_tab_completes_commands_and_they_explain_themselves(sitting: Sitting) -> None:
    await sitting.types("!m", until=lambda: "silent for so long" in sitting.screen.text)
    assert "!mood [NAME]" in sitting.screen.text
    await sitting.types("u\t", until=lambda: sitting.typed == "!mute ")
    await sitting.types("9\r", until=lambda: sitting.sent)
    assert sitting.sent == ["!mute 9"]
    await sitting.types("！ＨＵ\t", until=lambda: sitting.typed == "!hush")


async def test_a_key_silences_and_leaves_what_is_typed(sitting: Sitting) -> None:
    await sitting.types("half a li", "\x1b[20~", until=lambda: sitting.silenced == 1)  # F9
    await sitting.types("\x18", until=lambda: sitting.silenced == 2)  # Ctrl-X
    assert sitting.typed == "half a li"
    assert sitting.sent == []


async def test_ctrl_c_empties_the_line_and_then_asks_once(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant: list[bool] = []
    before = signal.signal(signal.SIGINT, lambda *_: meant.append(sitting.desk.means_it()))
    try:
        await sitting.types("half a li\x03", until=lambda: not sitting.typed)
        await sitting.types("\x03", until=lambda: "she is on air" in sitting.screen.text)
        assert not meant
        await sitting.types("\x03", until=lambda: meant)
        assert meant == [True]
        monkeypatch.setattr("vtuber.app.desk.desk.ASKED_SECONDS", 0.0)
        await sitting.types("\x03", until=lambda: sitting.screen.text.count("she is on air") == 2)
        signal.raise_signal(signal.SIGINT)  # from elsewhere
        await eventually(lambda: sitting.screen.text.count("she is on air") == 3)
        assert meant == [True, False]
    finally:
        signal.signal(signal.SIGINT, before)


async def test_ctrl_d_makes_nothing_deaf(sitting: Sitting) -> None:
    await sitting.types("\x04\x04", until=lambda: sitting.ended == 2)
    await sitting.types("hxello", HOME, RIGHT, "\x04\r", until=lambda: sitting.sent)
    assert sitting.sent == ["hello"]


async def test_ten_thousand_pasted_lines_are_one_clear_message(sitting: Sitting) -> None:
    await sitting.types("kept ", PASTE.format("what a line\n" * 10_000), "\r", until=lambda: sitting.sent)
    assert sitting.sent == ["kept"]
    await eventually(lambda: "the paste is not used" in sitting.screen.text)
    assert sitting.screen.text.count("the paste is not used: it has 120,000 characters in 10,001 lines") == 1
    await sitting.types("hello\r", until=lambda: len(sitting.sent) == 2)


async def test_lines_that_are_too_many_or_too_long_are_said_and_not_lost_silently(sitting: Sitting) -> None:
    sitting.refuses = "too many lines"
    await sitting.types(*["x\r"] * 50, until=lambda: sitting.refused == 50)
    await eventually(lambda: "too many lines" in sitting.screen.text and not sitting.typed)
    assert sitting.screen.text.count("too many lines") == 1
    sitting.refuses = ""
    await sitting.types("hello\r", until=lambda: sitting.sent)
    await sitting.types("y" * 501, "\r", until=lambda: "501 characters are too many" in sitting.screen.text)
    await sitting.types("\x7f\r", until=lambda: len(sitting.sent) == 2)
    assert sitting.sent == ["hello", "y" * 500]


async def test_the_log_is_written_above_the_line_and_hostile_text_is_text(sitting: Sitting) -> None:
    await sitting.types("half a li", until=lambda: "half a li" in sitting.screen.text)
    mark = len(sitting.screen.written)
    sitting.desk.write(line(("name", "\x1b]0;owned\x07mika"), ": \x1b[2J\r\nred \u202e"))
    await eventually(lambda: "half a li" in sitting.screen.written[mark:])  # it is drawn again, below
    since = sitting.screen.written[mark:]
    assert since.index("mika") < since.index("half a li")
    assert "\\x1b]0;owned\\x07mika" in since
    assert "\\x1b[2J\\r\\nred \\u202e" in since
    assert "\x1b[2J" not in since
    assert "\x07" not in since


async def test_the_log_goes_there_and_back_again(
    sitting: Sitting, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger("vtuber.test")
    log.warning("the voice \x1b[31mis away\n  → look for it")
    logging.getLogger(TOLD).warning("the narrator tells this")
    await eventually(lambda: "look for it" in sitting.screen.text)
    assert "warning: the voice \\x1b[31mis away" in sitting.screen.text
    assert "narrator" not in sitting.screen.text
    handlers = logging.getLogger().handlers
    assert any(isinstance(one, LineHandler) for one in handlers)
    await asyncio.to_thread(sitting.desk.close)
    assert not any(isinstance(one, LineHandler) for one in handlers)


async def test_in_a_flood_chat_is_left_out_and_nothing_else(sitting: Sitting) -> None:
    for number in range(5000):
        sitting.desk.write(line(f"chat {number}", is_chat=True))
        if number % 1000 == 0:
            sitting.desk.write(line(f"warning {number}"))
    await eventually(lambda: "chat 4999" in sitting.screen.text)
    for number in range(0, 5000, 1000):
        assert f"warning {number}" in sitting.screen.text
    assert re.search(r"\([\d,]+ lines of chat are not shown\)", sitting.screen.text)
    shown = re.findall(r"chat \d+", sitting.screen.text)
    assert AT_ONCE <= len(shown) < 1000


async def test_a_terminal_that_stands_still_holds_up_nobody(sitting: Sitting) -> None:
    sitting.screen.blocked.set()
    for number in range(3 * WAITING):
        sitting.desk.write(line(f"chat {number}", is_chat=True))
    assert len(sitting.desk._waiting) <= WAITING
    sitting.desk.speak(line("she speaks"))
    sitting.screen.blocked.clear()
    await eventually(lambda: f"chat {3 * WAITING - 1}" in sitting.screen.text)
    await eventually(lambda: "she speaks" in sitting.screen.text)


async def test_what_she_says_stands_there_while_she_says_it(sitting: Sitting) -> None:
    sitting.desk.speak(line("Hello the"))
    await eventually(lambda: "Hello the" in sitting.screen.text)
    sitting.desk.speak(line("x" * 5000, "the end"))  # more than there is room for
    await eventually(lambda: "the en" in sitting.screen.text)
    assert sitting.screen.text.count("x") < 1000
    sitting.desk.speak(None)
    await sitting.types("hello\r", until=lambda: sitting.sent)


async def test_twenty_columns_are_enough() -> None:
    with create_pipe_input() as keys:
        one = Sitting(keys, Screen(columns=20))
        one.desk.open()
        await eventually(lambda: "STATUS" in one.screen.written)
        one.desk.write(line(("name", "mika"), ": " + "你好" * 30))
        one.desk.speak(line("word " * 200))
        await one.types("!m", until=lambda: "!mute" in one.screen.text)
        await one.types("\x03" + "wide 你好 " * 8, LEFT, "\r", until=lambda: one.sent)
        await eventually(lambda: "mika" in one.screen.text)
        await asyncio.to_thread(one.desk.close)


async def test_a_terminal_that_breaks_costs_the_editor_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> PipeInput:
        raise OSError("no such terminal")

    with create_pipe_input() as keys:
        one = Sitting(keys, Screen())
        one.desk._make_input = broken
        told: list[bool] = []
        one.desk._hands = replace(one.desk._hands, broken=lambda: told.append(True))
        one.desk.open()
        await eventually(lambda: told)
        one.desk.write(line("mika: hello"))
        assert "mika: hello" in capsys.readouterr().out
        assert one.desk.means_it()
        one.desk.close()


def test_a_line_is_printable_whatever_is_in_it() -> None:
    made = [line("a\nb\x1b", ("name", "\u202e")), below("\x00")]
    assert all(text.isprintable() for one in made for _, text in one.pieces)
    assert isinstance(made[0], Line)
