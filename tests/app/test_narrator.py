"""What the terminal tells of a show: its lines, the status line and the goodbye."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from vtuber.app.desk.line import Line, fragments
from vtuber.app.desk.menu import moderators_menu
from vtuber.app.desk.narrator import Narrator
from vtuber.app.desk.status import Status, fitting
from vtuber.app.live import goodbye
from vtuber.config import Gate
from vtuber.core.events import (
    Author,
    Batch,
    ChatMessage,
    Deletion,
    Gift,
    Money,
    Pick,
    Raid,
    Sentence,
    StreamStatus,
)
from vtuber.moderation.command_table import CommandTable
from vtuber.record.facts import ChatReceived, CommandGiven, Failed, PartChanged, TurnBegan, TurnEnded
from vtuber.record.metrics import Metrics
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, Heard, Hushed, Rested, Thinking, Withdrawn

MIKA = Author("1", "mika")
HELLO = ChatMessage("m1", "twitch", "banban", MIKA, "hello!")
BATCH = Batch(Pick(HELLO), speaker="banban")


class Log:
    """A narrator, and what it wrote."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.speech: Line | None = None
        self.narrator = Narrator(
            self.lines.append, self._speak, {"banban": "板板"}, moderators_menu(CommandTable(Gate()))
        )

    def _speak(self, speech: Line | None) -> None:
        self.speech = speech

    @property
    def spoken(self) -> str:
        return text_of(self.speech) if self.speech else ""

    @property
    def texts(self) -> list[str]:
        """Without the time of day."""
        return [text_of(line) for line in self.lines]


def text_of(line: Line) -> str:
    return line.text[6:]


def began(turn: int, batch: Batch = BATCH, script: str = "") -> TurnBegan:
    return TurnBegan(turn, batch, script)


def ended(turn: int, heard: str, **fields: Any) -> TurnEnded:
    usual = {
        "script": "",
        "answer": heard,
        "began": 1.0,
        "failed": "",
        "cut": False,
        "begins_anew": False,
        "withdrawn": False,
    }
    return TurnEnded(turn=turn, batch=BATCH, heard=heard, **{**usual, **fields})


def say(log: Log, clip: int, turn: int, index: int, text: str, *heard: str) -> None:
    log.narrator.show(ClipBegins(clip, Sentence(turn, index, text, speaker="banban"), 0.0))
    for words in heard:
        log.narrator.show(Heard(clip, turn, words, "banban"))


def test_a_reply_is_seen_word_by_word_and_then_is_a_line() -> None:
    log = Log()
    log.narrator.note(began(7))
    say(log, 1, 7, 0, "Hello there.", "", "Hello")
    assert log.spoken == "板板 → mika: Hello"
    say(log, 2, 7, 1, "How are you?")  # is made, and not heard yet
    assert log.spoken == "板板 → mika: Hello"
    log.narrator.show(Heard(1, 7, "Hello there.", "banban"))
    log.narrator.show(Heard(2, 7, "How", "banban"))
    assert log.spoken == "板板 → mika: Hello there. How"
    assert not log.lines
    log.narrator.show(Hushed())
    log.narrator.note(ended(7, "Hello there. How", cut=True))
    assert log.spoken == ""
    assert log.texts == ["板板 → mika: Hello there. How (cut)"]


def test_two_turns_at_once_are_told_apart_and_a_script_answers_nobody() -> None:
    log = Log()
    log.narrator.note(began(1))
    say(log, 1, 1, 0, "One.", "One.")
    log.narrator.note(began(2, script="say this"))
    log.narrator.note(ended(1, "One."))
    say(log, 2, 2, 0, "say this", "say this")
    assert log.spoken == "板板: say this"
    log.narrator.note(ended(2, "say this", script="say this"))
    assert log.texts == ["板板 → mika: One.", "板板: say this"]


def test_what_is_deleted_or_fails_is_not_shown_any_more() -> None:
    log = Log()
    log.narrator.note(began(1))
    say(log, 1, 1, 0, "Rude words.", "Rude")
    log.narrator.show(Withdrawn(1))
    assert log.spoken == ""
    log.narrator.note(ended(1, "Rude", withdrawn=True, cut=True))
    log.narrator.note(began(2))
    say(log, 2, 2, 0, "Hm.", "Hm.")
    log.narrator.note(Failed("turn", "oh", 2))
    assert log.spoken == ""
    log.narrator.note(began(3))
    log.narrator.note(ended(3, "", failed="no model answers\n  → start one"))
    assert log.texts == [
        "(a reply to what was deleted)",
        "(nothing of an answer to mika was heard: no model answers)",
    ]


def test_chat_is_a_line_each_with_what_was_paid_and_why_it_is_not_answered() -> None:
    log = Log()
    paid = replace(HELLO, id="2", text="nice!", money=Money(Decimal(200), "BITS"))
    raid = Raid("3", "twitch", "banban", MIKA, viewers=40)
    gift = Gift("4", "twitch", "banban", MIKA, count=5)
    for event in (HELLO, paid, raid, gift):
        log.narrator.note(ChatReceived(event))
    log.narrator.note(ChatReceived(replace(HELLO, text="\x1b[31mbad"), "filtered", "bad"))
    log.narrator.note(ChatReceived(replace(gift, count=1), "ignored"))
    for unseen in ("command", "duplicate"):
        log.narrator.note(ChatReceived(HELLO, unseen))
    log.narrator.note(ChatReceived(Deletion("5", "twitch", "banban")))
    log.narrator.note(ChatReceived(StreamStatus("6", "twitch", "banban")))
    assert log.texts == [
        "mika: hello!",
        "mika [200 bits] nice!",
        "mika [raid: 40 viewers]",
        "mika [gave away 5 subscriptions]",
        "mika: \\x1b[31mbad (filtered: bad)",
        "mika [gave away a subscription] (ignored)",
    ]
    assert [line.is_chat for line in log.lines] == [True, False, False, False, True, False]
    assert "bold fg:#9c3ee8" in [style for style, *_ in fragments(log.lines[1])]


def test_a_colour_from_elsewhere_is_only_a_colour() -> None:
    log = Log()
    odd = replace(HELLO, money=Money(Decimal(5), "USD"), colour="#fff; blink")
    log.narrator.note(ChatReceived(odd))
    assert all("blink" not in style for style, _ in log.lines[0].pieces)


def command(order: str, text: str, **fields: str) -> CommandGiven:
    usual = {
        "id": "1",
        "platform": "console",
        "channel": "console",
        "by": "you",
        "who": "you",
        "role": "broadcaster",
    }
    return CommandGiven(order=order, text=text, did="she is silent", **{**usual, **fields})


def test_commands_say_what_they_did_and_help_explains_each() -> None:
    log = Log()
    log.narrator.note(command("hush", "!hush"))
    log.narrator.note(command("forgetme", "!forgetme", role="everyone"))
    assert log.texts == ["you: !hush (she is silent)"]
    log.narrator.note(command("help", "!help"))
    helped = [" ".join(text.split()) for text in log.texts]
    assert "!mute SECONDS she stops talking now and stays silent for this many seconds" in helped
    count = len(log.lines)
    log.narrator.note(command("help", "!help", platform="twitch"))
    assert len(log.lines) == count + 1


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("vtuber.core.clock.now", lambda: clock.now)
    return clock


def test_the_status_line(clock: Clock) -> None:
    agenda = SimpleNamespace(paused=False, silence=0.0)
    show = SimpleNamespace(
        performer=SimpleNamespace(agenda=agenda),
        inbox=[1, 2, 3],
        screens=[SimpleNamespace(open_pages=2), object()],
    )
    line = Status(cast("Show", show))

    def shown(width: int = 200) -> str:
        line.look()
        return line.line(width)[0][1].strip()

    assert shown() == "listening | 3 waiting | 0 viewers/min | no reply yet | 2 pages open | Ctrl-X: silence"
    assert not line.look()  # nothing is new
    for name in ("a", "b", "a"):
        line.note(ChatReceived(replace(HELLO, author=Author(name, name))))
    line.note(ChatReceived(replace(HELLO, platform="console")))
    line.note(PartChanged("brain", "down", "no model"))
    line.note(ended(1, "Hi.", delays_ms={"queue": 1000.0, "on_air": 260.0}))
    line.show(Thinking("mi\x1bka", "hello", "twitch", 1, speaker="banban"))
    assert shown().startswith(
        "thinking → mi\\x1bka | brain is down | 3 waiting | 2 viewers/min | last delay 1.3 s"
    )
    line.show(Heard(1, 1, "", "banban"))
    line.show(Thinking("kai", "and me?", "twitch", 2, speaker="banban"))  # it is only prepared
    assert shown().startswith("speaking → mi")
    agenda.paused = True
    assert shown().startswith("paused | ")
    agenda.silence = 4.2
    assert shown().startswith("silent for 5 s | ")
    agenda.silence, agenda.paused = 0.0, False
    line.show(Rested("banban"))
    line.note(PartChanged("brain", "ok", "back"))
    clock.now += 61
    assert shown().startswith("listening | 3 waiting | 0 viewers/min")
    assert shown(31) == "listening | Ctrl-X: silence"
    assert shown(12) == "listening"


def test_what_is_most_important_stays_in_few_columns() -> None:
    assert fitting([(0, "板板說話"), (1, "x")], 13) == "板板說話 | x"
    assert fitting([(0, "板板說話"), (1, "x")], 8) == "板板說話"
    assert fitting([(0, "板板說話")], 5) == "板板"
    assert fitting([], 5) == ""


@pytest.mark.parametrize(
    ("seconds", "turns", "paid", "path", "said"),
    [
        (12.4, 1, (0, 0), None, "the show is over: 12 s, 1 reply, nothing paid; no journal"),
        (
            7290,
            57,
            (3, 4),
            Path("a.jsonl"),
            "the show is over: 2 h 2 min, 57 replies, 3 of 4 paid answered; journal: a.jsonl",
        ),
        (3599, 2, (4, 4), None, "the show is over: 1 h 0 min, 2 replies, 4 of 4 paid answered; no journal"),
    ],
)
def test_the_goodbye(seconds: float, turns: int, paid: tuple[int, int], path: Path | None, said: str) -> None:
    figures = Metrics(turns=turns, paid_answered=paid[0], paid=paid[1])
    owed = SimpleNamespace(owed=list)
    show = SimpleNamespace(metrics=figures, journal=SimpleNamespace(path=path), resumption=owed)
    assert goodbye(cast("Show", show), seconds) == said
